# weir_flags.m4 - compiler flags. CFLAGS and CXXFLAGS belong to the user and are never touched; what weir wants goes to
# variables of its own, which Makefile.am puts in front of them.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

# WEIR_TRY_FLAG(FLAG, VARIABLE): adds FLAG to VARIABLE if the C compiler takes it.
AC_DEFUN([WEIR_TRY_FLAG], [
  AS_VAR_PUSHDEF([cached], [weir_cv_flag_$1])
  AC_CACHE_CHECK([whether $CC takes $1], [cached], [
    weir_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $1"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
    CFLAGS=$weir_saved_CFLAGS
  ])
  AS_VAR_IF([cached], [yes], [$2="$$2 $1"])
  AS_VAR_POPDEF([cached])
])

# WEIR_PROG_CC_C11: C11 with atomics and thread-local variables, and POSIX.1-2008.
AC_DEFUN([WEIR_PROG_CC_C11], [
  WEIR_C11_CFLAGS="-std=c11"
  weir_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS $WEIR_C11_CFLAGS"
  AC_MSG_CHECKING([for C11 with atomics and _Thread_local])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
      #include <stdatomic.h>
      static _Thread_local int local;
      static _Atomic unsigned shared;]], [[
      local = (int)atomic_load_explicit(&shared, memory_order_acquire);
      return local;]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([weir needs a C11 compiler with <stdatomic.h> and _Thread_local, such as gcc 4.9 or clang 3.6])])
  CFLAGS=$weir_saved_CFLAGS
  AC_SUBST([WEIR_C11_CFLAGS])
  AC_SUBST([WEIR_CPPFLAGS], ["-D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE"])
])

# WEIR_ASSERTIONS: --enable-debug. After WEIR_PROG_CC_C11.
AC_DEFUN([WEIR_ASSERTIONS], [
  AC_ARG_ENABLE([debug],
    [AS_HELP_STRING([--enable-debug], [check invariants inside the library, and abort where one does not hold])],
    [], [enable_debug=no])
  AS_IF([test "$enable_debug" != no], [WEIR_CPPFLAGS="$WEIR_CPPFLAGS -DWEIR_DEBUG"])
  AM_CONDITIONAL([DEBUG], [test "$enable_debug" != no])
])

# WEIR_WARNINGS: what the sources are kept clean of, and hidden visibility.
AC_DEFUN([WEIR_WARNINGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [make compiler warnings errors])], [], [enable_werror=no])
  WEIR_WARN_CFLAGS=
  m4_foreach_w([flag], [-Wall -Wextra -Wconversion -Wshadow -Wpedantic -Wstrict-prototypes -Wmissing-prototypes
                        -Wwrite-strings -Wundef], [WEIR_TRY_FLAG(flag, [WEIR_WARN_CFLAGS])])
  AS_IF([test "$enable_werror" = yes], [WEIR_WARN_CFLAGS="$WEIR_WARN_CFLAGS -Werror"])
  AC_SUBST([WEIR_WARN_CFLAGS])
  WEIR_VISIBILITY_CFLAGS=
  WEIR_TRY_FLAG([-fvisibility=hidden], [WEIR_VISIBILITY_CFLAGS])
  AC_SUBST([WEIR_VISIBILITY_CFLAGS])
])

# WEIR_SANITIZER: --enable-sanitizer=thread, or address,undefined.
AC_DEFUN([WEIR_SANITIZER], [
  AC_ARG_ENABLE([sanitizer],
    [AS_HELP_STRING([--enable-sanitizer=LIST], [build everything with -fsanitize=LIST: thread, or address,undefined])],
    [], [enable_sanitizer=no])
  AS_CASE([$enable_sanitizer],
    [no], [weir_sanitizer=none
           WEIR_SANITIZER_CFLAGS=],
    [yes], [AC_MSG_ERROR([--enable-sanitizer wants a list: thread, or address,undefined])],
    [weir_sanitizer=$enable_sanitizer
     WEIR_SANITIZER_CFLAGS="-fsanitize=$enable_sanitizer -fno-omit-frame-pointer"
     AS_CASE([$enable_sanitizer], [*undefined*],
       [WEIR_SANITIZER_CFLAGS="$WEIR_SANITIZER_CFLAGS -fno-sanitize-recover=undefined"])
     weir_saved_CFLAGS=$CFLAGS
     CFLAGS="$CFLAGS $WEIR_SANITIZER_CFLAGS"
     AC_MSG_CHECKING([whether $CC links with -fsanitize=$enable_sanitizer])
     AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])],
       [AC_MSG_RESULT([no])
        AC_MSG_ERROR([this compiler has no -fsanitize=$enable_sanitizer])])
     CFLAGS=$weir_saved_CFLAGS])
  AC_SUBST([WEIR_SANITIZER_CFLAGS])
  AS_CASE([$weir_sanitizer], [*thread*], [weir_sanitize_thread=yes], [weir_sanitize_thread=no])
  # The deterministic scheduler takes the compiler's calls before plain accesses for a race detector of its own.
  SCHED_HOOK_CFLAGS=
  AS_IF([test "$weir_sanitizer" = none], [WEIR_TRY_FLAG([-fsanitize=thread], [SCHED_HOOK_CFLAGS])])
  AC_SUBST([SCHED_HOOK_CFLAGS])
])
