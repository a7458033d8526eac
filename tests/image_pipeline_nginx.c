/*
 * image_pipeline_nginx.c - for test_image_pipeline.c: a real web server, configured and started for one test.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image_pipeline_run.h"
#include "image_pipeline_server.h"

enum { TRIES = 10 };

static const char *find_nginx(void) {
    static const char *const paths[] = {"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx",
                                        "/usr/local/bin/nginx", "/usr/local/nginx/sbin/nginx"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    }
    return NULL;
}

static struct sockaddr_in local_address(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
}

/* Returns a port that was free a moment ago. */
static int find_port(void) {
    struct sockaddr_in address = local_address(0);
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(probe, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(probe, (struct sockaddr *)&address, &size), 0);
    close(probe);
    return ntohs(address.sin_port);
}

static void write_configuration(int port) {
    char text[2048];
    const char *root = in_root("nginx");
    snprintf(text, sizeof text,
             "daemon off;\n"
             "master_process off;\n"
             "pid %s/pid;\n"
             "error_log %s/errors;\n"
             "events { worker_connections 256; }\n"
             "http {\n"
             "    log_format short '$request_method $status';\n"
             "    access_log %s/log short;\n"
             "    client_body_temp_path %s/body;\n"
             "    proxy_temp_path %s/proxy;\n"
             "    fastcgi_temp_path %s/fastcgi;\n"
             "    uwsgi_temp_path %s/uwsgi;\n"
             "    scgi_temp_path %s/scgi;\n"
             "    server {\n"
             "        listen 127.0.0.1:%d;\n"
             "        root %s/www;\n"
             "        location / {\n"
             "            dav_methods PUT;\n"
             "            create_full_put_path on;\n"
             "            client_max_body_size 64m;\n"
             "        }\n"
             "    }\n"
             "}\n",
             root, root, root, root, root, root, root, root, port, root);
    write_text(in_root("nginx/conf"), text);
}

static pid_t start(const char *nginx) {
    const char *configuration = in_root("nginx/conf"), *prefix = in_root("nginx/"), *said = in_root("nginx/said");
    pid_t parent = getpid(), child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        die_with_parent(parent);
        int file = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (file < 0 || dup2(file, STDERR_FILENO) < 0)
            _exit(126);
        execl(nginx, nginx, "-p", prefix, "-c", configuration, (char *)NULL);
        _exit(126);
    }
    return child;
}

/* Returns true once nginx listens (it writes its pid file after that), or has exited. */
static bool is_decided(const void *argument) {
    const struct server *server = argument;
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)server->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0 ||
           file_exists(in_root("nginx/pid"));
}

/* Skips the test; fails it if WEIR_NEED_NGINX is set. */
static struct server skip(const char *reason) {
    ck_assert_msg(getenv("WEIR_NEED_NGINX") == NULL, "WEIR_NEED_NGINX is set, but %s", reason);
    printf("SKIPPED: not tested against a real web server: %s\n", reason);
    return (struct server){.pid = 0};
}

/* nginx exited at once. Its output is the reason: too old, built without PUT, not allowed to run here. */
static struct server skip_unusable(const char *nginx) {
    char reason[2048];
    char *said = read_file(in_root("nginx/said"), NULL);
    size_t length = strlen(said);
    while (length > 0 && said[length - 1] == '\n')
        said[--length] = '\0';
    snprintf(reason, sizeof reason, "%s does not start: %s", nginx, *said == '\0' ? "it gives no reason" : said);
    free(said);
    return skip(reason);
}

struct server nginx_start(void) {
    const char *nginx = find_nginx();
    struct server server = {.pid = 0};
    if (nginx == NULL)
        return skip("no nginx on this machine");
    make_folder(in_root("nginx"));
    make_folder(in_root("nginx/www"));
    for (int i = 0; i < TRIES; i++) { /* another process may take the port in between */
        server.port = find_port();
        unlink(in_root("nginx/pid"));
        write_configuration(server.port);
        server.pid = start(nginx);
        ck_assert(wait_until(is_decided, &server));
        if (waitpid(server.pid, NULL, WNOHANG) == 0)
            return server;
    }
    return skip_unusable(nginx);
}
