#!/bin/sh
# Builds the library and its tests for arm64, and the library and a few programs for 32-bit arm and for s390x, which is
# big-endian, with Debian's cross compilers. Runs them under qemu's user-mode emulation.
#
#     tests/emulated.sh                  with the unit tests if there is a Check for arm64
#     tests/emulated.sh --fetch-check    downloads Check from Debian's mirror into a temporary folder; installs nothing
#
# All files are in a temporary folder; the source folder needs only `configure` (./bootstrap). Omitted parts and known
# failures under qemu are listed. Without the tools the exit status is 77. Debian's packages are
#
#     gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
#     gcc-arm-linux-gnueabihf libc6-dev-armhf-cross           for 32-bit arm, omitted without them
#     gcc-s390x-linux-gnu libc6-dev-s390x-cross               for s390x, omitted without them
#
# The emulation shows hardly any weak memory ordering; tests/sched searches for its effects. This test covers another
# compiler back end, other atomics, other sizes, and another processor's system calls.
#
# environment: WEIR_ARM64_CHECK: a folder with the files of the packages check and libsubunit-dev for arm64; TMPDIR;
# JOBS: the number of parallel compilers; PART: K/N, to run every N-th unit test, from number K on.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

part=${PART:-0/1}
[ "${part%/*}" -lt "${part#*/}" ] 2>/dev/null || { echo "emulated: PART is not K/N" >&2; exit 2; }
cd "$(dirname "$0")/.."
top=$(pwd)

skip() {
    echo "emulated: $1: skipped"
    exit 77
}
command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 || skip "there is no aarch64-linux-gnu-gcc"
command -v qemu-aarch64 >/dev/null 2>&1 || skip "there is no qemu-aarch64 (qemu-user)"
[ -x configure ] || skip "there is no configure; ./bootstrap makes it"

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-emulated.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

# Tests that fail only under qemu. A listed test that passes is reported, so that the list stays current.
#   workers_have_every_signal_blocked_...: qemu reserves some signal numbers; no thread has them in its mask.
#   an_idle_thread_...: /proc tells the system call of the emulator's processor, which has another number.
seen=
known="workers_have_every_signal_blocked_and_the_starter_keeps_its_mask"
known="$known an_idle_thread_is_not_told an_idle_thread_in_an_unknown_call_is_not_told"

left_out() {
    echo "emulated: left out: $1"
}

# ---- Check for arm64 ----

# Sets up a separate apt state for arm64, without installed packages.
fetch_check() {
    mkdir -p "$work/apt/state/lists/partial" "$work/apt/cache/archives/partial" "$work/debs" "$work/check"
    cat >"$work/apt.conf" <<END
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "$work/apt/state";
Dir::State::status "/dev/null";
Dir::Cache "$work/apt/cache";
END
    (
        cd "$work/debs"
        APT_CONFIG=$work/apt.conf
        export APT_CONFIG
        apt-get -q update && apt-get -q download check libsubunit-dev
    ) >"$work/fetch.log" 2>&1 || return 1
    for package in "$work"/debs/*.deb; do
        dpkg-deb -x "$package" "$work/check"
    done
    WEIR_ARM64_CHECK=$work/check
}

if [ "${1:-}" = --fetch-check ]; then
    fetch_check || { cat "$work/fetch.log" >&2; exit 1; }
fi
# Gets what dpkg --add-architecture arm64 and apt-get install check:arm64 would install.
[ -n "${WEIR_ARM64_CHECK:-}" ] || WEIR_ARM64_CHECK=/

# ---- building ----

# Returns 0 if the unit test number `$1` is not in the part to run.
is_other_part() {
    [ "$(($1 % ${part#*/}))" -ne "${part%/*}" ]
}

# Prints the test programs of the build in the current folder that run here. Scripts look at sources and files, and not at
# what the processor does; the tests of callbacks fork for each pair of calls, which takes minutes under qemu.
chosen() {
    number=0
    for program in $(make -s --no-print-directory print-tests); do
        number=$((number + 1))
        case $program in
            tests/fuzz/corpus.sh) echo tests/fuzz/replay ;;
            tests/sched/quick.sh) echo tests/sched/sched ;;
            *.sh | tests/test_callbacks | tests/test_pipeline_callbacks) ;;
            tests/test_*) is_other_part "$number" || echo "$program" ;;
            *) echo "$program" ;;
        esac
    done
}

# build NAME TRIPLET TARGETS CONFIGURE-OPTION...: configures and builds in $work/NAME; the target `tests` is what runs here.
build() {
    name=$1 triplet=$2 targets=$3
    shift 3
    mkdir "$work/$name"
    if ! (
        cd "$work/$name"
        "$top/configure" -q --host="$triplet" --without-curl --without-vips --without-microhttpd \
            --without-sqlite --without-zlib --without-crypto --enable-werror \
            CXX=no "$@"
        # Sequential: two concurrent makes would build the library twice.
        for target in $targets; do
            [ "$target" != tests ] || target=$(chosen)
            # shellcheck disable=SC2086 # a list of words
            make -s -j "${JOBS:-1}" TESTS= $target || exit 1 # set -e has no effect inside the if
        done
    ) >"$work/$name.log" 2>&1; then
        echo "FAIL: $name does not build"
        tail -n 60 "$work/$name.log"
        exit 1
    fi
}

# ---- running ----

# Returns 0 if all failures in a log are known ones.
is_known() {
    wrong=$(sed -n 's/^[^ ]*:[0-9]*:[EF]:[^:]*:\([^:]*\):.*/\1/p' "$1")
    [ -n "$wrong" ] || return 1
    for test in $wrong; do
        case " $known " in
            *" $test "*)
                echo "arm64: known to fail under qemu: $test"
                seen="$seen $test"
                ;;
            *) return 1 ;;
        esac
    done
}

