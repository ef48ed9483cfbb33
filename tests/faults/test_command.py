#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults through the command: its exit status, what it says, and what it leaves behind.

Every call of `probe -o FILE` and `apply --json` fails once with each errno of its row. FILE is then
either complete or not there, the folder holds nothing else, no file is left open, and the status is
0, 1 or 3. (`verify` needs a real kernel: tests/lab/test_faults.py.)
"""

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STRIDE = int(os.environ.get("STEADY_FAULT_STRIDE", "1"))  # more for builds that are slow
COMMAND = os.path.abspath(sys.argv.pop(1))
HOST = os.path.join(ROOT, "data", "profiles", "neoverse-n1-7.3.json")
OLDEST = os.path.join(ROOT, "data", "profiles", "neoverse-n1-6.1.json")  # the fewest calls
OLD = os.path.join(ROOT, "data", "profiles", "neoverse-n1-6.12.json")


class Command(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        self.model = os.path.join(self.top, "model.json")
        self.folder = os.path.join(self.top, "work")
        self.run_with(0, 0, "baseline", "-o", self.model, HOST, OLD)

    def run_with(self, k, row, *words):
        """(status, stdout, stderr, files in the folder, open files at the end, calls, errno)."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.mkdir(self.folder)
        note = os.path.join(self.top, "note")
        env = dict(os.environ, FAULT_K=str(k), FAULT_ROW=str(row), FAULT_NOTE=note)
        done = subprocess.run([COMMAND, *words], cwd=self.folder, env=env, capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL)
        with open(note, encoding="utf-8") as f:
            calls, files, number = map(int, f.read().split())
        os.remove(note)
        return (done.returncode, done.stdout, done.stderr, sorted(os.listdir(self.folder)), files,
                calls, number)

    def every_errno(self, k, clean, words, look):
        """How many errnos there are to try for call k; the pass after the last is the clean one."""
        row = 0
        while (got := self.run_with(k, row, *words))[6]:
            with self.subTest("call %d, %s" % (k, errno.errorcode[got[6]])):
                self.assertIn(got[0], (0, 1, 3), got[2])
                self.assertEqual(got[4], clean[4], "files left open")
                self.assertNotIn("Sanitizer", got[2])
                look(clean, got)
            row += 1
        self.assertEqual(got, clean)
        return row

    def every_call(self, words, look):
        clean = self.run_with(0, 0, *words)
        self.assertEqual(clean[0], 0, clean[2])
        faults = sum(self.every_errno(k, clean, words, look)
                     for k in range(1, clean[5] + 1, STRIDE))
        self.assertEqual(self.run_with(clean[5] + 1, 0, *words), clean)
        print("  %s of %s: %d calls, every %d., %d faults" % (
            words[0], os.path.basename(words[-1]), clean[5], STRIDE, faults), file=sys.stderr)

    def test_probe(self):
        def look(clean, got):
            self.assertEqual(got[3], clean[3] if got[0] == 0 else [])
            if got[0]:
                self.assertNotEqual(got[2], "", "nothing was said")
            else:
                with open(os.path.join(self.folder, "new.json"), encoding="utf-8") as f:
                    self.assertEqual(json.load(f)["format"], "steadyarm-profile")

        self.every_call(("probe", "-o", "new.json", OLDEST), look)

    def test_apply(self):
        def look(_, got):
            self.assertEqual(got[3], [])
            answer = json.loads(got[1])
            self.assertEqual(answer["pinned"], got[0] == 0)
            if got[0]:
                self.assertTrue(answer["mismatches"], "no reason")

        self.every_call(("apply", "--json", self.model, HOST), look)


if __name__ == "__main__":
    unittest.main()
