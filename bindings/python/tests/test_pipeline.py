"""weir.Pipeline: stages, failures, ends and references."""

import dataclasses
import gc
import signal
import subprocess
import sys
import threading
import time
import unittest
import weakref
from unittest import mock

import weir

INTERRUPTED = """
import signal, threading, weir
signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup and & ignore it
def wait(item):
    print("ready", flush=True)
    while not weir.cancelled():
        threading.Event().wait(0.001)
    print("cancelled", flush=True)
try:
    with weir.Pipeline() as pipeline:
        {body}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""

NEVER_FINISHED = """
import weir
pipeline = weir.Pipeline()
pipeline.stage(print)
pipeline.start()
pipeline.put("item", timeout=60)
"""


class Thing:
    pass


def double(number):
    return 2 * number


def twice(number):
    yield number
    yield number


def item_of(letter):
    return letter.item


def refuse_odd(number):
    if number % 2 == 1:
        raise ValueError(f"{number} is odd")
    return number


def results_of(items, *stages, **options):
    with weir.Pipeline() as pipeline:
        pipeline.source(items)
        for number, stage in enumerate(stages):
            pipeline.stage(stage, name=f"{stage.__name__} {number}", **options)
        return list(pipeline)


class Stages(unittest.TestCase):
    def test_results_pass_from_stage_to_stage(self):
        self.assertEqual(results_of(range(1000), double, double), [4 * n for n in range(1000)])

    def test_ordered_results_of_several_threads(self):
        self.assertEqual(results_of(range(1000), double, threads=4, ordered=True), [2 * n for n in range(1000)])

    def test_a_stage_on_the_crew(self):
        self.assertEqual(sorted(results_of(range(1000), double, threads=0)), [2 * n for n in range(1000)])

    def test_a_generator_has_several_results(self):
        self.assertEqual(results_of(range(3), twice, double), [0, 0, 2, 2, 4, 4])

    def test_batches(self):
        self.assertEqual(results_of(range(7), len, batch=3), [3, 3, 1])

    def test_keys(self):
        inside, seen = set(), []

        def alone(item):
            seen.append(item % 3 in inside)
            inside.add(item % 3)
            inside.discard(item % 3)

        results_of(range(300), alone, threads=4, key=lambda item: item % 3, per_key=1)
        self.assertEqual((len(seen), any(seen)), (300, False))

    def test_a_choice_of_the_next_stage(self):
        with weir.Pipeline() as pipeline:
            source = pipeline.source(range(10), fan_out="by choice", route=lambda n: n % 2)
            even = pipeline.stage(lambda n: ("even", n), name="even")
            odd = pipeline.stage(lambda n: ("odd", n), name="odd")
            pipeline.connect(source, even)
            pipeline.connect(source, odd)
            got = sorted(pipeline)
        self.assertEqual(got, sorted([("odd" if n % 2 else "even", n) for n in range(10)]))

    def test_results_for_all(self):
        with weir.Pipeline() as pipeline:
            source = pipeline.source(["item"], fan_out="to all")
            for name in ("a", "b"):
                pipeline.connect(source, pipeline.stage(lambda item, name=name: (name, item), name=name))
            self.assertEqual(sorted(pipeline), [("a", "item"), ("b", "item")])

    def test_fed_items_come_back(self):
        leaves = weir.Queue()

        def halve(number):
            if number == 1:
                leaves.put(number)
                return
            weir.feed(number // 2, first)
            weir.feed(number - number // 2, first)

        with weir.Pipeline() as pipeline:
            first = pipeline.stage(lambda number: number, threads=2)
            last = pipeline.stage(halve, threads=2)
            pipeline.connect(first, last)
            pipeline.connect_back(last, first)
            pipeline.start()
            pipeline.put(500)
            self.assertTrue(pipeline.wait_idle(60))
            self.assertEqual(leaves.qsize(), 500)
            pipeline.put(300)
        self.assertEqual(leaves.qsize(), 800)
        with self.assertRaises(weir.ShutDown):
            pipeline.pause()

    def test_a_stage_feeds_itself(self):
        seen = weir.Queue()

        def count_down(number):
            seen.put(number)
            if number > 0:
                weir.feed(number - 1)

        results_of([9], count_down)
        self.assertEqual(list(seen.get() for _ in range(seen.qsize())), list(range(9, -1, -1)))

    def test_a_feed_that_is_refused(self):
        thing, errors = Thing(), []
        reference = weakref.ref(thing)

        def feed_elsewhere(item):
            for stage in (other, weir.Pipeline().stage(double), freed):
                try:
                    weir.feed(item, stage)
                except ValueError as error:
                    errors.append(str(error))

        with self.assertRaises(RuntimeError):
            weir.feed(1)
        with weir.Pipeline() as pipeline:
            freed = pipeline.stage(double)
            pipeline.start()
        del pipeline
        gc.collect()
        with weir.Pipeline() as pipeline:
            other = pipeline.stage(lambda item: item)
            pipeline.stage(feed_elsewhere)
            pipeline.start()
            pipeline.put(thing)
            del thing
        self.assertEqual(len(errors), 3)
        del pipeline, other
        gc.collect()
        self.assertIsNone(reference())

    def test_a_paused_stage_and_a_paused_entrance(self):
        seen = weir.Queue()
        with weir.Pipeline() as pipeline:
            stage = pipeline.stage(seen.put)
            with self.assertRaises(ValueError):
                pipeline.pause(stage)
            pipeline.start()
            pipeline.pause(stage)
            pipeline.put(1)
            self.assertFalse(pipeline.wait_idle(0.05))
            self.assertEqual(seen.qsize(), 0)
            pipeline.resume(stage)
            self.assertTrue(pipeline.wait_idle(60))
            pipeline.pause()
            with self.assertRaises(weir.Full):
                pipeline.put(2, timeout=0.05)
            with self.assertRaises(ValueError):
                pipeline.pause(weir.Pipeline().stage(double))
            pipeline.resume()
            pipeline.put(2, timeout=60)
        self.assertEqual([seen.get(), seen.get()], [1, 2])

    def test_a_rate_and_threads_change_while_it_runs(self):
        seen = weir.Queue()
        pipeline = weir.Pipeline()
        stage = pipeline.stage(seen.put, max_threads=2, key=lambda item: 0, per_key=1, key_rate=1e9)
        with self.assertRaises(ValueError):
            pipeline.set_rate(stage, 1)
        with pipeline:
            pipeline.start()
            pipeline.set_rate(stage, 1e-9)
            pipeline.put(1)
            pipeline.put(2)
            self.assertFalse(pipeline.wait_idle(0.05))
            self.assertEqual(seen.qsize(), 1)
            pipeline.set_rate(stage, 0)
            self.assertTrue(pipeline.wait_idle(60))
            pipeline.set_threads(stage, 2, 2)
            for threads, most in ((0, 1), (2, 1), (1, 3)):
                with self.assertRaises(ValueError):
                    pipeline.set_threads(stage, threads, most)
            with self.assertRaises(ValueError):
                pipeline.set_rate(stage, -1)
        with self.assertRaises(weir.ShutDown):
            pipeline.set_threads(stage, 1, 1)
        self.assertEqual([seen.get(), seen.get()], [1, 2])

    def test_a_cancel_ends_a_wait_for_idle(self):
        with self.assertRaises(ValueError):
            weir.Pipeline().wait_idle()
        pipeline = weir.Pipeline()
        pipeline.stage(double)
        pipeline.start()
        pipeline.cancel()
        with self.assertRaises(weir.ShutDown):
            pipeline.wait_idle(60)
        pipeline.finish()

    def test_items_put_and_a_queue_of_results(self):
        results = weir.Queue()
        with weir.Pipeline() as pipeline:
            pipeline.stage(double, results=results)
            pipeline.start()
            for number in range(10):
                pipeline.put(number)
        self.assertEqual(list(results), [2 * n for n in range(10)])
        with self.assertRaises(weir.ShutDown):
            pipeline.put(1)

    def test_a_put_without_room(self):
        release = threading.Event()
        with weir.Pipeline() as pipeline:
            pipeline.stage(lambda item: release.wait(), name="wait", capacity=1)
            pipeline.start()
            with self.assertRaises(weir.Full):
                for number in range(10):
                    pipeline.put(number, timeout=0.01)
            release.set()


class Failures(unittest.TestCase):
    def test_an_exception_ends_the_run(self):
        with self.assertRaises(weir.Failed) as raised:
            results_of([2, 3], refuse_odd)
        self.assertEqual(str(raised.exception), "stage refuse_odd 0: ValueError: 3 is odd")
        self.assertIsInstance(raised.exception.__cause__, ValueError)
        self.assertEqual(raised.exception.report.outcome, "failed")
        self.assertTrue(raised.exception.report.errors[0].fatal)

    def test_the_rest_goes_on(self):
        self.assertEqual(results_of(range(10), refuse_odd, skip_errors=True), [0, 2, 4, 6, 8])

    def test_dead_letters(self):
        with weir.Pipeline() as pipeline:
            pipeline.source(range(4))
            pipeline.stage(refuse_odd, skip_errors=True, dead=True, attempts=2)
            self.assertEqual(list(pipeline), [0, 2])
            letters = list(pipeline.dead_letters())
        self.assertEqual([letter.item for letter in letters], [1, 3])
        self.assertEqual((letters[0].stage, letters[0].attempts), ("refuse_odd", 2))
        self.assertEqual(letters[0].message, "ValueError: 1 is odd")

    def test_a_stage_for_dead_letters(self):
        table = []

        def record(letters):
            table.append([(letter.item, letter.stage, letter.message, letter.attempts) for letter in letters])

        with weir.Pipeline() as pipeline:
            pipeline.source(range(8))
            checked = pipeline.stage(refuse_odd, skip_errors=True, attempts=2)
            pipeline.connect_dead(checked, pipeline.stage(record, batch=3))
            self.assertEqual(list(pipeline), [0, 2, 4, 6])
            counts = pipeline.report().counts
        self.assertEqual([len(letters) for letters in table], [3, 1])
        self.assertEqual(table[0][0], (1, "refuse_odd", "ValueError: 1 is odd", 2))
        self.assertEqual((counts.done, counts.dead), (4, 4))

    def test_results_of_dead_letters(self):
        results = weir.Queue()
        with weir.Pipeline() as pipeline:
            checked = pipeline.stage(refuse_odd, skip_errors=True)
            letters = pipeline.stage(item_of, key=lambda letter: letter.code, per_key=1)
            table = pipeline.stage(double, results=results)
            pipeline.connect(letters, table)
            pipeline.connect_dead(checked, letters)
            pipeline.start()
            for number in range(4):
                pipeline.put(number)
        self.assertEqual(list(results), [2, 6])

    def test_letters_that_are_refused(self):
        for options in ({"dead": True}, {"skip_errors": True}):
            pipeline = weir.Pipeline()
            first, second = pipeline.stage(refuse_odd), pipeline.stage(double, **options)
            pipeline.connect_dead(first, second)
            if "dead" not in options:
                pipeline.connect_dead(second, pipeline.stage(print))
            with self.assertRaisesRegex(ValueError, "has none itself"):
                pipeline.start()
        pipeline = weir.Pipeline()
        pipeline.connect_dead(pipeline.source([]), pipeline.stage(print))
        with self.assertRaises(ValueError):
            pipeline.start()

    def test_one_item_of_a_batch(self):
        def refuse_odd_ones(numbers):
            for index, number in enumerate(numbers):
                if number % 2 == 1:
                    weir.fail_item(index, ValueError(f"{number} is odd"))
            for index in (-1, len(numbers)):
                with self.assertRaises(IndexError):
                    weir.fail_item(index, ValueError())
            yield sum(number for number in numbers if number % 2 == 0)

        with weir.Pipeline() as pipeline:
            pipeline.source(range(6))
            pipeline.stage(refuse_odd_ones, batch=6, skip_errors=True, dead=True, attempts=2)
            self.assertEqual(list(pipeline), [6, 0])
            letters = list(pipeline.dead_letters())
        self.assertEqual([(letter.item, letter.attempts) for letter in letters], [(1, 2), (3, 2), (5, 2)])
        self.assertEqual(letters[2].message, "ValueError: 5 is odd")

    def test_one_item_that_ends_the_run(self):
        error = ValueError("bad")
        with self.assertRaises(weir.Failed) as raised:
            results_of([1, 2], lambda numbers: weir.fail_item(1, error), batch=2)
        self.assertIs(raised.exception.__cause__, error)

    def test_items_of_no_batch(self):
        with self.assertRaises(RuntimeError):
            weir.fail_item(0, ValueError())
        with self.assertRaises(weir.Failed) as raised:
            results_of([1], lambda number: weir.fail_item(0, ValueError()))
        self.assertIsInstance(raised.exception.__cause__, IndexError)

    def test_retries(self):
        tried = []

        def second_time(item):
            tried.append(item)
            if len(tried) == 1:
                raise OSError("try again")
            return item

        self.assertEqual(results_of(["item"], second_time, attempts=3, backoff=0.001), ["item"])
        self.assertEqual(len(tried), 2)

    def test_errors_that_are_not_to_be_retried(self):
        tried = []

        def never(item):
            tried.append(item)
            raise KeyError(item)

        self.assertEqual(results_of(["item"], never, attempts=3, retry_on=(OSError,), skip_errors=True), [])
        self.assertEqual(tried, ["item"])

    def test_an_exception_of_the_source(self):
        def items():
            yield 1
            raise RuntimeError("no more")

        with self.assertRaisesRegex(weir.Failed, "stage source: RuntimeError: no more"):
            results_of(items(), double)

    def test_a_route_that_raises_fails_its_item(self):
        hook, sys.unraisablehook = sys.unraisablehook, lambda *_: None
        stderr, sys.stderr = sys.stderr, open("/dev/null", "w", encoding="utf-8")
        try:
            with self.assertRaises(weir.Failed), weir.Pipeline() as pipeline:
                source = pipeline.source([1], fan_out="by choice", route=lambda n: n.missing)
                pipeline.connect(source, pipeline.stage(double))
                pipeline.connect(source, pipeline.stage(twice))
                list(pipeline)
        finally:
            sys.stderr.close()
            sys.unraisablehook, sys.stderr = hook, stderr

    def test_refusals_have_a_reason(self):
        pipeline = weir.Pipeline()
        with self.assertRaises(ValueError):
            pipeline.put(1)
        with self.assertRaises(ValueError):
            pipeline.finish()
        with self.assertRaises(ValueError):
            list(pipeline)
        pipeline.stage(double, backoff=1)
        with self.assertRaisesRegex(ValueError, "double.*backoff"):
            pipeline.start()


class Ends(unittest.TestCase):
    def test_the_report_is_data(self):
        with weir.Pipeline("numbers") as pipeline:
            pipeline.source(range(10))
            pipeline.stage(refuse_odd, skip_errors=True)
            list(pipeline)
            report = pipeline.report()
        self.assertEqual((report.name, report.state, report.outcome), ("numbers", "over", "ok"))
        counts = dataclasses.asdict(report)["stages"][1]["counts"]
        self.assertEqual(counts, {"entered": 10, "done": 5, "failed": 5, "dead": 0, "dropped": 0, "live": 0})
        self.assertIn("refuse_odd", str(report))
        self.assertIn("weir_", report.prometheus)
        self.assertEqual(report.error_count, 5)

    def test_the_report_tells_what_waits_for_its_turn(self):
        released = threading.Event()

        def hold_first(number):
            if number == 0:
                released.wait(60)
            return number

        with weir.Pipeline() as pipeline:
            pipeline.source(range(4))
            pipeline.stage(hold_first, threads=2, ordered=True)
            pipeline.start()
            limit = time.monotonic() + 60
            while (waiting := pipeline.report().stages[1].waiting) < 3 and time.monotonic() < limit:
                time.sleep(0.01)
            released.set()
            report = pipeline.finish()
        self.assertEqual((waiting, report.stages[1].waiting), (3, 0))

    def test_leaving_a_loop_cancels(self):
        with weir.Pipeline() as pipeline:
            pipeline.source(iter(int, 1))
            pipeline.stage(double)
            for _ in pipeline:
                break
            report = pipeline.finish()
        self.assertEqual(report.outcome, "cancelled")

    def test_an_exception_in_the_block_cancels(self):
        with self.assertRaises(ZeroDivisionError), weir.Pipeline() as pipeline:
            pipeline.source(iter(int, 1))
            pipeline.stage(double)
            pipeline.start()
            raise ZeroDivisionError
        self.assertEqual(pipeline.report().state, "over")

    def test_a_finish_with_a_timeout(self):
        def wait(item):
            while not weir.cancelled():
                threading.Event().wait(0.001)

        pipeline = weir.Pipeline()
        pipeline.source([1])
        pipeline.stage(wait)
        pipeline.start()
        with self.assertRaises(TimeoutError):
            pipeline.finish(timeout=0.01)
        self.assertFalse(weir.cancelled())

    def test_an_interrupt_at_the_beginning_of_the_end(self):
        pipeline = weir.Pipeline()
        pipeline.source([1])
        pipeline.stage(double)
        pipeline.start()
        with mock.patch("threading.Thread.start", side_effect=KeyboardInterrupt):
            with self.assertRaises(KeyboardInterrupt):
                pipeline.finish()
        self.assertEqual(pipeline.finish().outcome, "ok")

    def test_an_exit_without_a_finish(self):
        done = subprocess.run([sys.executable, "-c", NEVER_FINISHED], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def interrupt(self, body):
        program = INTERRUPTED.format(body=body)
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
            self.assertEqual(child.stdout.readline(), "ready\n")
            child.send_signal(signal.SIGINT)
            self.assertEqual(child.stdout.readline(), "cancelled\n")
            self.assertEqual(child.stdout.readline(), "interrupted\n")
        self.assertEqual(child.returncode, 0)

    def test_ctrl_c_ends_a_loop(self):
        self.interrupt("pipeline.source([1]); pipeline.stage(wait); list(pipeline)")

    def test_ctrl_c_ends_a_finish(self):
        self.interrupt("pipeline.stage(wait); pipeline.start(); pipeline.put(1); pipeline.finish()")

    def test_ctrl_c_ends_a_put(self):
        self.interrupt("pipeline.stage(wait, capacity=1); pipeline.start(); [pipeline.put(n) for n in range(9)]")

    def test_ctrl_c_ends_a_submit(self):
        self.interrupt("pipeline.stage(wait, capacity=1); pipeline.start(); [pipeline.submit(n) for n in range(9)]")


class Outcomes(unittest.TestCase):
    def test_done_failed_and_dead(self):
        for dead, expected in ((False, "failed"), (True, "dead")):
            with weir.Pipeline() as pipeline:
                pipeline.stage(refuse_odd, skip_errors=True, dead=dead)
                pipeline.start()
                futures = [pipeline.submit(number) for number in range(4)]
                self.assertEqual([future.result(60) for future in futures], ["done", expected] * 2)

    def test_the_worst_of_all_results(self):
        with weir.Pipeline() as pipeline:
            pipeline.stage(lambda number: iter([number, number + 1]), name="pair")
            pipeline.stage(lambda pair: [refuse_odd(number) for number in pair], name="check", skip_errors=True)
            pipeline.start()
            self.assertEqual(pipeline.submit(2).result(60), "failed")

    def test_told_once_in_a_callback(self):
        told = []
        with weir.Pipeline() as pipeline:
            pipeline.stage(double)
            pipeline.start()
            for number in range(10):
                future = pipeline.submit(number)
                self.assertFalse(future.cancel())
                future.add_done_callback(lambda ended, number=number: told.append((number, ended.result())))
        self.assertEqual(sorted(told), [(number, "done") for number in range(10)])

    def test_dropped(self):
        started = threading.Event()

        def wait(item):
            started.set()
            while not weir.cancelled():
                threading.Event().wait(0.001)
            raise ValueError

        with weir.Pipeline() as pipeline:
            pipeline.stage(wait)
            pipeline.start()
            futures = [pipeline.submit(number) for number in range(3)]
            started.wait()
            pipeline.cancel()
        self.assertEqual([future.result(60) for future in futures], ["dropped"] * 3)

    def test_a_submit_that_is_refused(self):
        thing = Thing()
        reference = weakref.ref(thing)
        with weir.Pipeline() as pipeline:
            with self.assertRaises(ValueError):
                pipeline.submit(thing)
            pipeline.stage(double, capacity=1)
            pipeline.start()
            pipeline.pause()
            with self.assertRaises(weir.Full):
                pipeline.submit(thing, timeout=0.05)
            pipeline.cancel()
            with self.assertRaises(weir.ShutDown):
                pipeline.submit(thing)
        del thing
        self.assertIsNone(reference())


class References(unittest.TestCase):
    def assert_gone(self, things):
        gone = [weakref.ref(thing) for thing in things]
        del things[:]
        self.assertEqual([ref() for ref in gone if ref() is not None], [])

    def test_of_items_done(self):
        things = [Thing() for _ in range(10)]
        before = sys.getrefcount(things[0])
        self.assertEqual(results_of(things, lambda thing: thing), things)
        self.assertEqual(sys.getrefcount(things[0]), before)
        self.assert_gone(things)

    def test_of_items_without_a_reader(self):
        things = [Thing() for _ in range(10)]
        with weir.Pipeline() as pipeline:
            pipeline.stage(lambda thing: thing, name="same")
            pipeline.start()
            for thing in things:
                pipeline.put(thing)
        del thing
        self.assert_gone(things)

    def test_of_items_failed_and_dead(self):
        def fail(thing):
            raise ValueError

        for dead in (False, True):
            things = [Thing() for _ in range(10)]
            with weir.Pipeline() as pipeline:
                pipeline.source(list(things))
                pipeline.stage(fail, skip_errors=True, dead=dead)
                self.assertEqual(list(pipeline), [])
            del pipeline
            self.assert_gone(things)

    def test_of_dead_letters_in_a_stage(self):
        def fail(thing):
            raise ValueError

        def fail_the_first(letters):
            weir.fail_item(0, ValueError())

        for function in (fail, fail_the_first, lambda letters: None):
            things = [Thing() for _ in range(10)]
            with weir.Pipeline() as pipeline:
                pipeline.source(list(things))
                failing = pipeline.stage(fail, skip_errors=True)
                letters = pipeline.stage(function, name="letters", batch=4, skip_errors=True)
                pipeline.connect_dead(failing, letters)
                self.assertEqual(list(pipeline), [])
            del pipeline, failing, letters
            self.assert_gone(things)

    def test_of_items_submitted(self):
        things = [Thing() for _ in range(10)]
        with weir.Pipeline() as pipeline:
            pipeline.stage(lambda thing: None, name="nothing")
            pipeline.start()
            futures = [weakref.ref(pipeline.submit(thing)) for thing in things]
        gc.collect()
        self.assertEqual([future() for future in futures], [None] * 10)
        self.assert_gone(things)

    def test_of_items_dropped(self):
        started, things = threading.Event(), [Thing() for _ in range(10)]

        def wait(thing):
            started.set()
            while not weir.cancelled():
                threading.Event().wait(0.001)
            raise ValueError

        with weir.Pipeline() as pipeline:
            pipeline.stage(wait, skip_errors=True)
            pipeline.start()
            for thing in things:
                pipeline.put(thing)
            started.wait()
            pipeline.cancel()
        del thing
        self.assert_gone(things)


if __name__ == "__main__":
    unittest.main()
