"""The profiles in data/profiles against the hosts that they were recorded on."""

import csv
import pathlib
import unittest

import bench

PROFILES = bench.TOP / "data" / "profiles"
HOSTS = ("max-6.12", "max-7.3")
DEEP = ("accepted",)  # a deep probe's, of a configuration


def options(name):
    """lab/run's options for a host of lab/hosts.tsv that needs no others."""
    with open(bench.TOP / "lab" / "hosts.tsv", encoding="utf-8") as stream:
        for cells in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            if cells and cells[0] == name:
                return ("--kernel", cells[1], "--qemu", cells[2], "--cpu", cells[3], "--mode", cells[4])
    raise AssertionError(f"lab/hosts.tsv has no {name}")


def facts(profile):
    """What a probe without --deep finds, less how and when it was found."""
    host = {key: profile["host"][key] for key in ("cpus",)}
    configurations = [{key: value for key, value in c.items() if key not in DEEP}
                      for c in profile["configurations"]]
    return {**profile, "host": host, "configurations": configurations}


def differences(a, b, path=""):
    """Where two values differ, as texts."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            yield from differences(a.get(key), b.get(key), f"{path}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for at, pair in enumerate(zip(a, b)):
            yield from differences(*pair, f"{path}[{at}]")
    elif a != b:
        yield f"{path}: recorded {str(a)[:60]}, found {str(b)[:60]}"


class Recorded(unittest.TestCase):
    """Drift: what this version finds on a host is what its recorded profile says."""

    def compare(self, name):
        path = PROFILES / f"{name}.json"
        if not path.exists():
            self.skipTest(f"{path.relative_to(bench.TOP)} is not recorded yet")
        recorded = bench.read(path)
        with bench.scratch() as work:
            argv = ["steadyarm", "probe", "-o", "host.json"]
            step = bench.boot(pathlib.Path(work) / "probe", options(name), {"probe": argv})["probe"]
            self.assertEqual(step.status, 0, step.err)
            found = step.file("host.json")
        kernels = [profile["host"]["kernel"] for profile in (recorded, found)]
        if kernels[0] != kernels[1]:
            # a kernel that came since may have changed: then lab/record is due, which shows it
            print(f"note: {name} was recorded on {kernels[0]}, this is {kernels[1]}")
            recorded = {key: recorded[key] for key in ("format", "version")}
            found = {key: found[key] for key in ("format", "version")}
            self.assertEqual(recorded, found)
            return
        differ = list(differences(facts(recorded), facts(found)))
        self.assertEqual(differ, [], f"record it anew: lab/record {name}")

    def test_6_12(self):
        """max-6.12 is as recorded"""
        self.compare(HOSTS[0])

    def test_7_3(self):
        """max-7.3 is as recorded"""
        self.compare(HOSTS[1])
