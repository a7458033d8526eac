# Any sequence of calls, against a model.

check_PROGRAMS += tests/fuzz/replay
tests_fuzz_replay_SOURCES = \
	tests/fuzz/fuzz_queue.c tests/fuzz/fuzz_queue.h \
	tests/fuzz/model.c tests/fuzz/model.h \
	tests/fuzz/replay.c
tests_fuzz_replay_LDADD = libweir.la
dist_check_SCRIPTS += tests/fuzz/corpus.sh
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/fuzz.sh

# Looks for FUZZ_SECONDS for a sequence that breaks the contract. Wants clang, whatever CC is.
FUZZ_SECONDS = 60
FUZZ_CC = clang
fuzz:
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' FUZZ_SECONDS='$(FUZZ_SECONDS)' FUZZ_CC='$(FUZZ_CC)' \
	FUZZ_SOURCES='$(libcore_la_SOURCES)' FUZZ_CPPFLAGS='$(WEIR_CPPFLAGS)' \
	$(SHELL) $(top_srcdir)/tests/fuzz/fuzz.sh
clean-fuzz:
	rm -rf tests/fuzz/found tests/fuzz/more
	rm -f tests/fuzz/fuzz_queue tests/fuzz/fuzz.log tests/fuzz/try tests/fuzz/try.c tests/fuzz/try.log
.PHONY: clean-fuzz fuzz
