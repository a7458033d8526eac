"""
weir.Pipeline: stages of Python functions, connected by queues of weir.

A pipeline that runs is in `running`, so that it lives as long as its threads. They end when the ender has returned from
weir_pipeline_finish: a thread of Python, because a call of weir does not end by Ctrl-C.

In the main thread, KeyboardInterrupt may come between any two instructions, also behind a call of weir and before its
status is stored. So what decides of ownership is read from memory that weir has written, and a second ender is harmless.
"""

import atexit
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Optional

from weir._queue import Full, ShutDown, hold, release
from weir._weir import ffi, lib
from weir.queue import Queue
from weir.report import Report, take_report, text_of
from weir.stage import DeadLetter, Outcome, Stage, address, free_letter, letter_at, message_of, nanoseconds

NEVER = 2**64 - 1
UNBOUNDED = ffi.cast("size_t", -1)
SLICE = 50_000_000  # ns in which the main thread looks for signals
running: set["Pipeline"] = set()


class Failed(Exception):
    """An error of a stage has ended the run. `report` is that of the run; the cause is the exception of the stage."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


def until(call: Callable[[int], int], deadline: int) -> int:
    """Makes a call that blocks until a deadline; in the main thread in slices, between which Python handles signals."""
    if threading.current_thread() is not threading.main_thread():
        return call(deadline)
    while True:
        end = min(lib.weir_deadline_after(SLICE), deadline)
        status = call(end)
        if status != lib.WEIR_TIMEDOUT or end == deadline:
            return status


def deadline_of(timeout: Optional[float]) -> int:
    if timeout is not None and not timeout >= 0:
        raise ValueError("'timeout' must be a non-negative number")
    return NEVER if timeout is None else int(lib.weir_deadline_after(nanoseconds(timeout)))


class Pipeline:
    """
    A pipeline. Declare its stages with source and stage; iterate over it, or start it and put items.

    A `with` statement finishes it at its end, or cancels it if an exception leaves the block.
    """

    _pipeline: Any = ffi.NULL  # a weir_pipeline, from start on
    _letters: Any = ffi.NULL  # a weir_queue of dead letters, if a stage has them

    def __init__(self, name: str = "", *, max_items: int = 0, max_errors: int = 0, grace: float = 0) -> None:
        self._stages: list[Stage] = []
        self._connections: list[tuple[Stage, Stage]] = []
        self._back: list[tuple[Stage, Stage]] = []
        self._dead: list[tuple[Stage, Stage]] = []
        self._handles: list[Any] = []
        self._is_ending = False
        self._over = threading.Event()
        self._end_report: Optional[Report] = None
        self._name = ffi.new("char[]", name.encode())
        self._options = ffi.new("weir_pipeline_options *")
        self._options.name = self._name
        self._options.max_items = max_items
        self._options.max_errors = max_errors
        self._options.grace = nanoseconds(grace)
        self._options.settled = lib.weir_python_settled

    # ---- declaring ----

    def source(self, items: Iterable[Any], *, name: str = "source", **options: Any) -> Stage:
        """Adds a stage with the items of an iterable. Its thread asks for them."""
        return self._add(Stage(None, name, items=items, **options))

    def stage(self, function: Callable[[Any], Any], *, name: Optional[str] = None, **options: Any) -> Stage:
        """
        Adds a stage that calls `function` with each item; with batch=N, with a list of up to N items.

        What the function returns is the result. A generator function has as many results as it yields. An exception
        fails the attempt. Stage lists the options.
        """
        return self._add(Stage(function, name or str(getattr(function, "__name__", "stage")), **options))

    def _add(self, stage: Stage) -> Stage:
        if self._pipeline != ffi.NULL:
            raise ValueError("the pipeline is started")
        self._stages.append(stage)
        return stage

    def connect(self, upstream: Stage, downstream: Stage) -> None:
        """Connects two stages. Without any connection, the stages form a chain."""
        self._connections.append((upstream, downstream))

    def connect_back(self, downstream: Stage, upstream: Stage) -> None:
        """Allows the function of a stage to `feed` items to a stage upstream of it."""
        self._back.append((downstream, upstream))

    def connect_dead(self, stage: Stage, letters: Stage) -> None:
        """
        Sends the items that `stage` gives up to the stage `letters`, which gets nothing but DeadLetter objects. It may
        batch them and have results. What it gives up itself is dropped.
        """
        letters.gets_letters = True
        self._dead.append((stage, letters))

    def _sinks(self) -> list[Stage]:
        upstream = {id(stage) for stage, _ in self._connections}
        chain = [] if self._connections else [stage for stage in self._stages if not stage.gets_letters]
        upstream.update(id(stage) for stage in chain[:-1])
        return [stage for stage in self._stages if id(stage) not in upstream]

    # ---- starting ----

    def start(self) -> None:
        """Checks the stages and starts their threads. Raises ValueError, with the reason, if a stage is refused."""
        if self._pipeline != ffi.NULL:
            raise ValueError("the pipeline is started")
        pipeline = ffi.new("weir_pipeline **")
        self._check(lib.weir_pipeline_create(pipeline, self._options))
        self._pipeline = pipeline[0]
        try:
            self._declare()
            running.add(self)
            self._check(lib.weir_pipeline_start(self._pipeline))
        except BaseException:
            running.discard(self)
            self._free()
            raise

    def _declare(self) -> None:
        sinks = self._sinks()
        if any(stage.dead for stage in self._stages):
            self._make_letters()
        for stage in self._stages:
            stage.is_sink = stage in sinks and stage.results is None
            added, options = ffi.new("weir_stage **"), ffi.new("weir_stage_options *")
            name, handle = ffi.new("char[]", stage.name.encode()), ffi.new_handle(stage)
            options.name, options.work.arg = name, handle
            stage.fill(options, self._letters)
            self._handles.append(handle)
            self._check(lib.weir_pipeline_add(self._pipeline, added, options))
            stage.handle = added[0]
        for upstream, downstream in self._connections:
            self._check(lib.weir_pipeline_connect(self._pipeline, self._handle(upstream), self._handle(downstream)))
        for downstream, upstream in self._back:
            self._check(lib.weir_pipeline_connect_back(self._pipeline, self._handle(downstream), self._handle(upstream)))
        for stage, letters in self._dead:
            if stage.gets_letters or letters.dead:
                raise ValueError("a stage that gets dead letters has none itself")
            self._check(lib.weir_pipeline_connect_dead(self._pipeline, self._handle(stage), self._handle(letters)))

    def _handle(self, stage: Stage) -> Any:
        if stage not in self._stages:
            raise ValueError("the stage is of another pipeline")
        return stage.handle

    def _make_letters(self) -> None:
        letters, options = ffi.new("weir_queue **"), ffi.new("weir_queue_options *")
        options.capacity = UNBOUNDED
        options.drop = ffi.addressof(lib, "weir_python_drop_letter")
        self._check(lib.weir_queue_create_with(letters, options))
        self._letters = letters[0]

    def _check(self, status: int) -> None:
        if status == lib.WEIR_OK:
            return
        if status == lib.WEIR_NOMEM:
            raise MemoryError
        message = text_of(lib.weir_pipeline_message(self._pipeline)) or text_of(lib.weir_strerror(status))
        raise ValueError(message) if status == lib.WEIR_INVALID else RuntimeError(message)

    # ---- running ----

    def put(self, item: object, timeout: Optional[float] = None) -> None:
        """Puts an item into the first stage. Blocks while there is no room; raises Full after `timeout` seconds."""
        deadline, count = deadline_of(timeout), ffi.new("size_t *")
        held = hold(item)
        items = ffi.new("void *[]", [ffi.cast("void *", held)])
        try:
            status = until(
                lambda end: int(lib.weir_pipeline_put_many_until(self._pipeline, items, 1, count, end)), deadline
            )
        finally:
            if count[0] == 0:
                release(held)
        self._check_entered(status)

    def _check_entered(self, status: int) -> None:
        if status == lib.WEIR_TIMEDOUT:
            raise Full
        if status == lib.WEIR_CLOSED:
            raise ShutDown
        self._check(status)

    def submit(self, item: object, timeout: Optional[float] = None) -> "Future[Outcome]":
        """
        Puts an item, and returns a future of what becomes of it and of everything that comes of it: the worst of
        "done", "dropped", "dead" and "failed". A thread of the pipeline sets it, and calls its callbacks. It has no
        exception, and cannot be cancelled.
        """
        deadline, accepted = deadline_of(timeout), ffi.new("bool *")
        future: Future[Outcome] = Future()
        future.set_running_or_notify_cancel()
        held, ticket = hold(item), hold(future)
        places = ffi.cast("void *", held), ffi.cast("void *", ticket)
        try:
            status = until(lambda end: int(lib.weir_python_submit(self._pipeline, *places, end, accepted)), deadline)
        finally:
            if not accepted[0]:
                release(held), release(ticket)
        self._check_entered(status)
        return future

    def wait_idle(self, timeout: Optional[float] = None) -> bool:
        """
        Blocks until the sources have ended and nothing is in flight, fed items and retries included. Returns False after
        `timeout` seconds. Raises ShutDown if the pipeline was cancelled, or finished with items in flight.
        """
        self._check_started()
        status = until(lambda end: int(lib.weir_pipeline_wait_idle(self._pipeline, end)), deadline_of(timeout))
        if status in (lib.WEIR_CLOSED, lib.WEIR_CANCELLED):
            raise ShutDown
        if status == lib.WEIR_TIMEDOUT:
            return False
        self._check(status)
        return True

    def pause(self, stage: Optional[Stage] = None) -> None:
        """Pauses a stage, which begins no new call, or the entrance, where puts block. finish resumes everything."""
        self._check_started()
        self._check_open(lib.weir_pipeline_pause(self._pipeline, ffi.NULL if stage is None else self._handle(stage)))

    def resume(self, stage: Optional[Stage] = None) -> None:
        """Ends a pause of a stage, or of the entrance."""
        self._check_started()
        self._check(lib.weir_pipeline_resume(self._pipeline, ffi.NULL if stage is None else self._handle(stage)))

    def set_rate(self, stage: Stage, rate: float, burst: int = 0) -> None:
        """Changes the rate of a stage; 0 disables the limit. Waits for the old rate go on by the new one."""
        self._check_started()
        self._check_open(lib.weir_pipeline_set_rate(self._pipeline, self._handle(stage), rate, burst))

    def set_threads(self, stage: Stage, threads: int, max_threads: int) -> None:
        """Changes the limits of the number of threads of an elastic stage, up to its declared max_threads."""
        self._check_started()
        self._check_open(lib.weir_pipeline_set_threads(self._pipeline, self._handle(stage), threads, max_threads))

    def __iter__(self) -> Iterator[Any]:
        """
        Starts the pipeline, which needs a source, and yields the results of its last stage until its sources have ended.
        Raises Failed if an error of a stage has ended the run. If the loop is left early, the pipeline is cancelled.
        """
        if not any(stage.items is not None for stage in self._stages):
            raise ValueError("a pipeline without a source has its results in the queue of a stage (results=queue)")
        results: Queue[Any] = Queue(64)
        for stage in self._sinks():
            if not stage.gets_letters:
                stage.results = results
        self.start()
        try:
            self._begin_end()
            yield from results
        except BaseException:
            self.cancel()
            raise
        self.finish()

    def cancel(self) -> None:
        """Ends the run: items in flight are dropped. Does not wait for functions that run."""
        if self._pipeline != ffi.NULL:
            lib.weir_pipeline_cancel(self._pipeline)

    def finish(self, timeout: Optional[float] = None) -> Report:
        """
        Blocks until the sources have ended and all items are done, then ends the run and returns its report.

        After `timeout` seconds it cancels the pipeline, waits for the functions that run and raises TimeoutError.
        Raises Failed if an error of a stage has ended the run.
        """
        deadline_of(timeout)
        self._begin_end()
        in_time = self._over.wait(timeout)
        if not in_time:
            self.cancel()
            self._over.wait()
        report = self._end_report
        if report is None:
            raise MemoryError
        if report.outcome == "failed":
            self._raise_failed(report)
        if not in_time and report.outcome != "ok":
            raise TimeoutError("the pipeline was cancelled after its timeout")
        return report

    def _raise_failed(self, report: Report) -> None:
        error = report.errors[0]
        causes = (stage.last_error for stage in self._stages if stage.name == error.stage)
        cause = next((cause for cause in causes if cause and message_of(cause)[:100] == error.message[:100]), None)
        raise Failed(f"stage {error.stage}: {error.message}", report) from cause

    def _check_open(self, status: int) -> None:
        if status == lib.WEIR_CLOSED:
            raise ShutDown
        self._check(status)

    def _check_started(self) -> None:
        if self._pipeline == ffi.NULL:
            raise ValueError("the pipeline is not started")

    def _begin_end(self) -> None:
        self._check_started()
        if not self._is_ending:
            threading.Thread(target=self._end, name="weir-ender", daemon=True).start()
            self._is_ending = True

    def _stop(self) -> None:
        """Cancels a pipeline that is started and not over, and waits for its functions."""
        self.cancel()
        self._begin_end()
        self._over.wait()

    def _end(self) -> None:
        """Waits for the sources and finishes. Busy functions delay it: no thread may outlive the pipeline."""
        report = ffi.new("weir_report **")
        lib.weir_pipeline_wait(self._pipeline, NEVER)
        while lib.weir_pipeline_finish(self._pipeline, NEVER, report) == lib.WEIR_BUSY:
            lib.weir_report_free(report[0])
        try:
            if report[0] != ffi.NULL:
                self._end_report = take_report(report[0])
        finally:
            running.discard(self)
            self._over.set()

    # ---- observing ----

    def report(self) -> Report:
        """Returns the report of this instant."""
        report = ffi.new("weir_report **")
        self._check(lib.weir_pipeline_report(self._pipeline, report))
        return take_report(report[0])

    def dead_letters(self) -> Iterator[DeadLetter]:
        """Yields the items that stages with dead=True have given up, until the run is over."""
        place = ffi.new("void **")
        while self._letters != ffi.NULL:
            status = until(lambda end: int(lib.weir_queue_get_until(self._letters, place, end)), NEVER)
            if status != lib.WEIR_OK:
                return
            letter = letter_at(address(place[0]))
            free_letter(address(place[0]))
            yield letter

    # ---- the end ----

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._pipeline == ffi.NULL:
            return
        try:
            if kind is None:
                self.finish()
        finally:
            if not self._over.is_set():
                self._stop()

    def _free(self) -> None:
        for stage in self._stages if self._pipeline != ffi.NULL else []:
            stage.handle = ffi.NULL
        while lib.weir_pipeline_destroy(self._pipeline) == lib.WEIR_BUSY:
            pass  # it has waited for functions, and does so again
        lib.weir_queue_destroy(self._letters)
        self._pipeline = self._letters = ffi.NULL

    def __del__(self) -> None:
        self._free()


def end_all() -> None:
    """At the exit of Python: no thread of weir may run functions of Python after it."""
    for pipeline in list(running):
        pipeline._stop()


atexit.register(end_all)
