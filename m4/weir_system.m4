# weir_system.m4 - what the system has, and which of two files is compiled for it.
#
# Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT

# WEIR_PTHREAD: the one dependency of the core.
AC_DEFUN([WEIR_PTHREAD], [
  WEIR_PTHREAD_FLAGS=
  WEIR_TRY_FLAG([-pthread], [WEIR_PTHREAD_FLAGS])
  AC_SUBST([WEIR_PTHREAD_FLAGS])
  weir_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS $WEIR_PTHREAD_FLAGS"
  AC_CHECK_FUNC([pthread_create], [], [AC_MSG_ERROR([weir needs POSIX threads])])
  CFLAGS=$weir_saved_CFLAGS
])

# WEIR_ATOMICS: 64-bit atomics are calls into libatomic on some 32-bit processors.
AC_DEFUN([WEIR_ATOMICS], [
  AC_CACHE_CHECK([which library has 64-bit atomics], [weir_cv_lib_atomics], [
    weir_saved_CFLAGS=$CFLAGS
    weir_saved_LIBS=$LIBS
    CFLAGS="$CFLAGS $WEIR_C11_CFLAGS"
    weir_cv_lib_atomics=unknown
    for library in "" -latomic; do
      LIBS="$weir_saved_LIBS $library"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([[
          #include <stdatomic.h>
          #include <stdint.h>
          static _Atomic uint64_t word;]], [[
          return (int)atomic_fetch_or(&word, 1);]])],
        [weir_cv_lib_atomics=${library:-none needed}
         break])
    done
    CFLAGS=$weir_saved_CFLAGS
    LIBS=$weir_saved_LIBS
  ])
  AS_CASE([$weir_cv_lib_atomics],
    [unknown], [AC_MSG_ERROR([weir needs 64-bit atomics])],
    [-l*], [WEIR_ATOMIC_LIBS=$weir_cv_lib_atomics
            LIBS="$LIBS $WEIR_ATOMIC_LIBS"],
    [WEIR_ATOMIC_LIBS=])
  AC_SUBST([WEIR_ATOMIC_LIBS])
])

# WEIR_FUTEX: sleeping by the Linux system call, or by POSIX condition variables.
AC_DEFUN([WEIR_FUTEX], [
  AC_ARG_ENABLE([futex],
    [AS_HELP_STRING([--disable-futex], [sleep with POSIX mutexes and condition variables, not with the Linux futex])],
    [], [enable_futex=auto])
  AS_IF([test "$enable_futex" != no], [
    AC_CACHE_CHECK([for the Linux futex], [weir_cv_futex], [
      AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
          #include <linux/futex.h>
          #include <sys/syscall.h>
          #include <unistd.h>]], [[
          return FUTEX_WAIT_BITSET + FUTEX_PRIVATE_FLAG + SYS_futex;]])],
        [weir_cv_futex=yes], [weir_cv_futex=no])
    ])
    AS_IF([test "$enable_futex$weir_cv_futex" = yesno], [AC_MSG_ERROR([--enable-futex: this system has none])])
    enable_futex=$weir_cv_futex
  ])
  AS_IF([test "$enable_futex" = yes], [weir_futex="Linux futex"], [weir_futex="POSIX condition variables"])
  AM_CONDITIONAL([FUTEX], [test "$enable_futex" = yes])
])

# WEIR_EVENTFD: an event is an eventfd where the Linux futex is used and there is one, or a pipe. After WEIR_FUTEX.
AC_DEFUN([WEIR_EVENTFD], [
  AC_CACHE_CHECK([for eventfd], [weir_cv_eventfd], [
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <sys/eventfd.h>]], [[
        return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);]])],
      [weir_cv_eventfd=yes], [weir_cv_eventfd=no])
  ])
  AM_CONDITIONAL([EVENTFD], [test "$enable_futex$weir_cv_eventfd" = yesyes])
])

# WEIR_MEMBARRIER: locks are given back without an atomic operation where the Linux futex is used and there is a barrier
# for all threads. After WEIR_FUTEX.
AC_DEFUN([WEIR_MEMBARRIER], [
  AC_CACHE_CHECK([for membarrier], [weir_cv_membarrier], [
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
        #include <linux/membarrier.h>
        #include <sys/syscall.h>
        #include <unistd.h>]], [[
        return MEMBARRIER_CMD_PRIVATE_EXPEDITED + SYS_membarrier;]])],
      [weir_cv_membarrier=yes], [weir_cv_membarrier=no])
  ])
  AM_CONDITIONAL([MEMBARRIER], [test "$enable_futex$weir_cv_membarrier" = yesyes])
])

