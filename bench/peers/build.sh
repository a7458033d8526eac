#!/bin/sh
# Builds the drivers of the benchmark that need other compilers: Go, Java and Rust. A driver that cannot be built here is
# left out, with the reason.
#
#     build.sh SOURCE FOLDER       SOURCE is bench/peers; the programs are written to FOLDER
#
# The crates of the Rust drivers come from Debian's packages (librust-rayon-dev, librust-threadpool-dev) if they are
# installed, otherwise from cargo's registry. Nothing is written outside of FOLDER.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

source=$(cd "$1" && pwd)
mkdir -p "$2"
folder=$(cd "$2" && pwd)
work=$folder/work
mkdir -p "$work"

# built NAME COMMAND...: runs a command, or says why NAME is left out.
built() {
    name=$1
    shift
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "left out: $name: no $1"
    elif ! "$@" >"$work/$name.log" 2>&1; then
        echo "left out: $name: see $work/$name.log"
    else
        return 0
    fi
    return 1
}

# current PROGRAM SOURCES...: whether the program is newer than its sources.
current() {
    program=$1
    shift
    [ -e "$program" ] && [ -z "$(find "$@" -newer "$program" -type f)" ]
}

if ! current "$folder/go_peer" "$source/go"; then
    export GO111MODULE=off GOCACHE="$work/go" GOFLAGS=
    built go go build -o "$folder/go_peer" "$source"/go/*.go || rm -f "$folder/go_peer"
fi

if ! current "$folder/java_pool" "$source/java"; then
    rm -f "$folder/java_pool" "$folder/java_fork"
    if built java javac -d "$work/java" "$source/java/Tasks.java"; then
        for pool in java_pool java_fork; do
            printf '#!/bin/sh\nexec java -cp %s Tasks %s "$@"\n' "'$work/java'" "$pool" >"$folder/$pool"
            chmod +x "$folder/$pool"
        done
    fi
fi

if ! current "$folder/rust_rayon" "$source/rust"; then
    rm -f "$folder/rust_rayon" "$folder/rust_threadpool"
    rm -rf "$work/rust"
    cp -R "$source/rust" "$work/rust"
    chmod -R u+w "$work/rust"
    registry=/usr/share/cargo/registry
    if ls -d "$registry"/rayon-1.* "$registry"/threadpool-1.* >/dev/null 2>&1; then
        mkdir -p "$work/rust/.cargo"
        printf '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "%s"\n' "$registry" \
            >"$work/rust/.cargo/config.toml"
    fi
    if (cd "$work/rust" && built rust cargo build --release --target-dir "$work/cargo"); then
        cp "$work/cargo/release/rust_rayon" "$work/cargo/release/rust_threadpool" "$folder/"
    fi
fi
