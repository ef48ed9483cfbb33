"""A deep probe on a real kernel, by an ordinary user: every value of every field within a minute."""

import pathlib
import re
import unittest

import bench

HOST = ("--kernel", "7.3", "--cpu", "max")
MOST = 60.0  # seconds by the emulated host's own clock
TIMED = """\
read before rest </proc/uptime
steadyarm probe --deep --name host -o host.json
status=$?
read after rest </proc/uptime
echo "$(id -u) $before $after"
exit $status
"""


def values(accepted):
    """How many values "0-3,8" stands for."""
    return sum(int(last or first) - int(first) + 1 for first, last in re.findall(r"(\d+)(?:-(\d+))?", accepted))


class Deep(unittest.TestCase):
    """One boot."""

    @classmethod
    def setUpClass(cls):
        cls.step = bench.boot(bench.class_folder(cls) / "probe", HOST, {"probe": ["sh", "-c", TIMED]})["probe"]
        if cls.step.status:
            raise AssertionError(f"the probe ended with {cls.step.status}: {cls.step.err}")

    def test_ioctls(self):
        """it says how many ioctls it took, more than twice the values that were accepted, and nothing else"""
        told = re.fullmatch(r"steadyarm: (\d+) ioctls\n", self.step.err)
        self.assertTrue(told, self.step.err)
        configurations = self.step.file("host.json")["configurations"]
        kept = sum(values(accepted) for c in configurations for accepted in c["accepted"].values())
        self.assertGreater(kept, 1000)
        self.assertGreater(int(told.group(1)), 2 * kept)  # each was written and read
        print(f"  {told.group(1)} ioctls in {len(configurations)} configurations")

    def test_seconds(self):
        """it takes less than a minute"""
        user, before, after = self.step.out.split()
        self.assertEqual(user, "1000")
        print(f"  {float(after) - float(before):.2f} s in the emulated host")
        self.assertLess(float(after) - float(before), MOST)

    def test_recorded(self):
        """what it found by trying is what the simulated host of that profile accepts, value by value"""
        path = pathlib.Path(self.step.files / "host.json")
        status, out, errors = bench.steadyarm("probe", "--deep", path)
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual(out, path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
