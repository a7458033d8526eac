#!/bin/sh
# lib/ is a strict order of rooms: a file includes only headers of its own room and of earlier ones. A folder whose files
# are divided among rooms of its own, as lib/pipeline, is no room. Only lib/sync touches the system. Calls of cancellation
# points must be shielded. Functions and files have a maximum length. A header declares the functions of its own file
# alone. No files include one another in a circle. A numbered invariant is defined once in its folder of lib/. Each unit
# test is in a list of tests/local.mk, and Makefile.am includes the local.mk of each folder.
#
# environment: top_srcdir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
rooms="status sync lock park base timer measure gang crew closable_queue stoppable_worker future select executor item flow
report pipeline/state pipeline/declare pipeline/observe pipeline/waits pipeline/outcome pipeline/call pipeline/workers
pipeline/run command process"
longest_function=40
longest_file=600
failed=0

complain() {
    echo "FAIL: $*"
    failed=1
}

# rank ROOM: prints its place in the order; nothing if ROOM is no room.
rank() {
    place=0
    for room in $rooms; do
        place=$((place + 1))
        if [ "$room" = "$1" ]; then
            echo "$place"
            return
        fi
    done
}

# room_of_header NAME: prints the room of a public header.
room_of_header() {
    case $1 in
    signals.h) echo sync ;;
    export.h | priority.h | status.h | version.h) echo status ;;
    deadline.h) echo park ;;
    port.h) echo closable_queue ;;
    executor.h | task_group.h) echo executor ;;
    pipeline.h | operation.h) echo pipeline/state ;;
    *) echo "${1%.h}" ;;
    esac
}

# check_include FILE ROOM WHAT: checks one #include; WHAT is its operand.
check_include() {
    case $3 in
    '"'*/*) target=${3#\"} target=${target%/*} ;;
    '"'*) complain "$1: $3 does not name its room" && return ;;
    '<weir.h>') complain "$1: $3: name the header that is meant" && return ;;
    '<weir/'*) target=${3#<weir/} target=$(room_of_header "${target%>}") ;;
    *) check_system_header "$1" "$2" "$3" && return ;;
    esac
    theirs=$(rank "$target")
    if [ -z "$theirs" ]; then
        complain "$1: $3 is in no room"
    elif [ "$theirs" -gt "$(rank "$2")" ]; then
        complain "$1: $3 stands after $2 in the order"
    fi
}

check_system_header() {
    [ "$2" != sync ] || return 0
    case $3 in
    '<pthread.h>' | '<time.h>' | '<unistd.h>' | '<sched.h>' | '<threads.h>' | '<stdatomic.h>' | '<signal.h>' | \
        '<errno.h>' | '<fcntl.h>' | '<semaphore.h>' | '<stdlib.h>' | '<sys/'* | '<linux/'*)
        complain "$1: $3 touches the system: that is for lib/sync"
        ;;
    esac
    return 0
}

# Prints a C file without comments, strings and character constants; line numbers are kept.
bare() {
    awk '{
        line = $0; out = ""
        while (line != "") {
            if (inside) {
                at = index(line, "*/")
                if (at == 0) { line = ""; break }
                line = substr(line, at + 2); inside = 0
                continue
            }
            if (substr(line, 1, 2) == "/*") { inside = 1; line = substr(line, 3); continue }
            if (substr(line, 1, 2) == "//") break
            if (match(line, /^"([^"\\]|\\.)*"/) && out !~ /#[ ]*include/) { out = out "\"\""; line = substr(line, RLENGTH + 1); continue }
            if (match(line, /^\047([^\047\\]|\\.)*\047/)) { out = out "0"; line = substr(line, RLENGTH + 1); continue }
            out = out substr(line, 1, 1); line = substr(line, 2)
        }
        print out
    }' "$1"
}

