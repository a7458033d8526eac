"""
Staged pipelines and fast queues for threads, by the C library weir.

weir.Queue has the interface of queue.Queue. weir.Pipeline runs functions in stages, which queues connect.
"""

from weir._queue import Empty, Full, ShutDown
from weir.pipeline import Failed, Pipeline
from weir.queue import Queue
from weir.report import Counts, Error, Report, StageReport
from weir.stage import DeadLetter, Outcome, Stage, cancelled, fail_item, feed

__all__ = [
    "Counts", "DeadLetter", "Empty", "Error", "Failed", "Full", "Outcome", "Pipeline", "Queue", "Report", "ShutDown",
    "Stage", "StageReport", "cancelled", "fail_item", "feed",
]
