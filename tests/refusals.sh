#!/bin/sh
# No call is refused without a message. In the files that implement the calls of a pipeline, from create to report, a
# refusing status occurs only in a call of weir__refuse or weir__refuse_memory, which record the reason.
#
# environment: top_srcdir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_srcdir=${top_srcdir:-$(dirname "$0")/..}
failed=0

# check: reads a C file; prints the statements that refuse without a message. A statement ends with ; or { or }.
check() {
    awk -v file="$1" '
        { line = $0; gsub(/\/\*.*\*\//, "", line); sub(/^[ \t]+/, "", line) }
        line ~ /^\/\*/ { comment = 1 }
        comment { if (line ~ /\*\//) comment = 0; next }
        { text = text " " line }
        line ~ /[;{}]$/ {
            gsub(/[=!]= WEIR_[A-Z]+/, "", text)
            if (text ~ /WEIR_(INVALID|NOMEM|NOTHREAD|INITFAILED|DEADLOCK)/ && text !~ /weir__refuse(_memory)?\(/) {
                print "FAIL: " file ":" NR ": refuses without a message:" text
                bad = 1
            }
            text = ""
        }
        END { exit bad }'
}

# The check finds a refusal without a message.
for wrong in 'return WEIR_INVALID;' 'if (memory == NULL) return WEIR_NOMEM;' 'status = ok ? WEIR_OK : WEIR_NOTHREAD;'; do
    if echo "$wrong" | check example >/dev/null; then
        echo "FAIL: passes: $wrong"
        failed=1
    fi
done
for right in 'if (status == WEIR_NOMEM) again();' 'return weir__refuse(pipeline, WEIR_INVALID, NULL, "no");'; do
    echo "$right" | check example || failed=1
done

for name in declare/bounds declare/declare declare/graph observe/helper observe/show observe/snapshot outcome/cancel \
    run/finish run/put run/start run/wait run/watch state/refuse waits/gate workers/lanes; do
    check "lib/pipeline/$name.c" <"$top_srcdir/lib/pipeline/$name.c" || failed=1
done
exit "$failed"
