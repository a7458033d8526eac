/*
 * options.c - parses the command line.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/version.h>

#include "folder.h"
#include "machine.h"
#include "metrics.h"
#include "numbers.h"
#include "queue.h"
#include "s3.h"
#include "terminal.h"

static const uint64_t LEAST_MEMORY = UINT64_C(1) << 20, DEFAULT_MEMORY = UINT64_C(2) << 30,
                      MOST_MEMORY = UINT64_C(1) << 40;

enum { USAGE_ERROR = 2, MAX_THREADS = 256, MAX_CAPACITY = 65536, MAX_TAKE = 65536, TAKE_PER_RESIZE = 16 };

enum {
    OPT_FROM = 256,
    OPT_TO,
    OPT_DOWNLOADS,
    OPT_RESIZES,
    OPT_UPLOADS,
    OPT_QUEUE,
    OPT_ACK_WAIT,
    OPT_TAKE,
    OPT_CAPACITY,
    OPT_MAX_BYTES,
    OPT_MAX_PIXELS,
    OPT_MEMORY,
    OPT_TIMEOUT,
    OPT_RESIZE_TIMEOUT,
    OPT_STALL,
    OPT_RETRIES,
    OPT_KEEP_DAMAGED,
    OPT_NULL,
    OPT_OVERWRITE,
    OPT_REPORT,
    OPT_QUIET,
    OPT_RESUME,
    OPT_CROP,
    OPT_ISOLATE,
    OPT_NO_ISOLATE,
    OPT_NO_CLOBBER,
    OPT_MAX_FAILURES,
    OPT_FAIL_FAST,
    OPT_USER_AGENT,
    OPT_HEADER,
    OPT_SKIP_EXISTING,
    OPT_VERSION,
    OPT_S3_ENDPOINT,
    OPT_S3_REGION,
    OPT_RATE,
    OPT_PER_HOST,
    OPT_CACERT,
    OPT_INSECURE,
    OPT_NO_PRIVATE,
    OPT_METRICS,
    OPT_TRACE
};

static const struct option long_options[] = {
    {"from", required_argument, NULL, OPT_FROM},
    {"to", required_argument, NULL, OPT_TO},
    {"size", required_argument, NULL, 's'},
    {"crop", required_argument, NULL, OPT_CROP},
    {"format", required_argument, NULL, 'f'},
    {"quality", required_argument, NULL, 'q'},
    {"recursive", no_argument, NULL, 'r'},
    {"no-clobber", no_argument, NULL, OPT_NO_CLOBBER},
    {"isolate", no_argument, NULL, OPT_ISOLATE},
    {"no-isolate", no_argument, NULL, OPT_NO_ISOLATE},
    {"downloads", required_argument, NULL, OPT_DOWNLOADS},
    {"resizes", required_argument, NULL, OPT_RESIZES},
    {"uploads", required_argument, NULL, OPT_UPLOADS},
    {"capacity", required_argument, NULL, OPT_CAPACITY},
    {"queue", required_argument, NULL, OPT_QUEUE},
    {"ack-wait", required_argument, NULL, OPT_ACK_WAIT},
    {"take", required_argument, NULL, OPT_TAKE},
    {"max-bytes", required_argument, NULL, OPT_MAX_BYTES},
    {"max-pixels", required_argument, NULL, OPT_MAX_PIXELS},
    {"memory", required_argument, NULL, OPT_MEMORY},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"resize-timeout", required_argument, NULL, OPT_RESIZE_TIMEOUT},
    {"stall", required_argument, NULL, OPT_STALL},
    {"retries", required_argument, NULL, OPT_RETRIES},
    {"keep-damaged", no_argument, NULL, OPT_KEEP_DAMAGED},
    {"null", no_argument, NULL, OPT_NULL},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"dry-run", no_argument, NULL, 'n'},
    {"max-failures", required_argument, NULL, OPT_MAX_FAILURES},
    {"fail-fast", no_argument, NULL, OPT_FAIL_FAST},
    {"user-agent", required_argument, NULL, OPT_USER_AGENT},
    {"header", required_argument, NULL, OPT_HEADER},
    {"resume", required_argument, NULL, OPT_RESUME},
    {"report", required_argument, NULL, OPT_REPORT},
    {"overwrite", no_argument, NULL, OPT_OVERWRITE},
    {"skip-existing", no_argument, NULL, OPT_SKIP_EXISTING},
    {"s3-endpoint", required_argument, NULL, OPT_S3_ENDPOINT},
    {"s3-region", required_argument, NULL, OPT_S3_REGION},
    {"rate", required_argument, NULL, OPT_RATE},
    {"per-host", required_argument, NULL, OPT_PER_HOST},
    {"cacert", required_argument, NULL, OPT_CACERT},
    {"insecure", no_argument, NULL, OPT_INSECURE},
    {"no-private", no_argument, NULL, OPT_NO_PRIVATE},
    {"metrics", required_argument, NULL, OPT_METRICS},
    {"trace", required_argument, NULL, OPT_TRACE},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static void print_help(void) {
    fputs("Usage: weir-thumbs [OPTION]... [FROM [TO]]\n"
          "Downloads pictures, makes thumbnails of them, and uploads the thumbnails, all concurrently.\n"
          "\n"
          "  --from DIR         take the files in this folder, and serve them to the downloads over HTTP\n"
          "  --from FILE        take the http and https URLs in this file, one per line, # for comments;\n"
          "                     -: standard input (default: paint 100 pictures);\n"
          "                     a tab and a name for the thumbnail may follow a URL\n"
          "  -r, --recursive    take the files in all folders of the folder too; links to folders are not followed;\n"
          "                     the thumbnails get the same folders\n"
          "  --null             the URLs are separated by NULs\n"
          "  --to DIR           put the thumbnails into this folder, over HTTP; created if missing\n"
          "                     (default: thumbs)\n"
          "  --to URL           put the thumbnails under this http or https URL\n"
          "  --to s3://BUCKET/PREFIX\n"
          "                     put the thumbnails into this bucket of an S3 store; credentials are taken from\n"
          "                     AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or ~/.aws/credentials\n"
          "  --s3-endpoint URL  the S3 store, with the bucket in the path (default: Amazon's)\n"
          "  --s3-region NAME   its region (default: AWS_REGION, AWS_DEFAULT_REGION or us-east-1)\n"
          "  --overwrite        replace any file with the thumbnail's name, made by weir-thumbs or not\n"
          "  --skip-existing    skip pictures that have their thumbnail\n"
          "  --no-clobber       skip pictures of which any file has the thumbnail's name\n"
          "  -s, --size SIZE    box that the thumbnails fit into, in pixels: 320 or 320x200, 320x for any height,\n"
          "                     x200 for any width; no picture is enlarged (default: 320);\n"
          "                     160,320,640: thumbnails of each size, from one download, with the size in their names\n"
          "  --crop WHERE       fill the box, and crop what is left over: centre keeps the centre, attention the\n"
          "                     part that draws the eye\n"
          "  -f, --format NAME  jpeg, webp, png or avif (default: jpeg); all but jpeg keep transparency\n"
          "  -q, --quality N    quality, 1 to 100 (default: 85 for jpeg, 80 for webp, 50 for avif; png has none)\n"
          "  --isolate          decode in child processes: a decoder that crashes, hangs or takes too much memory\n"
          "                     costs one picture (default: where that is possible)\n"
          "  --no-isolate       decode in threads of the program, which takes less memory\n"
          "\n",
          stdout);
    fputs("  --downloads N      number of download threads (default: from 4 to 64, while more bring more)\n"
          "  --resizes N        number of resize threads (default: one per processor)\n"
          "  --uploads N        number of upload threads (default: from 2 to 64, while more bring more)\n"
          "  --capacity N       capacity of each stage's input queue, in pictures (default: 16)\n"
          "\n",
          stdout);
    fputs(
        "  --queue nats://HOST[:PORT]/NAME\n"
        "                     share the pictures of a list with other programs, by a queue on a server of NATS:\n"
        "                     with --from LIST put them, and report on all of them when they are done;\n"
        "                     with --to TARGET join in, and make thumbnails until the queue is at its end;\n"
        "                     ?replicas=3 behind NAME, in all programs, keeps each picture on 3 servers of a cluster\n"
        "  --take N           take no more than N pictures from the queue at a time (default: 16 for each resize\n"
        "                     thread)\n"
        "  --ack-wait N       give the pictures of a program that is silent for N seconds to another one\n"
        "                     (default: 30; that of the first program counts)\n"
        "\n",
        stdout);
    fputs("  --max-bytes N      refuse pictures of more than N bytes (default: 67108864)\n"
          "  --max-pixels N     refuse pictures of more than N pixels, before decoding (default: 100000000)\n"
          "  --memory N         decode no more pictures at a time than fit into N bytes, such as 512M (default: a\n"
          "                     quarter of the memory there is, at most 2G)\n"
          "  --timeout N        give up a transfer after N seconds (default: 300)\n"
          "  --resize-timeout N give up a resize after N seconds (default: 60)\n"
          "  --stall N          give up a transfer without progress after N seconds (default: 30)\n"
          "  --retries N        retry a transfer up to N times, after 1 s, 2 s, 4 s... (default: 5)\n"
          "  --keep-damaged     make thumbnails of damaged pictures too, with a note for each\n"
          "  --rate N           send no more than N requests a second\n"
          "  --per-host N       download no more than N pictures from a host at a time\n"
          "  --cacert FILE      trust the certificates that the authorities in this file have signed\n"
          "  --insecure         accept any certificate\n"
          "  --no-private       download nothing from addresses of this machine or of private networks\n"
          "  --metrics A:PORT   serve figures to Prometheus at this address and port (without A: 127.0.0.1)\n"
          "  --trace FILE       write what each thread did into this file, for Perfetto or about:tracing\n"
          "  --user-agent TEXT  send this as User-Agent (default: weir-thumbs)\n"
          "  --header TEXT      send this header, 'Name: value', with downloads from a list; up to 32 times\n"
          "  --max-failures N   give the run up when N pictures have failed\n"
          "  --fail-fast        give the run up when a picture has failed\n"
          "  -n, --dry-run      print the names of the thumbnails and their sources, and do nothing else\n"
          "  --quiet            print neither progress nor summary\n"
          "  --resume FILE      note the pictures that are done in this file, and skip those that it has; for runs\n"
          "                     with the same sizes, crop, format and quality\n"
          "  --report FILE      write a line of JSON for each picture into this file\n"
          "  -h, --help         print this and exit\n"
          "  --version          print the version and exit\n"
          "\n"
          "JPEG, PNG, WebP, GIF, TIFF, AVIF and HEIC pictures are accepted, whatever their names, as far as\n"
          "libvips has them. A thumbnail has the name of its picture; the extension of its format, such as\n"
          ".jpg, is appended unless the name ends in it. If another picture of the list, or of the\n"
          "target, has that name, a digest of the URL is added; a second file with that name fails. A\n"
          "thumbnail of the same picture from an earlier run is replaced; other files are kept.\n"
          "\n"
          "Ctrl-C completes the pictures in flight; a second Ctrl-C drops them. The exit status is 0 if every\n"
          "picture became a thumbnail or was skipped, 1 if not, and 2 if the command line is invalid. It is 3 if\n"
          "the run was given up: the target refuses uploads, its host or each host of the pictures does not\n"
          "answer, the journal cannot be written, or too many pictures failed. A signal that cuts the run off\n"
          "makes it 129, 130 or 143.\n",
          stdout);
}

static size_t processors(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > MAX_THREADS ? MAX_THREADS : (size_t)count;
}

static uint64_t default_memory(void) {
    uint64_t quarter = machine_memory() / 4;
    return quarter < DEFAULT_MEMORY ? quarter : DEFAULT_MEMORY;
}

static bool read_count(const char *option, uint64_t max, size_t *count) {
    uint64_t number;
    if (!numbers_read_option(option, optarg, 1, max, &number))
        return false;
    *count = (size_t)number;
    return true;
}

static bool read_seconds(const char *option, long *seconds) {
    uint64_t number;
    if (!numbers_read_option(option, optarg, 1, 3600, &number))
        return false;
    *seconds = (long)number;
    return true;
}

static bool read_limit(struct options *options, int option) {
    uint64_t number;
    switch (option) {
        case 'q':
            if (!numbers_read_option("--quality", optarg, 1, 100, &number))
                return false;
            options->recipe.quality = (int)number;
            return true;
        case OPT_MEMORY:
            return numbers_read_bytes("--memory", optarg, LEAST_MEMORY, MOST_MEMORY, &options->recipe.memory);
        case OPT_TIMEOUT:
            return read_seconds("--timeout", &options->timeout);
        case OPT_RESIZE_TIMEOUT:
            return numbers_read_option("--resize-timeout", optarg, 1, 3600, &options->recipe.resize_limit);
        case OPT_STALL:
            return read_seconds("--stall", &options->stall);
        case OPT_RETRIES:
            if (!numbers_read_option("--retries", optarg, 0, 100, &number))
                return false;
            options->retries = (unsigned)number;
            return true;
        case OPT_MAX_PIXELS:
            return numbers_read_option("--max-pixels", optarg, 1, UINT64_C(1000000000000), &options->recipe.max_pixels);
        default:
            return read_count("--max-bytes", INT32_MAX, &options->max_bytes);
    }
}

/* Handles an option without a value. Returns false if `option` is none. */
static bool set_flag(struct options *options, int option) {
    bool *flag = option == OPT_KEEP_DAMAGED    ? &options->recipe.keep_damaged
                 : option == OPT_NO_CLOBBER    ? &options->no_clobber
                 : option == 'r'               ? &options->is_recursive
                 : option == OPT_NULL          ? &options->is_null_separated
                 : option == OPT_QUIET         ? &options->is_quiet
                 : option == 'n'               ? &options->is_dry
                 : option == OPT_OVERWRITE     ? &options->overwrite
                 : option == OPT_INSECURE      ? &options->is_insecure
                 : option == OPT_NO_PRIVATE    ? &options->is_public_only
                 : option == OPT_SKIP_EXISTING ? &options->skip_existing
                                               : NULL;
    if (flag != NULL)
        *flag = true;
    return flag != NULL;
}

