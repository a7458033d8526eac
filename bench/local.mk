# The benchmark. Plain make builds none of it.

# A driver is a program with the words and the result line of bench/driver.h.
driver_sources = bench/driver.c bench/driver.h bench/workloads.h
bench_weir_peer_SOURCES = bench/weir_peer.c bench/machine.c bench/machine.h $(driver_sources)
bench_weir_peer_LDADD = libweir.la
bench_weir_pipeline_SOURCES = bench/weir_pipeline.c $(driver_sources)
bench_weir_pipeline_LDADD = libweir.la
bench_peers_textbook_SOURCES = bench/peers/textbook.c $(driver_sources)
bench_peers_textbook_LDADD =
bench_peers_glib_SOURCES = bench/peers/glib.c $(driver_sources)
bench_peers_glib_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
bench_peers_glib_LDADD = $(GLIB_LIBS)
bench_peers_apr_SOURCES = bench/peers/apr.c $(driver_sources)
bench_peers_apr_CFLAGS = $(AM_CFLAGS) $(APR_CFLAGS)
bench_peers_apr_LDADD = $(APR_LIBS)
bench_peers_tbb_SOURCES = bench/peers/tbb.cpp $(driver_sources)
bench_peers_tbb_CXXFLAGS = $(AM_CXXFLAGS) $(TBB_CFLAGS)
bench_peers_tbb_LDADD = $(TBB_LIBS)
bench_ceiling_SOURCES = bench/ceiling.c $(driver_sources)
bench_ceiling_LDADD =
rounds_sources = bench/rounds.c bench/rounds.h $(driver_sources)
bench_weir_executor_SOURCES = bench/weir_executor.c $(rounds_sources)
bench_weir_executor_LDADD = libweir.la
bench_weir_threads_SOURCES = bench/weir_threads.c $(driver_sources)
bench_weir_threads_LDADD = libweir.la
bench_peers_gthreadpool_SOURCES = bench/peers/gthreadpool.c $(rounds_sources)
bench_peers_gthreadpool_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
bench_peers_gthreadpool_LDADD = $(GLIB_LIBS)
bench_peers_tbb_tasks_SOURCES = bench/peers/tbb_tasks.cpp $(rounds_sources)
bench_peers_tbb_tasks_CXXFLAGS = $(AM_CXXFLAGS) $(TBB_CFLAGS)
bench_peers_tbb_tasks_LDADD = $(TBB_LIBS)
bench_budget_SOURCES = bench/budget.c
bench_budget_LDADD = libweir.la
bench_calls_SOURCES = bench/calls.c
bench_calls_LDADD = libweir.la
bench_commands_SOURCES = bench/commands.c bench/peak.h
bench_commands_LDADD = libweir.la
bench_operations_SOURCES = bench/operations.c
bench_operations_LDADD = libweir.la
bench_processes_SOURCES = bench/processes.c
bench_processes_LDADD = libweir.la
bench_costs_SOURCES = bench/costs.c
bench_costs_LDADD = libcore.la
bench_flights_SOURCES = bench/flights.c bench/peak.h
bench_flights_LDADD = libweir.la
bench_growth_SOURCES = bench/growth.c
bench_growth_LDADD = libweir.la
bench_relay_SOURCES = bench/relay.c
bench_relay_LDADD = libweir.la
bench_children_SOURCES = bench/children.c $(driver_sources)
bench_children_LDADD = libweir.la
bench_stalls_SOURCES = bench/stalls.c $(driver_sources)
bench_stalls_LDADD = libweir.la
bench_wakes_SOURCES = bench/wakes.c $(driver_sources)
bench_wakes_LDADD = libweir.la
bench_way_SOURCES = bench/way.c
bench_way_LDADD = libweir.la
bench_thumbs_limit_SOURCES = bench/thumbs_limit.c
bench_thumbs_limit_CFLAGS = $(AM_CFLAGS) $(VIPS_CFLAGS)
bench_thumbs_limit_LDADD = $(VIPS_LIBS)
bench_selects_SOURCES = bench/selects.c
bench_selects_LDADD = libweir.la
bench_nats_SOURCES = bench/nats.c tests/nats_server.c tests/nats_server.h
bench_nats_CFLAGS = $(AM_CFLAGS) $(NATS_CFLAGS)
bench_nats_LDADD = libweir-nats.la libweir.la $(NATS_LIBS)
EXTRA_PROGRAMS += bench/nats
bench_costs_LDFLAGS = $(ledger_ldflags)

