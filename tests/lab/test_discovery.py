"""A guest on a real kernel asks which CPUs it may meet, and what nobody has a name for is looked for."""

import json
import pathlib
import unittest

import bench

OTHER = {"midr": "0x00000000410fd490", "revidr": "0x0000000000000000", "aidr": "0x0000000000000000"}
BITS = "VENDOR_HYP_BMAP_2"
HOST = ("--kernel", "7.3", "--cpu", "neoverse-n1")


class Discovery(unittest.TestCase):
    """One boot for the profile, one for the rest."""

    @classmethod
    def setUpClass(cls):
        work = bench.scratch()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)
        probe = {"probe": ["steadyarm", "probe", "--name", "host", "-o", "host.json"]}
        step = bench.boot(cls.work / "probe", HOST, probe)["probe"]
        if step.status:
            raise AssertionError(f"probe ended with {step.status}: {step.err}")
        cls.profile = step.file("host.json")
        other = json.loads(json.dumps(cls.profile))
        other["host"] = {"name": "other", "cpus": [OTHER]}
        (cls.work / "other.json").write_text(json.dumps(other), encoding="utf-8")
        for name, options in (("on", ["--discovery"]), ("off", [])):
            status, _, errors = bench.steadyarm("baseline", *options, "-o", cls.work / f"{name}.json",
                                                step.files / "host.json", cls.work / "other.json")
            if status:
                raise AssertionError(f"baseline ended with {status}: {errors}")
        models = [cls.work / "on.json", cls.work / "off.json"]
        commands = {f"{command}-{name}": ["steadyarm", command, "--json", f"/in/{name}.json"]
                    for command in ("verify", "apply") for name in ("on", "off")}
        cls.ran = bench.boot(cls.work / "ran", HOST, commands, models)

    def test_on(self):
        """a guest is told of every CPU of the model, by way of KVM and this program"""
        step = self.ran["verify-on"]
        self.assertEqual(step.status, 0, step.out + step.err)
        self.assertEqual(step.json()["guest"]["discovered"], 2)
        self.assertIs(step.json()["pinned"], True)
        written = [w["value"] for w in step.json()["writes"] if w["register"] == BITS]
        self.assertEqual(written, [f"{3:#018x}"])

    def test_off(self):
        """the calls are not supported where the model has them off"""
        step = self.ran["verify-off"]
        self.assertEqual(step.status, 0, step.out + step.err)
        self.assertEqual(step.json()["guest"]["discovered"], 0)

    def test_nobody_answers(self):
        """without somebody to answer they stay off, and that is said"""
        step = self.ran["apply-on"].json()
        self.assertIs(step["pinned"], True)
        self.assertEqual([w["register"] for w in step["warnings"]], [BITS])
        self.assertEqual([w for w in step["writes"] if w["register"] == BITS], [])

    def test_nothing_unknown(self):
        """this kernel has nothing that this version has no name for"""
        for step in self.ran.values():
            self.assertEqual(step.json()["unknown"], [])
        self.assertNotIn("unnamed", self.profile)
