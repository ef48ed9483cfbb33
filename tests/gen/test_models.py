#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The named models against what others say: the levels against Arm's list of mandatory features
(tests/data/mandatory.tsv), the releases against the tables they come from.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODELS = os.path.join(ROOT, "gen", "models.py")
STEADYARM = os.environ.get("STEADYARM") or os.path.join(ROOT, "build", "steadyarm")
LEVELS = ["armv8.%d-a" % n for n in range(10)] + ["armv9.%d-a" % n for n in range(5)]

# Beyond the list: what a level of AArch64 with floating point is taken to have (data/levels.tsv),
# and what comes with a feature of the list by the same field.
BASE = {"FEAT_AA64EL0", "FEAT_AA64EL1", "FEAT_FP", "FEAT_AdvSIMD", "FEAT_TGran4K"}
WITH = {"FEAT_Debugv8p2": "FEAT_Debugv8p1",  # DDI0487 D24.2.59: the values of DebugVer rise
        "FEAT_PAuth": "FEAT_PACQARMA5"}      # it needs an algorithm, this is that of Arm's cores
# What no KVM can take away from a core that has it, as all of this version and later do (levels.tsv).
# FEAT_SpecSEI is no ability: it warns that a speculative read may raise an SError (with FEAT_RAS).
HELD = {"FEAT_FP16": "v8.2", "FEAT_SpecSEI": "v8.2"}
# Armv8.4 has FEAT_BBM with its least level, 0, which is also what a CPU without it shows.
UNTOLD = {"FEAT_BBM"}


