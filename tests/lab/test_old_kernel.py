"""6.1, where KVM lets nearly nothing be written, beside 6.12, on one CPU with AArch32."""

import json
import pathlib
import unittest

import bench

HOSTS = {"fixed": ("--kernel", "6.1", "--cpu", "neoverse-n1"),
         "writable": ("--kernel", "6.12", "--cpu", "neoverse-n1")}
REGISTER = "ID_MMFR4_EL1"
FIELD = "HPDS"


class OldKernel(unittest.TestCase):
    """A model for both, and the same with one AArch32 field lowered."""

    @classmethod
    def setUpClass(cls):
        work = bench.scratch()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)
        probe = {"probe": ["steadyarm", "probe", "--name", "host", "-o", "host.json"]}
        cls.path = {}
        for name, host in HOSTS.items():
            step = bench.boot(cls.work / f"probe-{name}", host, probe)["probe"]
            if step.status:
                raise AssertionError(f"probe ended with {step.status}: {step.err}")
            cls.path[name] = step.files / "host.json"
        common = cls.work / "common.json"
        status, _, errors = bench.steadyarm("baseline", "--name", "common", "-o", common,
                                            *cls.path.values())
        if status:
            raise AssertionError(f"baseline ended with {status}: {errors}")
        cls._lower(common)
        commands = {name: ["steadyarm", "apply", f"/in/{name}.json", "--vcpus", "2", "--json"]
                    for name in ("common", "lowered")}
        cls.ran = {name: bench.boot(cls.work / f"apply-{name}", host, commands,
                                    (common, cls.work / "lowered.json"))
                   for name, host in HOSTS.items()}

    @classmethod
    def _lower(cls, common):
        model = bench.read(common)
        del model["offer"]  # that of other values
        value = int(model["registers"][REGISTER], 16)
        lowered = value & ~bench.mask(REGISTER, FIELD)
        if lowered == value:
            raise AssertionError(f"{REGISTER}.{FIELD} is 0 already")
        model["registers"][REGISTER] = f"0x{lowered:016x}"
        model["name"] = "lowered"
        (cls.work / "lowered.json").write_text(json.dumps(model), encoding="utf-8")
        cls.lowered = lowered

    def test_common(self):
        """what both accept is pinned on both"""
        for name in HOSTS:
            step = self.ran[name]["common"]
            self.assertEqual(step.status, 0, step.err)
            self.assertIs(step.json()["pinned"], True)

    def test_lowered_where_writable(self):
        """a model that lowers ID_MMFR4_EL1 is pinned where the kernel lets it be written"""
        step = self.ran["writable"]["lowered"]
        self.assertEqual(step.status, 0, step.err)
        answer = step.json()
        self.assertIs(answer["pinned"], True)
        written = {w["register"]: (int(w["value"], 16), w["errno"]) for w in answer["writes"]}
        self.assertEqual(written[REGISTER], (self.lowered, 0))

    def test_lowered_where_fixed(self):
        """and refused by name, with the kernel's errno and advice, where it does not"""
        step = self.ran["fixed"]["lowered"]
        self.assertEqual(step.status, 1, step.err)
        answer = step.json()
        self.assertIs(answer["pinned"], False)
        self.assertEqual([(w["register"], w["error"]) for w in answer["writes"]],
                         [(REGISTER, "EINVAL")])
        named = [m for m in answer["mismatches"] if m["register"] == REGISTER and m["field"] == FIELD]
        self.assertEqual(len(named), 1, answer["mismatches"])
        self.assertTrue(named[0]["reason"])
        self.assertTrue(named[0]["advice"])

    def test_check_foresees(self):
        """check says the same from the profiles alone"""
        for name, want in (("writable", 0), ("fixed", 1)):
            status, out, errors = bench.steadyarm("check", "--json", self.work / "lowered.json",
                                                  self.path[name])
            self.assertEqual(status, want, errors)
            blockers = [f"{b['register']}.{b['field']}"
                        for b in json.loads(out)["hosts"][0]["blockers"]]
            self.assertEqual(blockers, [f"{REGISTER}.{FIELD}"] if want else [])
