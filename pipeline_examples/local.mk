# The examples: small programs (see README there), and the two of the image pipeline.

noinst_PROGRAMS += \
	pipeline_examples/at_most_three \
	pipeline_examples/blocking_calls \
	pipeline_examples/bridges \
	pipeline_examples/byte_budget \
	pipeline_examples/closable_queue \
	pipeline_examples/count_files \
	pipeline_examples/counter \
	pipeline_examples/dead_letters \
	pipeline_examples/factors \
	pipeline_examples/factors_processes \
	pipeline_examples/gcd_processes \
	pipeline_examples/fan \
	pipeline_examples/fold \
	pipeline_examples/futures \
	pipeline_examples/life \
	pipeline_examples/numbers \
	pipeline_examples/ordered \
	pipeline_examples/pipeline \
	pipeline_examples/promise \
	pipeline_examples/service \
	pipeline_examples/statistics \
	pipeline_examples/tree_walk \
	pipeline_examples/weir_run

pipeline_examples_at_most_three_SOURCES = pipeline_examples/at_most_three.c
pipeline_examples_at_most_three_LDADD = libweir.la
pipeline_examples_blocking_calls_SOURCES = pipeline_examples/blocking_calls.c
pipeline_examples_blocking_calls_LDADD = libweir.la
pipeline_examples_bridges_SOURCES = pipeline_examples/bridges.c
pipeline_examples_bridges_LDADD = libweir.la
pipeline_examples_byte_budget_SOURCES = pipeline_examples/byte_budget.c
pipeline_examples_byte_budget_LDADD = libweir.la
pipeline_examples_closable_queue_SOURCES = pipeline_examples/closable_queue.c
pipeline_examples_closable_queue_LDADD = libweir.la
pipeline_examples_count_files_SOURCES = pipeline_examples/count_files.c
pipeline_examples_count_files_LDADD = libweir.la
pipeline_examples_counter_SOURCES = pipeline_examples/counter.c
pipeline_examples_counter_LDADD = libweir.la
pipeline_examples_dead_letters_SOURCES = pipeline_examples/dead_letters.c
pipeline_examples_dead_letters_LDADD = libweir.la
pipeline_examples_factors_SOURCES = pipeline_examples/factors.c
pipeline_examples_factors_LDADD = libweir.la
pipeline_examples_factors_processes_SOURCES = pipeline_examples/factors_processes.c
pipeline_examples_factors_processes_LDADD = libweir.la
pipeline_examples_gcd_processes_SOURCES = pipeline_examples/gcd_processes.c
pipeline_examples_gcd_processes_LDADD = libweir.la
pipeline_examples_fan_SOURCES = pipeline_examples/fan.c
pipeline_examples_fan_LDADD = libweir.la
pipeline_examples_fold_SOURCES = pipeline_examples/fold.c
pipeline_examples_fold_LDADD = libweir.la
pipeline_examples_futures_SOURCES = pipeline_examples/futures.c
pipeline_examples_futures_LDADD = libweir.la
pipeline_examples_life_SOURCES = pipeline_examples/life.c
pipeline_examples_life_LDADD = libweir.la
pipeline_examples_numbers_SOURCES = pipeline_examples/numbers.c
pipeline_examples_numbers_LDADD = libweir.la
pipeline_examples_ordered_SOURCES = pipeline_examples/ordered.c
pipeline_examples_ordered_LDADD = libweir.la
pipeline_examples_pipeline_SOURCES = pipeline_examples/pipeline.c
pipeline_examples_pipeline_LDADD = libweir.la
pipeline_examples_promise_SOURCES = pipeline_examples/promise.c
pipeline_examples_promise_LDADD = libweir.la
pipeline_examples_service_SOURCES = pipeline_examples/service.c
pipeline_examples_service_LDADD = libweir.la
pipeline_examples_statistics_SOURCES = pipeline_examples/statistics.c
pipeline_examples_statistics_LDADD = libweir.la -lm
pipeline_examples_tree_walk_SOURCES = pipeline_examples/tree_walk.c
pipeline_examples_tree_walk_LDADD = libweir.la
pipeline_examples_weir_run_SOURCES = pipeline_examples/weir_run.c
pipeline_examples_weir_run_LDADD = libweir.la

