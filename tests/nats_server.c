/*
 * nats_server.c - Implements servers for tests.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "nats_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum { ARGUMENTS = 40, READY_SECONDS = 20 };

static void die(const char *what) {
    fprintf(stderr, "nats_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void sleep_ms(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static const char *program(void) {
    static const char *const places[] = {"/usr/sbin/nats-server", "/usr/local/bin/nats-server", "/usr/bin/nats-server"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return NULL;
}

bool nats_server_exists(void) {
    return program() != NULL;
}

void nats_make_folder(char *folder, size_t size) {
    const char *parent = getenv("TMPDIR");
    snprintf(folder, size, "%s/weir-nats.XXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(folder) == NULL)
        die("mkdtemp");
}

void nats_remove_folder(const char *folder) {
    pid_t child = fork();
    if (child == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
}

static void end_with_parent(pid_t parent) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent)
        _exit(127);
}

static void execute(const struct nats_server *server) {
    const char *arguments[ARGUMENTS] = {"nats-server",      "-a",           "127.0.0.1", "-sd", server->folder,
                                        "--ports_file_dir", server->folder, "-p"};
    char port[16], words[1024] = "", log[160], *rest = NULL;
    int count = 8;
    snprintf(port, sizeof port, "%d", server->port == 0 ? -1 : server->port);
    snprintf(words, sizeof words, "%s", server->options == NULL ? "" : server->options);
    snprintf(log, sizeof log, "%s/log", server->folder);
    arguments[count++] = port;
    arguments[count++] = "-l";
    arguments[count++] = log;
    if (!server->plain)
        arguments[count++] = "-js";
    for (char *word = strtok_r(words, " ", &rest); word != NULL && count < ARGUMENTS - 1;
         word = strtok_r(NULL, " ", &rest))
        arguments[count++] = word;
    execv(program(), (char *const *)arguments);
    _exit(127);
}

/* The ports file: {"nats":["nats://127.0.0.1:PORT"], ...}; with TLS, tls: in place of nats:. */
static bool read_port(struct nats_server *server) {
    char name[256], text[1024];
    snprintf(name, sizeof name, "%s/nats-server_%d.ports", server->folder, (int)server->process);
    FILE *file = fopen(name, "r");
    if (file == NULL)
        return false;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *at = strstr(text, "://127.0.0.1:");
    if (at == NULL)
        return false;
    server->port = atoi(at + strlen("://127.0.0.1:"));
    snprintf(server->url, sizeof server->url, "nats://127.0.0.1:%d", server->port);
    return server->port != 0;
}

static bool accepts(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    bool connected = connect(socket_fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(socket_fd);
    return connected;
}

void nats_server_start(struct nats_server *server, const char *folder) {
    static int servers;
    pid_t self = getpid();
    if (*server->folder == '\0')
        snprintf(server->folder, sizeof server->folder, "%s/%d.%d", folder, (int)self, servers++);
    if (mkdir(server->folder, 0700) != 0 && errno != EEXIST)
        die("mkdir");
    server->process = fork();
    if (server->process == 0) {
        end_with_parent(self);
        execute(server);
    }
    if (server->process < 0)
        die("fork");
    for (int tries = 0; tries < READY_SECONDS * 100; tries++) {
        if (read_port(server) && accepts(server->port))
            return;
        sleep_ms(10);
    }
    end_process(server->process);
    die("nats-server does not answer");
}

int nats_free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(socket_fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(socket_fd, (struct sockaddr *)&address, &size) != 0)
        die("bind");
    close(socket_fd);
    return ntohs(address.sin_port);
}

void end_process(pid_t process) {
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
}

void nats_server_kill(struct nats_server *server) {
    if (server->process > 0)
        end_process(server->process);
    server->process = 0;
}

pid_t start_self(const char *const *arguments, int *output) {
    int ends[2];
    pid_t self = getpid();
    if (pipe(ends) != 0)
        die("pipe");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    pid_t child = fork();
    if (child == 0) {
        end_with_parent(self);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[1]);
        execv("/proc/self/exe", (char *const *)arguments);
        _exit(127);
    }
    close(ends[1]);
    if (child < 0)
        die("fork");
    *output = ends[0];
    return child;
}
