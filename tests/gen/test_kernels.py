#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""data/kernels says what the profiles say; and what gen/kernels.py refuses."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(ROOT, "data")


def run(*words):
    return subprocess.run([sys.executable, "-B", os.path.join(ROOT, "gen", "kernels.py"), *words],
                          capture_output=True, text=True, check=False)


class Kernels(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        for name in os.listdir(DATA):
            if name.endswith(".tsv"):
                shutil.copy(os.path.join(DATA, name), self.directory)
        for name in ("kernels", "profiles"):
            shutil.copytree(os.path.join(DATA, name), os.path.join(self.directory, name))
        self.table = os.path.join(self.directory, "kernels", "writable.tsv")
        self.out = os.path.join(self.directory, "out.c")

    def edit(self, path, old, new):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, 1))

    def refused(self, result, message):
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn(message, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        self.assertFalse(os.path.exists(self.out))

    def test_committed_table_is_what_the_profiles_say(self):
        result = run("check", DATA)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_derive_twice(self):
        os.remove(self.table)
        self.assertEqual(run("derive", self.directory).returncode, 0)
        self.assertEqual(run("check", self.directory).returncode, 0)

    def test_other_profile_other_table(self):
        path = os.path.join(self.directory, "profiles", "max-6.12-first.json")
        with open(path, encoding="utf-8") as f:
            profile = json.load(f)
        profile["registers"]["ID_AA64MMFR1_EL1"]["writable"] = "0xffffffffffffffff"
        with open(path, "w", encoding="utf-8") as f:
            json.dump(profile, f)
        self.refused(run("check", self.directory), "writable.tsv: not what the profiles say")

    def test_note_without_package(self):
        path = os.path.join(self.directory, "profiles", "max-6.12-first.json")
        self.edit(path, "; kernel ", "; ")
        self.refused(run("check", self.directory), "the note does not name the kernel's package")

    def test_one_version_two_packages(self):
        path = os.path.join(self.directory, "profiles", "neoverse-n1-6.12.json")
        self.edit(path, " 6.12.117-1:", " 6.12.117-2:")
        self.refused(run("check", self.directory), "6.12.117 is more than one package")

    def test_embed(self):
        self.assertEqual(run("embed", self.directory, self.out).returncode, 0)
        self.assertTrue(os.path.exists(self.out))

    def test_embed_refuses(self):
        row = "ID_AA64MMFR2_EL1\tNV\tall\tno"
        for new, message in (("ID_AA64MMFR2_EL1\tNW\tall\tno", "no field 'ID_AA64MMFR2_EL1.NW'"),
                             ("ID_AA64MMFR2_EL1\tNV\tmost\tno", "hosts: unknown 'most'"),
                             ("ID_AA64MMFR2_EL1\tNV\tall\tmaybe", "a state that is none of"),
                             ("ID_AA64MMFR2_EL1\tNV\tno", "16 cells, expected 17"),
                             ("ID_AA64MMFR2_EL1\tNV\tall \tno", "hosts: stray space")):
            with self.subTest(new):
                self.setUp()
                self.edit(self.table, row, new)
                self.refused(run("embed", self.directory, self.out), message)

    def test_usage(self):
        for words in ((), ("derive",), ("embed", DATA), ("show", DATA)):
            self.assertEqual(run(*words).returncode, 2)


if __name__ == "__main__":
    unittest.main()
