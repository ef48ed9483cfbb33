#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What gen/vmms.py refuses: each test breaks a copy of its tables and reads the message."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLES = ("vmms.tsv", "listed.tsv", "sources.tsv")


class Vmms(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        for name in TABLES:
            shutil.copy(os.path.join(ROOT, "data", name), self.directory)
        self.out = os.path.join(self.directory, "out.c")

    def run_it(self, *words):
        return subprocess.run([sys.executable, "-B", os.path.join(ROOT, "gen", "vmms.py"), *words],
                              capture_output=True, text=True, check=False)

    def refused(self, table, row, message):
        path = os.path.join(self.directory, table)
        with open(path, encoding="utf-8") as f:
            line = f.read().count("\n") + 1
        with open(path, "a", encoding="utf-8") as f:
            f.write(row + "\n")
        done = self.run_it(self.directory, self.out)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("%s:%d: %s" % (path, line, message), done.stderr)
        self.assertFalse(os.path.exists(self.out), "wrote tables from broken facts")

    def test_sound(self):
        done = self.run_it(self.directory, self.out)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(self.out, encoding="utf-8") as f:
            text = f.read()
        self.assertIn('{"qemu-10", true, true, false, NULL, 0}', text)
        self.assertIn("{0x603000000013c103ULL, false}", text)  # TCR2_EL1: 3, 0, 2, 0, 3
        self.assertIn("{0x6030000000160003ULL, true}", text)
        self.assertIn('{"PMMIR_EL1", 0x603000000013c4f6ULL}', text)  # 3, 0, 9, 14, 6

    def test_no_trait(self):
        self.refused("vmms.tsv", "qemu-12\tguesses\t\tmeasured", "'guesses' with id '' is no trait")

    def test_trait_without_its_register(self):
        self.refused("vmms.tsv", "qemu-12\tif_zero\t\tmeasured", "'if_zero' with id '' is no trait")

    def test_no_id(self):
        self.refused("vmms.tsv", "qemu-12\tif_zero\t0x12\tmeasured", "'if_zero' with id '0x12' is no")

    def test_twice(self):
        self.refused("vmms.tsv", "qemu-10\tnot_longer\t\tmeasured", "this is said twice of qemu-10")

    def test_no_source(self):
        self.refused("vmms.tsv", "qemu-12\tforgets\t\thearsay", "sources.tsv has no source 'hearsay'")

    def test_same_name(self):
        self.refused("listed.tsv", "PMMIR_EL1\t3\t0\t9\t14\t7\tlinux-7.3", "PMMIR_EL1 stands at line")

    def test_no_number(self):
        self.refused("listed.tsv", "NEW_EL1\t3\t0\tx\t14\t7\tlinux-7.3", "an encoding is of numbers")

    def test_usage(self):
        self.assertEqual(self.run_it(self.directory).returncode, 2)
        self.assertEqual(self.run_it(os.path.join(self.directory, "none"), self.out).returncode, 1)


if __name__ == "__main__":
    unittest.main()
