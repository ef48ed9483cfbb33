"""The simulated hosts against real kernels, call by call: a short round of lab/difftest."""

import re
import subprocess
import unittest

import bench

HOSTS = ("neoverse-n1-6.1", "max-6.12", "a64fx-7.3")  # three kernels, three CPU types
CALLS = 40000
SEED = 20261123
COUNTS = re.compile(r"^(\S+)\.json: seed (\d+): (\d+) calls, (\d+) VMs, (\d+) SETs \((\d+) % refused, "
                    r"(\d+) % of several fields, (\d+) % after a run\), (\d+) differences")


class Difftest(unittest.TestCase):
    """A boot for each host."""

    def agree(self, host):
        done = subprocess.run([bench.TOP / "lab" / "difftest", host, "--calls", str(CALLS),
                               "--seed", str(SEED)], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        counts = COUNTS.search(done.stdout)
        self.assertTrue(counts, done.stdout)
        print(f"  {counts.group(0)}")
        seed, calls, _, _, refused, several, after, differences = map(int, counts.groups()[1:])
        self.assertEqual((seed, differences), (SEED, 0))
        self.assertGreaterEqual(calls, CALLS)
        self.assertGreaterEqual(refused, 30)
        self.assertGreaterEqual(several, 10)
        self.assertGreaterEqual(after, 5)

    def test_6_1(self):
        """6.1, where nearly nothing can be written"""
        self.agree(HOSTS[0])

    def test_6_12(self):
        """6.12, with SVE and pointer authentication"""
        self.agree(HOSTS[1])

    def test_7_3(self):
        """7.3, on a CPU without AArch32"""
        self.agree(HOSTS[2])
