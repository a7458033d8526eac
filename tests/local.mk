# The tests: a program for each suite, against the shared library as a user has it.

LDADD = tests/libsupport.a libweir.la $(CHECK_LIBS)
AM_CFLAGS += $(CHECK_CFLAGS)

unit_tests = \
	tests/test_callbacks \
	tests/test_cancellation \
	tests/test_closable_queue_batches \
	tests/test_closable_queue_close \
	tests/test_closable_queue_cursor \
	tests/test_closable_queue_deadlines \
	tests/test_closable_queue_join \
	tests/test_closable_queue_life \
	tests/test_closable_queue_put_get \
	tests/test_closable_queue_races \
	tests/test_closable_queue_shutdown \
	tests/test_closable_queue_waiting \
	tests/test_deadline \
	tests/test_executor \
	tests/test_executor_options \
	tests/test_future \
	tests/test_future_linear \
	tests/test_future_wait \
	tests/test_linearizable \
	tests/test_pipeline_answers \
	tests/test_pipeline_at_end \
	tests/test_pipeline_batches \
	tests/test_pipeline_bottleneck \
	tests/test_pipeline_callbacks \
	tests/test_pipeline_conservation \
	tests/test_pipeline_descriptors \
	tests/test_pipeline_end \
	tests/test_pipeline_errors \
	tests/test_pipeline_feed \
	tests/test_pipeline_fail_item \
	tests/test_pipeline_graph \
	tests/test_pipeline_late \
	tests/test_pipeline_letters \
	tests/test_pipeline_life \
	tests/test_pipeline_limits \
	tests/test_pipeline_morsel \
	tests/test_pipeline_operations \
	tests/test_pipeline_order \
	tests/test_pipeline_outcome \
	tests/test_pipeline_own_wait \
	tests/test_pipeline_pause \
	tests/test_pipeline_tune \
	tests/test_pipeline_turns \
	tests/test_pipeline_outputs \
	tests/test_pipeline_priority \
	tests/test_pipeline_report \
	tests/test_pipeline_retry_after \
	tests/test_pipeline_signals \
	tests/test_pipeline_submit \
	tests/test_pipeline_sources \
	tests/test_select \
	tests/test_status \
	tests/test_stoppable_worker \
	tests/test_task_group \
	tests/test_threads_start \
	tests/test_threads_stop \
	tests/test_threads_stoppers \
	tests/test_threads_work \
	$(inside_tests)
# Tests of what the shared library hides, or with functions of the system replaced.
inside_tests = \
	tests/test_assert \
	tests/test_clock \
	tests/test_closable_queue_descriptors \
	tests/test_closable_queue_memory \
	tests/test_closable_queue_requeue \
	tests/test_command \
	tests/test_crew \
	tests/test_elastic \
	tests/test_fault_sweep \
	tests/test_faults \
	tests/test_futex \
	tests/test_future_inside \
	tests/test_growth \
	tests/test_lock \
	tests/test_lock_early \
	tests/test_flow \
	tests/test_mix \
	tests/test_park \
	tests/test_pipeline_between \
	tests/test_pipeline_elastic \
	tests/test_pipeline_faults \
	tests/test_pipeline_figures \
	tests/test_pipeline_messages \
	tests/test_process \
	tests/test_process_batch \
	tests/test_process_call \
	tests/test_queue_port \
	tests/test_relax \
	tests/test_report \
	tests/test_report_print \
	tests/test_report_text \
	tests/test_report_view \
	tests/test_spin \
	tests/test_thread \
	tests/test_tree \
	tests/test_unusual
if CHUNK_BLOCKS
inside_tests += tests/test_chunk_blocks
endif
EXTRA_PROGRAMS += tests/test_chunk_blocks
if ALLOWANCE_LINUX
inside_tests += tests/test_allowance
endif
EXTRA_PROGRAMS += tests/test_allowance
if !TELL_NONE
inside_tests += tests/test_tell
endif
EXTRA_PROGRAMS += tests/test_tell

