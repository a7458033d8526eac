# libweir-nats: a library of its own over the public interface of weir, built where libnats is found.

libweir_nats_la_SOURCES = \
	nats/buffer.c nats/buffer.h \
	nats/burst.c nats/burst.h \
	nats/clock.c nats/clock.h \
	nats/connect.c nats/connect.h \
	nats/counts.c \
	nats/dead.c nats/dead.h \
	nats/handle.h \
	nats/held.c nats/held.h nats/identity.c nats/identity.h \
	nats/mailbox.c nats/mailbox.h \
	nats/open.c nats/open.h \
	nats/pull.c nats/pull.h \
	nats/put.c nats/put.h \
	nats/queue.c \
	nats/reason.c nats/reason.h \
	nats/repair.c nats/repair.h \
	nats/room.c nats/room.h \
	nats/send.c nats/send.h \
	nats/sentinel.c nats/sentinel.h \
	nats/settings.c nats/settings.h \
	nats/sink.c \
	nats/source.c \
	nats/stream.c nats/stream.h \
	nats/strings.c nats/strings.h \
	nats/take.c nats/take.h \
	nats/tick.c nats/tick.h
libweir_nats_la_CFLAGS = $(AM_CFLAGS) $(WEIR_VISIBILITY_CFLAGS) $(NATS_CFLAGS)
libweir_nats_la_LIBADD = libweir.la $(NATS_LIBS)
libweir_nats_la_LDFLAGS = $(AM_LDFLAGS) -version-info $(WEIR_NATS_VERSION_INFO) -no-undefined \
	-export-symbols $(top_srcdir)/nats/weir-nats.sym
libweir_nats_la_DEPENDENCIES = libweir.la $(top_srcdir)/nats/weir-nats.sym

if HAVE_NATS
lib_LTLIBRARIES += libweir-nats.la
weirinclude_HEADERS += include/weir/nats.h
pkgconfig_DATA += weir-nats.pc
else
EXTRA_LTLIBRARIES = libweir-nats.la
EXTRA_DIST += include/weir/nats.h
endif
EXTRA_DIST += nats/weir-nats.sym
