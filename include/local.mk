# The public headers.

include_HEADERS = \
	include/weir.h
weirincludedir = $(includedir)/weir
weirinclude_HEADERS = \
	include/weir/closable_queue.h \
	include/weir/deadline.h \
	include/weir/executor.h \
	include/weir/export.h \
	include/weir/future.h \
	include/weir/pipeline.h \
	include/weir/priority.h \
	include/weir/report.h \
	include/weir/signals.h \
	include/weir/status.h \
	include/weir/stoppable_worker.h \
	include/weir/task_group.h \
	include/weir/version.h