def mandatory():
    with open(os.path.join(ROOT, "tests", "data", "mandatory.tsv"), encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return rows[1:]


def includes(level, version):
    """Whether armvX.Y-a has what vA.B makes mandatory: Armv9.N has all of Armv8.(N+5)."""
    major, minor = (int(n) for n in level[4:-2].split("."))
    of, at = (int(n) for n in version[1:].split("."))
    if of == 8:
        return at <= (minor if major == 8 else minor + 5)
    return major == 9 and at <= minor


def wanted(level, held=HELD):
    has, before = BASE | {f for f, version in held.items() if includes(level, version)}, None
    while before != has:  # a condition may be on a feature that comes in by another
        before = set(has)
        for feature, version, needs, tells in mandatory():
            if includes(level, version) and tells == "yes" and feature not in UNTOLD and \
                    all(n in has for n in filter(None, needs.replace("&", " ").split())):
                has.add(feature)
                has |= {WITH[feature]} if feature in WITH else set()
    return has


def steadyarm(*arguments):
    return subprocess.run([STEADYARM, *arguments], capture_output=True, text=True, check=False)


class Levels(unittest.TestCase):
    def test_features(self):
        for level in LEVELS:
            with self.subTest(level):
                shown = steadyarm("show", level + "-v1", "--features").stdout.split()
                self.assertEqual(sorted(shown), sorted(wanted(level)))

    def test_titles_say_what_is_more(self):
        """A level has "nothing else", or its title names each feature that nothing makes mandatory."""
        for level in LEVELS:
            asked = wanted(level, held={})
            more = {f for f, version in HELD.items() if includes(level, version)} - asked
            title = steadyarm("models", level + "-v1").stdout.split("\n", 1)[0]
            with self.subTest(level):
                self.assertEqual(set(re.findall(r"FEAT_\w+", title)), more)
                self.assertEqual("nothing else" in title, not more)

    def test_known_levels(self):
        """From the text of the manual, DDI0487 A2: a few by hand."""
        self.assertIn("FEAT_LSE", wanted("armv8.1-a"))
        self.assertNotIn("FEAT_LSE", wanted("armv8.0-a"))
        self.assertLessEqual({"FEAT_PAuth2", "FEAT_I8MM", "FEAT_BF16"}, wanted("armv9.1-a"))
        self.assertNotIn("FEAT_VHE", wanted("armv8.1-a"))  # only with EL2
        self.assertNotIn("FEAT_FHM", wanted("armv8.3-a"))  # FEAT_FP16 makes it so from Armv8.4 on
        self.assertIn("FEAT_FHM", wanted("armv8.4-a"))

    def test_held_features_are_all_cores(self):
        """Of the dumps, those with what Armv8.2 asks for have FEAT_FP16, and no others."""
        folder = os.path.join(ROOT, "tests", "data", "cpus")
        met = {True: 0, False: 0}
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                rows = [line.split("\t") for line in f if line.startswith("ID_AA64")]
            value = {row[0]: int(row[1], 16) for row in rows if row[1].startswith("0x")}
            if "ID_AA64ISAR1_EL1" in value and "ID_AA64PFR0_EL1" in value:
                dpb = value["ID_AA64ISAR1_EL1"] & 15 >= 1
                with self.subTest(name):
                    self.assertEqual(value["ID_AA64PFR0_EL1"] >> 16 & 15, int(dpb))
                met[dpb] += 1
        self.assertGreater(met[True], 50)
        self.assertGreater(met[False], 8)


class Clean(unittest.TestCase):
    def test_lint(self):
        """Not even a warning for levels; of cores no error."""
        for level in LEVELS:
            with self.subTest(level):
                done = steadyarm("lint", level + "-v1")
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertIn("0 warnings", done.stdout)
        names = [f[:-6] for f in os.listdir(os.path.join(ROOT, "data", "models"))]
        for name in sorted(names):
            with self.subTest(name):
                self.assertEqual(steadyarm("lint", name, "--quiet").returncode, 0)


class Releases(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)
        self.data = os.path.join(self.directory, "data")
        shutil.copytree(os.path.join(ROOT, "data"), self.data,
                        ignore=shutil.ignore_patterns("profiles"))

    def run_it(self, command, status):
        done = subprocess.run([sys.executable, "-B", MODELS, command, self.data],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    def facts(self, name):
        with open(os.path.join(self.data, name), encoding="utf-8") as f:
            return [line for line in f if not line.startswith("#")]

    def change(self, name, old, new):
        path = os.path.join(self.data, name)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, 1))

    def test_as_derived(self):
        self.run_it("check", 0)

    def test_a_table_that_knows_better(self):
        """No release changes: it is said, until a comment in the release says why."""
        release = "models/graviton4-v1.model"
        self.change("cores.tsv", "graviton4\tID_AA64ISAR0_EL1.RNDR\t1", "graviton4\tID_AA64ISAR0_EL1.RNDR\t0")
        before = self.facts(release)
        said = self.run_it("check", 1)
        self.assertIn("release only: ID_AA64ISAR0_EL1", said)
        self.assertIn("tables only: ID_AA64ISAR0_EL1", said)
        self.run_it("release", 1)
        self.assertEqual(before, self.facts(release))
        self.change(release, "\nID_", "\n# differs: ID_AA64ISAR0_EL1 some have none\nID_")
        self.run_it("check", 0)
        self.run_it("release", 0)

    def test_a_release_that_was_edited(self):
        self.change("models/cortex-a57-v1.model", "0x0000000010305106", "0x0000000010305107")
        self.assertIn("release only: ID_AA64DFR0_EL1 0x0000000010305107", self.run_it("check", 1))

    def test_files_that_are_no_releases(self):
        for name, text, says in (("x.model", "", "NAME-vN.model"),
                                 ("x-v1.model", "name y-v1\n", "its name line is not"),
                                 ("x-v1.model", "version 1\nname x-v1\n", "sorted"),
                                 ("x-v1.model", "name x-v1\n", "its first line is not")):
            with self.subTest(name + text):
                path = os.path.join(self.data, "models", name)
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
                self.assertIn(says, self.run_it("check", 1))
                os.remove(path)

    def test_faults_in_the_tables(self):
        for table, old, new, says in (
                ("cores.tsv", "a64fx\tID_AA64PFR1_EL1", "a64fx\tID_AA64PFR9_EL1", "is no core ID register"),
                ("levels.tsv", "ID_AA64ISAR0_EL1.Atomic\t2", "ID_AA64ISAR0_EL1.Atomic\t16", "is not within"),
                ("models.tsv", "\tneoverse-v1\t", "\tneoverse-v9\t", "does not stand before it"),
                ("models.tsv", "\tpmu,sve\t", "\tpmu,sfe\t", "no option 'sfe'"),
                ("kvm-filter.tsv", "\tcap\t10", "\tcup\t10", "unknown 'cup'"),
                ("kvm-filter.tsv", "ID_AA64PFR0_EL1.AMU", "ID_AA64PFR0_EL1.EMU", "is no field")):
            with self.subTest(new):
                self.change(table, old, new)
                self.assertIn(says, self.run_it("check", 1))
                self.change(table, new, old)


if __name__ == "__main__":
    unittest.main()
