"""The named models on the emulated CPUs that stand for them."""

import subprocess
import unittest

import bench


class Models(unittest.TestCase):
    """lab/models, which knows what QEMU's CPUs lack."""

    def test_pinned(self):
        """every named model that QEMU has a CPU for is pinned there"""
        done = subprocess.run([bench.TOP / "lab" / "models"], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(done.stdout.count("pinned"), 4)