/* Returns whether the text can be a header or a part of one: no control characters, and in a header a name. */
static bool is_header(const char *text, bool has_name) {
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if ((*c < 0x20 && *c != '\t') || *c == 0x7f)
            return false;
    }
    size_t name = strcspn(text, ": \t");
    return !has_name || (name > 0 && text[name] == ':');
}

static bool read_header(struct options *options) {
    if (!is_header(optarg, true))
        terminal_say("--header: '%s' is not 'Name: value'", optarg);
    else if (options->header_count == MAX_HEADERS)
        terminal_say("--header: more than %d headers", MAX_HEADERS);
    else
        options->headers[options->header_count++] = optarg;
    return options->header_count > 0 && options->headers[options->header_count - 1] == optarg;
}

static bool read_user_agent(struct options *options) {
    options->user_agent = optarg;
    if (!is_header(optarg, false))
        terminal_say("--user-agent: '%s' has a control character", optarg);
    return is_header(optarg, false);
}

static bool read_cacert(struct options *options) {
    options->cacert = optarg;
    if (access(optarg, R_OK) == 0)
        return true;
    terminal_say("--cacert: %s: %s", optarg, strerror(errno));
    return false;
}

static bool read_metrics(struct options *options) {
    options->metrics = optarg;
    if (metrics_is_place(optarg))
        return true;
    terminal_say("--metrics: '%s' is not ADDRESS:PORT, such as 127.0.0.1:9100", optarg);
    return false;
}