# try NAME QEMU LIBRARIES LOG PROGRAM [ARGUMENT...]: runs a program of the build once; libtool's script sets the library
# path.
try() {
    name=$1 qemu=$2 libraries=$3 log=$4 program=$5
    shift 5
    status=0
    (
        cd "$work/$name"
        QEMU_LD_PREFIX=$libraries CK_TIMEOUT_MULTIPLIER=4 ./libtool --mode=execute "$qemu" "$program" "$@"
    ) >"$log" 2>&1 || status=$?
    [ "$status" -eq 0 ]
}

# run NAME QEMU LIBRARIES PROGRAM [ARGUMENT...]: runs a program of the build. One that fails runs again: beside other
# work, an emulated program may be so slow that a limit of time is reached. The first log is printed then, too.
run() {
    name=$1 qemu=$2 libraries=$3 program=$4
    shift 4
    log=$work/$name.$(basename "$program").log
    if try "$name" "$qemu" "$libraries" "$log" "$program" "$@"; then
        echo "PASS: $name: $program"
        return
    fi
    if [ "$status" -eq 77 ]; then
        left_out "$name: $program: $(sed -n 's/^SKIPPED: //p' "$log" | tail -n 1)"
        return
    fi
    if is_known "$log"; then
        echo "PASS: $name: $program, but for what is known"
        return
    fi
    echo "UNSTABLE: $name: $program ($status)"
    cat "$log"
    if try "$name" "$qemu" "$libraries" "$log" "$program" "$@"; then
        echo "PASS: $name: $program, the second time"
    else
        echo "FAIL: $name: $program ($status)"
        cat "$log"
        failed=1
    fi
}

# Runs the test programs of a build.
run_tests() {
    name=$1 qemu=$2 libraries=$3
    programs=$(cd "$work/$name" && chosen)
    [ -n "$programs" ] || { echo "FAIL: $name has no tests"; exit 1; }
    left_out "$name: scripts among the tests; the tests of callbacks; unit tests that are not in part $part"
    for program in $programs; do
        case $program in
            # File by file: a 32-bit program under qemu cannot read every folder of a 64-bit system.
            tests/fuzz/replay) run "$name" "$qemu" "$libraries" "$program" "$top"/tests/fuzz/corpus/* ;;
            tests/sched/sched) run "$name" "$qemu" "$libraries" "$program" --random 20 --seed 1 ;;
            *) run "$name" "$qemu" "$libraries" "$program" ;;
        esac
    done
}

library=$WEIR_ARM64_CHECK/usr/lib/aarch64-linux-gnu
if [ -e "$library/libcheck.a" ]; then
    build arm64 aarch64-linux-gnu "all tests" CHECK_CFLAGS="-isystem $WEIR_ARM64_CHECK/usr/include" \
        CHECK_LIBS="$library/libcheck.a $library/libsubunit.a -lrt -lm -pthread"
else
    left_out "arm64: the unit tests: there is no Check for arm64; --fetch-check gets it"
    known=
    build arm64 aarch64-linux-gnu "all tests" --without-check
fi
run_tests arm64 qemu-aarch64 /usr/aarch64-linux-gnu
for test in $known; do
    case " $seen ${part#0/1} " in
        *" $test "* | *" "*/*) ;; # seen, or not all ran
        *) echo "arm64: does not fail under qemu any more, take it off the list: $test" ;;
    esac
done

if command -v arm-linux-gnueabihf-gcc >/dev/null 2>&1 && command -v qemu-arm >/dev/null 2>&1; then
    # 32-bit words with 64-bit atomics, then the futex call for 64-bit times.
    build armhf arm-linux-gnueabihf "all tests" --without-check
    run_tests armhf qemu-arm /usr/arm-linux-gnueabihf
    build armhf-time64 arm-linux-gnueabihf tests/stress --without-check CPPFLAGS='-D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64'
    run armhf-time64 qemu-arm /usr/arm-linux-gnueabihf tests/stress
else
    left_out "armhf: there is no arm-linux-gnueabihf-gcc or no qemu-arm"
fi

if command -v s390x-linux-gnu-gcc >/dev/null 2>&1 && command -v qemu-s390x >/dev/null 2>&1; then
    build s390x s390x-linux-gnu "tests/stress tests/abi/test_abi tests/fuzz/replay" --without-check
    for program in tests/stress tests/abi/test_abi; do
        run s390x qemu-s390x /usr/s390x-linux-gnu "$program"
    done
    run s390x qemu-s390x /usr/s390x-linux-gnu tests/fuzz/replay "$top"/tests/fuzz/corpus/*
else
    left_out "s390x: there is no s390x-linux-gnu-gcc or no qemu-s390x"
fi
exit "$failed"