# WEIR_CHUNK_BLOCKS: chunks lie in blocks that go back to the system, where madvise can say so, and where no sanitizer is
# to see each chunk by itself. After WEIR_SANITIZER.
AC_DEFUN([WEIR_CHUNK_BLOCKS], [
  AC_CACHE_CHECK([for madvise with MADV_DONTNEED], [weir_cv_madvise], [
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
        #define _DEFAULT_SOURCE
        #include <sys/mman.h>]], [[
        return madvise(0, 0, MADV_DONTNEED);]])],
      [weir_cv_madvise=yes], [weir_cv_madvise=no])
  ])
  AM_CONDITIONAL([CHUNK_BLOCKS], [test "$weir_sanitizer$weir_cv_madvise" = noneyes])
])

# WEIR_TELL: the library tells tools that look for data races of what it does, if it is not itself built with
# ThreadSanitizer; Helgrind and DRD, if their headers are there. After WEIR_SANITIZER.
AC_DEFUN([WEIR_TELL], [
  AC_CHECK_HEADERS([valgrind/helgrind.h])
  AM_CONDITIONAL([TELL_NONE], [test "$weir_sanitizer" = thread])
])

# WEIR_THREAD_NAME: pthread_setname_np(thread, name), as Linux and FreeBSD have it.
AC_DEFUN([WEIR_THREAD_NAME], [
  AC_CACHE_CHECK([for pthread_setname_np with two arguments], [weir_cv_thread_name], [
    weir_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS $WEIR_PTHREAD_FLAGS"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
        #define _GNU_SOURCE
        #include <pthread.h>]], [[
        return pthread_setname_np(pthread_self(), "name");]])],
      [weir_cv_thread_name=yes], [weir_cv_thread_name=no])
    CFLAGS=$weir_saved_CFLAGS
  ])
  AM_CONDITIONAL([THREAD_NAME_NP], [test "$weir_cv_thread_name" = yes])
])

# WEIR_THREAD_GONE: whether a thread is still there, by tgkill and pthread_tryjoin_np.
AC_DEFUN([WEIR_THREAD_GONE], [
  AC_CACHE_CHECK([for tgkill and pthread_tryjoin_np], [weir_cv_tgkill], [
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
        #ifndef _GNU_SOURCE
        #define _GNU_SOURCE
        #endif
        #include <pthread.h>
        #include <sys/syscall.h>
        #include <unistd.h>]], [[
        return SYS_tgkill + SYS_gettid + pthread_tryjoin_np(pthread_self(), NULL);]])],
      [weir_cv_tgkill=yes], [weir_cv_tgkill=no])
  ])
  AM_CONDITIONAL([THREAD_GONE_LINUX], [test "$weir_cv_tgkill" = yes])
])

# WEIR_SPAWN: Linux has a vfork that shares the memory of the process; otherwise what posix_spawn can do beside what POSIX
# has long asked for. After WEIR_PROG_CC_C11 and WEIR_FUTEX.
AC_DEFUN([WEIR_SPAWN], [
  AM_CONDITIONAL([SPAWN_VFORK], [test "$enable_futex" = yes])
  AC_CHECK_FUNC([posix_spawn_file_actions_addchdir_np], [WEIR_CPPFLAGS="$WEIR_CPPFLAGS -DWEIR_SPAWN_CHDIR"])
  AC_CHECK_FUNC([posix_spawn_file_actions_addclosefrom_np], [WEIR_CPPFLAGS="$WEIR_CPPFLAGS -DWEIR_SPAWN_CLOSEFROM"])
])

# WEIR_CHANNEL: what a stage in child processes needs: sealed memory, and a signal of one's choice when a pipe closes.
AC_DEFUN([WEIR_CHANNEL], [
  AC_CACHE_CHECK([for memfd_create with seals, and F_SETSIG], [weir_cv_channel], [
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
        #ifndef _GNU_SOURCE
        #define _GNU_SOURCE
        #endif
        #include <fcntl.h>
        #include <sys/mman.h>
        #include <sys/prctl.h>
        #include <sys/socket.h>]], [[
        return memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING) + F_ADD_SEALS + F_SEAL_GROW + F_SETSIG + O_ASYNC +
               PR_SET_NAME + SOCK_SEQPACKET;]])],
      [weir_cv_channel=yes], [weir_cv_channel=no])
  ])
  AS_IF([test "$weir_cv_channel" = yes], [weir_why_channel=yes],
    [weir_why_channel="left out: no memfd_create with seals, or no F_SETSIG"
     AC_MSG_NOTICE([child processes: $weir_why_channel])])
  AM_CONDITIONAL([CHANNEL_LINUX], [test "$weir_cv_channel" = yes])
])

# WEIR_ALLOWANCE: which processors a process may use, by sched_getaffinity and the files of the control groups.
AC_DEFUN([WEIR_ALLOWANCE], [
  AC_CACHE_CHECK([for sched_getaffinity with sets of any size], [weir_cv_allowance], [
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[
        #ifndef _GNU_SOURCE
        #define _GNU_SOURCE
        #endif
        #include <sched.h>]], [[
        cpu_set_t *set = CPU_ALLOC(1);
        return sched_getaffinity(0, CPU_ALLOC_SIZE(1), set) + CPU_COUNT_S(CPU_ALLOC_SIZE(1), set);]])],
      [weir_cv_allowance=yes], [weir_cv_allowance=no])
  ])
  AM_CONDITIONAL([ALLOWANCE_LINUX], [test "$weir_cv_allowance" = yes])
])