tests_test_future_linear_SOURCES = tests/test_future_linear.c tests/future_linear.c tests/future_linear.h
tests_test_linearizable_SOURCES = tests/test_linearizable.c tests/linear.c tests/linear.h
tests_libsupport_a_SOURCES = \
	tests/executor_support.c tests/executor_support.h \
	tests/key_families.c tests/key_families.h \
	tests/pairs.c tests/pairs.h \
	tests/pipeline_support.c tests/pipeline_support.h \
	tests/process_support.c tests/process_support.h \
	tests/support.c tests/support.h tests/futex_call.h \
	tests/terminal.c tests/terminal.h
inside_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/lib
inside_ldadd = tests/libsupport.a libcore.la $(CHECK_LIBS)
faults_sources = tests/faults.c tests/faults.h tests/ledger.c tests/ledger.h
ledger_ldflags = $(AM_LDFLAGS) -Wl,--wrap=aligned_alloc,--wrap=free \
	-Wl,--wrap=weir__chunk_alloc,--wrap=weir__chunk_free
faults_ldflags = $(ledger_ldflags) -Wl,--wrap=pthread_create,--wrap=weir__futex_wait \
	-Wl,--wrap=weir__pool_take

tests_test_allowance_CPPFLAGS = $(inside_cppflags)
tests_test_allowance_LDADD = $(inside_ldadd)
tests_test_allowance_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sched_getaffinity,--wrap=__sched_cpualloc
tests_test_assert_CPPFLAGS = $(inside_cppflags)
tests_test_assert_LDADD = $(inside_ldadd)
tests_test_chunk_blocks_CPPFLAGS = $(inside_cppflags)
tests_test_chunk_blocks_LDADD = $(inside_ldadd)
tests_test_chunk_blocks_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=posix_memalign,--wrap=madvise,--wrap=sysconf
tests_test_clock_CPPFLAGS = $(inside_cppflags)
tests_test_clock_LDADD = $(inside_ldadd)
tests_test_clock_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime,--wrap=syscall \
	-Wl,--wrap=pthread_cond_timedwait,--wrap=pthread_condattr_setclock
tests_test_queue_port_SOURCES = tests/test_queue_port.c tests/broker.c tests/broker.h tests/ledger.c tests/ledger.h
tests_test_queue_port_CPPFLAGS = $(inside_cppflags)
tests_test_queue_port_LDADD = $(inside_ldadd)
tests_test_queue_port_LDFLAGS = $(ledger_ldflags)
tests_test_closable_queue_memory_SOURCES = tests/test_closable_queue_memory.c tests/ledger.c tests/ledger.h
tests_test_closable_queue_memory_CPPFLAGS = $(inside_cppflags)
tests_test_closable_queue_memory_LDADD = $(inside_ldadd)
tests_test_closable_queue_memory_LDFLAGS = $(ledger_ldflags)
tests_test_closable_queue_descriptors_CPPFLAGS = $(inside_cppflags)
tests_test_closable_queue_descriptors_LDADD = $(inside_ldadd)
tests_test_closable_queue_requeue_CPPFLAGS = $(inside_cppflags)
tests_test_closable_queue_requeue_LDADD = $(inside_ldadd)
tests_test_command_CPPFLAGS = $(inside_cppflags)
tests_test_command_LDADD = $(inside_ldadd)
tests_test_command_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=memfd_create,--wrap=pipe2,--wrap=weir__child_spawn,--wrap=weir__child_start \
	-Wl,--wrap=weir__alloc,--wrap=weir__child_kill,--wrap=syscall,--wrap=setpgid,--wrap=weir__stream_poll \
	-Wl,--wrap=weir_task_stop_fd,--wrap=weir__lift
