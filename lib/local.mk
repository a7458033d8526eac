# The library: libcore, in which nothing is hidden, and libweir from it.

# Everything, in a form that the tests of the inside can link with too: in the shared object the inside is hidden.
lib_sources = \
	lib/status/status.c \
	lib/status/version.c \
	lib/lock/lock.c lib/lock/lock.h \
	lib/park/deadline.c \
	lib/park/park.c lib/park/park.h \
	lib/park/spin.c lib/park/spin.h \
	lib/base/heap.c lib/base/heap.h \
	lib/base/mix.h \
	lib/base/pool.c lib/base/pool.h \
	lib/base/tree.c lib/base/tree.h \
	lib/timer/timer.c lib/timer/timer.h \
	lib/measure/counter.h \
	lib/measure/histogram.c lib/measure/histogram.h \
	lib/measure/stopwatch.h \
	lib/gang/gang.c lib/gang/gang.h \
	lib/crew/crew.c lib/crew/crew.h \
	lib/crew/hand.c lib/crew/hand.h \
	lib/crew/job.c lib/crew/job.h \
	lib/crew/monitor.c lib/crew/monitor.h \
	lib/crew/options.h \
	lib/crew/seats.c lib/crew/seats.h \
	lib/crew/shared.c lib/crew/shared.h \
	lib/crew/state.h \
	lib/closable_queue/alert.c lib/closable_queue/alert.h \
	lib/closable_queue/create.c lib/closable_queue/create.h \
	lib/closable_queue/cursor.c \
	lib/closable_queue/deliver.c \
	lib/closable_queue/delivery.c lib/closable_queue/delivery.h \
	lib/closable_queue/descriptor.c lib/closable_queue/descriptor.h \
	lib/closable_queue/drop.c lib/closable_queue/drop.h \
	lib/closable_queue/feeders.c lib/closable_queue/feeders.h \
	lib/closable_queue/front.c lib/closable_queue/front.h \
	lib/closable_queue/get.c lib/closable_queue/get.h \
	lib/closable_queue/port.h \
	lib/closable_queue/port_create.c \
	lib/closable_queue/port_join.c lib/closable_queue/port_join.h \
	lib/closable_queue/port_put.c lib/closable_queue/port_put.h \
	lib/closable_queue/port_settle.c lib/closable_queue/port_settle.h \
	lib/closable_queue/put.c lib/closable_queue/put.h \
	lib/closable_queue/pass.c lib/closable_queue/pass.h \
	lib/closable_queue/query.c \
	lib/closable_queue/queue.h \
	lib/closable_queue/refuse.c lib/closable_queue/refuse.h \
	lib/closable_queue/requeue.c lib/closable_queue/requeue.h \
	lib/closable_queue/segment.c lib/closable_queue/segment.h \
	lib/closable_queue/settle.c lib/closable_queue/settle.h \
	lib/closable_queue/share.c lib/closable_queue/share.h \
	lib/closable_queue/shutdown.c lib/closable_queue/shutdown.h \
	lib/closable_queue/users.c lib/closable_queue/users.h \
	lib/stoppable_worker/group.h \
	lib/stoppable_worker/grow.c lib/stoppable_worker/grow.h \
	lib/stoppable_worker/prefetch.c lib/stoppable_worker/prefetch.h \
	lib/stoppable_worker/start.c lib/stoppable_worker/start.h \
	lib/stoppable_worker/threads.c \
	lib/stoppable_worker/worker.c lib/stoppable_worker/worker.h \
	lib/future/blocking.c lib/future/blocking.h \
	lib/future/callback.c lib/future/callback.h \
	lib/future/cancel.c \
	lib/future/completions.c \
	lib/future/descriptor.c \
	lib/future/future.c lib/future/future.h \
	lib/future/get.c lib/future/get.h \
	lib/future/on_end.c \
	lib/future/wait.c \
	lib/future/watch.c lib/future/watch.h \
	lib/select/order.c lib/select/order.h \
	lib/select/select.c \
	lib/select/state.h \
	lib/select/try.c lib/select/try.h \
	lib/select/wait.c lib/select/wait.h \
	lib/select/watch.c lib/select/watch.h \
	lib/executor/account.c lib/executor/account.h \
	lib/executor/bands.h \
	lib/executor/bundle.c lib/executor/bundle.h \
	lib/executor/cell.c lib/executor/cell.h \
	lib/executor/create.c \
	lib/executor/delay.c lib/executor/delay.h \
	lib/executor/drop.c lib/executor/drop.h \
	lib/executor/failure.c lib/executor/failure.h \
	lib/executor/kind.c lib/executor/kind.h \
	lib/executor/map.c \
	lib/executor/nest.c lib/executor/nest.h \
	lib/executor/pair.c lib/executor/pair.h \
	lib/executor/recall.c lib/executor/recall.h \
	lib/executor/run.c lib/executor/run.h \
	lib/executor/shutdown.c \
	lib/executor/source.c lib/executor/source.h \
	lib/executor/state.h \
	lib/executor/submit.c lib/executor/submit.h \
	lib/executor/task.h \
	lib/executor/task_group.c \
	lib/executor/thread_state.c lib/executor/thread_state.h \
	lib/executor/worker.c lib/executor/worker.h \
	lib/item/admission.c lib/item/admission.h \
	lib/item/envelope.c lib/item/envelope.h \
	lib/item/flight.h \
	lib/item/pieces.c lib/item/pieces.h \
	lib/item/verdict.h \
	lib/flow/backoff.c lib/flow/backoff.h \
	lib/flow/batch.c lib/flow/batch.h \
	lib/flow/elastic.c lib/flow/elastic.h \
	lib/flow/keyed.c lib/flow/keyed.h \
	lib/flow/rate.c lib/flow/rate.h \
	lib/flow/reorder.c lib/flow/reorder.h \
	lib/flow/turns.c lib/flow/turns.h \
	lib/report/bottleneck.c lib/report/bottleneck.h \
	lib/report/dot.c lib/report/dot.h \
	lib/report/figure.c lib/report/figure.h \
	lib/report/letter.c lib/report/letter.h \
	lib/report/out.c lib/report/out.h \
	lib/report/print.c \
	lib/report/prometheus.c lib/report/prometheus.h \
	lib/report/report.c lib/report/report.h \
	lib/report/table.c lib/report/table.h \
	lib/report/view.c lib/report/view.h \
	lib/pipeline/state/bell.c lib/pipeline/state/bell.h \
	lib/pipeline/state/callback.c lib/pipeline/state/callback.h \
	lib/pipeline/state/crew_wait.c lib/pipeline/state/crew_wait.h \
	lib/pipeline/state/errors.c lib/pipeline/state/errors.h \
	lib/pipeline/state/has_turn.c lib/pipeline/state/has_turn.h \
	lib/pipeline/state/init.c lib/pipeline/state/init.h \
	lib/pipeline/state/lane_clock.h \
	lib/pipeline/state/operations.h \
	lib/pipeline/state/phase.c lib/pipeline/state/phase.h \
	lib/pipeline/state/pipeline.h \
	lib/pipeline/state/refuse.c lib/pipeline/state/refuse.h \
	lib/pipeline/state/settled.c lib/pipeline/state/settled.h \
	lib/pipeline/state/stage.h \
	lib/pipeline/state/visit.h \
	lib/pipeline/declare/bounds.c lib/pipeline/declare/bounds.h \
	lib/pipeline/declare/declare.c \
	lib/pipeline/declare/feedback.c lib/pipeline/declare/feedback.h \
	lib/pipeline/declare/graph.c lib/pipeline/declare/graph.h \
	lib/pipeline/declare/options.c lib/pipeline/declare/options.h \
	lib/pipeline/declare/outputs.c lib/pipeline/declare/outputs.h \
	lib/pipeline/observe/children.c lib/pipeline/observe/children.h \
	lib/pipeline/observe/elastic.c lib/pipeline/observe/elastic.h \
	lib/pipeline/observe/helper.c lib/pipeline/observe/helper.h \
	lib/pipeline/observe/show.c lib/pipeline/observe/show.h \
	lib/pipeline/observe/snapshot.c \
	lib/pipeline/observe/stall.c lib/pipeline/observe/stall.h \
	lib/pipeline/observe/timing.c lib/pipeline/observe/timing.h \
	lib/pipeline/observe/trace.c lib/pipeline/observe/trace.h \
	lib/pipeline/waits/abort.c lib/pipeline/waits/abort.h \
	lib/pipeline/waits/descriptors.c \
	lib/pipeline/waits/gate.c lib/pipeline/waits/gate.h \
	lib/pipeline/waits/grace.c lib/pipeline/waits/grace.h \
	lib/pipeline/waits/in_flight.c lib/pipeline/waits/in_flight.h \
	lib/pipeline/waits/own_tell.h \
	lib/pipeline/waits/own_wait.c lib/pipeline/waits/own_wait.h \
	lib/pipeline/waits/pause.c lib/pipeline/waits/pause.h \
	lib/pipeline/waits/pending.c lib/pipeline/waits/pending.h \
	lib/pipeline/waits/task_poll.c \
	lib/pipeline/outcome/cancel.c lib/pipeline/outcome/cancel.h \
	lib/pipeline/outcome/dead_letter.c lib/pipeline/outcome/dead_letter.h \
	lib/pipeline/outcome/discard.c lib/pipeline/outcome/discard.h \
	lib/pipeline/outcome/ordered.c lib/pipeline/outcome/ordered.h \
	lib/pipeline/outcome/outbox.c lib/pipeline/outcome/outbox.h \
	lib/pipeline/outcome/outcome.c lib/pipeline/outcome/outcome.h \
	lib/pipeline/outcome/requeue.c lib/pipeline/outcome/requeue.h \
	lib/pipeline/outcome/retire.c lib/pipeline/outcome/retire.h \
	lib/pipeline/outcome/retry.c lib/pipeline/outcome/retry.h \
	lib/pipeline/outcome/route.c lib/pipeline/outcome/route.h \
	lib/pipeline/outcome/send.c lib/pipeline/outcome/send.h \
	lib/pipeline/call/answer.c lib/pipeline/call/answer.h \
	lib/pipeline/call/at_end.c lib/pipeline/call/at_end.h \
	lib/pipeline/call/complete.c lib/pipeline/call/complete.h \
	lib/pipeline/call/detach.c lib/pipeline/call/detach.h \
	lib/pipeline/call/emit.c \
	lib/pipeline/call/exit.c lib/pipeline/call/exit.h \
	lib/pipeline/call/fail_item.c lib/pipeline/call/fail_item.h \
	lib/pipeline/call/feed.c \
	lib/pipeline/call/plain.c lib/pipeline/call/plain.h \
	lib/pipeline/call/root.c lib/pipeline/call/root.h \
	lib/pipeline/call/run.c lib/pipeline/call/run.h \
	lib/pipeline/call/source.c lib/pipeline/call/source.h \
	lib/pipeline/call/task.c \
	lib/pipeline/workers/in_turn.c lib/pipeline/workers/in_turn.h \
	lib/pipeline/workers/lanes.c lib/pipeline/workers/lanes.h \
	lib/pipeline/workers/morsel.c lib/pipeline/workers/morsel.h \
	lib/pipeline/workers/on_crew.c lib/pipeline/workers/on_crew.h \
	lib/pipeline/workers/pass.c lib/pipeline/workers/pass.h \
	lib/pipeline/workers/shift.c lib/pipeline/workers/shift.h \
	lib/pipeline/run/dispatch.c lib/pipeline/run/dispatch.h \
	lib/pipeline/run/drain.c lib/pipeline/run/drain.h \
	lib/pipeline/run/ender.c lib/pipeline/run/ender.h \
	lib/pipeline/run/finish.c \
	lib/pipeline/run/idle.c lib/pipeline/run/idle.h \
	lib/pipeline/run/join.c lib/pipeline/run/join.h \
	lib/pipeline/run/put.c lib/pipeline/run/put.h \
	lib/pipeline/run/start.c \
	lib/pipeline/run/submit.c \
	lib/pipeline/run/tune.c \
	lib/pipeline/run/wait.c \
	lib/pipeline/run/watch.c lib/pipeline/run/watch.h
