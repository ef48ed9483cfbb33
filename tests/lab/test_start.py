"""What pinning adds to a VMM's start."""

import pathlib
import sys
import unittest

import bench

sys.path.insert(0, str(bench.TOP / "lab"))

from labkit import rounds  # pylint: disable=wrong-import-position

STARTS = 32  # spread over one tick of the host, an eighth of a millisecond apart
NEEDS = ("6.12", "qemu", "busybox", "qemu-guest-10")


class Start(unittest.TestCase):
    """A stock QEMU, from its exec to the end of a guest that is off at once."""

    def test_start(self):
        """pinned, a start takes at most 1.05 times the instructions of one that is not"""
        bench.need(*NEEDS)
        with bench.scratch() as work:
            self.assertEqual(rounds.startup(pathlib.Path(work), STARTS, say=self.fail), 0)