tests_test_elastic_CPPFLAGS = $(inside_cppflags)
tests_test_elastic_LDADD = $(inside_ldadd)
tests_test_fault_sweep_SOURCES = tests/test_fault_sweep.c $(faults_sources)
tests_test_fault_sweep_CPPFLAGS = $(inside_cppflags)
tests_test_fault_sweep_LDADD = $(inside_ldadd)
tests_test_fault_sweep_LDFLAGS = $(faults_ldflags) -Wl,--wrap=pthread_attr_init
tests_test_faults_SOURCES = tests/test_faults.c $(faults_sources)
tests_test_faults_CPPFLAGS = $(inside_cppflags)
tests_test_faults_LDADD = $(inside_ldadd)
tests_test_faults_LDFLAGS = $(faults_ldflags)
tests_test_futex_CPPFLAGS = $(inside_cppflags)
tests_test_futex_LDADD = $(inside_ldadd)
tests_test_future_inside_CPPFLAGS = $(inside_cppflags)
tests_test_future_inside_LDADD = $(inside_ldadd)
tests_test_growth_SOURCES = tests/test_growth.c tests/ledger.c tests/ledger.h
tests_test_growth_CPPFLAGS = $(inside_cppflags)
tests_test_growth_LDADD = $(inside_ldadd)
tests_test_growth_LDFLAGS = $(ledger_ldflags) -Wl,--wrap=sysconf,--wrap=weir__signal_send
tests_test_lock_CPPFLAGS = $(inside_cppflags)
tests_test_lock_LDADD = $(inside_ldadd)
tests_test_lock_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=weir__barrier_of_all
tests_test_lock_early_CPPFLAGS = $(inside_cppflags)
tests_test_lock_early_LDADD = $(inside_ldadd)
tests_test_flow_CPPFLAGS = $(inside_cppflags)
tests_test_flow_LDADD = $(inside_ldadd)
tests_test_mix_CPPFLAGS = $(inside_cppflags)
tests_test_mix_LDADD = $(inside_ldadd)
tests_test_park_CPPFLAGS = $(inside_cppflags)
tests_test_park_LDADD = $(inside_ldadd)
tests_test_park_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=weir__futex_wait,--wrap=weir__futex_wake
tests_test_crew_CPPFLAGS = $(inside_cppflags)
tests_test_crew_LDADD = $(inside_ldadd)
tests_test_pipeline_between_CPPFLAGS = $(inside_cppflags)
tests_test_pipeline_between_LDADD = $(inside_ldadd)
tests_test_pipeline_between_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=weir__pool_take,--wrap=weir__pool_give \
	-Wl,--wrap=weir__queue_join_unless,--wrap=weir__worker_is_added,--wrap=weir__shift_count_rescue \
	-Wl,--wrap=weir_pipeline_report,--wrap=weir__refuse_busy,--wrap=weir__thread_start \
	-Wl,--wrap=weir__timers_join_until,--wrap=weir__abort_cancelled
tests_test_pipeline_elastic_SOURCES = tests/test_pipeline_elastic.c $(faults_sources)
tests_test_pipeline_elastic_CPPFLAGS = $(inside_cppflags)
tests_test_pipeline_elastic_LDADD = $(inside_ldadd)
tests_test_pipeline_elastic_LDFLAGS = $(faults_ldflags)
tests_test_pipeline_faults_SOURCES = tests/test_pipeline_faults.c $(faults_sources)
tests_test_pipeline_faults_CPPFLAGS = $(inside_cppflags)
tests_test_pipeline_faults_LDADD = $(inside_ldadd)
tests_test_pipeline_faults_LDFLAGS = $(faults_ldflags)
tests_test_pipeline_figures_CPPFLAGS = $(inside_cppflags)
tests_test_pipeline_figures_LDADD = $(inside_ldadd)
tests_test_pipeline_messages_SOURCES = tests/test_pipeline_messages.c $(faults_sources)
tests_test_pipeline_messages_CPPFLAGS = $(inside_cppflags)
tests_test_pipeline_messages_LDADD = $(inside_ldadd)
tests_test_pipeline_messages_LDFLAGS = $(faults_ldflags)
tests_test_process_SOURCES = tests/test_process.c tests/counted_exit.c
tests_test_process_CPPFLAGS = $(inside_cppflags)
tests_test_process_LDADD = $(inside_ldadd)
tests_test_process_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=memfd_create,--wrap=pipe2,--wrap=weir__child_spawn,--wrap=socketpair \
	-Wl,--wrap=mmap,--wrap=send,--wrap=weir__child_start,--wrap=weir__child_reap,--wrap=weir__poll \
	-Wl,--wrap=fcntl,--wrap=weir_task_stop_fd,--wrap=weir__exit_process \
	-Wl,--wrap=weir__child_kill,--wrap=weir__child_has_ended,--wrap=weir__stream_poll
