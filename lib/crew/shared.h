/*
 * shared.h - Declares the crew that all pipelines of the process share.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CREW_SHARED_H
#define WEIR_CREW_SHARED_H

#include "crew/crew.h"

/* Gives the crew, with a reference and a thread. Returns WEIR_OK, WEIR_NOMEM or WEIR_NOTHREAD. */
weir_status weir__crew_share(weir__crew **crew);

/* Returns the reference. The last one destroys the crew. Not on a thread of the crew. */
void weir__crew_unshare(weir__crew *crew);

#endif /* WEIR_CREW_SHARED_H */
