#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two hosts that differ in one thing: the baseline turns off or narrows exactly that."""

import json
import pathlib

from support import DONE, NO, Case, main, profile

BASE = "max-7.3"
# the fields of pointer authentication (DDI0487 D24.2.83, D24.2.84): register, lowest bit
ALGORITHMS = {"ID_AA64ISAR1_EL1": (4, 8, 24, 28), "ID_AA64ISAR2_EL1": (8, 12)}


def read(name):
    return json.loads(pathlib.Path(profile(name)).read_text(encoding="utf-8"))


class Pairs(Case):
    def pair(self, other):
        """The model of BASE and another, which both accept; and that of BASE alone."""
        path = self.file("other.json", json.dumps(other)) if isinstance(other, dict) else profile(other)
        model, alone = self.folder / "both.json", self.model(BASE)
        self.expect(DONE, "baseline", "--quiet", "-o", model, profile(BASE), path)
        for host in (profile(BASE), path):
            self.expect(DONE, "check", model, host)
            self.assertTrue(self.expect(DONE, "apply", "--json", model, host).json()["pinned"])
        return (json.loads(each.read_text(encoding="utf-8")) for each in (model, alone))

    def same_but(self, both, alone, options, registers=()):
        """All options of BASE but these, and all registers but these."""
        self.assertEqual(both["vcpu_features"], {**alone["vcpu_features"], **options})
        differ = {name for name in alone["registers"] if both["registers"][name] != alone["registers"][name]}
        self.assertEqual(differ, set(registers))

    def test_lengths(self):
        """SVE's vector lengths: the longest common prefix, nothing else."""
        other = read(BASE)
        lengths = other["sve"]["vector_lengths"]
        self.assertGreaterEqual(len(lengths), 3)
        other["sve"]["vector_lengths"] = lengths[:2] + lengths[3:]  # one in the middle is missing
        both, alone = self.pair(other)
        self.same_but(both, alone, {})
        self.assertEqual(both["sve"]["vector_lengths"], lengths[:2])

    def test_lengths_recorded(self):
        """The same of a host that was recorded: QEMU's max with sve384=on, and no more than that."""
        other = read("max-7.3-sve384")
        both, alone = self.pair("max-7.3-sve384")
        common = []
        for pair in zip(read(BASE)["sve"]["vector_lengths"], other["sve"]["vector_lengths"]):
            if pair[0] != pair[1]:
                break
            common.append(pair[0])
        self.assertEqual(both["sve"]["vector_lengths"], common)
        self.assertEqual(both["vcpu_features"], alone["vcpu_features"])

    def test_equal_maximum(self):
        """Which length differs is named where the greatest is the same."""
        hosts = {}
        for name, lengths in (("with", [16, 32, 48, 64]), ("without", [16, 32, 64])):
            hosts[name] = read(BASE)
            hosts[name]["sve"]["vector_lengths"] = lengths
            hosts[name] = self.file(f"{name}.json", json.dumps(hosts[name]))
        for ours, theirs, whose in (("with", "without", "model"), ("without", "with", "host")):
            model = self.folder / "model.json"
            self.expect(DONE, "baseline", "--quiet", "-o", model, hosts[ours])
            (found,) = self.expect(NO, "check", "--json", model, hosts[theirs]).json()["hosts"][0]["blockers"]
            self.assertIn(f"48 bytes are a length of the {whose} alone", found["reason"])

    def test_told(self):
        """What is given up is told, with the host that it is given up for."""
        for other, name, reason in (
                ("max-7.3-sve384", "SVE_VLS", "lowered from 256 bytes to 48: this host has no vectors of 64"),
                ("max-7.3-nosve", "sve", "left off: this host is not known to have SVE"),
                ("max-7.3-nopauth", "ptrauth", "left off: this host is not known to have pointer"),
                ("max-qarma5-7.3", "ptrauth", "left off: with pointer authentication on,")):
            with self.subTest(other):
                told = self.expect(DONE, "baseline", "-o", self.folder / "both.json", profile(BASE),
                                   profile(other)).err
                (line,) = [line for line in told.splitlines() if f"{name}: l" in line]
                self.assertIn(reason, line)
                self.assertEqual(f"note: {other}: " in line, "this host" in line)
        for options in ((), ("--vcpu", "sve=off,ptrauth=off")):  # nothing is lost, or it was asked for
            told = self.expect(DONE, "baseline", "-o", self.folder / "both.json", *options,
                               profile(BASE), profile(BASE if not options else "max-7.3-nosve")).err
            self.assertNotIn("left off", told)
            self.assertNotIn("lowered", told)
        # nobody asked for these to be off: the profile has EL2 with all of them, and with none
        nested = read("max-7.3-nested")
        nested["configurations"] = [c for c in nested["configurations"] if not c["vcpu_features"]["el2"]
                                    or c["vcpu_features"]["sve"] == c["vcpu_features"]["pmu"]
                                    == c["vcpu_features"]["ptrauth"]]
        told = self.expect(DONE, "baseline", "-o", self.folder / "both.json", "--vcpu", "el2=on,sve=off",
                           self.file("nested.json", json.dumps(nested))).err
        for option in ("pmu", "ptrauth"):
            self.assertRegex(told, f"note: .*: {option}: left off: .* together with the options")

    def test_algorithm(self):
        """Pointer authentication by another algorithm: it goes, and its fields with it."""
        other = read("max-qarma5-7.3")
        both, alone = self.pair("max-qarma5-7.3")
        self.assertNotEqual(other["registers"]["ID_AA64ISAR1_EL1"]["value"],
                            read(BASE)["registers"]["ID_AA64ISAR1_EL1"]["value"])
        self.assertEqual(both["vcpu_features"], {**alone["vcpu_features"], "ptrauth": False})
        for name, value in alone["registers"].items():
            want = int(value, 16)
            for low in ALGORITHMS.get(name, ()):
                want &= ~(0xf << low)
            self.assertEqual(int(both["registers"][name], 16), want, name)

    def test_pmu(self):
        """A host without a PMU: it goes, and its fields with it."""
        other = read(BASE)
        other["configurations"] = [c for c in other["configurations"] if not c["vcpu_features"]["pmu"]]
        first = other["configurations"][0]
        for name, value in first.pop("registers").items():
            other["registers"][name]["value"] = value
        other["capabilities"]["ARM_PMU_V3"] = 0
        both, alone = self.pair(other)
        self.same_but(both, alone, {"pmu": False}, {"ID_AA64DFR0_EL1", "ID_DFR0_EL1"})

    def test_counters(self):
        """A PMU with another number of counters, where KVM lets no guest have fewer: the PMU goes."""
        other = read(BASE)
        count = int(other["unvirtualised"]["PMCR_EL0.N"], 16)
        other["unvirtualised"]["PMCR_EL0.N"] = f"{count + 1:#x}"
        other["behaviours"]["counters_lowered"] = False
        both, alone = self.pair(other)
        self.same_but(both, alone, {"pmu": False}, {"ID_AA64DFR0_EL1", "ID_DFR0_EL1"})

    def test_fewer_counters(self):
        """Where a guest may have fewer (PMCR_EL0, set_pmcr() from Linux 6.7 on), it has the least."""
        other = read(BASE)
        count = int(other["unvirtualised"]["PMCR_EL0.N"], 16)
        other["unvirtualised"]["PMCR_EL0.N"] = f"{count + 1:#x}"
        both, alone = self.pair(other)
        self.same_but(both, alone, {})
        self.assertEqual(int(both["unvirtualised"]["PMCR_EL0.N"], 16), count)
        self.assertEqual(both["offer"]["levelled"], ["PMCR_EL0.N"])
        told = self.expect(DONE, "baseline", profile(BASE), self.folder / "other.json").err
        self.assertIn(f"{BASE}: PMCR_EL0.N: lowered from {count + 1} to {count}", told)
        plan = self.expect(DONE, "plan", self.folder / "both.json", self.folder / "other.json").out
        self.assertIn(f"set 0 603000000013dce0 {count << 11:016x} = 0  # PMCR_EL0\n", plan)
        # one with fewer still, which was not asked when the model was made
        other["unvirtualised"]["PMCR_EL0.N"] = f"{count - 1:#x}"
        fewer = self.file("fewer.json", json.dumps(other))
        answer = self.expect(NO, "check", "--json", self.folder / "both.json", fewer).json()
        self.assertEqual([b["register"] for b in answer["hosts"][0]["blockers"]], ["PMCR_EL0.N"])
        done = self.expect(NO, "apply", "--json", self.folder / "both.json", fewer).json()
        self.assertFalse(done["pinned"])

    def test_counters_at_el2(self):
        """A guest at EL2 is given fewer by another call, before its PMU is there (measured 6.16 to 7.3)."""
        base = read("max-7.3-nested")
        count = int(base["unvirtualised"]["PMCR_EL0.N"], 16)
        base["unvirtualised"]["PMCR_EL0.N"] = f"{count + 1:#x}"
        other = self.file("other.json", json.dumps(base))
        model = self.folder / "el2.json"
        hosts = (profile("max-7.3-nested"), other)
        self.expect(DONE, "baseline", "--vcpu", "el2=on,pmu=on", "-o", model, *hosts)
        for host in hosts:
            self.expect(DONE, "check", model, host)
            self.assertTrue(self.expect(DONE, "apply", "--json", model, host).json()["pinned"])
        plan = self.expect(DONE, "plan", "--vcpus", "2", model, other).out
        self.assertRegex(plan, f"init-gic = 0\npmu-counters 0 {count:x} = 0\npmu-init 0 = 0\npmu-init 1 = 0")
        self.assertNotIn("pmu-counters", self.expect(DONE, "plan", model, hosts[0]).out)
        log = self.file("plan.log", plan)
        self.expect(DONE, "replay", log, other)
        # KVM ignores PMCR_EL0.N there (measured 6.18, 7.3): no kernel without the call can be levelled
        base["behaviours"]["counters_chosen"] = False
        without = self.file("without.json", json.dumps(base))
        done = self.expect(NO, "baseline", "--json", "--vcpu", "el2=on,pmu=on", "-o", model, hosts[0],
                           without).json()
        self.assertIn("PMCR_EL0.N", [c["register"] for c in done["conflicts"]])
        self.expect(NO, "check", model, without)
        answer = self.expect(NO, "apply", "--json", model, without)
        self.assertIn("KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS", answer.err + answer.out)


if __name__ == "__main__":
    main()
