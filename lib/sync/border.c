/*
 * border.c - Implements the personality routine of the functions that call the program (see border.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/border.h"

#if defined(__GCC_HAVE_DWARF2_CFI_ASM) && defined(__ELF__) && !defined(__arm__)

#include <unwind.h>

_Unwind_Reason_Code weir__border_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class language,
                                             struct _Unwind_Exception *exception, struct _Unwind_Context *context)
    __attribute__((used, visibility("hidden")));

/*
 * The search phase unwinds nothing. Any result but "handler found" and "continue" ends it, and __cxa_throw terminates.
 */
_Unwind_Reason_Code weir__border_personality(int version, _Unwind_Action actions, _Unwind_Exception_Class language,
                                             struct _Unwind_Exception *exception, struct _Unwind_Context *context) {
    (void)version;
    (void)language;
    (void)exception;
    (void)context;
    return (actions & _UA_SEARCH_PHASE) != 0 ? _URC_FATAL_PHASE1_ERROR : _URC_CONTINUE_UNWIND;
}

#else

extern int weir__border_is_empty; /* C has no empty files */

#endif
