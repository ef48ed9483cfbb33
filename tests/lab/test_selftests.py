"""The kernel's own KVM selftests on a simulated host, beside the same on the real kernel."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

import bench

sys.path.insert(0, str(bench.TOP / "lab"))

from labkit import selftests  # noqa: E402  pylint: disable=wrong-import-position
from labkit.common import LabError, only_one  # noqa: E402  pylint: disable=wrong-import-position

KERNELS = ("7.3", "6.12")
LIMIT = 120  # seconds; they take less than one each


def said(text):
    """What a test printed, less what differs from run to run."""
    return re.sub(r"^Random seed: 0x[0-9a-f]+\n", "", text, flags=re.M)


class Selftests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = bench.scratch()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)
        try:
            with only_one("selftests"):
                cls.about = {kernel: selftests.fetch(kernel) for kernel in KERNELS}
        except LabError as error:
            if os.environ.get("CI") == "true":
                raise
            raise unittest.SkipTest(str(error)) from error

    def simulated(self, kernel, test, *words):
        """A test of a kernel against the profile that was recorded on it: (status, stdout, stderr)"""
        profile = bench.TOP / "data" / "profiles" / f"max-{kernel}.json"
        done = subprocess.run([bench.NATIVE, "run", "--host", profile, "--",
                               selftests.program(kernel, test), *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_beside_the_kernel(self):
        """They end and print alike on the kernel and on its simulated host."""
        for kernel in KERNELS:
            names = {test.replace("/", "-"): test for test in selftests.TESTS}
            folder = self.work / kernel
            folder.mkdir()
            for name, test in names.items():
                (folder / name).symlink_to(selftests.program(kernel, test, static=True))
            steps = bench.boot(folder / "out", ("--kernel", kernel, "--cpu", "max"),
                               {name: [f"/in/{name}"] for name in names},
                               [folder / name for name in names])
            for name, test in names.items():
                with self.subTest(kernel=kernel, test=test):
                    status, out, errors = self.simulated(kernel, test)
                    self.assertEqual((status, said(out)), (steps[name].status, said(steps[name].out)), errors)
                    self.assertEqual(status, 0, out + errors)

    def test_the_register_list(self):
        """get-reg-list finds no register missing, and each one that it writes back is taken."""
        for kernel in KERNELS:
            with self.subTest(kernel=kernel):
                _, out, _ = self.simulated(kernel, "get-reg-list")
                self.assertLessEqual({"vregs: PASS", "vregs+pmu: PASS", "sve: PASS", "sve+pmu: PASS"},
                                     set(out.splitlines()))
                self.assertNotRegex(out, "missing registers|Failed to")

    def test_another_host(self):
        """And what another kernel's host lacks is found missing: the test does look at the profile."""
        profile = bench.TOP / "data" / "profiles" / "max-6.12.json"
        done = subprocess.run([bench.NATIVE, "run", "--host", profile, "--",
                               selftests.program("7.3", "get-reg-list"), "--config=vregs"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT,
                              check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout, "missing registers")
