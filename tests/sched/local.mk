# The scheduler: lib/ over tests/sched/sync in place of lib/sync.

# The library's plain accesses call hooks.c, which looks for data races; under AddressSanitizer that looks instead.
# ThreadSanitizer would take the hooks for its own: no scheduler there, nor where there are no fibres.
if FIBRES
check_PROGRAMS += tests/sched/sched
check_LIBRARIES += tests/sched/libsubject.a
TESTS += tests/sched/quick.sh
endif
tests_sched_libsubject_a_SOURCES = $(lib_sources)
tests_sched_libsubject_a_CPPFLAGS = $(WEIR_CPPFLAGS) -I$(top_srcdir)/include -I$(top_srcdir)/tests/sched -I$(top_srcdir)/lib
tests_sched_libsubject_a_CFLAGS = $(AM_CFLAGS) $(SCHED_HOOK_CFLAGS)
tests_sched_sched_SOURCES = \
	tests/sched/alerts.c \
	tests/sched/arena.c \
	tests/sched/corners.c \
	tests/sched/crew_support.c tests/sched/crew_support.h \
	tests/sched/crews.c \
	tests/sched/descriptors.c \
	tests/sched/elastic.c \
	tests/sched/ending.c \
	tests/sched/executors.c \
	tests/sched/explore.c tests/sched/explore.h \
	tests/sched/fibre.c tests/sched/fibre.h \
	tests/sched/flow.c \
	tests/sched/histories.c \
	tests/sched/future_waits.c \
	tests/sched/futures.c \
	tests/future_linear.c tests/future_linear.h \
	tests/sched/hooks.c \
	tests/linear.c tests/linear.h \
	tests/sched/locks.c \
	tests/sched/machine.c tests/sched/machine.h \
	tests/sched/main.c \
	tests/sched/memory.c \
	tests/sched/pipeline_at_end.c \
	tests/sched/pipeline_batch.c \
	tests/sched/pipeline_bounds.c \
	tests/sched/pipeline_cancel.c \
	tests/sched/pipeline_crew.c \
	tests/sched/pipeline_end.c \
	tests/sched/pipeline_faults.c \
	tests/sched/pipeline_feed.c \
	tests/sched/pipeline_keys.c \
	tests/sched/pipeline_letters.c \
	tests/sched/pipeline_limits.c \
	tests/sched/pipeline_operations.c \
	tests/sched/pipeline_order.c \
	tests/sched/pipeline_own_wait.c \
	tests/sched/pipeline_pause.c \
	tests/sched/pipeline_pass.c \
	tests/sched/pipeline_report.c \
	tests/sched/pipeline_retry.c \
	tests/sched/pipeline_signals.c \
	tests/sched/pipeline_stalls.c \
	tests/sched/pipeline_submit.c \
	tests/sched/pipeline_tune.c \
	tests/sched/pipeline_turns.c \
	tests/sched/pipeline_support.c tests/sched/pipeline_support.h \
	tests/sched/ports.c \
	tests/sched/requeue.c \
	tests/sched/scenarios.c tests/sched/scenarios.h \
	tests/sched/sched.h \
	tests/sched/selects.c \
	tests/sched/settling.c \
	tests/sched/signals.c \
	tests/sched/support.h \
	tests/sched/sync/assert.h \
	tests/sched/sync/atomic.h \
	tests/sched/sync/barrier.h \
	tests/sched/sync/border.h \
	tests/sched/sync/event.h \
	tests/sched/sync/memory.h \
	tests/sched/sync/note.h \
	tests/sched/sync/poll.h \
	tests/sched/sync/random.h \
	tests/sched/sync/relax.h \
	tests/sched/sync/signals.h \
	tests/sched/sync/system_call.h \
	tests/sched/sync/terminal.h \
	tests/sched/sync/thread.h \
	tests/sched/sync/thread_name.h \
	tests/sched/working.c
tests_sched_sched_CPPFLAGS = $(tests_sched_libsubject_a_CPPFLAGS)
tests_sched_sched_LDADD = tests/sched/libsubject.a $(WEIR_FIBRE_LIBS)
EXTRA_DIST += tests/sched/RESULTS.md tests/sched/quick.sh tests/sched/results.sh

# The schedules that make check has no time for: everything with a budget of two, the core with three.
schedules: tests/sched/sched
	$(builddir)/tests/sched/sched --deeper 1 --jobs `getconf _NPROCESSORS_ONLN` $(SCHEDULES)
# The same, and writes tests/sched/RESULTS.md of the source tree.
schedules-results: tests/sched/sched
	$(builddir)/tests/sched/sched --deeper 1 --jobs `getconf _NPROCESSORS_ONLN` $(SCHEDULES) | tee tests/sched/results.out
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' $(SHELL) $(top_srcdir)/tests/sched/results.sh write \
	  <tests/sched/results.out
CLEANFILES += tests/sched/results.out
.PHONY: schedules schedules-results
