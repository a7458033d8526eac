"""weir.Queue: what the type in C lacks of queue.Queue, and iteration."""

from collections.abc import Iterator
from typing import TypeVar

from weir import _queue

T = TypeVar("T")


class Queue(_queue.Queue[T]):
    """
    A bounded, blocking queue that can be closed, with the interface of queue.Queue.

    `for item in queue` gets items until a close or a shutdown ends them. It calls task_done for each item when the
    loop asks for the next one, or ends.
    """

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                item = self.get()
            except _queue.ShutDown:
                return
            try:
                yield item
            finally:
                del item
                self.task_done()
