"""Probe, baseline and apply on 6.12 and 7.3, whose KVMs show different CPUs on one emulated CPU."""

import json
import pathlib
import unittest

import bench

HOSTS = {"old": ("--kernel", "6.12"), "new": ("--kernel", "7.3")}
TOLERATED = "ID_AA64MMFR2_EL1.NV"  # the one field that no write can level between the two
TOLERATED_ID = bench.IDS["ID_AA64MMFR2_EL1"]
TOLERATED_MASK = bench.mask("ID_AA64MMFR2_EL1", "NV")
OVER = "ID_AA64FPFR0_EL1"  # 6.12 knows nothing of FP8 matrix products
VCPUS = 4
STAGES = ("fresh", "written", "run")
PROBE_MOST = 600  # ioctls a configuration


def level(values):
    """{id: value} with the tolerated field taken out."""
    return {number: value & ~TOLERATED_MASK if number == TOLERATED_ID else value
            for number, value in values.items()}


class TwoKernels(unittest.TestCase):
    """One boot of each host for the probe, one for the rest; the tests look at what came back."""

    @classmethod
    def setUpClass(cls):
        work = bench.scratch()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)
        probe = {"probe": ["steadyarm", "probe", "--name", "host", "-o", "host.json"]}
        cls.user = {name: bench.boot(cls.work / f"probe-{name}", host, probe)["probe"]
                    for name, host in HOSTS.items()}
        cls.profile = {name: step.file("host.json") for name, step in cls.user.items()}
        cls.path = {name: step.files / "host.json" for name, step in cls.user.items()}
        cls._models()
        cls.root = {name: bench.boot(cls.work / f"apply-{name}", host, cls._commands(),
                                     cls.work.glob("model.*"), counted=True)
                    for name, host in HOSTS.items()}

    @classmethod
    def _models(cls):
        paths = cls.path.values()
        cls.refused = bench.steadyarm("baseline", "--json", *paths)
        cls.made = bench.steadyarm("baseline", "--name", "both", "--tolerate", TOLERATED,
                                   "-o", cls.work / "model.json", *paths)
        cls.foreign = bench.steadyarm("baseline", "--name", "new", "--exactly", cls.path["new"],
                                      "-o", cls.work / "model.new")
        for status, _, errors in (cls.made, cls.foreign):
            if status:
                raise AssertionError(f"baseline ended with {status}: {errors}")
        cls.model = bench.read(cls.work / "model.json")
        (cls.work / "model.text").write_text(bench.canonical(cls.model), encoding="utf-8")

    @classmethod
    def _commands(cls):
        over = bench.core(bench.read(cls.work / "model.new"))[bench.IDS[OVER]]
        return {
            "probe": ["steadyarm", "probe", "--name", "host", "-o", "again.json"],
            "apply": ["steadyarm", "apply", "/in/model.json", "--vcpus", str(VCPUS), "--json"],
            "vmm": ["lab-vmm", "pin", "/in/model.text", str(VCPUS)],
            "over": ["steadyarm", "apply", "/in/model.new", "--json"],
            "raw": ["lab-vmm", "set", hex(bench.IDS[OVER]), hex(over)],
        }

    def test_user(self):
        """an ordinary user with access to /dev/kvm only can probe, and finds what root finds"""
        for name in HOSTS:
            self.assertEqual(self.user[name].status, 0, self.user[name].err)
            self.assertEqual(self.root[name]["probe"].file("again.json"), self.profile[name])

    def test_differ(self):
        """the hosts genuinely differ"""
        old, new = (bench.core(self.profile[name]) for name in HOSTS)
        differ = {number for number in old if old[number] != new[number]}
        self.assertIn(bench.IDS[OVER], differ)
        self.assertGreaterEqual(len(differ), 4)

    def test_refused_unless_tolerated(self):
        """without tolerating the one field there is no baseline, with the reason and the way out"""
        status, out, errors = self.refused
        self.assertEqual(status, 1, errors)
        conflicts = json.loads(out)["conflicts"]
        self.assertEqual([f"{c['register']}.{c['field']}" for c in conflicts], [TOLERATED])
        self.assertTrue(conflicts[0]["reason"])
        self.assertIn(f"--tolerate {TOLERATED}", conflicts[0]["advice"])

    def test_pinned(self):
        """the baseline is pinned on both, on four vCPUs, and what is tolerated is named"""
        for name in HOSTS:
            step = self.root[name]["apply"]
            self.assertEqual(step.status, 0, step.err)
            answer = step.json()
            self.assertIs(answer["pinned"], True)
            self.assertEqual(answer["vcpus"], VCPUS)
            self.assertEqual(answer["mismatches"], [])
            named = [f"{t['register']}.{t['field']}" for t in answer["tolerated"]]
            self.assertEqual(named, [TOLERATED] if name == "old" else [])

    def test_id(self):
        """a model's id is the hash of its canonical text as the book has it"""
        for name in HOSTS:
            label = self.root[name]["apply"].json()["model"]
            self.assertTrue(bench.model_id(self.model).startswith(label.partition("@")[2]), label)

    def test_readings(self):
        """a VMM with its own ioctls reads the model on every vCPU, before and after the first run"""
        want = level(bench.core(self.model))
        for name in HOSTS:
            step = self.root[name]["vmm"]
            self.assertEqual(step.status, 0, step.err)
            fresh, *pinned = (bench.readings(step.out, stage) for stage in STAGES)
            for vcpu in range(VCPUS):
                self.assertNotEqual(level(fresh[vcpu]), want, "nothing had to be pinned")
                for stage in pinned:
                    self.assertEqual(level(stage[vcpu]), want)

    def test_identical(self):
        """the two hosts' readings are identical, all 56, outside the tolerated field"""
        old, new = ({stage: bench.readings(self.root[name]["vmm"].out, stage) for stage in STAGES[1:]}
                    for name in HOSTS)
        for stage, vcpus in old.items():
            for vcpu, values in vcpus.items():
                self.assertEqual(len(values), bench.CORE_COUNT)
                differ = {n: values[n] ^ new[stage][vcpu][n] for n in values
                          if values[n] != new[stage][vcpu][n]}
                self.assertEqual(set(differ) - {TOLERATED_ID}, set())
                self.assertEqual(differ.get(TOLERATED_ID, 0) & ~TOLERATED_MASK, 0)

    def test_same_writes(self):
        """apply writes what the library writes in that VMM"""
        for name in HOSTS:
            told = [(w["vcpu"], int(w["id"], 16), int(w["value"], 16), w["errno"])
                    for w in self.root[name]["apply"].json()["writes"]]
            self.assertEqual(told, bench.writes(self.root[name]["vmm"].out))

    def test_over_limit(self):
        """a value over the limit is refused with the kernel's own errno, and the field is named"""
        step = self.root["old"]["over"]
        self.assertEqual(step.status, 1, step.err)
        answer = step.json()
        self.assertIs(answer["pinned"], False)
        refused = {w["register"]: w["error"] for w in answer["writes"] if w["errno"]}
        self.assertEqual(refused.get(OVER), "EINVAL")
        self.assertIn(OVER, [m["register"] for m in answer["mismatches"]])
        raw = self.root["old"]["raw"].out
        (_, number, value, errno), = bench.writes(raw)
        self.assertEqual(errno, 22, raw)
        self.assertEqual(bench.readings(raw, "fresh"), bench.readings(raw, "written"))
        self.assertNotEqual(bench.readings(raw, "fresh")[0][number], value)
        self.assertEqual(self.root["new"]["over"].status, 0, "its own model does not fit the host")

    def test_simulated(self):
        """the simulated hosts of the profiles answer as the real ones did"""
        for name in HOSTS:
            for step, argv in (("apply", ("model.json", VCPUS)), ("over", ("model.new", 1))):
                model, vcpus = argv
                status, out, _ = bench.steadyarm("apply", "--json", self.work / model,
                                                 self.path[name], "--vcpus", vcpus)
                real, simulated = self.root[name][step], json.loads(out)
                self.assertEqual(status, real.status)
                for key in ("writes", "pinned", "model"):
                    self.assertEqual(simulated[key], real.json()[key], f"{name}, {step}: {key}")

    def test_probe_ioctls(self):
        """a probe makes at most 600 ioctls a configuration, by the kernel's own count"""
        for name in HOSTS:
            made = sum(self.root[name]["probe"].ioctls.values())
            self.assertGreater(made, bench.CORE_COUNT)
            self.assertLessEqual(made, PROBE_MOST * len(self.profile[name]["configurations"]))

    def test_apply_ioctls(self):
        """apply writes no more than what differs, and tells how many ioctls it made"""
        for name in HOSTS:
            step = self.root[name]["apply"]
            fresh = bench.readings(self.root[name]["vmm"].out, "fresh")[0]
            want = bench.core(self.model)
            differ = sum(level(fresh)[number] != value for number, value in level(want).items())
            offers = self.profile[name]["firmware"]
            differ += sum(int(offers.get(key, "0"), 16) != int(value, 16)
                          for key, value in self.model["firmware"].items())
            each = self.profile[name]["sve"] != self.model["sve"]
            writes = step.ioctls.get(bench.SET_ONE_REG, 0)
            self.assertEqual(writes, len(step.json()["writes"]))
            self.assertLessEqual(writes, differ + VCPUS * each + 1)
            self.assertEqual(step.json()["ioctls"], sum(step.ioctls.values()))