/* Reads an option about the network. */
static bool read_network(struct options *options, int option) {
    switch (option) {
        case OPT_RATE:
            return read_count("--rate", 1000000, &options->rate);
        case OPT_PER_HOST:
            return read_count("--per-host", MAX_THREADS, &options->per_host);
        case OPT_CACERT:
            return read_cacert(options);
        case OPT_METRICS:
            return read_metrics(options);
        case OPT_TRACE:
            options->trace = optarg;
            return true;
        case OPT_S3_ENDPOINT:
            options->s3_endpoint = optarg;
            return true;
        case OPT_S3_REGION:
            options->s3_region = optarg;
            return true;
        default:
            return read_limit(options, option);
    }
}

/* Reads an option about the requests, or about the end of the run. */
static bool read_other(struct options *options, int option) {
    switch (option) {
        case OPT_ISOLATE:
        case OPT_NO_ISOLATE:
            options->isolation = option == OPT_ISOLATE ? ISOLATE_ALWAYS : ISOLATE_NEVER;
            return true;
        case OPT_CROP:
            return recipe_read_crop(&options->recipe, optarg);
        case 'f':
            return recipe_read_format(&options->recipe, optarg);
        case OPT_USER_AGENT:
            return read_user_agent(options);
        case OPT_HEADER:
            return read_header(options);
        case OPT_MAX_FAILURES:
            return read_count("--max-failures", INT32_MAX, &options->max_failures);
        case OPT_FAIL_FAST:
            options->max_failures = 1;
            return true;
        default:
            return read_network(options, option);
    }
}

