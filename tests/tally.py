"""Counts of tests by suite, and the line that they end with: `N passed, N failed`."""

import os
import sys


class Tally:
    """What passed, failed and was skipped; failures are shown with their output as they come."""

    def __init__(self):
        self.suites = {}

    def _count(self, suite, kind):
        self.suites.setdefault(suite, {"passed": 0, "failed": 0, "skipped": 0})[kind] += 1

    def passed(self, suite):
        self._count(suite, "passed")

    def failed(self, suite, name, output=""):
        self._count(suite, "failed")
        print(f"FAILED {suite}: {name}")
        for line in output.rstrip().splitlines()[-200:]:
            print(f"    {line}")
        sys.stdout.flush()

    def skipped(self, suite, name, reason):
        """A test that could not run; on a machine that is there for testing that is a failure."""
        if os.environ.get("CI") == "true":
            self.failed(suite, name, f"could not run, and CI=true: {reason}")
            return
        self._count(suite, "skipped")
        print(f"SKIPPED {suite}: {name}: {reason}", flush=True)

    def judge(self, suite, name, good, output=""):
        if good:
            self.passed(suite)
        else:
            self.failed(suite, name, output)

    def total(self, *kinds):
        """How many tests came out as one of the kinds; of any kind if none is named."""
        return sum(number for counts in self.suites.values() for kind, number in counts.items()
                   if not kinds or kind in kinds)

    def finish(self):
        """Print the counts, the total last; returns the exit status."""
        for suite, counts in self.suites.items():
            print(f"{suite:12} " + words(**counts))
        print(words(*(self.total(kind) for kind in ("passed", "failed", "skipped"))), flush=True)
        return 1 if self.total("failed") or not self.total("passed") else 0


def words(passed, failed, skipped):
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")
