/*
 * weir.h - includes all public headers of weir: staged data pipelines over closable, bounded, blocking queues.
 *
 * Each of these headers also stands alone. Link with `pkg-config --cflags --libs weir`.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_H
#define WEIR_H

#include <weir/version.h>
#include <weir/status.h>
#include <weir/deadline.h>
#include <weir/closable_queue.h>
#include <weir/port.h>
#include <weir/stoppable_worker.h>
#include <weir/future.h>
#include <weir/select.h>
#include <weir/priority.h>
#include <weir/executor.h>
#include <weir/task_group.h>
#include <weir/signals.h>
#include <weir/report.h>
#include <weir/operation.h>
#include <weir/pipeline.h>
#include <weir/command.h>
#include <weir/process.h>

#endif /* WEIR_H */
