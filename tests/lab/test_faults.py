"""A probe, an apply and a verify on a real kernel whose ioctls fail, one after the other."""

import pathlib
import re
import unittest

import bench

FAULTS = bench.TOP / "build" / "arm64" / "tests" / "lab" / "lab-faults"
# every how many-th ioctl fails; of probe and apply tests/faults/test_ioctl.py has every one
STRIDES = {"probe": "193", "apply": "7", "verify": "97"}
SAID = re.compile(r"^clean: (\d+) ioctls, result 0\n"
                  r"(\d+) faults: \d+ times status 0, \d+ times 1, (\d+) times 3; 0 wrong$", re.M)


class Faults(unittest.TestCase):
    """One boot."""

    @classmethod
    def setUpClass(cls):
        commands = {
            "host": ["steadyarm", "probe", "--quiet", "-o", "host.json"],
            "baseline": ["steadyarm", "baseline", "--quiet", "--discovery", "-o", "model.json", "host.json"],
            "text": ["steadyarm", "models", "--text", "-o", "model.text", "model.json"],
            **{name: ["lab-faults", name, "model.text", "2", stride] for name, stride in STRIDES.items()},
        }
        cls.ran = bench.boot(bench.class_folder(cls) / "ran", ("--kernel", "7.3", "--cpu", "neoverse-n1"),
                             commands, [FAULTS])

    def told(self, name):
        """(ioctls, faults, how many of them were failures of the host)"""
        step = self.ran[name]
        self.assertEqual(step.status, 0, f"{name}: {step.out}{step.err}")
        counts = SAID.search(step.out)
        self.assertTrue(counts, step.out)
        print(f"  {name}, every {STRIDES[name]}. of {counts[1]} ioctls: {counts[0].splitlines()[1]}")
        return [int(count) for count in counts.groups()]

    def test_made(self):
        """the model is made"""
        for name in ("host", "baseline", "text"):
            self.assertEqual(self.ran[name].status, 0, f"{name}: {self.ran[name].err}")

    def test_probe(self):
        """a probe tells of each, or ends with it, and its profile is else the same"""
        ioctls, faults, _ = self.told("probe")
        self.assertGreater(ioctls, 1000)
        self.assertGreaterEqual(faults, 15)

    def test_apply(self):
        """an apply tells of each as a failure, and leaves no file open"""
        _, faults, host = self.told("apply")
        self.assertGreaterEqual(faults, 100)
        self.assertGreaterEqual(host, faults // 2, "EIO is never an answer")

    def test_verify(self):
        """so does a verify, its guest running or not"""
        _, faults, host = self.told("verify")
        self.assertGreaterEqual(faults, 30)
        self.assertGreaterEqual(host, faults // 2, "EIO is never an answer")


if __name__ == "__main__":
    unittest.main()