# Those that need a library more.
pipeline_examples_crawl_SOURCES = pipeline_examples/crawl.c
pipeline_examples_crawl_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
pipeline_examples_crawl_LDADD = libweir.la $(CURL_LIBS)
if HAVE_CRAWL
noinst_PROGRAMS += pipeline_examples/crawl
endif
pipeline_examples_echo_SOURCES = pipeline_examples/echo.c
pipeline_examples_echo_LDADD = libweir.la
if HAVE_EPOLL
noinst_PROGRAMS += pipeline_examples/echo
endif
pipeline_examples_fetch_SOURCES = pipeline_examples/fetch.c
pipeline_examples_fetch_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(MICROHTTPD_CFLAGS) $(GLIB_CFLAGS)
pipeline_examples_fetch_LDADD = libweir.la $(CURL_LIBS) $(MICROHTTPD_LIBS) $(GLIB_LIBS)
if HAVE_FETCH
noinst_PROGRAMS += pipeline_examples/fetch
endif
pipeline_examples_fetch_many_SOURCES = pipeline_examples/fetch_many.c
pipeline_examples_fetch_many_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
pipeline_examples_fetch_many_LDADD = libweir.la $(CURL_LIBS)
if HAVE_FETCH_MANY
noinst_PROGRAMS += pipeline_examples/fetch_many
endif
pipeline_examples_gzip_SOURCES = pipeline_examples/gzip.c
pipeline_examples_gzip_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
pipeline_examples_gzip_LDADD = libweir.la $(ZLIB_LIBS)
if HAVE_ZLIB
noinst_PROGRAMS += pipeline_examples/gzip
endif
pipeline_examples_hash_tree_SOURCES = pipeline_examples/hash_tree.c
pipeline_examples_hash_tree_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
pipeline_examples_hash_tree_LDADD = libweir.la $(CRYPTO_LIBS)
if HAVE_CRYPTO
noinst_PROGRAMS += pipeline_examples/hash_tree
endif
pipeline_examples_nats_SOURCES = pipeline_examples/nats.c
pipeline_examples_nats_LDADD = libweir-nats.la libweir.la
if HAVE_NATS
noinst_PROGRAMS += pipeline_examples/nats
endif
pipeline_examples_rows_SOURCES = pipeline_examples/rows.c
pipeline_examples_rows_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
pipeline_examples_rows_LDADD = libweir.la $(SQLITE_LIBS)
pipeline_examples_etl_SOURCES = pipeline_examples/etl.c
pipeline_examples_etl_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
pipeline_examples_etl_LDADD = libweir.la $(SQLITE_LIBS)
if HAVE_SQLITE
noinst_PROGRAMS += pipeline_examples/etl pipeline_examples/rows
endif
pipeline_examples_scraper_SOURCES = pipeline_examples/scraper.c
pipeline_examples_scraper_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(MICROHTTPD_CFLAGS)
pipeline_examples_scraper_LDADD = libweir.la $(CURL_LIBS) $(MICROHTTPD_LIBS)
if HAVE_SCRAPER
noinst_PROGRAMS += pipeline_examples/scraper
endif
pipeline_examples_sum_lines_SOURCES = pipeline_examples/sum_lines.cpp
pipeline_examples_sum_lines_CXXFLAGS = $(WEIR_CXX17_CXXFLAGS) $(WEIR_PTHREAD_FLAGS) $(WEIR_SANITIZER_CFLAGS)
pipeline_examples_sum_lines_LDADD = libweir.la
if HAVE_CXX17
noinst_PROGRAMS += pipeline_examples/sum_lines
endif
pipeline_examples_top_paths_SOURCES = pipeline_examples/top_paths.c
pipeline_examples_top_paths_CFLAGS = $(AM_CFLAGS) $(GLIB_CFLAGS)
pipeline_examples_top_paths_LDADD = libweir.la $(GLIB_LIBS)
if HAVE_GLIB
noinst_PROGRAMS += pipeline_examples/top_paths
endif
EXTRA_DIST += pipeline_examples/README

