"""What weir.Queue promises beyond CPython's tests."""

import gc
import signal
import subprocess
import sys
import threading
import unittest
import weakref

import weir

WAIT_FOR_CTRL_C = """
import signal, sys, threading, weir
signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup and & ignore it
queue = weir.Queue(1)
{before}
try:
    print("ready", flush=True)
    queue.{call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def in_thread(function, *args):
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*args)), daemon=True)
    thread.start()
    return thread, results


class Thing:
    pass


class Items(unittest.TestCase):
    def test_order_is_that_of_the_puts(self):
        queue = weir.Queue()
        for number in range(1000):
            queue.put(number)
        self.assertEqual([queue.get() for _ in range(1000)], list(range(1000)))

    def test_references_are_exact(self):
        thing = Thing()
        before = sys.getrefcount(thing)
        queue = weir.Queue(2)
        queue.put(thing)
        self.assertEqual(sys.getrefcount(thing), before + 1)
        self.assertIs(queue.get(), thing)
        self.assertEqual(sys.getrefcount(thing), before)
        queue.put(thing)
        queue.put(thing)
        with self.assertRaises(weir.Full):
            queue.put(thing, timeout=0.001)
        self.assertEqual(sys.getrefcount(thing), before + 2)
        queue.shutdown(immediate=True)
        self.assertEqual(sys.getrefcount(thing), before)
        with self.assertRaises(weir.ShutDown):
            queue.put(thing)
        self.assertEqual(sys.getrefcount(thing), before)

    def test_a_queue_frees_what_it_holds(self):
        thing = Thing()
        gone = weakref.ref(thing)
        queue = weir.Queue()
        queue.put(thing)
        del thing
        gc.collect()
        self.assertIsNotNone(gone())
        del queue
        self.assertIsNone(gone())

    def test_every_object_is_an_item(self):
        queue = weir.Queue()
        for item in (None, False, 0, queue, weir.Empty):
            queue.put(item)
            self.assertIs(queue.get(), item)

    def test_none_is_lost_among_threads(self):
        queue, total, threads = weir.Queue(3), 4000, []
        for start in range(4):
            threads.append(in_thread(lambda first: [queue.put(n) for n in range(first, total, 4)], start))
        consumers = [in_thread(lambda: list(queue)) for _ in range(4)]
        for thread, _ in threads:
            thread.join()
        queue.shutdown()
        got = []
        for thread, results in consumers:
            thread.join()
            got += results[0]
        self.assertEqual(sorted(got), list(range(total)))
        queue.join()


class Ends(unittest.TestCase):
    def test_close_ends_one_consumer(self):
        queue = weir.Queue()
        queue.put(1)
        queue.close()
        queue.put(2)
        self.assertEqual(list(queue), [1])
        self.assertEqual(queue.get(), 2)
        queue.task_done()
        queue.join()

    def test_close_waits_for_room(self):
        queue = weir.Queue(1)
        queue.put(1)
        with self.assertRaises(weir.Full):
            queue.close(block=False)
        with self.assertRaises(weir.Full):
            queue.close(timeout=0.001)
        thread, _ = in_thread(queue.close)
        self.assertEqual(list(queue), [1])
        thread.join()

    def test_shutdown_lets_the_rest_out(self):
        queue = weir.Queue()
        queue.put(1)
        queue.shutdown()
        self.assertTrue(queue.is_shutdown)
        with self.assertRaises(weir.ShutDown):
            queue.put(2)
        with self.assertRaises(weir.ShutDown):
            queue.close()
        self.assertEqual(queue.get(), 1)
        with self.assertRaises(weir.ShutDown):
            queue.get_nowait()

    def test_immediate_shutdown_settles_the_rest(self):
        queue = weir.Queue()
        queue.put(1)
        queue.put(2)
        queue.get()
        thread, _ = in_thread(queue.join)
        queue.shutdown(immediate=True)
        self.assertEqual((queue.qsize(), queue.unfinished_tasks), (0, 1))
        queue.task_done()
        thread.join()

    def test_shutdown_wakes_all(self):
        queue = weir.Queue(1)
        ended = [in_thread(lambda: list(queue)) for _ in range(3)]
        queue.shutdown()
        for thread, results in ended:
            thread.join()
            self.assertEqual(results, [[]])

    def test_a_loop_settles_its_items(self):
        queue = weir.Queue()
        for number in range(3):
            queue.put(number)
        for number in queue:
            self.assertEqual(queue.unfinished_tasks, 3 - number)
            if number == 1:
                break
        self.assertEqual(queue.unfinished_tasks, 1)


class Arguments(unittest.TestCase):
    def test_they_are_those_of_queue(self):
        queue = weir.Queue(maxsize=2)
        queue.put(item=1)
        queue.put(2, block=True, timeout=None)
        self.assertEqual(queue.maxsize, 2)
        self.assertEqual(queue.get(True, 1), 1)
        self.assertEqual(queue.get(timeout=1e300), 2)

    def test_wrong_ones_are_refused(self):
        queue = weir.Queue()
        for call, args, named in (
            (queue.put, (), {}),
            (queue.put, (1, True, None, 4), {}),
            (queue.put, (1,), {"item": 2}),
            (queue.put, (1,), {"wait": 2}),
            (queue.get, (True, "soon"), {}),
            (queue.shutdown, (1, 2), {}),
        ):
            with self.assertRaises(TypeError):
                call(*args, **named)
        for timeout in (-1, float("nan")):
            with self.assertRaises(ValueError):
                queue.get(timeout=timeout)
        self.assertEqual(queue.qsize(), 0)

    def test_sizes(self):
        self.assertEqual(weir.Queue(-1).maxsize, -1)
        self.assertFalse(weir.Queue(-1).full())
        with self.assertRaises(MemoryError):
            weir.Queue(sys.maxsize)
        with self.assertRaises(RuntimeError):
            weir.Queue().__init__()
        with self.assertRaises(ValueError):
            weir.Queue.__new__(weir.Queue).put(1)

    def test_types_have_parameters(self):
        self.assertEqual(weir.Queue[int](3).maxsize, 3)


class Signals(unittest.TestCase):
    def interrupt(self, call, before=""):
        program = WAIT_FOR_CTRL_C.format(call=call, before=before)
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
            self.assertEqual(child.stdout.readline(), "ready\n")
            child.send_signal(signal.SIGINT)
            self.assertEqual(child.stdout.readline(), "interrupted\n")
        self.assertEqual(child.returncode, 0)

    def test_ctrl_c_ends_a_get(self):
        self.interrupt("get()")

    def test_ctrl_c_ends_a_get_with_a_timeout(self):
        self.interrupt("get(timeout=3600)")

    def test_ctrl_c_ends_a_put(self):
        self.interrupt("put(2)", "queue.put(1)")

    def test_ctrl_c_ends_a_join(self):
        self.interrupt("join()", "queue.put(1)")

    def test_handlers_run_during_a_get(self):
        queue = weir.Queue()
        previous = signal.signal(signal.SIGALRM, lambda *_: queue.put("from the handler"))
        self.addCleanup(signal.signal, signal.SIGALRM, previous)
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        self.assertEqual(queue.get(), "from the handler")


if __name__ == "__main__":
    unittest.main()
