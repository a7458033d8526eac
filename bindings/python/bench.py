"""
Compares weir.Queue with queue.Queue and queue.SimpleQueue: items per second through one queue.

    python3 bench.py [REPETITIONS [ITEMS]]

Prints the median of interleaved runs. SimpleQueue has no maxsize, no join and no task_done.
"""

import queue
import statistics
import sys
import threading
import time

import weir

QUEUES = {"weir.Queue": weir.Queue, "queue.Queue": queue.Queue, "queue.SimpleQueue": lambda maxsize: queue.SimpleQueue()}
SHAPES = ((1, 1), (4, 4), (1, 7), (7, 1))
CAPACITY = 1024


def produce(target, count):
    for number in range(count):
        target.put(number)


def consume(target):
    while target.get() is not None:
        pass


def both(target, count):
    for number in range(count):
        target.put(number)
        target.get()


def timed(threads):
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def through(make, producers, consumers, items):
    target = make(CAPACITY)
    puts = [threading.Thread(target=produce, args=(target, items // producers)) for _ in range(producers)]
    gets = [threading.Thread(target=consume, args=(target,)) for _ in range(consumers)]
    for thread in gets:
        thread.start()
    start = time.perf_counter()
    timed(puts)
    for _ in gets:
        target.put(None)
    for thread in gets:
        thread.join()
    return items / (time.perf_counter() - start)


def put_and_get(make, threads, items):
    target = make(CAPACITY)
    return items / timed([threading.Thread(target=both, args=(target, items // threads)) for _ in range(threads)])


def rows(items):
    for producers, consumers in SHAPES:
        yield f"{producers} put, {consumers} get", lambda make: through(make, producers, consumers, items)
    for threads in (1, 8):
        yield f"{threads} put and get", lambda make: put_and_get(make, threads, items)


def main():
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    items = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    print(f"{'thousand items per second':<26}" + "".join(f"{name:>20}" for name in QUEUES) + f"{'weir to Queue':>15}")
    for name, measure in rows(items):
        figures = {kind: [] for kind in QUEUES}
        for _ in range(repetitions):
            for kind, make in QUEUES.items():
                figures[kind].append(measure(make))
        medians = [statistics.median(figures[kind]) for kind in QUEUES]
        print(f"{name:<26}" + "".join(f"{median / 1000:>20.0f}" for median in medians) + f"{medians[0] / medians[1]:>14.1f}x")


if __name__ == "__main__":
    main()