static bool read_option(struct options *options, int option) {
    if (set_flag(options, option))
        return true;
    switch (option) {
        case OPT_FROM:
            options->from = optarg;
            return true;
        case OPT_TO:
            options->to = optarg;
            return true;
        case OPT_RESUME:
            options->journal = optarg;
            return true;
        case OPT_REPORT:
            options->report = optarg;
            return true;
        case 's':
            return recipe_read_sizes(&options->recipe, optarg);
        case OPT_DOWNLOADS:
            return read_count("--downloads", MAX_THREADS, &options->downloads);
        case OPT_RESIZES:
            return read_count("--resizes", MAX_THREADS, &options->resizes);
        case OPT_UPLOADS:
            return read_count("--uploads", MAX_THREADS, &options->uploads);
        case OPT_CAPACITY:
            return read_count("--capacity", MAX_CAPACITY, &options->capacity);
        case OPT_QUEUE:
            return queue_is_built() && queue_place_read(&options->queue, optarg);
        case OPT_TAKE:
            return read_count("--take", MAX_TAKE, &options->take);
        case OPT_ACK_WAIT:
            return numbers_read_option("--ack-wait", optarg, 1, 3600, &options->ack_wait);
        default:
            return read_other(options, option);
    }
}

static bool finish_printing(int *exit_status) {
    *exit_status = fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
    return false;
}

