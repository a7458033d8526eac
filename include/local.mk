# The public headers.

include_HEADERS = \
	include/weir.h \
	include/weir.hpp
weirincludedir = $(includedir)/weir
weirinclude_HEADERS = \
	include/weir/closable_queue.h \
	include/weir/command.h \
	include/weir/deadline.h \
	include/weir/error.hpp \
	include/weir/executor.h \
	include/weir/executor.hpp \
	include/weir/export.h \
	include/weir/future.h \
	include/weir/operation.h \
	include/weir/pipeline.h \
	include/weir/pipeline.hpp \
	include/weir/port.h \
	include/weir/priority.h \
	include/weir/process.h \
	include/weir/queue.hpp \
	include/weir/report.h \
	include/weir/select.h \
	include/weir/signals.h \
	include/weir/stage.hpp \
	include/weir/status.h \
	include/weir/stoppable_worker.h \
	include/weir/task_group.h \
	include/weir/version.h
