/*
 * weir/priority.h - the priorities of tasks (weir/executor.h) and of stages on the crew (weir/pipeline.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PRIORITY_H
#define WEIR_PRIORITY_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_priority { WEIR_NORMAL = 0, WEIR_HIGH = 1, WEIR_LOW = 2 } weir_priority;

#ifdef __cplusplus
}
#endif

#endif /* WEIR_PRIORITY_H */
