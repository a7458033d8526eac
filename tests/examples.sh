#!/bin/sh
# Runs the small programs of pipeline_examples/ and checks their output.
#
# environment: top_srcdir, top_builddir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
examples=$top_builddir/pipeline_examples
failed=0

# With timeout(1), a program that hangs fails.
limit=
if command -v timeout >/dev/null 2>&1; then limit='timeout 300'; fi

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-examples.XXXXXX")
server=
trap 'rm -rf "$work"; [ -z "$server" ] || kill "$server"' EXIT

complain() {
    echo "FAIL: $*"
    failed=1
}

# run PROGRAM WORD...: runs it with $work/in on standard input; its output goes to $work/out and $work/err.
run() {
    program=$1
    shift
    # shellcheck disable=SC2086 # two words, or none
    $limit "$examples/$program" "$@" <"$work/in" >"$work/out" 2>"$work/err" || {
        complain "$program ends with status $?"
        cat "$work/err"
    }
}

# same PROGRAM WHAT: compares $work/out with standard input.
same() {
    if diff - "$work/out" >"$work/diff"; then
        echo "$1, $2: ok"
    else
        complain "$1, $2, does not print what it should (<)"
        cat "$work/diff"
    fi
}

# fails_with STATUS PROGRAM WHAT PATTERN: complains unless the status is 1 and $work/err has the pattern.
fails_with() {
    if [ "$1" = 1 ] && grep -q "$4" "$work/err"; then
        echo "$2, $3: ok"
    else
        complain "$2, $3, ends with status $1 and says: $(cat "$work/err")"
    fi
}

# figure NAME: prints the number behind "NAME: " in $work/out; 0 if there is none.
figure() {
    sed -n "s/^$1: \\([0-9][0-9]*\\)$/\\1/p" "$work/out" | grep . || echo 0
}

: >"$work/in"

# ---- pipeline: a total, and a report that names the missing file ----

echo one two three >"$work/a"
printf 'four\n\n  five' >"$work/b"
: >"$work/c"
run pipeline "$work/a" "$work/b" "$work/none" "$work/c"
echo '5 words' | same pipeline 'three files and one that is not there'
grep -q "count: error 1, attempt 1: cannot open $work/none\$" "$work/err" || complain "pipeline tells of no error"
grep -q '^count  *4  *3  *1 ' "$work/err" || complain "pipeline does not count the files"
run pipeline
echo '0 words' | same pipeline 'no file'
run pipeline "$work"
grep -Eq "count: error [12], attempt 1: cannot (open|read) $work\$" "$work/err" || complain "pipeline reads a folder without an error"

# ---- ordered: known checksums; long lines keep their places between short ones ----

printf '123456789\n\nweir\nThe quick brown fox jumps over the lazy dog\n' >"$work/in"
run ordered
printf '%s %s\n' cbf43926 123456789 00000000 '' 93848e0c weir 414fa339 'The quick brown fox jumps over the lazy dog' |
    same ordered 'known checksums'
awk 'BEGIN {
    long = "x"
    while (length(long) < 20000)
        long = long long
    for (i = 1; i <= 600; i++)
        print i % 7 == 0 ? i long : i
}' >"$work/in"
run ordered
sed 's/^[0-9a-f]\{8\} //' "$work/out" >"$work/lines"
mv "$work/lines" "$work/out"
same ordered '600 lines' <"$work/in"
: >"$work/in"
run ordered
: | same ordered 'no line'

# ---- fan: the counts equal those of sort and uniq ----

echo 'to be or not to be' >"$work/in"
run fan
printf '2 be\n2 to\n1 not\n1 or\n' | same fan 'six words'
cat "$top_srcdir/HACKING.md" "$top_srcdir/LICENSE" >"$work/in"
LC_ALL=C tr -s ' \t\r\n' '\n' <"$work/in" | grep . | LC_ALL=C sort | uniq -c |
    LC_ALL=C sort -k1,1nr -k2 | sed 's/^ *//' >"$work/counts"
run fan
same fan 'two documents' <"$work/counts"

# ---- fold: the sum equals that of awk; what is no number is an error ----

awk 'BEGIN { for (i = 1; i <= 20000; i++) print (i * 7919) % 10007 - 5000 }' >"$work/in"
run fold
awk '{ sum += $1 } END { printf "%d numbers, sum %d\n", NR, sum }' "$work/in" | same fold '20000 numbers'
: >"$work/in"
run fold
echo '0 numbers, sum 0' | same fold 'no number'
status=0
printf '1\nx2\n3' | "$examples/fold" >"$work/out" 2>"$work/err" || status=$?
echo '2 numbers, sum 4' | same fold 'a word among numbers'
if [ $status != 1 ] || ! grep -qx 'fold: not a number: x2' "$work/err"; then
    complain "fold ends with status $status and says: $(cat "$work/err")"
fi

# ---- tree_walk: the counts equal those of find ----

run tree_walk "$top_srcdir/lib"
find "$top_srcdir/lib" -type f -printf '%s\n' | awk -v folders="$(find "$top_srcdir/lib" -type d | wc -l)" \
    '{ bytes += $1 } END { printf "%d files in %d folders, %d bytes\n", NR, folders, bytes }' | same tree_walk 'the sources'