libcore_la_SOURCES = $(lib_sources) \
	lib/command/attend.c lib/command/attend.h \
	lib/command/command.c \
	lib/command/limits.c lib/command/limits.h \
	lib/command/output.c lib/command/output.h \
	lib/process/attempt.c lib/process/attempt.h \
	lib/process/batch.c \
	lib/process/call.c \
	lib/process/cross.c lib/process/cross.h \
	lib/process/keeper.c lib/process/keeper.h \
	lib/process/message.h \
	lib/process/process.c \
	lib/process/serve.c lib/process/serve.h \
	lib/sync/sync.h \
	lib/sync/allowance.h \
	lib/sync/assert.h \
	lib/sync/atomic.h \
	lib/sync/barrier.h \
	lib/sync/border.c lib/sync/border.h \
	lib/sync/callout.h \
	lib/sync/chunk.h \
	lib/sync/channel.h \
	lib/sync/child.c lib/sync/child.h \
	lib/sync/child_vfork.c lib/sync/child_vfork.h \
	lib/sync/child_options.h \
	lib/sync/child_spawn.h \
	lib/sync/clock.c lib/sync/clock.h \
	lib/sync/confine.c lib/sync/confine.h \
	lib/sync/event.c lib/sync/event.h lib/sync/event_ends.h \
	lib/sync/futex.h \
	lib/sync/memory.c lib/sync/memory.h \
	lib/sync/prefetch.h \
	lib/sync/note.c lib/sync/note.h \
	lib/sync/lift.c lib/sync/lift.h \
	lib/sync/poll.c lib/sync/poll.h \
	lib/sync/random.c lib/sync/random.h \
	lib/sync/relax.c lib/sync/relax.h \
	lib/sync/signals.c lib/sync/signals.h \
	lib/sync/tell.h \
	lib/sync/stream.c lib/sync/stream.h \
	lib/sync/system_call.c lib/sync/system_call.h \
	lib/sync/terminal.c lib/sync/terminal.h \
	lib/sync/text.h \
	lib/sync/thread.c lib/sync/thread.h \
	lib/sync/tls.h \
	lib/sync/thread_gone.h \
	lib/sync/thread_name.h
