#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every ioctl(2) of a probe and of an apply fails, on a /dev/kvm that is simulated.

What tests/lab/test_faults.py does to some of them on a real kernel. Descriptors are real ones here, so
that src/host/kvm.c is seen to close what it opened.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STEADYARM = os.environ["STEADYARM"]
FAULTS = os.path.abspath(sys.argv.pop(1))
HOST = os.path.join(ROOT, "data", "profiles", "neoverse-n1-7.3.json")
SAID = re.compile(r"^clean: (\d+) ioctls, result 0\n"
                  r"(\d+) faults: (\d+) times status 0, (\d+) times 1, (\d+) times 3; 0 wrong$")


class Ioctls(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.folder = work.name
        self.call("baseline", "--quiet", "-o", "model.json", HOST)
        self.call("models", "--text", "-o", "model.text", "model.json")

    def call(self, *words):
        env = {**os.environ, "STEADYARM_RUN_DIR": os.path.join(self.folder, "records")}
        done = subprocess.run([STEADYARM, *words], cwd=self.folder, env=env, capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def every_ioctl(self, command):
        said = self.call("run", "--host", HOST, "--", FAULTS, command, "model.text", "2", "1")
        counts = SAID.search(said)
        self.assertTrue(counts, said)
        ioctls, faults, done, no, failed = map(int, counts.groups())
        self.assertEqual(faults, 2 * ioctls)  # EIO, and an errno that is an answer of some
        self.assertEqual(faults, done + no + failed)
        print("  %s" % said.replace("\n", "\n  ").rstrip(), file=sys.stderr)
        return ioctls, failed

    def test_probe(self):
        self.assertGreater(self.every_ioctl("probe")[0], 1000)

    def test_apply(self):
        ioctls, failed = self.every_ioctl("apply")
        self.assertGreaterEqual(failed, ioctls, "EIO is never an answer")


if __name__ == "__main__":
    unittest.main()