status=0
"$examples/tree_walk" "$work/none" >"$work/out" 2>"$work/err" || status=$?
echo '0 files in 0 folders, 0 bytes' | same tree_walk 'no folder'
if [ $status != 1 ] || ! grep -qx "tree_walk: $work/none: No such file or directory" "$work/err"; then
    complain "tree_walk ends with status $status and says: $(cat "$work/err")"
fi

# More folders fail than a report keeps errors: a file in each has a path that is too long for the system.
name=$(printf '%0100d' 0)
(
    folder=$work/deep
    mkdir "$folder"
    cd "$folder"
    while [ $((${#folder} + 101)) -le 3900 ]; do
        mkdir "$name"
        cd "$name"
        folder=$folder/$name
    done
    for i in $(seq 120); do
        long=$(printf "%0$((4049 - ${#folder}))d" "$i")
        mkdir "$long"
        : >"$long/$(printf '%060d' 0)"
    done
)
status=0
"$examples/tree_walk" "$work/deep" >"$work/out" 2>"$work/err" || status=$?
long='^tree_walk: \.\.\.[0-9/]*00[0-9]*[1-9][0-9]*: File \{0,1\}name too long$' # the end of the path tells them apart
if [ $status != 1 ] || [ "$(grep "$long" "$work/err" | sort -u | wc -l)" -ne 100 ] || ! grep -qx 'tree_walk: 20 more errors' "$work/err"; then
    complain "tree_walk ends with status $status and says: $(cat "$work/err")"
fi
if [ -x "$examples/hash_tree" ]; then
    status=0
    "$examples/hash_tree" "$work/deep" >"$work/out" 2>"$work/err" || status=$?
    long="^hash_tree: $work/deep/[0-9/]*: File \\{0,1\\}name too long\$" # the whole path, of each
    [ "$(grep "$long" "$work/err" | sort -u | wc -l)" -eq 120 ] || status=none
    fails_with $status hash_tree 'long paths' "$long"
fi
rm -rf "$work/deep"

# ---- crawl: a server of Python's has pages that lead to one another, in rings, to a page that is gone, and elsewhere ----

# serve FOLDER: starts a server on a port that the system chooses, and sets `port` and `server`.
serve() {
    "$python" -u -m http.server 0 --bind 127.0.0.1 --directory "$1" >"$work/server" 2>&1 &
    server=$!
    port=
    for _ in $(seq 200); do
        port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/server")
        [ -z "$port" ] || return 0
        sleep 0.1
    done
    complain "no server: $(cat "$work/server")"
}

python=$(command -v python3 || true)
if [ ! -x "$examples/crawl" ]; then
    echo "crawl: left out, because configure found no library for it"
elif [ -z "$python" ]; then
    echo "crawl: left out, because there is no python3 for a server"
else
    mkdir "$work/site"
    echo '<a href="p0.html">first</a> <a href="./#top">itself</a>' >"$work/site/index.html"
    for i in $(seq 0 29); do
        echo "<a href=\"p$((i * 2 % 30)).html\"> <a href=\"/p$(((i + 7) % 30)).html#x\"> <a href=\"http://127.0.0.1:1/\">" \
            >"$work/site/p$i.html"
    done
    echo '<a href="gone.html">' >>"$work/site/p11.html"
    echo 'nothing leads here' >"$work/site/island.html"
    serve "$work/site"
    run crawl "http://127.0.0.1:$port/"
    kill "$server"
    server=
    LC_ALL=C sort -o "$work/out" "$work/out"
    {
        echo "200 http://127.0.0.1:$port/"
        seq 0 29 | sed "s,.*,200 http://127.0.0.1:$port/p&.html,"
        echo "404 http://127.0.0.1:$port/gone.html"
        echo "32 pages"
    } | LC_ALL=C sort | same crawl 'thirty pages in rings'
fi

# ---- dead_letters: the letters come in the order of the final failures ----

: >"$work/in"
run dead_letters
LC_ALL=C sort -o "$work/out" "$work/out"
same dead_letters 'twelve jobs' <<'END'
9 jobs done, 4 of them at a later attempt
fetch gave up job 10 at attempt 1: code 404, there is no job 10
fetch gave up job 5 at attempt 1: code 404, there is no job 5
fetch gave up job 7 at attempt 4: code 503, busy, try again
END

# ---- factors_processes: the output of factors, also if each child crashes at its first attempt ----

: >"$work/in"
run factors 1000003 720720 36
grep -v '^time:' "$work/out" >"$work/factors"
for crash in '' --crash; do
    if "$examples/factors_processes" 1 2>&1 | grep -q 'Function not implemented'; then
        echo 'SKIPPED: factors_processes: this system has no child processes'
        continue
    fi
    # shellcheck disable=SC2086 # one word, or none
    run factors_processes $crash 1000003 720720 36
    grep -v '^time:' "$work/out" >"$work/lines" && mv "$work/lines" "$work/out"
    same factors_processes "the factors $crash" <"$work/factors"
done

# ---- gcd_processes: the divisors that children have found ----

if "$examples/gcd_processes" 1 1 2>&1 | grep -q 'init function failed'; then
    echo 'SKIPPED: gcd_processes: this system has no child processes'
else
    run gcd_processes 12 18 1963309 2265973 7 7
    same gcd_processes 'three pairs' <<'END'
12 18: 6
1963309 2265973: 1
7 7: 7
END
fi

# ---- futures: the sums of ten squares, and of twenty tasks with three squares each; times are not judged ----

run futures
sed -e 's/[0-9.]* s$/a time/' -e 's/task [0-9]/task N/' "$work/out" | uniq >"$work/lines"
mv "$work/lines" "$work/out"
same futures 'three ways' <<'END'
ten calls of 0.1 s: sum 285, in a time
first of ten: task N, in a time
twenty tasks that wait for three each: sum 290, in a time
END

# ---- service: clients get an answer for each line; what was answered is in the file ----

if [ -z "$python" ]; then
    echo "service: left out, because there is no python3 for its clients"
else
    echo weed >"$work/word"
    "$examples/service" "$work/lines" "$work/word" >"$work/out" 2>"$work/err" &
    server=$!
    cat >"$work/clients.py" <<'END'
import os, re, signal, socket, sys, threading, time
out, word, pid = sys.argv[1], sys.argv[2], int(sys.argv[3])
while not (port := re.findall(r'port (\d+)\n', open(out).read())):
    time.sleep(0.05)
answers = {}
def connect():
    return socket.create_connection(('127.0.0.1', int(port[0])))
def talk(name, lines):
    client = connect()
    threading.Thread(target=lambda: client.sendall(''.join(line + '\n' for line in lines).encode())).start()
    reader = client.makefile()
    answers[name] = [reader.readline().rstrip('\n') for line in lines]
    client.close()
def check(name, lines, bad):
    expected = sorted(('failed ' if bad in line else 'done ') + line for line in lines)
    assert sorted(answers[name]) == expected, (name, sorted(answers[name])[:3], expected[:3])
plain = {n: [f'{n} {i} {"x" * (i % 200)}' for i in range(2000)] for n in 'abc'}
threads = [threading.Thread(target=talk, args=item) for item in plain.items()]
for thread in threads: thread.start()
for thread in threads: thread.join()
for name, lines in plain.items(): check(name, lines, 'weed')
mixed = ['weed 1', 'rose 2', 'a weed 3', 'a rose 4']
talk('before', mixed)
check('before', mixed, 'weed')
open(word, 'w').write('rose\n')
os.kill(pid, signal.SIGHUP)
for attempt in range(1000): # the signal takes a moment
    talk('after', mixed)
    if 'failed rose 2' in answers['after']: break
check('after', mixed, 'rose')
web = connect()
web.sendall(b'GET /metrics HTTP/1.0\r\n\r\n')
page = web.makefile().read()
assert page.startswith('HTTP/1.0 200') and 'weir_' in page and 'stage="append"' in page, page
idle = connect()
last = connect()
last.sendall(b'the last\nhalf a li')
assert last.makefile().readline() == 'done the last\n'
os.kill(pid, signal.SIGTERM)
assert last.recv(100) == b'' and idle.recv(100) == b''
for line in sorted(line for lines in plain.values() for line in lines): print(line)
END
    $limit "$python" "$work/clients.py" "$work/out" "$work/word" $server >"$work/expected" 2>"$work/said" || {
        complain "service: $(cat "$work/said")"
        kill $server
    }
    status=0
    wait $server || status=$?
    server=
    [ $status = 0 ] || complain "service ends with status $status and says: $(cat "$work/err")"
    grep -v -e weed -e rose -e last "$work/lines" | LC_ALL=C sort >"$work/out"
    same service 'the lines of three clients' <"$work/expected"
    [ "$(grep -x -e 'rose 2' -e 'the last' "$work/lines" | sort -u | wc -l)" -eq 2 ] || complain "service has not written what it has answered"
    status=0
    "$examples/service" "$work/none/lines" "$work/word" >"$work/out" 2>"$work/err" || status=$?
    fails_with $status service 'no folder' "^service: $work/none/lines: No such file or directory\$"
fi

# ---- gzip: gzip -d gets the input back, at the borders of blocks too; a disk that is full is an error ----

if [ ! -x "$examples/gzip" ]; then
    echo "gzip: left out, because configure found no library for it"
elif ! command -v gzip >/dev/null 2>&1; then
    echo "gzip: left out, because there is no gzip"
else
    cat "$top_srcdir"/HACKING.md "$top_srcdir"/lib/*/*.c "$top_srcdir"/lib/*/*/*.c "$examples/gzip" >"$work/much"
    for size in 0 1 131071 131072 131073 262144 1000000; do
        head -c $size "$work/much" >"$work/in"
        run gzip
        mv "$work/out" "$work/in.gz"
        gzip -dc "$work/in.gz" >"$work/out" || complain "gzip -d refuses $size bytes"
        if cmp "$work/in" "$work/out"; then echo "gzip, $size bytes: ok"; else complain "gzip changes $size bytes"; fi
    done
    [ $(($(wc -c <"$work/in.gz") * 10)) -lt $((1000000 * 7)) ] || complain "gzip hardly compresses"
    seq $(($(getconf _NPROCESSORS_ONLN) * 300000)) >"$work/in" # fills the ring of blocks several times
    # shellcheck disable=SC2086,SC2094 # two words, or none; both only read
    if $limit "$examples/gzip" <"$work/in" | (sleep 1 && gzip -dc) | cmp - "$work/in"; then
        echo 'gzip, a slow reader: ok'
    else
        complain 'gzip changes what a slow reader gets'
    fi
    status=0
    "$examples/gzip" <"$work" >"$work/out" 2>"$work/err" || status=$?
    fails_with $status gzip 'a folder as its input' '^gzip: standard input: Is a directory$'
    if [ -c /dev/full ]; then
        for file in "$top_srcdir/LICENSE" "$work/much"; do
            status=0
            "$examples/gzip" <"$file" >/dev/full 2>"$work/err" || status=$?
            fails_with $status gzip 'a full disk' '^gzip: standard output: No space left on device$'
        done
    fi
fi

# ---- echo: the lines come back in order; a thousand operations at a time ----

if [ ! -x "$examples/echo" ]; then
    echo "echo: left out, because the system has no epoll"
else
    for lines in 2500 999 0; do
        seq $lines >"$work/in"
        run echo
        same echo "$lines lines" <"$work/in"
    done
    seq 2500 >"$work/in"
    # shellcheck disable=SC3045 # a shell without it fails the test
    if [ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -gt 2100 ]; then
        run echo
        grep -qx 'at a time: 1000' "$work/err" || complain "echo has not 1000 in flight: $(cat "$work/err")"
    fi
    status=0
    # shellcheck disable=SC3045
    (ulimit -n 100 && exec "$examples/echo" <"$work/in" >"$work/out" 2>"$work/err") || status=$?
    fails_with $status echo 'few descriptors' \
        'echo: error [0-9]*, attempt 1: socketpair: \(Too many open files\|No file descriptors available\)$' # glibc, musl
fi

# ---- bridges: the lines of more files than are read at a time, one that does not exist, few descriptors ----

set --
for i in $(seq 250); do
    [ $((i % 50)) -eq 0 ] || seq "$i" >"$work/bridge$i"
    set -- "$@" "$work/bridge$i"
done
run bridges "$@"
for i in $(seq 250); do
    [ $((i % 50)) -eq 0 ] && echo "$work/bridge$i: No such file or directory" || echo "$work/bridge$i: $i lines"
done | same bridges '250 files'
# shellcheck disable=SC3045 # a shell without it fails the test
(ulimit -n 40 && exec "$examples/bridges" "$@") >"$work/out" 2>"$work/err" || complain "bridges ends with status $?"
[ "$(grep -c ': \([0-9]* lines\|No such file or directory\|cannot be read now\|Too many open files\|No file descriptors available\)$' "$work/out")" -eq 250 ] ||
    complain "bridges with few descriptors prints $(grep -vc ' lines$' "$work/out") other lines"
set --

# ---- fetch_many: 2,100 pages of three ports, no more of each at a time than allowed; retries; what is given up ----

# serve_slowly PORTS MILLISECONDS: starts tests/slow_server.py, and sets `ports` and `server`.
serve_slowly() {
    "$python" "$top_srcdir/tests/slow_server.py" "$1" "$2" >"$work/server" 2>&1 &
    server=$!
    ports=
    for _ in $(seq 200); do
        ports=$(grep -E '^[0-9]+( [0-9]+)*$' "$work/server") && return 0
        sleep 0.1
    done
    complain "no slow server: $(cat "$work/server")"
}

# peak_of PORT: prints the greatest number of requests that the port has had at a time.
peak_of() {
    "$python" -c 'import sys, urllib.request as u
print(u.build_opener(u.ProxyHandler({})).open(sys.argv[1]).read().decode().strip())' "http://127.0.0.1:$1/peak"
}

if [ ! -x "$examples/fetch_many" ]; then
    echo "fetch_many: left out, because configure found no library for it"
elif [ -z "$python" ]; then
    echo "fetch_many: left out, because there is no python3 for a server"
else
    serve_slowly 3 100
    for port in $ports; do
        seq 700 | sed "s,.*,http://127.0.0.1:$port/ok/&,"
    done >"$work/in"
    run fetch_many -j 400 -p 150
    LC_ALL=C sort -o "$work/out" "$work/out"
    sed 's,.*/\(.*\),200 \1 &,' "$work/in" | LC_ALL=C sort | same fetch_many 'pages of three ports'
    grep -q '^2100 pages, 0 given up, at most [0-9]* at a time$' "$work/err" || complain "fetch_many says: $(cat "$work/err")"
    most=$(sed -n 's/^2100 pages, .* at most \([0-9]*\) at a time$/\1/p' "$work/err")
    if [ "${most:-0}" -le 1 ] || [ "$most" -gt 400 ]; then
        complain "fetch_many -j 400 has had ${most:-no} transfers at a time"
    fi
    for port in $ports; do
        peak=$(peak_of "$port")
        if [ "$peak" -le 1 ] || [ "$peak" -gt 150 ]; then
            complain "fetch_many has had $peak transfers of a host at a time"
        fi
    done
    for path in gone busy/5 ok/1; do
        echo "http://127.0.0.1:$port/$path"
    done >"$work/in"
    status=0
    "$examples/fetch_many" <"$work/in" >"$work/out" 2>"$work/err" || status=$?
    LC_ALL=C sort -o "$work/out" "$work/out"
    printf "200 %s http://127.0.0.1:$port/%s\n" 1 ok/1 5 busy/5 | same fetch_many 'a page that comes at the second time'
    LC_ALL=C sort "$work/err" >"$work/in"
    fails_with $status fetch_many 'a page that does not exist' '^2 pages, 1 given up, at most [0-9]* at a time$'
    grep -qx "gave up http://127.0.0.1:$port/gone at attempt 1: HTTP status 404" "$work/in" ||
        complain "fetch_many says: $(cat "$work/in")"
    status=0
    echo "http://127.0.0.1:$port/never" | "$examples/fetch_many" -t 1 >"$work/out" 2>"$work/err" || status=$?
    fails_with $status fetch_many 'a page that does not come' '^0 pages, 1 given up, at most 1 at a time$'
    grep -qx "gave up http://127.0.0.1:$port/never at attempt 1: Timeout was reached" "$work/err" ||
        complain "fetch_many says: $(cat "$work/err")"
    kill "$server"
    server=
fi

# ---- top_paths: the counts equal those of awk ----

if [ ! -x "$examples/top_paths" ]; then
    echo "top_paths: left out, because configure found no library for it"
else
    awk 'BEGIN {
        for (i = 1; i <= 60000; i++) {
            n = (i * 7919) % 30011
            printf "10.0.0.%d - - [27/Nov/2026:05:00:00 +0000] \"GET /page/%d HTTP/1.1\" 200 %d\n", i % 200, int(n * n / 9e6), n
            if (i % 1000 == 0) print "no line of a log"
            if (i % 20 == 0) print "10.0.0.1 - - [27/Nov/2026:05:00:00 +0000] \"-\" 408 0" # no request, no path
        }
        printf "10.0.0.1 - - [27/Nov/2026:05:00:00 +0000] \"GET /last HTTP/1.1\" 200 5"
    }' >"$work/in"
    run top_paths
    awk '$6 ~ /^"[A-Z]/ { requests[$7]++; bytes[$7] += $NF } END { for (path in requests) printf "%8d %12d %s\n", requests[path], bytes[path], path }' \
        "$work/in" | LC_ALL=C sort -k1,1nr -k3 | head -n 10 | same top_paths '60001 lines'
    : >"$work/in"
    run top_paths
    : | same top_paths 'no line'
    status=0
    "$examples/top_paths" <"$work" >"$work/out" 2>"$work/err" || status=$?
    fails_with $status top_paths 'a folder as its input' '^top_paths: standard input: Is a directory$'
fi

# ---- hash_tree: the lines are those of sha256sum ----

if [ ! -x "$examples/hash_tree" ]; then
    echo "hash_tree: left out, because configure found no library for it"
elif ! command -v sha256sum >/dev/null 2>&1; then
    echo "hash_tree: left out, because there is no sha256sum"
else
    : >"$work/in"
    mkdir -p "$work/tree/a/b c/d" "$work/tree/e"
    cp "$top_srcdir"/lib/pipeline/*/*.c "$work/tree/a/b c/d"
    : >"$work/tree/a/empty"
    head -c 200000 "$examples/hash_tree" >"$work/tree/e/much"
    ln -s ../.. "$work/tree/e/link"
    find "$work/tree" -type f -exec sha256sum {} + | LC_ALL=C sort >"$work/sums"
    for threads in '' 1; do
        # shellcheck disable=SC2086 # one word, or none
        run hash_tree "$work/tree" $threads
        LC_ALL=C sort -o "$work/out" "$work/out"
        same hash_tree "a tree, threads: ${threads:-default}" <"$work/sums"
    done
    status=0
    "$examples/hash_tree" "$work/none" >"$work/out" 2>"$work/err" || status=$?
    fails_with $status hash_tree 'no folder' "^hash_tree: $work/none: No such file or directory\$"
    if [ -c /dev/full ]; then
        status=0
        "$examples/hash_tree" "$work/tree" >/dev/full 2>"$work/err" || status=$?
        fails_with $status hash_tree 'a full disk' '^hash_tree: standard output: No space left on device$'
        # stdbuf preloads a library, and a sanitizer's must be the first.
        if [ -z "${WEIR_SANITIZER_CFLAGS:-}" ] && command -v stdbuf >/dev/null; then
            status=0 # each line is written at once, and nothing is left for the end
            stdbuf -o0 "$examples/hash_tree" "$work/tree" >/dev/full 2>"$work/err" || status=$?
            fails_with $status hash_tree 'a full disk, line by line' '^hash_tree: standard output: No space left on device$'
        fi
    fi
fi

# ---- weir_run: the output of xargs; whole outputs; the log and what is resumed from it; Ctrl-C ----

# run_jobs STATUS WORD...: runs weir_run on $work/in; complains unless it ends with that status.
run_jobs() {
    wanted=$1 status=0
    shift
    # shellcheck disable=SC2086 # two words, or none
    $limit "$examples/weir_run" "$@" <"$work/in" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" = "$wanted" ] || complain "weir_run $*: ends with status $status: $(cat "$work/err")"
}

# shellcheck disable=SC2016 # the scripts are for the shells that it runs
check_weir_run() {
    seq 1 200 >"$work/in"
    run_jobs 0 -j4 --keep-order -- sh -c 'sleep 0.0$(($1 % 3)); echo "$1 $(($1 * $1))"' sh
    xargs -n1 sh -c 'echo "$0 $(($0 * $0))"' <"$work/in" | same weir_run 'the order of its arguments'
    run_jobs 0 -j4 seq '{}' 2000
    while read -r n; do seq "$n" 2000; done <"$work/in" | sort >"$work/expected"
    awk 'NR > 1 && $1 != before + 1 && before != 2000 { bad++ } { before = $1 } END { print bad + 0 }' "$work/out" >"$work/mixed"
    sort "$work/out" >"$work/sorted" && mv "$work/sorted" "$work/out"
    same weir_run 'all lines' <"$work/expected"
    [ "$(cat "$work/mixed")" = 0 ] || complain "weir_run mixes outputs: $(cat "$work/mixed") times"
    run_jobs 0 -k echo '{}' '{.}' '{/}' '{//}' '{/.}' '{#}' ::: a/b.c.png x.txt /r
    printf '%s\n' 'a/b.c.png a/b.c b.c.png a b.c 1' 'x.txt x x.txt . x 2' '/r /r r / r 3' | same weir_run 'replacement strings'
    printf 'a b\000c\nd\000' >"$work/in"
    run_jobs 0 -0 -k printf '[%s]\n'
    xargs -0 -n1 printf '[%s]\n' <"$work/in" | same weir_run 'arguments that end with a zero byte'

    seq 1 6 >"$work/in"
    run_jobs 3 --joblog "$work/log" sh -c 'exit $(($1 % 2))' sh
    awk -F '\t' 'NR > 1 { print $1, $7, $8, $9 }' "$work/log" | sort >"$work/out"
    while read -r n; do echo "$n $((n % 2)) 0 sh -c exit \$((\$1 % 2)) sh $n"; done <"$work/in" | same weir_run 'its log'
    run_jobs 0 --joblog "$work/log" --resume -k echo
    printf '1\n3\n5\n' | same weir_run 'what is resumed'
    run_jobs 0 --joblog "$work/log" --resume false
    grep -q '0 jobs done, 0 failed, 6 skipped' "$work/err" || complain "weir_run resumes what is done: $(cat "$work/err")"
    run_jobs 1 --retries 3 sh -c "echo x >>'$work/tries'; exit 9" sh ::: 1
    wc -l <"$work/tries" | tr -d ' ' >"$work/out"
    echo 3 | same weir_run 'attempts'
    run_jobs 1 --timeout 0.2 sleep ::: 1000
    grep -q '^weir-run: job 1: sleep: ended at its timeout$' "$work/err" || complain "weir_run --timeout says: $(cat "$work/err")"
    run_jobs 1 weir-no-such-program ::: 1
    run_jobs 1 --timeout 0.5 --joblog "$work/log" sh -c 'trap "exit 0" TERM; sleep 1000' ::: 1
    run_jobs 0 --joblog "$work/log" --resume echo ::: again
    echo again | same weir_run 'a job that ended at its timeout is resumed'
    printf '%s\t:\t0\t0\t0\t0\t0\t0\tx\n' 18446744073709551615 9223372036854775808 -1 >"$work/log"
    run_jobs 0 --joblog "$work/log" --resume echo ::: 1
    echo 1 | same weir_run 'a log with numbers that are none'
    printf '1\t:\t0\t0\t0\t0\t0' >"$work/log"
    run_jobs 0 --joblog "$work/log" --resume -k echo ::: 1 2
    printf '1\n2\n' | same weir_run 'a log that is cut'
    run_jobs 0 --joblog "$work/log" --resume false ::: 1 2
    status=0
    "$examples/weir_run" echo </ >"$work/out" 2>"$work/err" || status=$?
    if [ $status != 255 ] || ! grep -q 'standard input cannot be read' "$work/err"; then
        complain "weir_run on a folder ends with status $status and says: $(cat "$work/err")"
    fi
    status=0
    "$examples/weir_run" echo <&- >"$work/out" 2>"$work/err" || status=$?
    if [ $status != 255 ] || ! grep -q 'standard input cannot be read' "$work/err"; then
        complain "weir_run without standard input ends with status $status and says: $(cat "$work/err")"
    fi
    seq 1 120 >"$work/in"
    run_jobs 101 false
}

# interrupt SIGNALS SIGNAL STATUS: sends that many once two jobs run, of six; the jobs end when $work/go is there, and
# ignore SIGTERM. None of them may be left.
interrupt() {
    rm -f "$work/go" && : >"$work/begun" && status=0
    "$examples/weir_run" -j2 --joblog "$work/log" sh -c "trap '' TERM; echo \$\$ >>'$work/begun'; while [ ! -e '$work/go' ]; do sleep 0.1; done; echo \$1" sh \
        ::: 1 2 3 4 5 6 >"$work/out" 2>"$work/err" &
    pid=$!
    until [ "$(wc -l <"$work/begun")" = 2 ]; do sleep 0.1; done
    kill -s "$2" $pid
    sleep 0.3
    sender=
    if [ "$1" = 1 ]; then
        : >"$work/go"
    else # two that are pending at once are one, so it gets more until it has ended
        (while kill -s "$2" $pid; do sleep 0.3; done) 2>"$work/sender" &
        sender=$!
    fi
    wait $pid || status=$?
    [ -z "$sender" ] || { kill $sender 2>"$work/sender" && wait $sender; } || true
    [ $status = "$3" ] || complain "weir_run ends with status $status after $1 signals $2"
    while read -r job; do
        ! kill -0 "$job" 2>"$work/sender" || complain "weir_run leaves a job after $1 signals $2"
    done <"$work/begun"
}

check_weir_run
for way in 'INT 130' 'HUP 129' 'TERM 143'; do
    # shellcheck disable=SC2016 # for the inner shell
    [ "$way" != 'HUP 129' ] || ! sh -c 'kill -s HUP $$; exit 0' 2>/dev/null || continue # this runs under nohup
    # shellcheck disable=SC2086 # two words
    interrupt 1 $way
    sort -n "$work/out" | head -n 2 >"$work/head" && mv "$work/head" "$work/out"
    printf '1\n2\n' | same weir_run "SIG${way% *}"
    awk -F '\t' 'NR > 1 && $7 == 0 && $8 == 0 { print $1 }' "$work/log" | sort -n >"$work/logged"
    [ "$(sort -n "$work/out" | head -n 2)" = "$(head -n 2 "$work/logged")" ] ||
        complain "weir_run leaves a log without what is done: $(cat "$work/log")"
done
interrupt 2 INT 130
: | same weir_run 'Ctrl-C twice'
# shellcheck disable=SC2016 # for the job
(trap '' HUP && exec "$examples/weir_run" -j1 sh -c 'kill -s HUP $PPID && echo "$1"' sh ::: 1 2 3 >"$work/out" 2>"$work/err") ||
    complain "weir_run ends with status $? after SIGHUP that is ignored, as by nohup"
printf '1\n2\n3\n' | same weir_run 'SIGHUP ignored'

# ---- etl: the tables equal those of awk; Ctrl-C ends it though its input is silent; what cannot be stored is an error ----

# stored: prints the figures in the report of etl.
stored() {
    awk '$1 == "write" && !rows { rows = $3 " rows" } $1 == "reject" && !rejects { rejects = $3 " rejects" }
        END { print rows ", " rejects }' "$work/err"
}

# contents DATABASE: prints its tables.
contents() {
    sqlite3 "$1" 'SELECT id, name, amount FROM rows ORDER BY id; SELECT line || '\''|'\'' || stage FROM rejects ORDER BY 1'
}

if [ ! -x "$examples/etl" ]; then
    echo "etl: left out, because configure found no library for it"
elif ! command -v sqlite3 >/dev/null 2>&1; then
    echo "etl: left out, because there is no sqlite3"
else
    awk 'BEGIN {
        for (i = 1; i <= 20000; i++) {
            if (i % 97 == 0) print "no row", i
            else if (i % 89 == 0) print i ",name," i "x"
            else if (i % 83 == 0) print ((i * 7919) % 20011 - 7919 + 20011) % 20011 ",again," i
            else print (i * 7919) % 20011 ",name " i "," i / 4
        }
        printf "20011,last,0.25"
    }' >"$work/in"
    run etl "$work/etl.db"
    stored >"$work/said"
    contents "$work/etl.db" >"$work/out"
    awk -F , '{
        if (NF != 3 || $3 !~ /^[0-9.]+$/) bad[$0 "|check"]
        else if ($1 in name) bad[$0 "|write"]
        else { name[$1] = $2; amount[$1] = $3 }
    } END {
        for (id = 0; id <= 20011; id++) if (id in name) print id "|" name[id] "|" amount[id] (amount[id] ~ /[.]/ ? "" : ".0")
        for (line in bad) print line | "LC_ALL=C sort"
    }' "$work/in" >"$work/expected"
    same etl '20001 lines' <"$work/expected"
    cp "$work/said" "$work/out"
    awk -F '|' '{ bad += NF == 2 } END { print NR - bad " rows, " bad " rejects" }' "$work/expected" | same etl 'its report'

    mkfifo "$work/silent"
    "$examples/etl" "$work/silent.db" <"$work/silent" >"$work/out" 2>"$work/err" &
    pid=$!
    exec 3>"$work/silent"
    printf '1,one,1\n2,half a li' >&3
    while [ "$(sqlite3 "$work/silent.db" 'SELECT count(*) FROM rows' 2>"$work/busy")" != 1 ]; do sleep 0.1; done
    kill -INT $pid
    status=0
    wait $pid || status=$?
    exec 3>&-
    stored >"$work/out"
    echo '1 rows, 0 rejects' | same etl 'Ctrl-C beside a silent input'
    [ $status = 0 ] || complain "etl ends with status $status after Ctrl-C"

    status=0
    "$examples/etl" "$work/none/etl.db" <"$work/in" >"$work/out" 2>"$work/err" || status=$?
    fails_with $status etl 'no folder' '^etl: .*/none/etl.db: unable to open database file$'
    status=0
    "$examples/etl" "$work/folder.db" <"$work" >"$work/out" 2>"$work/err" || status=$?
    fails_with $status etl 'a folder as its input' '^  fatal, .* read: .* input: Is a directory$'
    status=0
    (trap '' XFSZ && ulimit -f 200 && exec "$examples/etl" "$work/full.db") <"$work/in" >"$work/out" 2>"$work/err" || status=$?
    fails_with $status etl 'no room for the database' '^  fatal, .* reject: '

    printf '1,,1\n,a,1\nb2,a,1\n3,a\n4,a,x\n5,a,1x\n6,a,1,1\n7,a,nan\n99999999999999999999,a,1\n1,a,2\n 8,a, 1e3\n' >"$work/in"
    run etl "$work/kinds.db"
    contents "$work/kinds.db" >"$work/out"
    sqlite3 "$work/kinds.db" 'SELECT code, why, line FROM rejects' | LC_ALL=C sort >>"$work/out"
    same etl 'kinds of lines' <<'END'
1||1.0
8|a|1000.0
,a,1|check
1,a,2|write
3,a|check
4,a,x|check
5,a,1x|check
6,a,1,1|check
7,a,nan|write
99999999999999999999,a,1|write
b2,a,1|check
19|NOT NULL constraint failed: rows.amount|7,a,nan
19|UNIQUE constraint failed: rows.id|1,a,2
20|datatype mismatch|99999999999999999999,a,1
22|bad amount: a,1,1|6,a,1,1
22|bad amount: a,1x|5,a,1x
22|bad amount: a,x|4,a,x
22|bad id: ,a,1|,a,1
22|bad id: b2,a,1|b2,a,1
22|no amount: a|3,a
END
fi

# ---- byte_budget: all items are done, within the budget ----

for megabyte in 100 10000; do
    run byte_budget $megabyte
    peak=$(figure peak)
    sed "s/^peak: [1-9][0-9]*\$/peak: a number/" "$work/out" >"$work/figures"
    mv "$work/figures" "$work/out"
    same byte_budget "a megabyte of $megabyte bytes" <<END
items: 200, of 1 to 100 megabytes of $megabyte bytes
in all: $((10100 * megabyte))
budget: $((250 * megabyte))
peak: a number
END
    # The largest item was admitted, and counted in full.
    if [ "$peak" -lt $((100 * megabyte)) ] || [ "$peak" -gt $((250 * megabyte)) ]; then
        complain "byte_budget: a peak of $peak bytes, with a budget of $((250 * megabyte))"
    fi
done
for word in 0 -1 x 10x ''; do
    status=0
    "$examples/byte_budget" "$word" >"$work/out" 2>"$work/err" || status=$?
    if [ $status != 2 ] || ! grep -q '^usage: ' "$work/err"; then
        complain "byte_budget '$word' ends with status $status"
    fi
done

# ---- sum_lines: the sizes of the sources, and lines without a number ----

if [ -x "$examples/sum_lines" ]; then
    find "$top_srcdir/lib" "$top_srcdir/include" -type f | LC_ALL=C sort | while read -r file; do
        echo "$(wc -c <"$file" | tr -d ' ') ${file#"$top_srcdir/"}"
    done >"$work/sizes"
    { cat "$work/sizes" && printf 'no number\n\n'; } >"$work/in"
    run sum_lines
    awk '{ sum += $1 } END { print sum " success" }' "$work/sizes" |
        same sum_lines 'the sources, as awk'
    grep -q "^parse  *$(wc -l <"$work/in" | tr -d ' ') .* 2  *0 " "$work/err" || complain "sum_lines does not count its failures"
    [ "$(grep -c 'parse, attempt [12]: sto' "$work/err")" = 4 ] || complain "sum_lines does not tell of its exceptions"
    run sum_lines 1000
    awk '{ sum += $1 + 1000 } END { print sum " success" }' "$work/sizes" | same sum_lines 'with an offset'
else
    echo "sum_lines: left out, because configure found no C++17 compiler"
fi

# ---- filters: an output that cannot be written is an error ----

if [ -c /dev/full ]; then
    seq 60 >"$work/in"
    for command in ordered fan fold "tree_walk $top_srcdir/lib" "count_files $0"; do
        status=0
        # shellcheck disable=SC2086 # a program and its argument
        "$examples"/$command <"$work/in" >/dev/full 2>"$work/err" || status=$?
        if [ $status = 1 ]; then echo "${command%% *}, a full disk: ok"; else complain "$command: status $status on a full disk"; fi
    done
fi

# ---- nats: two workers; every number comes, with its factors ----

server_of_nats=
for place in /usr/sbin /usr/local/bin /usr/bin; do
    [ ! -x "$place/nats-server" ] || server_of_nats=$place/nats-server
done
if [ -x "$examples/nats" ] && [ -n "$server_of_nats" ]; then
    mkdir "$work/nats"
    "$server_of_nats" -a 127.0.0.1 -p -1 -js -sd "$work/nats" --ports_file_dir "$work/nats" >"$work/nats/log" 2>&1 &
    server=$!
    for _ in $(seq 200); do
        [ ! -s "$work/nats/nats-server_$server.ports" ] || break
        sleep 0.05
    done
    url=$(sed -n 's/.*"\(nats:[^"]*\)".*/\1/p' "$work/nats/nats-server_$server.ports" | head -n 1)
    seq 1000001 1000060 >"$work/in"
    "$examples/nats" work "$url" >"$work/first" 2>"$work/err" &
    first=$!
    "$examples/nats" work "$url" >"$work/second" 2>"$work/err" &
    second=$!
    run nats put "$url" 2
    wait "$first" || complain "a worker of nats ends with status $?"
    wait "$second" || complain "a worker of nats ends with status $?"
    sort -u "$work/first" "$work/second" >"$work/out"
    awk '{ n = $1; text = n ":"; for (f = 2; f * f <= n; f++) while (n % f == 0) { text = text " " f; n /= f }
        if (n > 1) text = text " " n; print text }' "$work/in" | sort >"$work/factors"
    same nats '60 numbers by two workers' <"$work/factors"
    "$examples/nats" work "$url" >"$work/killed" 2>"$work/err" &
    killed=$!
    run nats put "$url" 0
    kill -KILL "$killed" # it has acknowledged all numbers
    wait "$killed" || true
    sort "$work/killed" >"$work/out"
    same nats '60 numbers by a worker that is killed then' <"$work/factors"
    kill "$server"
    server=
else
    echo "nats: left out, without libnats or nats-server"
fi

exit $failed
