/*
 * nats_server.h - servers of NATS with JetStream for tests: on 127.0.0.1, with ports from the system, in a folder of their
 * own. They end with the process that has started them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_NATS_SERVER_H
#define WEIR_TESTS_NATS_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct nats_server {
    char folder[128]; /* of its data and its ports file */
    char url[64];
    int port;            /* 0: from the system */
    const char *options; /* further ones, with spaces between them; NULL: none */
    bool plain;          /* without JetStream */
    pid_t process;       /* 0: none runs */
};

/* Returns whether there is a nats-server on this system. */
bool nats_server_exists(void);

/* Makes a folder for a test's servers; nats_remove_folder removes it with all that is in it. */
void nats_make_folder(char *folder, size_t size);
void nats_remove_folder(const char *folder);

/* Starts a server, or starts it again on its port, and waits until it answers. Ends the process if that fails. */
void nats_server_start(struct nats_server *server, const char *folder);

/* Returns a port that is free at this moment. */
int nats_free_port(void);

/* Ends the server by SIGKILL, and waits for its end. */
void nats_server_kill(struct nats_server *server);

/* Runs this program again, as `arguments`, which end with NULL; its standard output is read from *output. */
pid_t start_self(const char *const *arguments, int *output);

/* Kills and waits. */
void end_process(pid_t process);

#endif /* WEIR_TESTS_NATS_SERVER_H */
