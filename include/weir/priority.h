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

/* The priority of a task or of a stage on the crew. */
typedef enum weir_priority {
    WEIR_NORMAL = 0, /* after WEIR_HIGH, before WEIR_LOW */
    WEIR_HIGH = 1,   /* before the others */
    WEIR_LOW = 2     /* after the others */
} weir_priority;

#ifdef __cplusplus
}
#endif

#endif /* WEIR_PRIORITY_H */