# WEIR_DL: dlopen, which glibc before 2.34 has in a library apart, for weir-thumbs.
AC_DEFUN([WEIR_DL], [
  weir_saved_LIBS=$LIBS
  WEIR_DL_LIBS=
  AC_SEARCH_LIBS([dlopen], [dl],
    [AS_CASE([$ac_cv_search_dlopen], [-l*], [WEIR_DL_LIBS=$ac_cv_search_dlopen])])
  LIBS=$weir_saved_LIBS
  AC_SUBST([WEIR_DL_LIBS])
])

# WEIR_FIBRES: makecontext, which POSIX had until 2008, for the scheduler of the tests. musl has it in a library apart.
AC_DEFUN([WEIR_FIBRES], [
  weir_saved_LIBS=$LIBS
  WEIR_FIBRE_LIBS=
  AC_SEARCH_LIBS([makecontext], [ucontext],
    [weir_have_fibres=yes
     AS_CASE([$ac_cv_search_makecontext], [-l*], [WEIR_FIBRE_LIBS=$ac_cv_search_makecontext])],
    [weir_have_fibres=no
     AC_MSG_NOTICE([leaving out the deterministic scheduler: this system has no makecontext])])
  LIBS=$weir_saved_LIBS
  AC_SUBST([WEIR_FIBRE_LIBS])
  AM_CONDITIONAL([FIBRES], [test "$weir_have_fibres" = yes && test "$weir_sanitize_thread" = no])
])

# WEIR_CXX_FITS: sets CXX to no where it compiles for another C library than CC, as g++ does beside musl-gcc.
AC_DEFUN([WEIR_GLIBC], [AC_LANG_PROGRAM([[
  #include <stdlib.h>
  #ifndef __GLIBC__
  #error another C library
  #endif]])])
AC_DEFUN([WEIR_CXX_FITS], [
  AC_COMPILE_IFELSE([WEIR_GLIBC], [weir_glibc=yes], [weir_glibc=no])
  AC_LANG_PUSH([C++])
  AC_COMPILE_IFELSE([WEIR_GLIBC], [weir_cxx_glibc=yes], [weir_cxx_glibc=no])
  AC_LANG_POP([C++])
  AS_IF([test "$CXX" != no && test "$weir_glibc" != "$weir_cxx_glibc"], [
    AC_MSG_NOTICE([leaving out C++: $CXX does not compile, or not for the C library of $CC])
    CXX=no
  ])
])

# WEIR_OPTIONAL(NAME, OPTION, MODULES, HEADER, WHAT-FOR): looks for MODULES with pkg-config, and tries whether the C
# compiler takes HEADER, if it has one for C, and links. Sets weir_have_NAME, and weir_why_NAME to a line for people.
# --without-OPTION leaves it out, --with-OPTION insists.
AC_DEFUN([WEIR_OPTIONAL], [
  AC_ARG_WITH([$2], [AS_HELP_STRING([--without-$2], [leave out $5])], [], [with_$2=auto])
  weir_have_$1=no
  AS_IF([test "$with_$2" = no], [weir_why_$1="not wanted"], [
    PKG_CHECK_MODULES([$1], [$3], [
      weir_why_$1="$CC does not build with $3"
      WEIR_TRY_LINK([$1], [$4], [weir_have_$1=yes; weir_why_$1=yes])
    ], [weir_why_$1="no $3"])
    AS_IF([test "$weir_have_$1" = no], [
      AS_IF([test "$with_$2" = yes], [AC_MSG_ERROR([--with-$2: $weir_why_$1])])
      AC_MSG_NOTICE([leaving out $5: $weir_why_$1])
    ])
  ])
])

# WEIR_TRY_LINK(NAME, HEADER, IF-SO): whether a program links with NAME_CFLAGS and NAME_LIBS.
AC_DEFUN([WEIR_TRY_LINK], [
  weir_saved_CFLAGS=$CFLAGS
  weir_saved_LIBS=$LIBS
  CFLAGS="$CFLAGS $$1_CFLAGS"
  LIBS="$$1_LIBS $LIBS"
  AC_MSG_CHECKING([whether $CC builds with $$1_LIBS])
  AC_LINK_IFELSE([AC_LANG_PROGRAM([m4_ifnblank([$2], [[#include <$2>]])])], [weir_links=yes], [weir_links=no])
  AC_MSG_RESULT([$weir_links])
  CFLAGS=$weir_saved_CFLAGS
  LIBS=$weir_saved_LIBS
  AS_IF([test "$weir_links" = yes], [$3])
])
