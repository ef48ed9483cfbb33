"""The arm64 command as a file."""

import subprocess
import unittest

import bench

MOST = 16 * 1024 * 1024 // 10


class Size(unittest.TestCase):
    """What a host is given."""

    def test_static(self):
        """the static arm64 command, stripped, has at most 1.6 MiB and needs no library"""
        with bench.scratch() as work:
            stripped = f"{work}/steadyarm"
            subprocess.run(["aarch64-linux-gnu-strip", "-o", stripped, bench.ARM64], check=True)
            with open(stripped, "rb") as stream:
                self.assertLessEqual(len(stream.read()), MOST)
        headers = subprocess.run(["aarch64-linux-gnu-readelf", "-lW", bench.ARM64], check=True,
                                 capture_output=True, text=True).stdout
        self.assertNotIn("INTERP", headers)
        self.assertNotIn("DYNAMIC", headers)
