# The binary interface.

check_PROGRAMS += tests/abi/test_abi
TESTS += tests/abi/test_abi
tests_abi_test_abi_SOURCES = tests/abi/test_abi.c
tests_abi_test_abi_LDADD = libweir.la
dist_check_SCRIPTS += tests/abi/abi.sh
EXTRA_DIST += tests/abi/libweir.abi tests/abi/update.sh

# Writes down the interface that programs may rely on from now on.
update-abi: libweir.la
	top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)' $(SHELL) $(top_srcdir)/tests/abi/update.sh
.PHONY: update-abi
