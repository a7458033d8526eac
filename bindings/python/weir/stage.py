"""
A stage of a pipeline, and the functions by which weir calls it.

An item is the address of an object, with one reference. A function that returns 0 has consumed its item, so it releases
the reference. After another code, the item is weir's again, with its reference.
"""

import inspect
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal, Optional, cast

from weir._queue import ShutDown, callbacks, held, hold, release
from weir._weir import ffi, lib
from weir.queue import Queue
from weir.report import text_of

RETRY, NO_RETRY = 1, 2  # codes of an exception; _weir.c has the second one too
INVALID_ROUTE = 2**64 - 1
current = threading.local()  # its `task` is the call of this thread
DROP, COPY = callbacks()

FanOut = Literal["round robin", "by key", "by choice", "to all"]
FAN_OUTS: dict[str, int] = {
    "round robin": lib.WEIR_ROUND_ROBIN,
    "by key": lib.WEIR_BY_KEY,
    "by choice": lib.WEIR_BY_CHOICE,
    "to all": lib.WEIR_TO_ALL,
}

Outcome = Literal["done", "dropped", "dead", "failed"]
OUTCOMES: dict[int, Outcome] = {
    lib.WEIR_ITEM_DONE: "done",
    lib.WEIR_ITEM_DROPPED: "dropped",
    lib.WEIR_ITEM_DEAD: "dead",
    lib.WEIR_ITEM_FAILED: "failed",
}


def nanoseconds(seconds: float) -> int:
    return min(round(seconds * 1e9), 2**64 - 1)


def address(pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))


@dataclass(frozen=True)
class DeadLetter:
    """An item that was given up, and the reason."""

    item: Any
    stage: str
    code: int
    message: str
    attempts: int


def letter_at(place: int) -> DeadLetter:
    """The weir_dead_letter at an address, which stays as it is."""
    letter = ffi.cast("weir_dead_letter *", place)
    item = held(address(letter.item))
    return DeadLetter(item, text_of(letter.stage), letter.code, text_of(letter.message), letter.attempts)


def free_letter(place: int) -> None:
    """Frees a weir_dead_letter, and releases its item."""
    letter = ffi.cast("weir_dead_letter *", place)
    release(address(letter.item))
    lib.weir_dead_letter_free(letter)


@dataclass(eq=False)
class Stage:
    """
    A stage. Its options are those of weir_pipeline(3), without the structs that hold them there: threads is
    threads.count, and max_threads is threads.max. Times are in seconds.
    """

    function: Optional[Callable[[Any], Any]]
    name: str
    threads: int = 1
    max_threads: int = 0
    width: int = 0
    capacity: int = 0
    ordered: bool = False
    fan_out: FanOut = "round robin"
    route: Optional[Callable[[Any], Any]] = None
    batch: int = 0
    batch_wait: float = 0
    rate: float = 0
    burst: int = 0
    key: Optional[Callable[[Any], Any]] = None
    per_key: int = 0
    key_rate: float = 0
    skip_errors: bool = False
    attempts: int = 0
    backoff: float = 0
    max_backoff: float = 0
    retry_on: Optional[tuple[type[BaseException], ...]] = None
    attempt_time: float = 0
    dead: bool = False
    results: Optional[Queue[Any]] = None
    items: Optional[Iterable[Any]] = None
    iterator: Iterator[Any] = field(init=False, repr=False)
    emits_many: bool = field(init=False, repr=False)
    is_sink: bool = field(init=False, repr=False)
    gets_letters: bool = field(init=False, repr=False, default=False)
    last_error: Optional[BaseException] = field(init=False, repr=False, default=None)
    handle: Any = field(init=False, repr=False, default=ffi.NULL)  # its weir_stage, from start on

    def __post_init__(self) -> None:
        self.emits_many = inspect.isgeneratorfunction(self.function)

    # ---- calls, in threads of weir ----

    def emit(self, task: Any, result: object) -> None:
        if not self.is_sink:  # weir ignores the results of a sink, references included
            lib.weir_task_emit(task, ffi.cast("void *", hold(result)))

    def call(self, task: Any, argument: object) -> None:
        assert self.function is not None
        if self.emits_many:
            for result in self.function(argument):
                self.emit(task, result)
        else:
            self.emit(task, self.function(argument))

    def code_of(self, error: BaseException) -> int:
        if not self.skip_errors:
            self.last_error = error
        return RETRY if self.retry_on is None or isinstance(error, self.retry_on) else NO_RETRY

    def fail(self, task: Any, error: BaseException) -> int:
        return int(lib.weir_python_fail(task, self.code_of(error), message_of(error).encode()))

    def item_at(self, place: int) -> Any:
        return letter_at(place) if self.gets_letters else held(place)

    def run(self, task: Any, items: list[int], argument: object) -> int:
        failed: set[int] = set()
        current.task, current.stage, current.failed = task, self, failed
        try:
            self.call(task, argument)
        except BaseException as error:
            return self.fail(task, error)
        finally:
            current.task = None
        for index, item in enumerate(items):
            if index not in failed:
                free_letter(item) if self.gets_letters else release(item)
        return 0

    def produce(self, task: Any) -> int:
        current.task = task
        try:
            item = next(self.iterator)
        except StopIteration:
            return int(lib.WEIR_END)
        except BaseException as error:
            return self.fail(task, error)
        finally:
            current.task = None
        self.emit(task, item)
        return 0

    # ---- its options in C ----

    def fill(self, options: Any, dead: Any) -> None:
        """Sets the members of a weir_stage_options, but name and arg. `dead` is the pipeline's queue of letters."""
        self.fill_work(options.work)
        options.threads.count = self.threads
        options.threads.max = self.max_threads
        options.threads.width = self.width
        options.input.capacity = self.capacity
        options.input.drop = ffi.cast("weir_drop_func *", DROP)
        if self.gets_letters:
            options.input.drop = ffi.addressof(lib, "weir_python_drop_letter")
        self.fill_output(options.output)
        self.fill_limits(options.limits)
        self.fill_errors(options.errors, dead)
        options.batch.items = self.batch
        options.batch.wait = nanoseconds(self.batch_wait)

    def fill_work(self, work: Any) -> None:
        if self.items is not None:
            self.iterator = iter(self.items)
            work.source = lib.weir_python_source
        elif self.batch > 0:
            work.run_batch = lib.weir_python_run_batch
        else:
            work.run = lib.weir_python_run

    def fill_limits(self, limits: Any) -> None:
        for member in ("rate", "burst", "per_key", "key_rate"):
            setattr(limits, member, getattr(self, member))
        if self.key is not None:
            limits.key = lib.weir_python_key

    def fill_errors(self, errors: Any, dead: Any) -> None:
        errors.on_error = lib.WEIR_SKIP if self.skip_errors else lib.WEIR_FAIL_FAST
        errors.attempt_time = nanoseconds(self.attempt_time)
        self.fill_retry(errors.retry)
        if self.dead:
            errors.dead = dead

    def fill_retry(self, retry: Any) -> None:
        retry.attempts = self.attempts
        retry.backoff = nanoseconds(self.backoff)
        retry.max_backoff = nanoseconds(self.max_backoff)
        if self.retry_on is not None:
            retry.when = ffi.addressof(lib, "weir_python_may_retry")

    def fill_output(self, output: Any) -> None:
        output.ordered = self.ordered
        output.fan_out = FAN_OUTS[self.fan_out]
        if self.fan_out == "to all":
            output.copy = ffi.cast("weir_copy_func *", COPY)
        if self.route is not None:
            output.route = lib.weir_python_route
        if self.results is not None:
            output.results = ffi.cast("weir_queue *", self.results._pointer)