drivers = bench/weir_peer bench/weir_pipeline bench/peers/textbook
if HAVE_GLIB
drivers += bench/peers/glib
endif
if HAVE_APR
drivers += bench/peers/apr
endif
if HAVE_TBB
drivers += bench/peers/tbb
endif
EXTRA_PROGRAMS += bench/ceiling bench/weir_executor bench/weir_threads bench/peers/gthreadpool bench/peers/tbb_tasks
EXTRA_PROGRAMS += bench/weir_peer bench/weir_pipeline bench/peers/tbb bench/peers/textbook bench/peers/glib bench/peers/apr bench/budget bench/calls bench/children bench/commands bench/costs bench/flights bench/growth bench/operations bench/processes bench/relay bench/selects bench/stalls bench/thumbs_limit bench/wakes bench/way
CLEANFILES = $(EXTRA_PROGRAMS)
EXTRA_DIST += bench/programs.sh bench/peers/programs/etl.py bench/peers/programs/flights.go bench/peers/programs/flights.py bench/peers/programs/select.go bench/peers/programs/server.py bench/peers/programs/thumbs.py bench/peers/programs/top_paths.go
EXTRA_DIST += bench/budget.sh bench/commands.sh bench/crew.md bench/declared.md bench/declared.py bench/executor.md bench/results.md bench/flights.sh bench/goals.sh bench/growth.md bench/growth.sh bench/instructions.sh bench/league.md bench/league.py bench/processes.py bench/results.sh bench/run.py bench/selects.sh bench/thumbs.md bench/thumbs_memory.md bench/thumbs.py bench/way.sh
EXTRA_DIST += bench/peers/build.sh bench/peers/go/driver.go bench/peers/go/stages.go bench/peers/go/tasks.go \
	bench/peers/java/Tasks.java bench/peers/rust/Cargo.toml bench/peers/rust/src/lib.rs \
	bench/peers/rust/src/bin/rust_rayon.rs bench/peers/rust/src/bin/rust_threadpool.rs

# make bench REPS=9 SECONDS=1 FILTER='queue|threads' SEED=1 DRIVERS='/other/build/bench/weir_peer'
run_bench = python3 $(srcdir)/bench/run.py --reps '$(REPS)' --seconds '$(SECONDS)' --filter '$(FILTER)' \
	--seed '$(SEED)' --results bench/results
bench: $(drivers)
	$(run_bench) $(drivers) $(DRIVERS)
# A declared pipeline beside the same one by hand: bench/declared.md of the source tree.
bench-declared-results: bench/weir_peer bench/weir_pipeline
	python3 $(srcdir)/bench/run.py --reps '$(REPS)' --seconds '$(SECONDS)' --filter '^pipeline' --seed '$(SEED)' \
		--results bench/results/declared bench/weir_peer bench/weir_pipeline
	python3 $(srcdir)/bench/declared.py bench/results/declared >$(srcdir)/bench/declared.md.new
	mv $(srcdir)/bench/declared.md.new $(srcdir)/bench/declared.md
# The same beside one busy loop for each processor.
bench-hogs: $(drivers)
	$(run_bench) --hogs $(drivers) $(DRIVERS)
# make bench-executor, bench-crew REPS=9 SECONDS=1 FILTER='nested': rows beside other libraries (bench/league.py). The
# targets with -results write the table to the source tree; LEAGUE='--append' keeps the rows measured before.
league = python3 $(srcdir)/bench/league.py --reps '$(REPS)' --seconds '$(SECONDS)' --filter '$(FILTER)' $(LEAGUE)
league_programs = bench/weir_executor bench/weir_threads bench/weir_peer bench/weir_pipeline bench/ceiling
if HAVE_GLIB
league_programs += bench/peers/gthreadpool
endif
if HAVE_TBB
league_programs += bench/peers/tbb bench/peers/tbb_tasks
endif
bench-peers: $(league_programs)
	$(SHELL) $(srcdir)/bench/peers/build.sh $(srcdir)/bench/peers bench/peers
bench-executor: bench-peers
	$(league) run executor
bench-crew: bench-peers
	$(league) run crew