if DEBUG
libcore_la_SOURCES += lib/sync/assert.c
endif
if MEMBARRIER
libcore_la_SOURCES += lib/sync/barrier_linux.c
else
libcore_la_SOURCES += lib/sync/barrier_none.c
endif
if CHANNEL_LINUX
libcore_la_SOURCES += lib/sync/channel_linux.c
else
libcore_la_SOURCES += lib/sync/channel_none.c
endif
if SPAWN_VFORK
libcore_la_SOURCES += lib/sync/child_spawn_linux.c
else
libcore_la_SOURCES += lib/sync/child_spawn_posix.c
endif
if CHUNK_BLOCKS
libcore_la_SOURCES += lib/sync/chunk_blocks.c
else
libcore_la_SOURCES += lib/sync/chunk_single.c
endif
if EVENTFD
libcore_la_SOURCES += lib/sync/event_eventfd.c
else
libcore_la_SOURCES += lib/sync/event_pipe.c
endif
if FUTEX
libcore_la_SOURCES += lib/sync/futex_linux.c
else
libcore_la_SOURCES += lib/sync/futex_portable.c
endif
if TELL_NONE
libcore_la_SOURCES += lib/sync/tell_none.c
else
libcore_la_SOURCES += lib/sync/tell_tools.c
endif
if ALLOWANCE_LINUX
libcore_la_SOURCES += lib/sync/allowance_linux.c
else
libcore_la_SOURCES += lib/sync/allowance_none.c
endif
if THREAD_GONE_LINUX
libcore_la_SOURCES += lib/sync/thread_gone_linux.c
else
libcore_la_SOURCES += lib/sync/thread_gone_none.c
endif
if THREAD_NAME_NP
libcore_la_SOURCES += lib/sync/thread_name_np.c
else
libcore_la_SOURCES += lib/sync/thread_name_none.c
endif
EXTRA_libcore_la_SOURCES = \
	lib/sync/allowance_linux.c \
	lib/sync/allowance_none.c \
	lib/sync/assert.c \
	lib/sync/barrier_linux.c \
	lib/sync/barrier_none.c \
	lib/sync/channel_linux.c \
	lib/sync/channel_none.c \
	lib/sync/child_spawn_linux.c \
	lib/sync/child_spawn_posix.c \
	lib/sync/chunk_blocks.c \
	lib/sync/chunk_single.c \
	lib/sync/event_eventfd.c \
	lib/sync/event_pipe.c \
	lib/sync/futex_linux.c \
	lib/sync/futex_portable.c \
	lib/sync/tell_none.c \
	lib/sync/tell_tools.c \
	lib/sync/thread_name_none.c \
	lib/sync/thread_name_np.c
libcore_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib
libcore_la_CFLAGS = $(AM_CFLAGS) $(WEIR_VISIBILITY_CFLAGS)

libweir_la_SOURCES =
libweir_la_LIBADD = libcore.la
libweir_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(WEIR_VERSION_INFO) -no-undefined \
	-export-symbols $(top_srcdir)/lib/weir.sym
libweir_la_DEPENDENCIES = libcore.la $(top_srcdir)/lib/weir.sym

# What Helgrind and DRD are told to leave alone.
dist_pkgdata_DATA = weir.supp
EXTRA_DIST += lib/weir.sym