tests_test_process_call_CPPFLAGS = $(inside_cppflags)
tests_test_process_call_LDADD = $(inside_ldadd)
tests_test_process_batch_SOURCES = tests/test_process_batch.c tests/counted_exit.c
tests_test_process_batch_CPPFLAGS = $(inside_cppflags)
tests_test_process_batch_LDADD = $(inside_ldadd)
tests_test_process_batch_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=weir__alloc,--wrap=weir__child_kill \
	-Wl,--wrap=weir__keeper_listen,--wrap=memfd_create,--wrap=weir__exit_process
tests_test_relax_CPPFLAGS = $(inside_cppflags)
tests_test_relax_LDADD = $(inside_ldadd)
tests_test_report_SOURCES = tests/test_report.c tests/ledger.c tests/ledger.h
tests_test_report_CPPFLAGS = $(inside_cppflags)
tests_test_report_LDADD = $(inside_ldadd)
tests_test_report_LDFLAGS = $(ledger_ldflags)
tests_test_report_print_CPPFLAGS = $(inside_cppflags)
tests_test_report_print_LDADD = $(inside_ldadd)
tests_test_report_text_CPPFLAGS = $(inside_cppflags)
tests_test_report_text_LDADD = $(inside_ldadd)
tests_test_report_view_SOURCES = tests/test_report_view.c tests/ledger.c tests/ledger.h
tests_test_report_view_CPPFLAGS = $(inside_cppflags)
tests_test_report_view_LDADD = $(inside_ldadd)
tests_test_report_view_LDFLAGS = $(ledger_ldflags)
tests_test_spin_CPPFLAGS = $(inside_cppflags)
tests_test_spin_LDADD = $(inside_ldadd)
tests_test_spin_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=sched_yield,--wrap=weir__pause,--wrap=weir__clock_now,--wrap=weir__clock_used,--wrap=weir__processors
tests_test_tell_CPPFLAGS = $(inside_cppflags)
tests_test_tell_LDADD = $(inside_ldadd)
tests_test_tree_CPPFLAGS = $(inside_cppflags)
tests_test_tree_LDADD = $(inside_ldadd)
tests_test_thread_CPPFLAGS = $(inside_cppflags)
tests_test_thread_LDADD = $(inside_ldadd)
tests_test_thread_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sched_yield
tests_test_unusual_CPPFLAGS = $(inside_cppflags)
tests_test_unusual_LDADD = $(inside_ldadd)
tests_test_unusual_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=ioctl,--wrap=fcntl,--wrap=read,--wrap=send,--wrap=kill \
	-Wl,--wrap=vfork,--wrap=getrlimit,--wrap=setrlimit,--wrap=nice,--wrap=pthread_getcpuclockid \
	-Wl,--wrap=weir__event_make_ends,--wrap=ftruncate

