# The library: libcore, in which nothing is hidden, and libweir from it.

# Everything, in a form that the tests of the inside can link with too: in the shared object the inside is hidden.
lib_sources = \
	lib/status/status.c \
	lib/status/version.c \
	lib/lock/lock.c lib/lock/lock.h \
	lib/park/deadline.c \
	lib/park/park.c lib/park/park.h lib/park/stopwatch.h \
	lib/park/spin.c lib/park/spin.h \
	lib/base/mix.h \
	lib/base/tree.c lib/base/tree.h \
	lib/report/dot.c \
	lib/report/figure.c lib/report/figure.h \
	lib/report/letter.c lib/report/letter.h \
	lib/report/print.c lib/report/print.h \
	lib/report/prometheus.c \
	lib/report/report.c lib/report/report.h \
	lib/report/table.c \
	lib/report/view.c lib/report/view.h \
	lib/closable_queue/cursor.c \
	lib/closable_queue/front.c lib/closable_queue/front.h \
	lib/closable_queue/get.c \
	lib/closable_queue/put.c \
	lib/closable_queue/queue.c lib/closable_queue/queue.h \
	lib/closable_queue/segment.c lib/closable_queue/segment.h \
	lib/closable_queue/settle.c \
	lib/closable_queue/share.c lib/closable_queue/share.h \
	lib/closable_queue/shutdown.c \
	lib/stoppable_worker/batch.c \
	lib/stoppable_worker/group.c lib/stoppable_worker/group.h \
	lib/stoppable_worker/threads.c \
	lib/stoppable_worker/worker.c \
	lib/pipeline/backoff.c lib/pipeline/backoff.h \
	lib/pipeline/bounds.c \
	lib/pipeline/descriptors.c \
	lib/pipeline/dispatch.c lib/pipeline/dispatch.h \
	lib/pipeline/end.c \
	lib/pipeline/envelope.c lib/pipeline/envelope.h \
	lib/pipeline/errors.c \
	lib/pipeline/fail.c \
	lib/pipeline/gather.c \
	lib/pipeline/graph.c \
	lib/pipeline/heap.c lib/pipeline/heap.h \
	lib/pipeline/join.c \
	lib/pipeline/keeper.c lib/pipeline/keeper.h \
	lib/pipeline/keys.c \
	lib/pipeline/limits.c lib/pipeline/limits.h \
	lib/pipeline/meter.c lib/pipeline/meter.h \
	lib/pipeline/order.c \
	lib/pipeline/pipeline.c lib/pipeline/pipeline.h \
	lib/pipeline/pool.c lib/pipeline/pool.h \
	lib/pipeline/rate.c \
	lib/pipeline/refuse.c \
	lib/pipeline/run.c \
	lib/pipeline/send.c \
	lib/pipeline/show.c \
	lib/pipeline/snapshot.c \
	lib/pipeline/stage.c lib/pipeline/stage.h \
	lib/pipeline/task.c \
	lib/pipeline/timing.c lib/pipeline/timing.h \
	lib/pipeline/trace.c \
	lib/pipeline/visit.c lib/pipeline/visit.h \
	lib/pipeline/watch.c
libcore_la_SOURCES = $(lib_sources) \
	lib/sync/sync.h \
	lib/sync/assert.h \
	lib/sync/atomic.h \
	lib/sync/barrier.h \
	lib/sync/border.c lib/sync/border.h \
	lib/sync/callout.h \
	lib/sync/chunk.h \
	lib/sync/clock.c lib/sync/clock.h \
	lib/sync/event.c lib/sync/event.h lib/sync/event_ends.h \
	lib/sync/futex.h \
	lib/sync/memory.c lib/sync/memory.h \
	lib/sync/note.c lib/sync/note.h \
	lib/sync/relax.c lib/sync/relax.h \
	lib/sync/signals.c lib/sync/signals.h \
	lib/sync/tell.h \
	lib/sync/terminal.c lib/sync/terminal.h \
	lib/sync/text.h \
	lib/sync/thread.c lib/sync/thread.h \
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
	lib/sync/assert.c \
	lib/sync/barrier_linux.c \
	lib/sync/barrier_none.c \
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

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = weir.pc

# What Helgrind and DRD are told to leave alone.
dist_pkgdata_DATA = weir.supp
EXTRA_DIST += lib/weir.sym
