# weir_cxx17.m4 - the C++ compiler, which only an example and tests need.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

# WEIR_CXX17: HAVE_CXX17, WEIR_CXX17_CXXFLAGS, and weir_why_CXX17 for people. After WEIR_WARNINGS.
AC_DEFUN([WEIR_CXX17], [
  WEIR_CXX17_CXXFLAGS="-std=c++17 -Wall -Wextra -Wpedantic"
  AS_IF([test "$enable_werror" = yes], [WEIR_CXX17_CXXFLAGS="$WEIR_CXX17_CXXFLAGS -Werror"])
  AC_SUBST([WEIR_CXX17_CXXFLAGS])
  AC_LANG_PUSH([C++])
  weir_saved_CXXFLAGS=$CXXFLAGS
  CXXFLAGS="$CXXFLAGS $WEIR_CXX17_CXXFLAGS"
  AC_MSG_CHECKING([for C++17])
  AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
      #include <optional>
      std::optional<int> made;]])],
    [weir_have_CXX17=yes weir_why_CXX17=yes],
    [weir_have_CXX17=no weir_why_CXX17="left out: no C++17 compiler (CXX=$CXX)"])
  AC_MSG_RESULT([$weir_have_CXX17])
  CXXFLAGS=$weir_saved_CXXFLAGS
  AC_LANG_POP([C++])
  AM_CONDITIONAL([HAVE_CXX17], [test "$weir_have_CXX17" = yes])
])
