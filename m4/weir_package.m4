# weir_package.m4 - what weir.pc and weirConfig.cmake say of an installed library.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

# WEIR_PACKAGE: after WEIR_PTHREAD, WEIR_ATOMICS and LT_INIT.
AC_DEFUN([WEIR_PACKAGE], [
  AC_CHECK_SIZEOF([void *])
  AC_SUBST([ac_cv_sizeof_void_p])

  # Programs need these with the static library only, so that it is the only one which asks pkg-config --libs for them.
  WEIR_STATIC_LIBS=`AS_ECHO(["$WEIR_PTHREAD_FLAGS $WEIR_ATOMIC_LIBS"]) | sed 's/^ *//; s/ *$//'`
  AS_IF([test "$enable_shared" = yes], [WEIR_SHARED_LIBS=], [WEIR_SHARED_LIBS=$WEIR_STATIC_LIBS])
  AC_SUBST([WEIR_STATIC_LIBS])
  AC_SUBST([WEIR_SHARED_LIBS])
  module=no
  eval "WEIR_SHREXT=$shrext_cmds"
  AC_SUBST([WEIR_SHREXT])

  # Relative where both folders lie in the prefix, which then can be moved.
  weir_prefix=$prefix
  AS_IF([test "$weir_prefix" = NONE], [weir_prefix=$ac_default_prefix])
  weir_lib=`prefix=$weir_prefix; test "$exec_prefix" != NONE || exec_prefix=$prefix; eval "eval echo $libdir"`
  weir_include=`prefix=$weir_prefix; eval "eval echo $includedir"`
  AS_CASE([$weir_lib:$weir_include],
    ["$weir_prefix"/*:"$weir_prefix"/*], [
      weir_up=`AS_ECHO(["$weir_lib"]) | sed "s,^$weir_prefix/,,; s,[[^/]][[^/]]*,..,g"`
      WEIR_INCLUDE_FROM_LIB=$weir_up/`AS_ECHO(["$weir_include"]) | sed "s,^$weir_prefix/,,"`],
    [WEIR_INCLUDE_FROM_LIB=$weir_include])
  AC_SUBST([WEIR_INCLUDE_FROM_LIB])
])
