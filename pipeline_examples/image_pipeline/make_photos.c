/*
 * make_photos.c - weir-make-photos: makes a set of pictures as input for weir-thumbs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <vips/vips.h>
#include <vips/vector.h>

#include <weir/version.h>

#include "folder.h"
#include "interrupt.h"
#include "numbers.h"
#include "photo_set.h"
#include "terminal.h"
#include "vips_text.h"

enum { USAGE_ERROR = 2 };

static const struct option long_options[] = {
    {"count", required_argument, NULL, 'c'},
    {"to", required_argument, NULL, 't'},
    {"from", required_argument, NULL, 'f'},
    {"seed", required_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void print_help(void) {
    fputs("Usage: weir-make-photos --count N --to DIR [--from DIR] [--seed N]\n"
          "Makes the pictures photo-0001.jpg to photo-N.jpg.\n"
          "\n"
          "  --count N    number of pictures, 1 to 100000\n"
          "  --to DIR     folder for the pictures; created if missing\n"
          "  --from DIR   crop the pictures from the JPEGs in this folder (default, or if it has none: paint them)\n"
          "  --seed N     random seed: another number makes other pictures (default: 1)\n"
          "  --help       print this and exit\n"
          "  --version    print the version and exit\n",
          stdout);
}

static bool read_option(struct photo_set *set, int option, char *const *argv) {
    uint64_t count;
    switch (option) {
        case 'c':
            if (!numbers_read_option("--count", optarg, 1, 100000, &count))
                return false;
            set->count = (size_t)count;
            return true;
        case 't':
            set->to = optarg;
            return true;
        case 'f':
            set->from = optarg;
            return true;
        case 's':
            return numbers_read_option("--seed", optarg, 0, UINT32_MAX, &set->seed);
        case ':':
            terminal_say("%s needs a value", argv[optind - 1]);
            return false;
        default:
            terminal_say("'%s': no such option, or it takes no value; see --help", argv[optind - 1]);
            return false;
    }
}

/* Returns true to continue; false to exit with `*exit_status`. */
static bool parse(struct photo_set *set, int argc, char **argv, int *exit_status) {
    int option;
    opterr = 0;
    *exit_status = USAGE_ERROR;
    while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
        if (option == 'h' || option == 'V') {
            if (option == 'h')
                print_help();
            else
                printf("weir-make-photos %s\n", weir_version());
            *exit_status = fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
            return false;
        }
        if (!read_option(set, option, argv))
            return false;
    }
    if (optind < argc)
        terminal_say("'%s': unexpected argument; see --help", argv[optind]);
    else if (set->count == 0 || set->to == NULL)
        terminal_say("--count and --to are required; see --help");
    else
        return true;
    return false;
}

static void forget_message(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer unused) {
    (void)domain, (void)level, (void)message, (void)unused;
}

static int run_program(int argc, char **argv) {
    struct photo_set set = {.seed = 1, .should_stop = interrupt_is_stopping};
    int exit_status;
    if (!parse(&set, argc, argv, &exit_status))
        return exit_status;
    if (!folder_make(set.to) || !interrupt_start())
        return EXIT_FAILURE;
    bool ok = false;
    if (VIPS_INIT(argv[0]) != 0) {
        char reason[256];
        vips_text_take(reason, sizeof reason);
        terminal_say("cannot initialize libvips: %s", reason);
    } else {
        vips_concurrency_set(1);        /* the set's threads are the parallelism */
        vips_vector_set_enabled(FALSE); /* as in resize.c */
        vips_cache_set_max(0);
        g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING, forget_message, NULL);
        ok = photo_set_make(&set);
        vips_shutdown();
    }
    interrupt_stop();
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    terminal_open("weir-make-photos");
    int exit_status = run_program(argc, argv);
    interrupt_release();
    terminal_close();
    return exit_status;
}
