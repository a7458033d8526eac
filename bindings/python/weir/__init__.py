"""
Staged pipelines and fast queues for threads, by the C library weir.

weir.Queue has the interface of queue.Queue. weir.Pipeline runs functions in stages, which queues connect.
"""

from weir._queue import Empty, Full, ShutDown
from weir.queue import Queue

__all__ = ["Empty", "Full", "Queue", "ShutDown"]
