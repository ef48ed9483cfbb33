"""A verify on a real kernel whose ioctls fail, one after the other, its guest running or not."""

import pathlib
import re
import unittest

import bench

FAULTS = bench.TOP / "build" / "arm64" / "tests" / "lab" / "lab-faults"
STRIDE = "97"  # of about 1900 ioctls; the simulated host has every one (tests/faults)


class Faults(unittest.TestCase):
    """One boot."""

    def test_verify(self):
        """a failure of any ioctl is told as one, and leaves no file open"""
        commands = {
            "probe": ["steadyarm", "probe", "--quiet", "-o", "host.json"],
            "baseline": ["steadyarm", "baseline", "--quiet", "--discovery", "-o", "model.json", "host.json"],
            "text": ["steadyarm", "models", "--text", "-o", "model.text", "model.json"],
            "faults": ["lab-faults", "model.text", "2", STRIDE],
        }
        with bench.scratch() as work:
            ran = bench.boot(pathlib.Path(work) / "ran", ("--kernel", "7.3", "--cpu", "neoverse-n1"),
                             commands, [FAULTS])
        for name, step in ran.items():
            self.assertEqual(step.status, 0, f"{name}: {step.out}{step.err}")
        counts = re.search(r"^(\d+) faults: \d+ times status 0, (\d+) times 1, (\d+) times 3; 0 wrong$",
                           ran["faults"].out, flags=re.M)
        self.assertTrue(counts, ran["faults"].out)
        print(f"  {counts.group(0)}")
        faults, _, host = map(int, counts.groups())
        self.assertGreaterEqual(faults, 30)
        self.assertGreaterEqual(host, faults // 2, "EIO is never an answer")
