"""CPython's own tests of queue.Queue, with weir.Queue in its place."""

import unittest

import weir

try:
    from test import test_queue as cpython
except ImportError:
    cpython = None


if cpython is None:

    class QueueTest(unittest.TestCase):
        def test_all(self):
            self.skipTest("this Python has no test.test_queue (on Debian, it is in libpython3.11-testsuite)")

else:

    class QueueTest(cpython.QueueTest, unittest.TestCase):
        queue = weir


if __name__ == "__main__":
    unittest.main()