tests_test_image_pipeline_SOURCES = \
	pipeline_examples/image_pipeline/address.c pipeline_examples/image_pipeline/append.c \
	pipeline_examples/image_pipeline/digest.c \
	pipeline_examples/image_pipeline/format.c pipeline_examples/image_pipeline/journal.c pipeline_examples/image_pipeline/names.c \
	tests/image_pipeline_address.c \
	tests/image_pipeline_blocked.c \
	tests/image_pipeline_damage.c \
	tests/image_pipeline_escapes.c \
	tests/image_pipeline_expect.c tests/image_pipeline_expect.h \
	tests/image_pipeline_files.c \
	tests/image_pipeline_formats.c \
	tests/image_pipeline_hosts.c \
	tests/image_pipeline_interrupt.c \
	tests/image_pipeline_list.c \
	tests/image_pipeline_memory.c \
	tests/image_pipeline_names.c \
	tests/image_pipeline_nginx.c \
	tests/image_pipeline_options.c \
	tests/image_pipeline_pictures.c tests/image_pipeline_pictures.h \
	tests/image_pipeline_recursive.c \
	tests/image_pipeline_replace.c \
	tests/image_pipeline_report.c \
	tests/image_pipeline_resume.c \
	tests/image_pipeline_retry.c \
	tests/image_pipeline_run.c tests/image_pipeline_run.h \
	tests/image_pipeline_second_name.c \
	tests/image_pipeline_server.c tests/image_pipeline_server.h \
	tests/image_pipeline_sizes.c \
	tests/image_pipeline_target.c \
	tests/image_pipeline_timeout.c \
	tests/image_pipeline_usage.c \
	tests/terminal.c tests/terminal.h \
	tests/test_image_pipeline.c
tests_test_image_pipeline_CFLAGS = $(AM_CFLAGS) $(VIPS_CFLAGS)
tests_test_image_pipeline_LDADD = $(CHECK_LIBS) $(VIPS_LIBS)
if HAVE_IMAGE_PIPELINE
if HAVE_CHECK
check_PROGRAMS += tests/test_image_pipeline
TESTS += tests/test_image_pipeline
endif
endif

tests_test_nats_SOURCES = tests/nats_server.c tests/nats_server.h tests/test_nats.c
tests_test_nats_CFLAGS = $(AM_CFLAGS) $(NATS_CFLAGS)
tests_test_nats_LDADD = tests/libsupport.a libweir-nats.la libweir.la $(NATS_LIBS) $(CHECK_LIBS)
tests_test_nats_faults_SOURCES = tests/nats_relay.c tests/nats_relay.h tests/nats_server.c tests/nats_server.h tests/test_nats_faults.c
tests_test_nats_faults_CFLAGS = $(AM_CFLAGS) $(NATS_CFLAGS)
tests_test_nats_faults_LDADD = tests/libsupport.a libweir-nats.la libweir.la $(NATS_LIBS) $(CHECK_LIBS)
tests_test_nats_replicas_SOURCES = tests/nats_server.c tests/nats_server.h tests/test_nats_replicas.c
tests_test_nats_replicas_CFLAGS = $(AM_CFLAGS) $(NATS_CFLAGS)
tests_test_nats_replicas_LDADD = tests/libsupport.a libweir-nats.la libweir.la $(NATS_LIBS) $(CHECK_LIBS)
tests_nats_cluster_SOURCES = tests/nats_server.c tests/nats_server.h tests/nats_cluster.c
tests_nats_cluster_CFLAGS = $(AM_CFLAGS) $(NATS_CFLAGS)
tests_nats_cluster_LDADD = libweir-nats.la libweir.la $(NATS_LIBS)
EXTRA_PROGRAMS += tests/nats_cluster
if HAVE_NATS
if HAVE_CHECK
check_PROGRAMS += tests/test_nats tests/test_nats_faults tests/test_nats_replicas
TESTS += tests/test_nats tests/test_nats_faults tests/test_nats_replicas
endif
endif

if HAVE_CHECK
check_PROGRAMS += $(unit_tests)
check_LIBRARIES += tests/libsupport.a
TESTS += $(unit_tests)
endif

check_PROGRAMS += tests/stress tests/stress_children
TESTS += tests/stress tests/stress_children
tests_stress_LDADD = libweir.la
tests_stress_children_SOURCES = tests/stress_children.c tests/stress_kills.c tests/stress_kills.h
tests_stress_children_LDADD = libweir.la

# The same over atomics that let other threads go first now and then.
check_PROGRAMS += tests/stress_noise
tests_stress_noise_SOURCES = tests/stress.c tests/noise/noise.c tests/noise/sync/atomic.h $(libcore_la_SOURCES)
tests_stress_noise_CPPFLAGS = $(WEIR_CPPFLAGS) -I$(top_srcdir)/include -I$(top_srcdir)/tests/noise -I$(top_srcdir)/lib
tests_stress_noise_LDADD =
EXTRA_DIST += tests/nats.sh tests/slow_server.py tests/stress.sh

