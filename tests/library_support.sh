# shellcheck shell=sh
# library_support.sh - sets `library`, the words with which a test links a program. Tests read it with `.`. Exits with 77
# if the library is not built.
#
# environment: top_builddir.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

libs=${top_builddir:?}/.libs
if [ -e "$libs/libweir.so" ] || [ -e "$libs/libweir.dylib" ]; then
    library="-L$libs -lweir -Wl,-rpath,$(cd "$libs" && pwd)"
elif [ -e "$libs/libweir.a" ]; then
    # shellcheck disable=SC2034 # read by the test
    library=$libs/libweir.a
else
    echo "the library is not built in $top_builddir: skipped"
    exit 77
fi