bench-executor-results: bench-executor
	$(league) table executor >$(srcdir)/bench/executor.md.new
	mv $(srcdir)/bench/executor.md.new $(srcdir)/bench/executor.md
bench-crew-results: bench-crew
	$(league) table crew >$(srcdir)/bench/crew.md.new
	mv $(srcdir)/bench/crew.md.new $(srcdir)/bench/crew.md
bench-instructions: bench/calls
	top_builddir='$(top_builddir)' LIBTOOL='$(LIBTOOL)' $(SHELL) $(srcdir)/bench/instructions.sh
bench-way: bench/way
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' LIBTOOL='$(LIBTOOL)' $(SHELL) $(srcdir)/bench/way.sh
bench-costs: bench/costs
	bench/costs
# make bench-growth GROWTH='most=1000 runs=1 only=keys': what one of many costs, against how many there are.
bench-growth: bench/growth
	bench/growth $(GROWTH)
# The same, and writes bench/growth.md of the source tree.
bench-growth-results: bench/growth
	bench/growth $(GROWTH) | tee bench/growth.out
	$(SHELL) $(srcdir)/bench/growth.sh <bench/growth.out >$(srcdir)/bench/growth.md.new
	mv $(srcdir)/bench/growth.md.new $(srcdir)/bench/growth.md
CLEANFILES += bench/growth.out
# make bench-budget IMAGES=200 BYTES=64 (MB): memory under a budget of bytes, with a plot.
IMAGES = 200
BYTES = 64
bench-budget: bench/budget
	$(SHELL) $(srcdir)/bench/budget.sh bench/budget bench/results '$(IMAGES)' '$(BYTES)'
# make bench-programs RUNS=5 TREE=/usr/include: the examples that are whole programs, beside others that do the same.
RUNS = 5
TREE = /usr/include
example_programs =
if HAVE_GLIB
example_programs += pipeline_examples/top_paths
endif
if HAVE_ZLIB
example_programs += pipeline_examples/gzip
endif
if HAVE_CRYPTO
example_programs += pipeline_examples/hash_tree
endif
if HAVE_SQLITE
example_programs += pipeline_examples/etl
endif
if HAVE_CRAWL
example_programs += pipeline_examples/crawl
endif
bench-programs: $(example_programs)
	top_srcdir='$(top_srcdir)' $(SHELL) $(srcdir)/bench/programs.sh pipeline_examples bench/results/programs '$(RUNS)' '$(TREE)'
# make bench-commands RUNS=5 COMMANDS=2000: `true` for each item, beside xargs and GNU parallel.
COMMANDS = 2000
bench-commands: bench/commands pipeline_examples/weir_run
	$(SHELL) $(srcdir)/bench/commands.sh bench/commands pipeline_examples/weir_run bench/results/commands '$(RUNS)' '$(COMMANDS)'
# make bench-select RUNS=5 SELECTS=100000: items of each producer, by gets and by selects.
SELECTS = 100000
bench-select: bench/selects
	$(SHELL) $(srcdir)/bench/selects.sh bench/selects $(srcdir)/bench/peers/programs/select.go bench/results/select '$(RUNS)' '$(SELECTS)'
# make bench-operations RUNS=5 OPERATIONS=200000 REQUESTS=10000: what an operation costs over a function that returns; and
# requests at a time to a server that answers after 100 ms, beside Go, asyncio and the same loop without weir.
OPERATIONS = 200000
REQUESTS = 10000
operation_programs = bench/operations
if HAVE_EPOLL
operation_programs += bench/flights
endif
bench-operations: $(operation_programs)
	bench/operations '$(OPERATIONS)' '$(RUNS)'
	test ! -x bench/flights || \
	  $(SHELL) $(srcdir)/bench/flights.sh bench/flights $(srcdir)/bench/peers/programs bench/results/flights '$(RUNS)' '$(REQUESTS)'
# make bench-goals RUNS=5 WAKES_BY_FD=1000000 KILLED=2000 ENDED=2000 PARTS='wakes stalls': times and losses of calls that
# end later and of child processes, with their bars; bench/goals.sh has the parts.
WAKES_BY_FD = 1000000
KILLED = 2000
ENDED = 2000
if HAVE_EPOLL
bench-goals: bench/children bench/commands bench/flights bench/stalls bench/wakes tests/stress_children
	$(SHELL) $(srcdir)/bench/goals.sh bench/results/goals '$(RUNS)' '$(WAKES_BY_FD)' '$(KILLED)' '$(ENDED)' '$(PARTS)'
