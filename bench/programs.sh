#!/bin/sh
# Runs the programs of pipeline_examples/ beside their peers, and prints a table: medians of interleaved runs, and the
# ratio, which must be at least the bar. For crawl the peer is its own rate limit. A peer that is not installed is left out.
#
#     programs.sh EXAMPLES WORK [RUNS [FOLDER]]
#
# WORK gets the inputs, and keeps them. FOLDER is the tree to hash.
#
# environment: top_srcdir, CC.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu
LC_ALL=C
export LC_ALL

peers=${top_srcdir:-.}/bench/peers/programs
examples=$1 work=$2 runs=${3:-5} tree=${4:-/usr/include}
server=
trap '[ -z "$server" ] || kill "$server"' EXIT
trap 'exit 1' HUP INT TERM
threads=$(getconf _NPROCESSORS_ONLN)
mkdir -p "$work"
if [ -x "$examples/.libs/top_paths" ]; then # the scripts of libtool in their places take time
    LD_LIBRARY_PATH=$(cd "$examples/../.libs" && pwd)
    export LD_LIBRARY_PATH
    examples=$examples/.libs
fi

# ---- the programs and their peers ----

ours_gzip() { "$examples/gzip" <"$work/log" >"$work/out"; }
peer_gzip() { pigz -p "$threads" -c <"$work/log" >"$work/out"; }
ours_hash_tree() { "$examples/hash_tree" "$tree" >"$work/out"; }
peer_hash_tree() { find "$tree" -type f -print0 | xargs -0 -n 64 -P "$threads" sha256sum >"$work/out"; }
ours_top_paths() { "$examples/top_paths" <"$work/log" >"$work/out"; }
peer_top_paths() { "$work/top_paths" "$threads" <"$work/log" >"$work/out"; }
ours_etl() { rm -f "$work"/*.db* && "$examples/etl" "$work/ours.db" <"$work/csv" 2>"$work/out"; }
peer_etl() { rm -f "$work"/*.db* && python3 "$peers/etl.py" "$work/peer.db" <"$work/csv" >"$work/out"; }
ours_etl_shuffled() { rm -f "$work"/*.db* && "$examples/etl" "$work/ours.db" <"$work/shuffled" 2>"$work/out"; }
peer_etl_shuffled() { rm -f "$work"/*.db* && python3 "$peers/etl.py" "$work/peer.db" <"$work/shuffled" >"$work/out"; }
ours_crawl() { "$examples/crawl" "http://127.0.0.1:$port/" >"$work/out"; }

# ---- times, in nanoseconds ----

# time_of FUNCTION: appends the time of a run to $work/FUNCTION.times.
time_of() {
    start=$(date +%s%N)
    "$1" || { echo "$1 fails" && exit 1; }
    echo $(($(date +%s%N) - start)) >>"$work/$1.times"
}

median() {
    sort -n "$work/$1.times" | sed -n "$(((runs + 1) / 2))p"
}

# row NAME PEER BAR: runs both in turn, and prints a line of the table.
row() {
    rm -f "$work/ours_$1.times" "$work/peer_$1.times"
    for _ in $(seq "$runs"); do
        time_of "ours_$1"
        time_of "peer_$1"
    done
    line "$1" "$2" "$(median "ours_$1")" "$(median "peer_$1")" "$3"
}

line() {
    awk -v name="$1" -v peer="$2" -v ours="$3" -v theirs="$4" -v bar="$5" 'BEGIN {
        ratio = theirs / ours
        printf "| %s | %s | %.3f | %.3f | %.2f | %.2f | %s |\n", name, peer, ours / 1e9, theirs / 1e9, ratio, bar,
               (ratio >= bar ? "yes" : "no")
    }'
}

# has NAME TOOL...: returns whether the example and the tools are there, and prints a line of the table otherwise.
has() {
    name=$1 missing=
    [ -x "$examples/$1" ] || missing="the example"
    shift
    for tool; do command -v "$tool" >"$work/found" || missing=$tool; done
    [ -z "$missing" ] || echo "| $name | left out: no $missing | | | | | |"
    [ -z "$missing" ]
}

# ---- the inputs ----

[ -s "$work/log" ] || { awk 'BEGIN {
    srand(1)
    for (i = 0; i < 2000000; i++)
        printf "10.0.%d.%d - - [27/Nov/2026:05:%02d:%02d +0000] \"GET /page/%d HTTP/1.1\" %d %d\n", rand() * 256, rand() * 256,
               i / 33334, i / 556 % 60, 50000 * rand() ^ 3, rand() < 0.98 ? 200 : 503, rand() * 20000
}' >"$work/log.new" && mv "$work/log.new" "$work/log"; }
# rows FACTOR: lines for etl, of which one of 100 is no row. With a factor, their ids are in disorder: a transaction writes
# to a page of its own for nearly each row, so the database does most of the work.
rows() {
    awk -v factor="$1" 'BEGIN {
        for (i = 1; i <= 300000; i++)
            if (i % 100 == 7) print "no row", i; else print (i * factor) % 300007 ",name" i "," i / 8
    }'
}
[ -s "$work/csv" ] || { rows 1 >"$work/csv.new" && mv "$work/csv.new" "$work/csv"; }
[ -s "$work/shuffled" ] || { rows 7919 >"$work/csv.new" && mv "$work/csv.new" "$work/shuffled"; }

# ---- the table ----

echo '| program | peer | s | s of the peer | ratio | bar | reached |'
echo '|---|---|---|---|---|---|---|'
if has gzip pigz; then row gzip "pigz -p $threads" 1; fi
if has hash_tree sha256sum; then row hash_tree "xargs -n 64 -P $threads sha256sum" 2.5; fi
if has top_paths go; then
    go build -o "$work/top_paths" "$peers/top_paths.go"
    row top_paths Go 1.3
fi
if has etl python3; then
    row etl Python 1.2
    row etl_shuffled Python 1
fi
if has crawl python3; then
    rm -f "$work/port"
    python3 "$peers/server.py" 1000 >"$work/port" &
    server=$!
    while ! grep -q . "$work/port" 2>"$work/found"; do kill -0 "$server" && sleep 0.1 || exit 1; done
    port=$(cat "$work/port")
    rm -f "$work/ours_crawl.times"
    for _ in $(seq "$runs"); do time_of ours_crawl; done
    [ "$(tail -n 1 "$work/out")" = '1000 pages' ] || echo "crawl: $(tail -n 1 "$work/out")"
    line crawl 'its rate limit, 100 a second' "$(median ours_crawl)" 9990000000 0.98
fi
if has etl mkfifo; then
    rm -f "$work/silent" "$work/silent.times"
    mkfifo "$work/silent"
    for _ in $(seq "$runs"); do
        "$examples/etl" "$work/silent.db" <"$work/silent" 2>"$work/out" &
        exec 3>"$work/silent"
        sleep 0.5
        start=$(date +%s%N)
        kill -INT $!
        wait $!
        echo $(($(date +%s%N) - start)) >>"$work/silent.times"
        exec 3>&-
    done
    line etl 'Ctrl-C beside a silent input, 0.050 s' "$(median silent)" 50000000 1
fi
