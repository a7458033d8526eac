"""The state and the figures of a pipeline at one instant, as plain data; times are in seconds."""

from dataclasses import dataclass
from typing import Any

from weir._weir import ffi, lib

STATES = ("ready", "running", "draining", "cancelled", "over")
OUTCOMES = {lib.WEIR_OK: "ok", lib.WEIR_FAILED: "failed", lib.WEIR_CANCELLED: "cancelled", lib.WEIR_TIMEDOUT: "timed out"}


@dataclass(frozen=True)
class Counts:
    """Numbers of items: entered = done + failed + dead + dropped + live."""

    entered: int
    done: int
    failed: int
    dead: int
    dropped: int
    live: int


@dataclass(frozen=True)
class StageReport:
    """One stage; busy, starved and blocked are summed over its threads, p50 to max are those of a call."""

    name: str
    counts: Counts
    retried: int
    overdue: int
    threads: int
    capacity: int
    depth: int
    peak: int
    waiting: int
    backing_off: int
    busy: float
    starved: float
    blocked: float
    p50: float
    p90: float
    p99: float
    max: float
    rate: float


@dataclass(frozen=True)
class Error:
    """One failed attempt; `fatal` is the one that ended the run."""

    stage: str
    code: int
    message: str
    attempts: int
    at: float
    fatal: bool


@dataclass(frozen=True)
class Report:
    """A pipeline. str(report) is a table; dataclasses.asdict makes a dict of it."""

    name: str
    state: str
    outcome: str
    elapsed: float
    counts: Counts
    retried: int
    stages: tuple[StageReport, ...]
    error_count: int
    errors: tuple[Error, ...]
    latest: tuple[Error, ...]
    table: str
    prometheus: str
    dot: str

    def __str__(self) -> str:
        return self.table


def text_of(string: Any) -> str:
    return bytes(ffi.string(string)).decode(errors="replace")


def counts_of(counts: Any) -> Counts:
    return Counts(getattr(counts, "in"), counts.done, counts.failed, counts.dead, counts.dropped, counts.live)


def stage_of(stage: Any) -> StageReport:
    names = ("retried", "overdue", "threads", "capacity", "depth", "peak", "waiting", "backing_off")
    numbers = {name: getattr(stage, name) for name in names}
    times = {name: getattr(stage, name) / 1e9 for name in ("busy", "starved", "blocked", "p50", "p90", "p99", "max")}
    return StageReport(
        name=text_of(stage.name), counts=counts_of(stage.counts), rate=stage.rate, **numbers, **times
    )


def error_of(error: Any) -> Error:
    return Error(
        text_of(error.stage), error.code, text_of(error.message), error.attempts, error.at / 1e9, error.fatal
    )


def printed(report: Any, format: int) -> str:
    text = ffi.new("char **")
    if lib.weir_report_text(report, format, text, ffi.NULL) != lib.WEIR_OK:
        raise MemoryError
    try:
        return text_of(text[0])
    finally:
        lib.free(text[0])


def take_report(report: Any) -> Report:
    """Makes a Report of a weir_report, which is freed."""
    try:
        return Report(
            text_of(report.name),
            STATES[report.state],
            OUTCOMES.get(report.outcome) or text_of(lib.weir_strerror(report.outcome)),
            report.elapsed / 1e9,
            counts_of(report.counts),
            report.retried,
            tuple(stage_of(report.stages[i]) for i in range(report.stage_count)),
            report.error_count,
            tuple(error_of(report.errors[i]) for i in range(report.kept_errors)),
            tuple(error_of(report.latest[i]) for i in range(report.latest_count)),
            *(printed(report, format) for format in (lib.WEIR_TABLE, lib.WEIR_PROMETHEUS, lib.WEIR_DOT)),
        )
    finally:
        lib.weir_report_free(report)
