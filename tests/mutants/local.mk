# Seeded bugs: each patch is one that the scheduler must find. The unbroken library must pass beside them.

TESTS += tests/mutants/claims.sh
mutants:
	top_srcdir='$(top_srcdir)' CC='$(CC)' $(SHELL) $(top_srcdir)/tests/mutants/run.sh
EXTRA_DIST += tests/mutants
.PHONY: mutants