/* Reads the arguments that are no options: the source and the target. */
static bool read_places(struct options *options, int argc, char **argv) {
    const char **const places[] = {&options->from, &options->to}, *const names[] = {"--from", "--to"};
    for (int i = 0; optind + i < argc; i++) {
        const char *place = argv[optind + i];
        if (i == 2) {
            terminal_say("'%s': unexpected argument; see --help", place);
            return false;
        }
        if (*places[i] != NULL) {
            terminal_say("'%s': unexpected argument, because of %s", place, names[i]);
            return false;
        }
        *places[i] = place;
    }
    return true;
}

/* Returns whether the program that puts a list to a queue can use the option. */
static bool is_for_list(int option) {
    static const int those[] = {OPT_FROM,         OPT_QUEUE,     OPT_NULL,   OPT_QUIET,  'n',         'f',
                                OPT_MAX_FAILURES, OPT_FAIL_FAST, OPT_RESUME, OPT_REPORT, OPT_ACK_WAIT};
    for (size_t i = 0; i < sizeof those / sizeof *those; i++) {
        if (those[i] == option)
            return true;
    }
    return false;
}

static const char *name_of(int option) {
    const struct option *named = long_options;
    while (named->val != option)
        named++;
    return named->name;
}

/* Checks the options of a program with a queue. On failure prints a message and returns false. */
static bool complete_queue(struct options *options, int not_for_list) {
    if (options->from == NULL && options->to == NULL)
        terminal_say("--queue needs --from LIST, to put a list, or --to TARGET, to join in");
    else if (options->from != NULL && options->to != NULL)
        terminal_say("--queue with --from puts a list, and with --to it joins in: start a program for each");
    else if (options->from != NULL && strcmp(options->from, "-") != 0 && folder_exists(options->from))
        terminal_say("--queue needs a list of URLs, and '%s' is a folder", options->from);
    else if (options->from != NULL && not_for_list != 0)
        terminal_say("--%s is for the programs that join in with --queue and --to", name_of(not_for_list));
    else
        return true;
    return false;
}

