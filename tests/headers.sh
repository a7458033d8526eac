#!/bin/sh
# Each public header compiles alone and twice in one file, as C11, C17, C++11 and C++17, with every warning an error.
# So does the example of weir/pipeline.h, which uses nothing uninitialised. The headers *.hpp do so as C++17.
#
# environment: top_srcdir; CC, CXX (with flags, if need be). Without a C++ compiler the C++ half is skipped, with a
# message.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
CC=${CC:-cc}
CXX=${CXX-c++}
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-headers.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
count=0

# compiles NAME COMPILER OPTION...: returns 0 if the compiler accepts the file in $work.
compiles() {
    name=$1
    shift
    count=$((count + 1))
    if ! "$@" -Wall -Wextra -Wpedantic -Werror "-I$top_srcdir/include" -c -o "$work/out.o" >"$work/errors" 2>&1; then
        echo "FAIL: <$name>: $*"
        cat "$work/errors"
        failed=1
    fi
}

# Returns 0 if the compiler supports a standard.
knows() {
    echo 'int main(void);' >"$work/known.$suffix"
    "$@" -c -o "$work/known.o" "$work/known.$suffix" >/dev/null 2>&1
}

# Prints lines of the example of weir/pipeline.h, from a given beginning to another.
lines_of_example() {
    sed -n "/^ \*     $1/,/^ \*     $2/s/^ \*     \{0,1\}//p" "$top_srcdir/include/weir/pipeline.h"
}

# Prints the example as a program: declares the names that it omits, and uses up its memory.
print_example() {
    cat <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <weir.h>

struct image {
    int unused;
};

static int left = 9;

static const char *url_of(const void *item) {
    return (const char *)item;
}

static void free_url(void *item, void *arg) {
    (void)arg;
    free(item);
}

static void free_image(void *item, void *arg) {
    (void)arg;
    free(item);
}

static int fetch(const void *item, void *arg, struct image **image) {
    (void)arg;
    if (*url_of(item) == '4')
        return 404;
    *image = (struct image *)calloc(1, sizeof **image);
    return 0;
}

static void *make_thumbnail(void *item, void *arg) {
    free_image(item, arg);
    return NULL;
}

static bool is_temporary(int code, void *arg) {
    (void)arg;
    return code != 404;
}

static bool next(void **item) {
    char *url = (char *)calloc(1, 2);
    if (url == NULL || left == 0) {
        free(url);
        return false;
    }
    *url = (char)('0' + left--);
    *item = url;
    return true;
}

static void stop_with(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

END
    lines_of_example 'static void \*resize' 'static weir_stage_options' | sed '$d'
    echo 'int main(void) {'
    lines_of_example 'static weir_stage_options' 'weir_queue_destroy'
    printf '    return 0;\n}\n'
}

# each HEADER...: compiles it alone, and twice, by $compiler.
each() {
    for header in "$@"; do
        name=${header#"$top_srcdir/include/"}
        printf '#include <%s>\n#include <%s>\nint main(void);\n' "$name" "$name" >"$work/alone.$suffix"
        # shellcheck disable=SC2086
        compiles "$name" $compiler "-std=$standard" "$work/alone.$suffix"
    done
}

# try SUFFIX COMPILER... -- STANDARD...
try() {
    suffix=$1
    shift
    compiler=
    while [ "$1" != -- ]; do
        compiler="$compiler $1"
        shift
    done
    shift
    for standard in "$@"; do
        # shellcheck disable=SC2086 # the compiler comes with its flags
        if ! knows $compiler "-std=$standard"; then
            echo "$compiler does not know $standard: left out"
            continue
        fi
        each "$top_srcdir/include/weir.h" "$top_srcdir"/include/weir/*.h
        if [ "$standard" = c++17 ]; then each "$top_srcdir/include/weir.hpp" "$top_srcdir"/include/weir/*.hpp; fi
        # A macro is compiled only where it is used.
        cat >"$work/macros.$suffix" <<'END'
#include <weir.h>
int use(weir_queue *queue);
int use(weir_queue *queue) {
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    weir_deadline never = WEIR_NEVER;
    return weir_queue_cursor_end(&cursor) == WEIR_OK && weir_queue_capacity(queue) == WEIR_UNBOUNDED && never != 0;
}
END
        # shellcheck disable=SC2086
        compiles "weir.h, its macros" $compiler "-std=$standard" "$work/macros.$suffix"
        print_example >"$work/example.$suffix"
        for level in -O0 -O2; do # at -O2 compilers warn of uninitialised variables
            # shellcheck disable=SC2086
            compiles "weir/pipeline.h, its example" $compiler "-std=$standard" $level "$work/example.$suffix"
        done
    done
}

# shellcheck disable=SC2086
try c $CC -- c11 c17
# configure sets `:` or `no` when it finds none.
if [ -z "$CXX" ] || [ "$CXX" = no ] || [ "$CXX" = : ] || ! command -v "${CXX%% *}" >/dev/null 2>&1; then
    echo "no C++ compiler: C++ left out"
else
    # shellcheck disable=SC2086
    try cc $CXX -- c++11 c++17
fi
# Detects an edit of the comment that hides the example from this test.
if [ "$(print_example | grep -c 'weir_[a-z_]*(')" -lt 15 ]; then
    echo "FAIL: the example of weir/pipeline.h was not found"
    failed=1
fi
if [ "$count" -eq 0 ]; then
    echo "FAIL: nothing was compiled"
    failed=1
fi
echo "$count compilations"
exit "$failed"
