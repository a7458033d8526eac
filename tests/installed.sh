#!/bin/sh
# Installs the build into a temporary folder. A small program is then built and run with pkg-config, CMake and Meson,
# with the shared and the static library, before and after the prefix is moved. What needs an absent tool is skipped.
#
# environment: top_builddir; CC (with flags, if need be); WEIR_SANITIZER_CFLAGS: the flags with which the library was
# built; WEIR_NEED_PACKAGERS: if set, an absent tool is a failure.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_builddir=${top_builddir:-.}
CC=${CC:-cc}
export CC
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR CFLAGS LDFLAGS
failed=0

if [ -n "${WEIR_SANITIZER_CFLAGS:-}" ]; then
    echo "SKIPPED: the library is built with a sanitizer, which the programs of users are not"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-installed.XXXXXX")
trap 'rm -rf "$work"' EXIT

complain() {
    echo "FAIL: $*"
    failed=1
}

# has TOOL: returns 0 if it is installed.
has() {
    command -v "$1" >/dev/null 2>&1 && return
    [ -z "${WEIR_NEED_PACKAGERS:-}" ] || complain "there is no $1, which WEIR_NEED_PACKAGERS asks for"
    echo "SKIPPED: not tested with $1, which is not installed"
    return 1
}

# quietly WHAT COMMAND...: runs the command; shows its output only if it fails.
quietly() {
    what=$1
    shift
    if "$@" >"$work/out" 2>&1; then
        echo "$what: ok"
    else
        complain "$what"
        cat "$work/out"
        return 1
    fi
}

mkdir "$work/app"
cat >"$work/app/app.c" <<'PROGRAM'
#include <string.h>
#include <weir.h>

static void *pass(void *item, void *unused) {
    (void)item, (void)unused;
    return NULL;
}

int main(void) {
    weir_stage_options stage = {.name = "pass", .work.func = pass, .threads.count = 2};
    weir_pipeline *pipeline = NULL;
    if (strcmp(weir_version(), WEIR_VERSION) != 0) return 1;
    if (weir_pipeline_create(&pipeline, NULL) || weir_pipeline_add(pipeline, NULL, &stage)) return 2;
    if (weir_pipeline_start(pipeline) || weir_pipeline_put(pipeline, &stage)) return 3;
    if (weir_pipeline_finish(pipeline, WEIR_NEVER, NULL)) return 4;
    return weir_pipeline_destroy(pipeline) != WEIR_OK;
}
PROGRAM

quietly "make install" make -s -C "$top_builddir" install DESTDIR="$work/stage" || exit 1
pc=$(find "$work/stage" -name weir.pc)
[ -n "$pc" ] || { complain "no weir.pc is installed"; exit 1; }
man3=$(dirname "$(find "$work/stage" -name weir_pipeline.3)")
for page in weir_pipeline_put weir_task_emit weir_stage_options weir_settled_func; do # two links, two pages of types
    [ -s "$man3/$page.3" ] || complain "no page of $page is installed"
done
prefix=$(sed -n 's/^prefix=//p' "$pc")
libdir=$(find "$work/stage" -name 'libweir.*' -exec dirname {} + | head -n 1)
shared=
static=
[ ! -e "$libdir/libweir.so" ] && [ ! -e "$libdir/libweir.dylib" ] || shared=yes
[ ! -e "$libdir/libweir.a" ] || static=yes

# run WHAT PROGRAM: runs it with the library in $libdir.
run() {
    quietly "$1, run" env LD_LIBRARY_PATH="$libdir" DYLD_LIBRARY_PATH="$libdir" "$2" || true
}

# compiled WHAT FLAG...: builds by hand with the flags of pkg-config, and runs.
compiled() {
    what=$1
    shift
    # shellcheck disable=SC2086 # several words
    if quietly "$what" $CC "$work/app/app.c" "$@" -o "$work/app/app"; then
        run "$what" "$work/app/app"
    fi
}

# by_pkg_config WHERE OPTION...: with the options of pkg-config. A system without a static C library links no program
# of that kind.
by_pkg_config() {
    where=$1
    shift
    # shellcheck disable=SC2046 # several flags
    compiled "pkg-config, $where" $(pkg-config "$@" --cflags --libs weir)
    [ -n "$static" ] || return 0
    echo 'int main(void) { return 0; }' >"$work/app/none.c"
    # shellcheck disable=SC2086 # several words
    if $CC -static "$work/app/none.c" -o "$work/app/none" >/dev/null 2>&1; then
        # shellcheck disable=SC2046
        compiled "pkg-config --static, $where" -static $(pkg-config "$@" --static --cflags --libs weir)
    fi
}

PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
if has pkg-config; then
    PKG_CONFIG_SYSROOT_DIR=$work/stage
    export PKG_CONFIG_SYSROOT_DIR
    by_pkg_config "in its place"
    unset PKG_CONFIG_SYSROOT_DIR
    case $(pkg-config --libs weir) in
        *-pthread*) [ -z "$shared" ] || complain "programs with the shared library are linked with -pthread" ;;
        *) [ -n "$shared" ] || complain "programs with the static library only are linked without -pthread" ;;
    esac
    case $(pkg-config --static --libs weir) in
        *-pthread*) ;;
        *) complain "pkg-config --static --libs has no -pthread" ;;
    esac
fi

# ---- the prefix moves ----

mv "$work/stage$prefix" "$work/moved"
rm -rf "$work/stage"
libdir=$work/moved${libdir#"$work/stage$prefix"}
PKG_CONFIG_PATH=$libdir/pkgconfig
if has pkg-config; then by_pkg_config moved --define-prefix; fi

cat >"$work/app/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.7)
project(app C)
find_package(Threads REQUIRED)

# expect(FOUND ARGUMENT...): find_package with the arguments finds weir, or does not.
function(expect found)
  unset(weir_FOUND)
  find_package(weir ${ARGN} CONFIG QUIET)
  if((weir_FOUND AND NOT found) OR (found AND NOT weir_FOUND))
    message(FATAL_ERROR "find_package(weir ${ARGN}): ${weir_FOUND} ${weir_NOT_FOUND_MESSAGE}")
  endif()
endfunction()

string(REGEX MATCH "^[0-9]+[.][0-9]+" series "${VERSION}")
expect(TRUE)
expect(TRUE ${VERSION})
expect(TRUE ${VERSION} EXACT)
expect(TRUE ${series})
expect(FALSE ${VERSION}.1)
expect(FALSE ${series}.999)
expect(FALSE ${series} COMPONENTS none)
expect(FALSE 99)
expect(FALSE 0.0)
expect(TRUE OPTIONAL_COMPONENTS none)
if(NOT CMAKE_VERSION VERSION_LESS 3.19)
  expect(TRUE 0.0...${VERSION})
  expect(FALSE 0.0...<${VERSION})
  expect(FALSE ${series}.999...99)
endif()
set(CMAKE_SIZEOF_VOID_P_SAVED ${CMAKE_SIZEOF_VOID_P})
set(CMAKE_SIZEOF_VOID_P 2)
expect(FALSE ${VERSION})
set(CMAKE_SIZEOF_VOID_P ${CMAKE_SIZEOF_VOID_P_SAVED})

find_package(weir ${series} CONFIG REQUIRED)
foreach(target ${TARGETS})
  add_executable(${target} app.c)
  target_link_libraries(${target} weir::${target})
endforeach()
CMAKE
targets=weir
[ -z "$shared" ] || targets="$targets;weir_shared"
[ -z "$static" ] || targets="$targets;weir_static"
version=$(sed -n 's/^Version: //p' "$libdir/pkgconfig/weir.pc")
if has cmake && has make; then
    if quietly "CMake configures" cmake -S "$work/app" -B "$work/cmake" -G "Unix Makefiles" \
        -DCMAKE_PREFIX_PATH="$work/moved" -DVERSION="$version" -DTARGETS="$targets" &&
        quietly "CMake builds" cmake --build "$work/cmake"; then
        for target in $(echo "$targets" | tr ';' ' '); do
            quietly "CMake: $target, run" "$work/cmake/$target" || true
        done
    fi
fi

cat >"$work/app/meson.build" <<'MESON'
project('app', 'c', default_options: ['c_std=c11'])
executable('weir', 'app.c', dependencies: dependency('weir', version: '>=0.1'))
if get_option('static')
  executable('weir_static', 'app.c', dependencies: dependency('weir', static: true))
endif
MESON
echo "option('static', type: 'boolean')" >"$work/app/meson_options.txt"
if has meson && has ninja && has pkg-config; then
    PKG_CONFIG="pkg-config --define-prefix"
    export PKG_CONFIG
    option=false
    [ -z "$static" ] || option=true
    if quietly "Meson configures" meson setup "-Dstatic=$option" "$work/meson" "$work/app" &&
        quietly "Meson builds" ninja -C "$work/meson"; then
        run "Meson" "$work/meson/weir"
        [ -z "$static" ] || quietly "Meson: static, run" "$work/meson/weir_static" || true
    fi
fi
exit "$failed"