/*
 * Fills in defaults. If the options contradict one another, prints a message and returns false. `not_for_list` is an
 * option that a program with a list for a queue cannot use; 0 if there is none.
 */
static bool complete(struct options *options, int not_for_list) {
    if (*options->queue.name != '\0' && !complete_queue(options, not_for_list))
        return false;
    if (options->to == NULL)
        options->to = "thumbs";
    if (options->take == 0)
        options->take = TAKE_PER_RESIZE * options->resizes;
    options->skip_existing = options->skip_existing || options->no_clobber;
    if (options->is_dry && options->from == NULL)
        terminal_say("--dry-run needs --from");
    else if (options->is_recursive && options->from == NULL)
        terminal_say("--recursive needs --from");
    else if (options->is_recursive && !folder_exists(options->from))
        terminal_say("--recursive needs a folder, and '%s' is none", options->from);
    else if (!s3_is_url(options->to) && (options->s3_endpoint != NULL || options->s3_region != NULL))
        terminal_say("--s3-endpoint and --s3-region need --to s3://BUCKET/PREFIX");
    else if (options->overwrite && options->skip_existing)
        terminal_say("--overwrite and %s are mutually exclusive",
                     options->no_clobber ? "--no-clobber" : "--skip-existing");
    else
        return recipe_complete(&options->recipe);
    return false;
}

bool options_parse(struct options *options, int argc, char **argv, int *exit_status) {
    *options = (struct options){.user_agent = "weir-thumbs",
                                .resizes = processors(),
                                .ack_wait = 30,
                                .capacity = 16,
                                .max_bytes = 64 << 20,
                                .recipe = {.max_pixels = 100000000, .memory = default_memory(), .resize_limit = 60},
                                .timeout = 300,
                                .stall = 30,
                                .retries = 5};
    *exit_status = USAGE_ERROR;
    opterr = 0;
    int option, not_for_list = 0;
    while ((option = getopt_long(argc, argv, ":s:q:f:hnr", long_options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return finish_printing(exit_status);
        }
        if (option == OPT_VERSION) {
            printf("weir-thumbs %s\n", weir_version());
            return finish_printing(exit_status);
        }
        if (option == '?' || option == ':') {
            terminal_say(option == '?' ? "'%s': no such option, or it takes no value; see --help" : "%s needs a value",
                         argv[optind - 1]);
            return false;
        }
        if (!read_option(options, option))
            return false;
        not_for_list = is_for_list(option) ? not_for_list : option;
    }
    return read_places(options, argc, argv) && complete(options, not_for_list);
}