else
bench-goals:
	@echo 'nothing is measured: it needs Linux'
endif
# make bench-nats NATS_ITEMS=100000 WAKES=1000 NATS_KILLS=5: a queue on a server of NATS, which it starts, beside libnats.
NATS_ITEMS = 100000
WAKES = 1000
NATS_KILLS = 5
bench-nats: bench/nats
	bench/nats '$(NATS_ITEMS)' '$(WAKES)' '$(NATS_KILLS)'
# make bench-processes RUNS=5: round trips to child processes, beside Python's ProcessPoolExecutor.
bench-processes: bench/processes
	python3 $(srcdir)/bench/processes.py --runs '$(RUNS)' $(PROCESSES) bench/processes
# Queues of Python threads, by the package and by Python's own modules.
bench-python: libweir.la
	@top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' $(SHELL) $(srcdir)/tests/python.sh bench
# make bench-thumbs THUMBS_RUNS=3 PICTURES=400 MILLISECONDS=0,50,200: weir-thumbs beside libvips alone, Pillow in
# threads, and GNU parallel with curl and vipsthumbnail, at these round-trip times.
THUMBS_RUNS = 3
PICTURES = 400
MEMORY_RUNS = 1
MANY = 20000
MILLISECONDS = 0,50,200
thumbs = python3 $(srcdir)/bench/thumbs.py --count '$(PICTURES)' --many '$(MANY)' --milliseconds '$(MILLISECONDS)'
if HAVE_IMAGE_PIPELINE
bench-thumbs: weir-thumbs weir-make-photos bench/relay bench/thumbs_limit bench/weir_peer
	$(thumbs) --runs '$(THUMBS_RUNS)' run . bench/results/thumbs
# make bench-thumbs-memory MEMORY_RUNS=1 MANY=20000: the memory with 200 and MANY pictures, which needs no calm machine: two
# minutes for each run on two processors. Fails if it misses a bar.
bench-thumbs-memory: weir-thumbs weir-make-photos
	$(thumbs) --runs '$(MEMORY_RUNS)' memory . bench/results/thumbs_memory
# The same, and writes bench/thumbs_memory.md of the source tree, also if a bar is missed.
bench-thumbs-memory-results:
	-$(MAKE) bench-thumbs-memory
	$(thumbs) memory-table . bench/results/thumbs_memory >$(srcdir)/bench/thumbs_memory.md.new
	mv $(srcdir)/bench/thumbs_memory.md.new $(srcdir)/bench/thumbs_memory.md
# The same as bench-thumbs, and writes bench/thumbs.md of the source tree.
bench-thumbs-results: bench-thumbs
	$(thumbs) table . bench/results/thumbs >$(srcdir)/bench/thumbs.md.new
	mv $(srcdir)/bench/thumbs.md.new $(srcdir)/bench/thumbs.md
else
bench-thumbs bench-thumbs-memory bench-thumbs-memory-results bench-thumbs-results:
	@echo 'nothing is compared: weir-thumbs is not built'
endif
# The benchmarks that print their own tables: writes bench/results.md of the source tree.
if HAVE_NATS
result_programs = bench/nats
endif
bench-results: bench/weir_peer $(result_programs)
	$(SHELL) $(srcdir)/bench/results.sh '$(MAKE)' $(srcdir) >$(srcdir)/bench/results.md.new
	mv $(srcdir)/bench/results.md.new $(srcdir)/bench/results.md
clean-bench:
	rm -rf bench/results bench/peers/work
	rm -f bench/peers/go_peer bench/peers/java_pool bench/peers/java_fork bench/peers/rust_rayon bench/peers/rust_threadpool
.PHONY: bench bench-results bench-commands bench-nats bench-operations bench-processes bench-programs bench-python bench-crew bench-crew-results bench-declared-results bench-executor bench-executor-results bench-peers bench-budget bench-goals bench-growth bench-growth-results bench-hogs bench-instructions bench-costs bench-select bench-thumbs bench-thumbs-memory bench-thumbs-memory-results bench-thumbs-results bench-way clean-bench
