#!/bin/sh
# The heavier tests of libweir-nats: a queue with three replicas while its leader is killed, while its leader is stopped as
# by a partition, while it is full, while its server passes items over, and while the leader changes beside a program that
# puts nothing; a server with a full disk, if a small tmpfs can be mounted. No acknowledged put may be lost.
#
# environment: top_builddir; KILLS, STOPS and RUNS: their numbers, 2, 2 and 3 by default, which takes about two minutes.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
set -eu

top_builddir=${top_builddir:-.}
kills=${KILLS:-2}
stops=${STOPS:-2}
runs=${RUNS:-3}
make -s -C "$top_builddir" tests/nats_cluster
[ "$kills" -eq 0 ] || "$top_builddir/tests/nats_cluster" kills "$kills"
[ "$stops" -eq 0 ] || "$top_builddir/tests/nats_cluster" stops "$stops"
"$top_builddir/tests/nats_cluster" full "$runs"
"$top_builddir/tests/nats_cluster" passed 1
"$top_builddir/tests/nats_cluster" elected 2
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    folder=$(mktemp -d "${TMPDIR:-/tmp}/weir-disk.XXXXXX")
    trap 'rmdir "$folder"' EXIT
    # shellcheck disable=SC2016 # for the inner shell
    unshare -m sh -c 'mount -t tmpfs -o size=8m none "$1" && TMPDIR=$1 exec "$2" disk 1' sh "$folder" \
        "$top_builddir/tests/nats_cluster"
else
    echo "SKIPPED: no tmpfs for a full disk"
fi