# make stress BUDGET=8h
BUDGET = 10m
stress: all tests/stress tests/stress_children tests/stress_noise tests/sched/sched
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' $(srcdir)/tests/stress.sh $(BUDGET)
.PHONY: stress

# make coverage COVERAGE=--branches: of lib/, by what has run in this build folder; configured as HACKING.md says.
COVERAGE =
coverage:
	gcovr -r $(top_srcdir) --filter '$(top_srcdir)/lib/' --exclude-throw-branches \
	  --exclude-lines-by-pattern '.*weir__(assert|border)\(.*' --print-summary $(COVERAGE) .
.PHONY: coverage

dist_check_SCRIPTS = tests/cpp.sh tests/dist.sh tests/examples.sh tests/exceptions.sh tests/exports.sh tests/gallery.sh tests/headers.sh \
	tests/image_pipeline_bombs.sh tests/image_pipeline_colours.sh tests/image_pipeline_decodes.sh tests/image_pipeline_flight.sh tests/image_pipeline_isolate.sh \
	tests/image_pipeline_kills.sh tests/image_pipeline_leftovers.sh tests/image_pipeline_listing.sh tests/image_pipeline_network.sh \
	tests/image_pipeline_queue.sh tests/image_pipeline_s3.sh \
	tests/image_pipeline_second_look.sh tests/image_pipeline_vectors.sh tests/installed.sh tests/layers.sh tests/lines.sh tests/manual.sh tests/on_crew.sh tests/prose.sh tests/python.sh \
	tests/race_tools.sh tests/readme.sh tests/refusals.sh tests/release.sh tests/stack.sh
EXTRA_DIST += tests/cpp.cpp tests/cpp_support.sh tests/library_support.sh tests/exceptions.cpp tests/race_tools_program.c
EXTRA_DIST += tests/process_memory.py tests/image_pipeline_bombs.py tests/image_pipeline_colours/compare.py tests/image_pipeline_colours/pictures.py \
	tests/image_pipeline_colours/profiles.py
EXTRA_DIST += tests/image_pipeline_support.sh tests/image_pipeline_flight.py
EXTRA_DIST += tests/image_pipeline_kills/kills.py
EXTRA_DIST += tests/image_pipeline_network/check.py tests/image_pipeline_network/servers.py
EXTRA_DIST += tests/image_pipeline_queue/check.py
EXTRA_DIST += tests/image_pipeline_s3/aws4.js tests/image_pipeline_s3/check.py tests/image_pipeline_s3/s3rver.js \
	tests/image_pipeline_s3/sigv4.py tests/image_pipeline_s3/store.py
TESTS += $(dist_check_SCRIPTS)

# The shell tests find what they look at by these.
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' CC='$(CC) $(CFLAGS)' CXX='$(CXX) $(CXXFLAGS)' NM='$(NM)' \
	WEIR_SO='$(top_builddir)/.libs/libweir.so' WEIR_SANITIZER_CFLAGS='$(WEIR_SANITIZER_CFLAGS)' \
	WEIR_THUMBS='$(abs_top_builddir)/weir-thumbs' WEIR_MAKE_PHOTOS='$(abs_top_builddir)/weir-make-photos'; \
	export top_srcdir top_builddir CC CXX NM WEIR_SO WEIR_SANITIZER_CFLAGS WEIR_THUMBS WEIR_MAKE_PHOTOS;

# ---- other processors, packages ----

EXTRA_DIST += tests/emulated.sh tests/packages.sh
# For emulated.sh, which runs them by itself.
print-tests:
	@echo $(TESTS)
.PHONY: print-tests
# For dist.sh: what make dist packs, by its names in the source folder.
print-distributed:
	@printf '%s\n' $(DISTFILES) | \
	  awk -v top='$(top_srcdir)/' 'index($$0, top) == 1 { $$0 = substr($$0, length(top) + 1) } { print }'
.PHONY: print-distributed