# What both programs of the image pipeline need.
image_common_sources = \
	pipeline_examples/image_pipeline/escape.c pipeline_examples/image_pipeline/escape.h \
	pipeline_examples/image_pipeline/folder.c pipeline_examples/image_pipeline/folder.h \
	pipeline_examples/image_pipeline/interrupt.c pipeline_examples/image_pipeline/interrupt.h \
	pipeline_examples/image_pipeline/numbers.c pipeline_examples/image_pipeline/numbers.h \
	pipeline_examples/image_pipeline/paint.c pipeline_examples/image_pipeline/paint.h \
	pipeline_examples/image_pipeline/photo_set.c pipeline_examples/image_pipeline/photo_set.h \
	pipeline_examples/image_pipeline/temporary.c pipeline_examples/image_pipeline/temporary.h \
	pipeline_examples/image_pipeline/terminal.c pipeline_examples/image_pipeline/terminal.h \
	pipeline_examples/image_pipeline/vips_text.c pipeline_examples/image_pipeline/vips_text.h
weir_thumbs_SOURCES = $(image_common_sources) \
	pipeline_examples/image_pipeline/address.c pipeline_examples/image_pipeline/address.h \
	pipeline_examples/image_pipeline/append.c pipeline_examples/image_pipeline/append.h \
	pipeline_examples/image_pipeline/aws.c pipeline_examples/image_pipeline/aws.h \
	pipeline_examples/image_pipeline/budget.c pipeline_examples/image_pipeline/budget.h \
	pipeline_examples/image_pipeline/room.c pipeline_examples/image_pipeline/room.h \
	pipeline_examples/image_pipeline/clashes.c pipeline_examples/image_pipeline/clashes.h \
	pipeline_examples/image_pipeline/comment.c pipeline_examples/image_pipeline/comment.h \
	pipeline_examples/image_pipeline/comment_avif.c \
	pipeline_examples/image_pipeline/cost.c pipeline_examples/image_pipeline/cost.h \
	pipeline_examples/image_pipeline/crossing.c pipeline_examples/image_pipeline/crossing.h \
	pipeline_examples/image_pipeline/digest.c pipeline_examples/image_pipeline/digest.h \
	pipeline_examples/image_pipeline/download.c \
	pipeline_examples/image_pipeline/encode.c pipeline_examples/image_pipeline/encode.h \
	pipeline_examples/image_pipeline/ends.c pipeline_examples/image_pipeline/ends.h \
	pipeline_examples/image_pipeline/entry.c pipeline_examples/image_pipeline/entry.h \
	pipeline_examples/image_pipeline/format.c pipeline_examples/image_pipeline/format.h \
	pipeline_examples/image_pipeline/guard.c pipeline_examples/image_pipeline/guard.h \
	pipeline_examples/image_pipeline/hosts.c pipeline_examples/image_pipeline/hosts.h \
	pipeline_examples/image_pipeline/isolate.c pipeline_examples/image_pipeline/isolate.h \
	pipeline_examples/image_pipeline/http_origin.c \
	pipeline_examples/image_pipeline/http_roles.h \
	pipeline_examples/image_pipeline/http_server.c pipeline_examples/image_pipeline/http_server.h \
	pipeline_examples/image_pipeline/http_store.c \
	pipeline_examples/image_pipeline/journal.c pipeline_examples/image_pipeline/journal.h \
	pipeline_examples/image_pipeline/library.c pipeline_examples/image_pipeline/library.h \
	pipeline_examples/image_pipeline/list.c pipeline_examples/image_pipeline/list.h \
	pipeline_examples/image_pipeline/machine.c pipeline_examples/image_pipeline/machine.h \
	pipeline_examples/image_pipeline/main.c \
	pipeline_examples/image_pipeline/maker.c pipeline_examples/image_pipeline/maker.h \
	pipeline_examples/image_pipeline/making.c pipeline_examples/image_pipeline/making.h \
	pipeline_examples/image_pipeline/mark.c pipeline_examples/image_pipeline/mark.h \
	pipeline_examples/image_pipeline/messages.c pipeline_examples/image_pipeline/messages.h \
	pipeline_examples/image_pipeline/metrics.c pipeline_examples/image_pipeline/metrics.h \
	pipeline_examples/image_pipeline/names.c pipeline_examples/image_pipeline/names.h \
	pipeline_examples/image_pipeline/options.c pipeline_examples/image_pipeline/options.h \
	pipeline_examples/image_pipeline/outcome.c pipeline_examples/image_pipeline/outcome.h \
	pipeline_examples/image_pipeline/pace.c pipeline_examples/image_pipeline/pace.h \
	pipeline_examples/image_pipeline/pack.c pipeline_examples/image_pipeline/pack.h \
	pipeline_examples/image_pipeline/part.c pipeline_examples/image_pipeline/part.h \
	pipeline_examples/image_pipeline/photo.c pipeline_examples/image_pipeline/photo.h \
	pipeline_examples/image_pipeline/plan.c pipeline_examples/image_pipeline/plan.h \
	pipeline_examples/image_pipeline/png_text.c pipeline_examples/image_pipeline/png_text.h \
	pipeline_examples/image_pipeline/profile.c pipeline_examples/image_pipeline/profile.h \
	pipeline_examples/image_pipeline/progress.c pipeline_examples/image_pipeline/progress.h \
	pipeline_examples/image_pipeline/queue.h \
	pipeline_examples/image_pipeline/queue_place.c pipeline_examples/image_pipeline/queue_place.h \
	pipeline_examples/image_pipeline/reason.c pipeline_examples/image_pipeline/reason.h \
	pipeline_examples/image_pipeline/recipe.c pipeline_examples/image_pipeline/recipe.h \
	pipeline_examples/image_pipeline/refusals.c pipeline_examples/image_pipeline/refusals.h \
	pipeline_examples/image_pipeline/report.c pipeline_examples/image_pipeline/report.h \
	pipeline_examples/image_pipeline/resize.c \
	pipeline_examples/image_pipeline/retries.c pipeline_examples/image_pipeline/retries.h \
	pipeline_examples/image_pipeline/s3.c pipeline_examples/image_pipeline/s3.h \
	pipeline_examples/image_pipeline/share.c pipeline_examples/image_pipeline/share.h \
	pipeline_examples/image_pipeline/source.c pipeline_examples/image_pipeline/source.h \
	pipeline_examples/image_pipeline/stages.h \
	pipeline_examples/image_pipeline/summary.c pipeline_examples/image_pipeline/summary.h \
	pipeline_examples/image_pipeline/tally.c pipeline_examples/image_pipeline/tally.h \
	pipeline_examples/image_pipeline/target.c pipeline_examples/image_pipeline/target.h \
	pipeline_examples/image_pipeline/thumbnail.c pipeline_examples/image_pipeline/thumbnail.h \
	pipeline_examples/image_pipeline/trace.c pipeline_examples/image_pipeline/trace.h \
	pipeline_examples/image_pipeline/transfer.c pipeline_examples/image_pipeline/transfer.h \
	pipeline_examples/image_pipeline/upload.c \
	pipeline_examples/image_pipeline/url.c pipeline_examples/image_pipeline/url.h \
	pipeline_examples/image_pipeline/walk.c pipeline_examples/image_pipeline/walk.h