# check_calls FILE: reads the bare text; prints the lines that call the system.
check_calls() {
    awk -v file="$1" '
        match($0, /(^|[^A-Za-z0-9_])(malloc|calloc|realloc|free|aligned_alloc|posix_memalign|pthread_[a-z_]+|syscall|clock_gettime|sched_yield|nanosleep)[ ]*\(/) {
            print "FAIL: " file ":" NR ": calls the system: " $0
            bad = 1
        }
        /(^|[^A-Za-z0-9_])(_Atomic|__atomic_[a-z_]+|__sync_[a-z_]+|_Thread_local)([^A-Za-z0-9_]|$)/ {
            print "FAIL: " file ":" NR ": atomics and thread-local variables are for lib/sync: " $0
            bad = 1
        }
        END { exit bad }'
}

# check_cancellation FILE: reads the bare text. Calls that are, or may be, cancellation points by POSIX stand only
# between weir__uncancellable_begin and _end; the list has those that a library like this may use.
check_cancellation() {
    awk -v file="$1" '
        match($0, /(^|[^A-Za-z0-9_])(accept|clock_nanosleep|close|connect|creat|dprintf|fcntl|fdatasync|fsync|ioctl|mq_[a-z]+|nanosleep|open|openat|p?poll|p?select|pthread_(cond_(timed)?wait|join|testcancel)|p?readv?|recv[a-z]*|sem_[a-z]*wait|send[a-z]*|sig(pause|suspend|timedwait|wait|waitinfo)|sleep|usleep|system|wait(id|pid)?|p?writev?|fopen|fclose|fflush|fputc|fputs|fwrite|fprintf|vfprintf|perror|printf|putc|putchar|puts|vprintf|localtime|ctime|strftime|syslog|tmpfile)[ ]*\(/) && $0 !~ /^#/ && point == "" {
            point = NR ": " $0
        }
        /weir__uncancellable_begin\(/ { shielded = 1 }
        END {
            if (point != "" && !shielded) {
                print "FAIL: " file ":" point ": a cancellation point, without weir__uncancellable_begin"
                exit 1
            }
        }'
}

# check_lengths FILE: reads the bare text in clang-format's layout: a function ends with a } in the first column.
check_lengths() {
    awk -v file="$1" -v most="$longest_function" -v most_lines="$longest_file" '
        /^[A-Za-z_].*\(/ { head = NR }
        /^[^#].*\) \{$/ && head && !begun { begun = head }
        /^}/ {
            if (begun && NR - begun + 1 > most) {
                print "FAIL: " file ":" begun ": a function of " NR - begun + 1 " lines; " most " is the most"
                bad = 1
            }
            begun = head = 0
        }
        END {
            if (NR > most_lines) {
                print "FAIL: " file ": " NR " lines; " most_lines " is the most"
                bad = 1
            }
            exit bad
        }'
}

# check_borders FILE: reads the bare text; each call of a function of the program is followed by weir__border.
check_borders() {
    awk -v file="$1" '
        /weir__border\(\)/ { open = 0 }
        /(->|[.])(drop|func|run|run_batch|source|init|fini|weigh|key|route|copy|when)\(/ { open = NR }
        /^}/ && open {
            print "FAIL: " file ":" open ": an exception may pass: weir__border is missing behind the call"
            bad = 1
            open = 0
        }
        END { exit bad }'
}

check_file() {
    file=$1
    name=${file#"$top_srcdir/"}
    room=${name#lib/} room=${room%/*}
    if [ -z "$(rank "$room")" ]; then
        complain "$name: lib/$room is no room"
        return
    fi
    bare "$file" >"$work/bare"
    sed -n 's/^[ ]*#[ ]*include[ ]*\([<"][^>"]*[>"]\).*/\1/p' "$work/bare" >"$work/includes"
    while read -r what; do
        check_include "$name" "$room" "$what"
        case $what in
        '"'*/*) what=${what#\"} && echo "$name lib/${what%\"}" >>"$work/arrows" ;;
        esac
    done <"$work/includes"
    case $name in
    *.h) functions ';' "$name" <"$work/bare" >>"$work/declared" ;;
    *.c)
        functions '{' "$name" <"$work/bare" >>"$work/defined"
        [ "$room" = sync ] || functions ';' "$name" <"$work/bare" >>"$work/declared_apart"
        ;;
    esac
    if [ "$room" != sync ]; then
        check_calls "$name" <"$work/bare" || failed=1
        check_borders "$name" <"$work/bare" || failed=1
    fi
    check_cancellation "$name" <"$work/bare" || failed=1
    check_lengths "$name" <"$work/bare" || failed=1
}

# functions KIND FILE: reads the bare text; prints the functions of ours that the file declares (KIND is ;) or defines ({).
functions() {
    awk -v kind="$1" -v file="$2" '
        /^#/ { next }
        {
            text = text " " $0
            if ($0 !~ /[;{}][ ]*$/) next
            end = substr($0, match($0, /[;{}][ ]*$/), 1)
            if (depth == 0 && end == kind && text !~ /^ *(typedef|static|struct|extern|enum)/ && text !~ /=/ &&
                match(text, /(^|[ *])weir__[a-z0-9_]+\(/)) {
                name = substr(text, RSTART, RLENGTH - 1)
                sub(/^[ *]/, "", name)
                print name, file
            }
            depth += gsub(/\{/, "", text)
            depth -= gsub(/\}/, "", text)
            text = ""
        }'
}

# check_headers: X.h declares the functions of X.c, and no others. In lib/sync the build chooses among files with other
# names. A .c file declares none: it would go round the headers, and the search for circles.
check_headers() {
    if [ -s "$work/declared_apart" ]; then
        sed 's/\(.*\) \(.*\)/FAIL: \2: declares \1: a header does that/' "$work/declared_apart"
        return 1
    fi
    sort "$work/declared" >"$work/declared.sorted"
    sort "$work/defined" >"$work/defined.sorted"
    join "$work/declared.sorted" "$work/defined.sorted" | awk '
        {
            header = $2; sub(/\.h$/, "", header)
            source = $3; sub(/\.c$/, "", source)
            if (header ~ /^lib\/sync\// || source == header) next
            print "FAIL: " $2 ": declares " $1 ", which " $3 " defines"
            bad = 1
        }
        END { exit bad }'
}

# check_circles: no files include one another in a circle, a header and the file of its name taken as one.
check_circles() {
    sed 's/\.[ch]$//; s/\.[ch] / /' "$work/arrows" | awk '$1 != $2' | sort -u >"$work/stems"
    tsort "$work/stems" >"$work/order" 2>"$work/circle" && return 0
    echo "FAIL: these files include one another in a circle:"
    cat "$work/circle"
    return 1
}

# check_invariants: the number of an invariant, at the beginning of a line of a file's comment, is defined once in a
# folder of lib/, with the rooms in it.
check_invariants() {
    sed 's|^.*/lib/||' "$work/files" | sed 's|/.*||' | sort -u | while read -r room; do
        find "$top_srcdir/lib/$room" -name '*.[ch]' -exec grep -hoE '^ \* +[A-Z][0-9]+  ' {} + | tr -d ' *' | sort | uniq -d |
            sed "s|.*|FAIL: lib/$room: several files define the invariant &|"
    done >"$work/twice"
    cat "$work/twice"
    [ ! -s "$work/twice" ]
}

work=$(mktemp -d "${TMPDIR:-/tmp}/weir-layers.XXXXXX")
trap 'rm -rf "$work"' EXIT
find "$top_srcdir/lib" -name '*.[ch]' | sort >"$work/files"
while read -r found; do
    check_file "$found"
done <"$work/files"
check_headers || failed=1
check_circles || failed=1
check_invariants || failed=1
# libweir-nats stands on the public interface of weir, which does not name it.
for found in "$top_srcdir"/nats/*.[ch]; do
    name=${found#"$top_srcdir/"}
    bare "$found" >"$work/bare"
    sed -n 's/^[ ]*#[ ]*include[ ]*\([<"][^>"]*[>"]\).*/\1/p' "$work/bare" | grep '^"' | tr -d '"' >"$work/includes" || true
    while read -r what; do
        [ -e "$top_srcdir/nats/$what" ] || complain "$name: \"$what\" is not a header of nats/"
    done <"$work/includes"
    check_lengths "$name" <"$work/bare" || failed=1
done
for found in "$top_srcdir"/lib/*/*.[ch] "$top_srcdir"/lib/*/*/*.[ch] "$top_srcdir"/include/weir.h "$top_srcdir"/include/weir/*.h; do
    case $found in */weir/nats.h) continue ;; esac
    bare "$found" >"$work/bare"
    if grep -Eq '(weir_nats|nats)[_a-z]*\(|#[ ]*include[ ]*[<"].*nats' "$work/bare"; then
        complain "${found#"$top_srcdir/"}: names libweir-nats"
    fi
done
count=$(wc -l <"$work/files")
if [ "$count" -lt 20 ]; then
    complain "there are only $count files in $top_srcdir/lib"
fi
# Nothing else would notice a program of tests/ that is in no list, or a local.mk that is not included.
for found in "$top_srcdir"/tests/test_*.c; do
    name=${found#"$top_srcdir/"}
    grep -Eq "(^|[[:space:]])${name%.c}([[:space:]]|\$)" "$top_srcdir/tests/local.mk" || complain "$name: in no list of tests/local.mk"
done
for found in "$top_srcdir"/*/local.mk "$top_srcdir"/tests/*/local.mk; do
    name=${found#"$top_srcdir/"}
    grep -qx "include $name" "$top_srcdir/Makefile.am" || complain "$name: Makefile.am does not include it"
done
echo "$count files"
exit "$failed"