def message_of(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def cancelled() -> bool:
    """
    Returns whether the pipeline of the calling stage function is cancelled, so that the function should return. Also
    true in the iterable of a source when the pipeline finishes. False outside these.
    """
    task = getattr(current, "task", None)
    return task is not None and bool(lib.weir_task_cancelled(task))


def feed(item: object, stage: Optional[Stage] = None) -> None:
    """
    In a stage's function: puts an item into its own stage, or into one upstream that connect_back names. Does not block,
    even above the capacity. Raises ShutDown if the input of the stage has ended.
    """
    task = getattr(current, "task", None)
    if task is None:
        raise RuntimeError("only the function of a stage feeds items")
    if stage is not None and stage.handle == ffi.NULL:
        raise ValueError("the stage is of another pipeline")
    held_item = hold(item)
    status = lib.weir_task_feed(task, ffi.NULL if stage is None else stage.handle, ffi.cast("void *", held_item))
    if status == lib.WEIR_OK:
        return
    release(held_item)
    if status == lib.WEIR_NOMEM:
        raise MemoryError
    if status == lib.WEIR_CLOSED:
        raise ShutDown
    raise ValueError("the calling stage is a source, or is not connected back to that stage")


def fail_item(index: int, error: BaseException) -> None:
    """
    In the function of a stage with `batch`: fails one item of its list, as an exception would fail all of them. The
    other items are done if the function then returns.
    """
    task = getattr(current, "task", None)
    if task is None:
        raise RuntimeError("only the function of a stage fails items")
    stage: Stage = current.stage
    if index < 0 or lib.weir_python_fail_item(task, index, stage.code_of(error), message_of(error).encode()):
        raise IndexError("the call has no batch with that item")
    current.failed.add(index)


# ---- callbacks ----


def run(task: Any, item: Any, state: Any) -> int:
    item = address(item)
    stage: Stage = ffi.from_handle(state)
    return stage.run(task, [item], stage.item_at(item))


def run_batch(task: Any, items: Any, count: int, state: Any) -> int:
    addresses = [address(items[i]) for i in range(count)]
    stage: Stage = ffi.from_handle(state)
    return stage.run(task, addresses, [stage.item_at(item) for item in addresses])


def source(task: Any, unused: Any, state: Any) -> int:
    stage: Stage = ffi.from_handle(state)
    return stage.produce(task)


def key(item: Any, arg: Any) -> int:
    stage: Stage = ffi.from_handle(arg)
    assert stage.key is not None
    return hash(stage.key(stage.item_at(address(item)))) & INVALID_ROUTE


def route(item: Any, arg: Any) -> int:
    stage: Stage = ffi.from_handle(arg)
    assert stage.route is not None
    chosen = stage.route(held(address(item)))
    return int(chosen) if stage.fan_out == "by choice" else hash(chosen) & INVALID_ROUTE


def settled(ticket: Any, outcome: int) -> None:
    cast("Future[Outcome]", release(address(ticket))).set_result(OUTCOMES[outcome])


ffi.def_extern(name="weir_python_run", error=NO_RETRY)(run)
ffi.def_extern(name="weir_python_run_batch", error=NO_RETRY)(run_batch)
ffi.def_extern(name="weir_python_source", error=NO_RETRY)(source)
ffi.def_extern(name="weir_python_key", error=0)(key)
ffi.def_extern(name="weir_python_route", error=INVALID_ROUTE)(route)
ffi.def_extern(name="weir_python_settled")(settled)