weir_thumbs_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(VIPS_CFLAGS) $(MICROHTTPD_CFLAGS)
if HAVE_NATS
weir_thumbs_SOURCES += pipeline_examples/image_pipeline/queue_nats.c pipeline_examples/image_pipeline/queue_nats.h \
	pipeline_examples/image_pipeline/queue_lists.c pipeline_examples/image_pipeline/queue_put.c \
	pipeline_examples/image_pipeline/queue_take.c
weir_thumbs_nats = libweir-nats.la
else
weir_thumbs_SOURCES += pipeline_examples/image_pipeline/queue_none.c
weir_thumbs_nats =
endif
weir_thumbs_LDADD = $(weir_thumbs_nats) libweir.la $(CURL_LIBS) $(VIPS_LIBS) $(MICROHTTPD_LIBS) $(WEIR_DL_LIBS)
weir_make_photos_SOURCES = $(image_common_sources) pipeline_examples/image_pipeline/make_photos.c
weir_make_photos_CFLAGS = $(AM_CFLAGS) $(VIPS_CFLAGS)
weir_make_photos_LDADD = libweir.la $(VIPS_LIBS)
if HAVE_IMAGE_PIPELINE
bin_PROGRAMS += weir-thumbs
noinst_PROGRAMS += weir-make-photos
endif
