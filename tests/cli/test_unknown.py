#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hosts of kernels that are not written yet: each grows something that this version has no name for.

Each is a recorded profile that was added to. It is brought to 0 where its KVM allows, else refused by
name, or with --lenient reported; check, plan and apply agree.
"""

import json
import pathlib
import re

from support import BAD, DONE, NO, Case, main, profile

BASES = ("max-7.3", "neoverse-n1-6.18")  # with SVE, whose register list comes late, and without
BITMAP = "0x6030000000160007"  # KVM_REG_ARM_FW_FEAT_BMAP_REG(7)
FIRMWARE = "0x6030000000140004"  # KVM_REG_ARM_FW_REG(4)
OTHER = "0x6030000000170000"  # a space of ids that KVM does not have
WIDE = "0x6080000000170000"  # there, of 2048 bits, as SME's ZA would be
SYSREG = "0x603000000013c10e"  # op0 3, op1 0, CRn 2, CRm 1, op2 6: UNALLOCATED in Arm's 2026-03
OUTSIDE = "0x603000000013c80a"  # op0 3, op1 1, CRn 0, CRm 1, op2 2: in range 0, not in the core range


class Future:
    """A profile that grows."""

    def __init__(self, base):
        self.p = json.loads(pathlib.Path(profile(base)).read_text(encoding="utf-8"))
        self.p["host"]["name"] = "future"

    def register(self, name, value, writable):
        first = self.p["registers"].setdefault(name, {"value": "0x0", "writable": "0x0"})
        first["value"] = f"{int(first.get('value', '0x0'), 16) | value:#x}"
        first["writable"] = f"{int(first.get('writable', '0x0'), 16) & ~value | value & writable:#x}"
        for c in self.p["configurations"][1:]:
            c["registers"][name] = f"{int(c['registers'].get(name, '0x0'), 16) | value:#x}"
        return self

    def listed(self, kvm_id):
        for c in self.p["configurations"]:
            c["register_list"] = sorted({*c["register_list"], kvm_id}, key=lambda text: int(text, 16))
        return self

    def firmware(self, kvm_id, value):
        self.p["firmware"][kvm_id] = value
        return self.listed(kvm_id) if kvm_id.startswith("0x") else self

    def unnamed(self, kvm_id, value, zero):
        self.p["unnamed"] = {kvm_id: {"value": value, "zero": zero}}
        return self.listed(kvm_id)

    def ranges(self, bits):
        self.p["capabilities"]["ARM_SUPPORTED_REG_MASK_RANGES"] = bits
        return self


# what grew; what names it; what it is called; the calls that bring it to 0
TO_ZERO = (
    ("reserved register", lambda f: f.register("S3_0_C0_C4_3", 0x21, 0xff), "field",
     {("S3_0_C0_C4_3", "[3:0]", "0x1"), ("S3_0_C0_C4_3", "[7:4]", "0x2")}, ("S3_0_C0_C4_3",)),
    ("nameless field", lambda f: f.register("ID_AA64ISAR3_EL1", 1 << 60, 0xf << 60), "field",
     {("ID_AA64ISAR3_EL1", "[63:60]", "0x1")}, ("ID_AA64ISAR3_EL1",)),
    ("single bits of a nibble", lambda f: f.register("ID_AA64ISAR3_EL1", 5 << 60, 5 << 60), "field",
     {("ID_AA64ISAR3_EL1", "[63:60]", "0x5")}, ("ID_AA64ISAR3_EL1",)),
    ("bitmap register", lambda f: f.firmware(BITMAP, "0x5"), "register",
     {(BITMAP, None, "0x5")}, (BITMAP,)),
    ("bitmap register that is 0", lambda f: f.firmware(BITMAP, "0x0"), "register",
     {(BITMAP, None, "0x0")}, ()),
    ("service of a known bitmap", lambda f: f.firmware("STD_HYP_BMAP", "0x3"), "service",
     {("STD_HYP_BMAP", None, "0x2")}, ("STD_HYP_BMAP",)),
    ("listed register", lambda f: f.unnamed(SYSREG, "0x11", True), "register",
     {("S3_0_C2_C1_6", None, "0x11")}, (SYSREG,)),
    ("register of another space", lambda f: f.unnamed(OTHER, "0x1", True), "register",
     {(OTHER, None, "0x1")}, (OTHER,)),
    ("register outside the core range", lambda f: f.register("S3_1_C0_C1_2", 1, 0xf).listed(OUTSIDE),
     "register", {("S3_1_C0_C1_2", None, "0x1")}, ("S3_1_C0_C1_2",)),
)
FIXED = (
    ("reserved register", lambda f: f.register("S3_0_C0_C4_3", 0x20, 0), "field",
     {("S3_0_C0_C4_3", "[7:4]", "0x2")}),
    ("nameless field", lambda f: f.register("ID_AA64ISAR3_EL1", 1 << 60, 0), "field",
     {("ID_AA64ISAR3_EL1", "[63:60]", "0x1")}),
    ("one bit of two can be written", lambda f: f.register("ID_AA64ISAR3_EL1", 5 << 60, 1 << 60), "field",
     {("ID_AA64ISAR3_EL1", "[63:60]", "0x5")}),
    ("firmware register", lambda f: f.firmware(FIRMWARE, "0x1"), "register",
     {(FIRMWARE, None, "0x1")}),
    ("listed register", lambda f: f.unnamed(SYSREG, "0x11", False), "register",
     {("S3_0_C2_C1_6", None, "0x11")}),
    ("wide register", lambda f: f.listed(WIDE), "register", {(WIDE, None, None)}),
    ("register outside the core range", lambda f: f.register("S3_1_C0_C1_2", 1, 0).listed(OUTSIDE),
     "register", {("S3_1_C0_C1_2", None, "0x1")}),
    ("register range", lambda f: f.ranges(5), "range", {("register range 2", None, "0x5")}),
)

# Linux 7.3, arch/arm64/tools/sysreg; listed where the CPU has S1POE, FGT2 or NV3 (arch/arm64/kvm/
# sys_regs.c: s1poe_visibility() and its like), which no CPU of the lab has
POR = ("0x603000000013c514", "0x603000000013dd14")  # POR_EL1 3 0 10 2 4, POR_EL0 3 3 10 2 4
EL2 = ("0x603000000013e514",  # POR_EL2 3 4 10 2 4
       "0x603000000013e188", "0x603000000013e189",  # HDFGRTR2_EL2 3 4 3 1 0, HDFGWTR2_EL2 3 4 3 1 1
       "0x603000000013e18a", "0x603000000013e18b",  # HFGRTR2_EL2 3 4 3 1 2, HFGWTR2_EL2 3 4 3 1 3
       "0x603000000013e18f", "0x603000000013e0a8")  # HFGITR2_EL2 3 4 3 1 7, NVHCR_EL2 3 4 1 5 0


def told(unknown):
    return {(found["register"], found.get("field"), found.get("offered")) for found in unknown}


def each(rows):
    """Every row on every base."""
    return [(base, row) for base in BASES for row in rows]


class Unknown(Case):
    def future(self, base, grow):
        return self.file("future.json", json.dumps(grow(Future(base)).p))

    def answers(self, status, base, host, *options):
        model = self.model(base)
        check = self.expect(status, "check", "--json", *options, model, host).json()
        plan = self.expect(status, "plan", "--json", *options, model, host).json()
        apply = self.expect(status, "apply", "--json", "--vcpus", "2", *options, model, host).json()
        return check["hosts"][0], plan, apply

    def test_brought_to_zero(self):
        for base, (what, grow, kind, names, written) in each(TO_ZERO):
            with self.subTest(f"{what} on {base}"):
                host = self.future(base, grow)
                for answer in self.answers(DONE, base, host):
                    self.assertEqual(told(answer["unknown"]), names)
                    self.assertEqual({(found["unknown"], found["state"]) for found in answer["unknown"]},
                                     {(kind, "zero")})
                _, plan, apply = self.answers(DONE, base, host)
                calls = [call for call in plan["calls"] if call["op"] == "set"]
                self.assertTrue(apply["pinned"])
                self.assertEqual(apply["tolerated"], [])
                for name in written:
                    writes = [w for w in apply["writes"] if name in (w["register"], w["id"])]
                    self.assertTrue(writes, name)
                    self.assertEqual({w["errno"] for w in writes}, {0})
                    self.assertIn(writes[0]["id"], {f"{int(call['id'], 16):#018x}" for call in calls})
                self.assertEqual(len({call["id"] for call in calls}), len({w["id"] for w in apply["writes"]}))

    def test_the_plan_does_it(self):
        """The plan's calls, replayed: each succeeds on the host, and reading back gives 0."""
        for base, (what, grow, _, _, written) in each(TO_ZERO):
            with self.subTest(f"{what} on {base}"):
                host = self.future(base, grow)
                plan = self.expect(DONE, "plan", self.model(base), host).out
                for name in written:
                    kvm_id = re.search(rf"^set 0 ([0-9a-f]+) .*# {name}$", plan, flags=re.M)
                    kvm_id = kvm_id.group(1) if kvm_id else f"{int(name, 16):x}"
                    if "BMAP" not in name and "ISAR3" not in name:
                        plan += f"get 0 {kvm_id} = 0 {0:016x}\n"
                self.expect(DONE, "replay", "-", host, stdin=plan)

    def test_refused_by_name(self):
        for base, (what, grow, kind, names) in each(FIXED):
            with self.subTest(f"{what} on {base}"):
                host = self.future(base, grow)
                for options in ((), ("--strict",), ("--lenient", "--strict")):
                    check, plan, apply = self.answers(NO, base, host, *options)
                    self.assertIs(check["can_run"], False)
                    self.assertIs(apply["pinned"], False)
                    for answer, errors in ((check, "blockers"), (plan, "blockers"), (apply, "mismatches")):
                        self.assertEqual(told(answer["unknown"]), names)
                        self.assertEqual({(found["unknown"], found["state"]) for found in answer["unknown"]},
                                         {(kind, "refused")})
                        self.assertEqual(told(answer[errors]), names)
                for command in ("check", "plan", "apply"):
                    out = self.expect(NO, command, self.model(base), host).out
                    for register, field, _ in names:
                        self.assertIn(register + ("." + field if field else ""), out)
                    self.assertIn("no name for" if kind != "range" else "does not know", out)
                    self.assertIn("--lenient", out)

    def test_lenient(self):
        for base, (what, grow, kind, names) in each(FIXED):
            with self.subTest(f"{what} on {base}"):
                host = self.future(base, grow)
                check, plan, apply = self.answers(DONE, base, host, "--lenient")
                self.assertIs(check["can_run"], True)
                self.assertIs(apply["pinned"], True)
                for answer in (check, plan, apply):
                    self.assertEqual(told(answer["unknown"]), names)
                    self.assertEqual({(found["unknown"], found["state"]) for found in answer["unknown"]},
                                     {(kind, "left")})
                # a field that is not the model's is among the tolerated ones
                self.assertEqual({(found["register"], found["field"]) for found in apply["tolerated"]},
                                 {(register, field) for register, field, _ in names if field})
                out = self.expect(DONE, "apply", "--lenient", self.model(base), host).out
                for register, _, _ in names:
                    self.assertRegex(out, f"warning: {re.escape(register)}")

    def test_baseline(self):
        """A model of such a host has 0 there. Of a field that cannot be, there is none; of what no model
        speaks of, it is told that the host will be refused, as check says it."""
        for base, (what, grow, kind, names, _) in each(TO_ZERO):
            with self.subTest(f"{what} on {base}"):
                model = self.folder / "own.json"
                host = self.future(base, grow)
                self.expect(DONE, "baseline", "--quiet", "-o", model, host)
                made = json.loads(model.read_text(encoding="utf-8"))
                for register, field, value in names:
                    if field:
                        low = int(field[1:-1].split(":")[1])
                        self.assertEqual(int(made["registers"][register], 16) & int(value, 16) << low, 0)
                    elif register.endswith("BMAP"):
                        self.assertEqual(int(made["firmware"][register], 16) & int(value, 16), 0)
                self.assertTrue(self.expect(DONE, "apply", "--json", model, host).json()["pinned"])
        for base, (what, grow, kind, names) in each(FIXED):
            with self.subTest(f"{what} on {base}"):
                model = self.folder / "own.json"
                host = self.future(base, grow)
                if kind != "field":
                    self.refused_later(model, host, names)
                    continue
                conflict = self.expect(NO, "baseline", "--json", host).json()["conflicts"]
                self.assertEqual({(found["register"], found["field"]) for found in conflict},
                                 {(register, field) for register, field, _ in names})
                (name,) = [f"{register}.{field}" for register, field, _ in names]
                self.expect(DONE, "baseline", "--quiet", "-o", model, "--tolerate", name, host)
                self.assertTrue(self.expect(DONE, "apply", "--json", model, host).json()["pinned"])

    def refused_later(self, model, host, names):
        """baseline warns, in check's words, of what check, plan and apply refuse of the same host."""
        made = self.expect(DONE, "baseline", "-o", model, host)
        notes = self.expect(DONE, "baseline", "--json", host).json()["notes"]
        notes = [note for note in notes if "unknown" in note]
        self.assertEqual(told(notes), names)
        self.assertEqual({(note["severity"], note["host"]) for note in notes},
                         {("warning", "future")})
        blockers = self.expect(NO, "check", "--json", model, host).json()["hosts"][0]["blockers"]
        self.assertEqual([(note["register"], note["reason"]) for note in notes],
                         [(blocker["register"], blocker["reason"]) for blocker in blockers])
        for blocker in blockers:
            self.assertRegex(made.err, f"warning: .*{re.escape(blocker['register'])}: .*"
                                       f"{re.escape(blocker['reason'])}")
        self.assertIn("--lenient", made.err)
        for command in ("plan", "apply"):
            self.expect(NO, command, model, host)
        self.assertTrue(self.expect(DONE, "apply", "--json", "--lenient", model, host).json()["pinned"])

    def test_baseline_of_several(self):
        """Each host is told of by itself, and what check only warns of is a note."""
        warned = Future("max-7.3").listed(SYSREG)
        for c in warned.p["configurations"]:
            c.pop("reset", None)
        refused = self.file("refused.json", json.dumps(Future("max-7.3").ranges(5).p))
        hosts = (profile("max-7.3"), self.file("warned.json", json.dumps(warned.p)), refused)
        self.assertIn("note: warned: S3_0_C2_C1_6: ", self.expect(DONE, "baseline", *hosts).err)
        notes = self.expect(DONE, "baseline", "--json", *hosts).json()["notes"]
        self.assertEqual([(note["severity"], note["host"], note["register"])
                          for note in notes if "unknown" in note],
                         [("note", "warned", "S3_0_C2_C1_6"), ("warning", "refused", "register range 2")])

    def test_a_model_may_not_ask_for_it(self):
        """Bits that only a text gives a value: a guest would see what nobody knows."""
        future = Future("max-7.3").register("ID_AA64ISAR3_EL1", 1 << 60, 0xf << 60)
        model = json.loads(self.model("max-7.3").read_text(encoding="utf-8"))
        model["registers"]["ID_AA64ISAR3_EL1"] = future.p["registers"]["ID_AA64ISAR3_EL1"]["value"]
        del model["offer"]
        path = self.file("asks.json", json.dumps(model))
        host = self.file("future.json", json.dumps(future.p))
        for command in ("check", "apply"):
            self.assertIn("ID_AA64ISAR3_EL1.[63:60]", self.expect(NO, command, path, host).out)
            self.expect(DONE, command, "--lenient", path, host)

    def test_services_that_a_model_asks_for(self):
        """One fact, one line: the host has no such service, or this version has no name for it."""
        model = json.loads(self.model("max-7.3").read_text(encoding="utf-8"))
        model["firmware"]["STD_HYP_BMAP"] = "0x5"
        del model["offer"]
        path = self.file("asks.json", json.dumps(model))
        has = self.file("has.json", json.dumps(Future("max-7.3").firmware("STD_HYP_BMAP", "0x5").p))
        for host, wanted, offered, reason in ((profile("max-7.3"), "0x5", "0x1", "its kernel has not"),
                                              (has, "0x4", "0x4", "no name for")):
            for command in ("check", "plan"):
                with self.subTest(reason, command=command):
                    answer = self.expect(NO, command, "--json", path, host).json()
                    answer = answer["hosts"][0] if command == "check" else answer
                    (found,) = [b for b in answer["blockers"] if b["register"] == "STD_HYP_BMAP"]
                    self.assertEqual((found["wanted"], found["offered"]), (wanted, offered))
                    self.assertIn(reason, found["reason"])

    def test_a_register_that_was_not_captured(self):
        """It is told; what it shows, apply finds out."""
        for base in BASES:
            future = Future(base).listed(SYSREG)
            for c in future.p["configurations"]:
                c.pop("reset", None)
            host = self.file("future.json", json.dumps(future.p))
            self.assertIn("S3_0_C2_C1_6", self.expect(DONE, "check", self.model(base), host).out)
            check, _, apply = self.answers(DONE, base, host)
            for answer, state in ((check, "left"), (apply, "zero")):
                (found,) = answer["unknown"]
                self.assertEqual((found["register"], found["state"]), ("S3_0_C2_C1_6", state))

    def test_a_register_that_was_captured_as_state(self):
        """By a version that knew no unnamed registers: 0 stays, of another value KVM may keep it."""
        for base in BASES:
            host = self.file("future.json", json.dumps(Future(base).listed(SYSREG).p))
            for answer in self.answers(DONE, base, host):
                (found,) = answer["unknown"]
                self.assertEqual((found["register"], found["state"], found["offered"]),
                                 ("S3_0_C2_C1_6", "zero", "0x0"))
            _, plan, apply = self.answers(DONE, base, host)
            self.assertNotIn(SYSREG, {w["id"] for w in apply["writes"]})
            self.assertNotIn(int(SYSREG, 16), {int(call["id"], 16) for call in plan["calls"]})
            future = Future(base).listed(SYSREG)
            future.p["configurations"][0]["reset"][SYSREG] = "0x11"
            host = self.file("future.json", json.dumps(future.p))
            check, plan, apply = self.answers(DONE, base, host)
            for answer, state in ((check, "left"), (plan, "left"), (apply, "zero")):
                (found,) = answer["unknown"]
                self.assertEqual((found["register"], found["state"], found["offered"]),
                                 ("S3_0_C2_C1_6", state, "0x11"))

    def test_firmware_that_is_not_listed(self):
        """KVM lists all that it has (kvm_arm_copy_fw_reg_indices()), and so does a host that is simulated."""
        for base in BASES:
            for kvm_id, value, status in ((BITMAP, "0x3", DONE), (FIRMWARE, "0x1", NO), (FIRMWARE, "0x0", DONE)):
                with self.subTest(base, kvm_id=kvm_id, value=value):
                    future = Future(base)
                    future.p["firmware"][kvm_id] = value
                    host = self.file("future.json", json.dumps(future.p))
                    for answer in self.answers(status, base, host):
                        self.assertEqual(told(answer["unknown"]), {(kvm_id, None, value)})

    def test_a_bitmap_without_a_list(self):
        """They are looked for by number too."""
        future = Future("max-7.3")
        future.p["firmware"][BITMAP] = "0x3"
        for c in future.p["configurations"]:
            del c["register_list"]
        host = self.file("future.json", json.dumps(future.p))
        a = self.expect(DONE, "apply", "--json", self.model("max-7.3"), host).json()
        self.assertEqual(told(a["unknown"]), {(BITMAP, None, "0x3")})

    def test_probe(self):
        """A probe finds it, and its profile is the host's: the second is the first, byte for byte."""
        for base, (what, grow, *_) in each((*TO_ZERO, *FIXED)):
            with self.subTest(f"{what} on {base}"):
                first, second = self.folder / "first.json", self.folder / "second.json"
                self.expect(DONE, "probe", "-o", first, self.future(base, grow))
                self.expect(DONE, "probe", "-o", second, first)
                self.assertEqual(first.read_bytes(), second.read_bytes())
                grown = json.loads(first.read_text(encoding="utf-8"))
                self.assertEqual(grown.get("unnamed"), grow(Future(base)).p.get("unnamed"))

    def test_input(self):
        for text, reason in (('{"0x1": {"value": "0x1"}}', '"zero"'),
                             ('{"0x1": {"value": "0x1", "zero": 1}}', "expected true or false"),
                             ('{"PSCI": {"value": "0x1", "zero": true}}', "no register's id"),
                             ('{"0x1": {"value": "0x0", "zero": true}, "0x01": {"value": "0x0", '
                              '"zero": true}}', "twice|two names"),
                             ('[]', "object")):
            with self.subTest(text):
                future = Future("max-7.3")
                future.p["unnamed"] = json.loads(text)
                answer = self.expect(BAD, "show", self.file("bad.json", json.dumps(future.p, indent=1)))
                self.assertRegex(answer.err, reason)
                self.assertRegex(answer.err, r"bad\.json:\d+:\d+")

    def overlays(self, name, value):
        """A host of this kernel that lists what S1POE brings; with it, or with the field at 0."""
        future = Future("max-7.3").register("ID_AA64MMFR3_EL1", value << 16, value << 16)
        for kvm_id in POR:
            future.listed(kvm_id)
        return self.file(name, json.dumps(future.p))

    def test_permission_overlays(self):
        """A CPU with FEAT_S1POE shows nothing unknown; where a guest has not the feature, a model has not
        its registers."""
        model, has = self.folder / "own.json", self.overlays("has.json", 1)
        for hosts, listed in (((has,), set(POR)), ((has, self.overlays("without.json", 0)), set())):
            self.expect(DONE, "baseline", "--quiet", "-o", model, *hosts)
            made = json.loads(model.read_text(encoding="utf-8"))
            self.assertEqual(set(POR) & set(made["register_list"]), listed)
            answers = [self.expect(DONE, "check", "--json", model, has).json()["hosts"][0]]
            answers += [self.expect(DONE, command, "--json", model, has).json() for command in ("plan", "apply")]
            for answer in answers:
                self.assertEqual(answer["unknown"], [])

    def test_guests_with_el2(self):
        future = Future("max-7.3-nested")
        for kvm_id in EL2:
            future.listed(kvm_id)
        model, host = self.folder / "own.json", self.file("future.json", json.dumps(future.p))
        self.expect(DONE, "baseline", "--quiet", "--vcpu", "el2=on", "-o", model, host)
        for command in ("plan", "apply"):
            self.assertEqual(self.expect(DONE, command, "--json", model, host).json()["unknown"], [])

    def test_recorded_hosts_have_nothing_unknown(self):
        for path in pathlib.Path(profile("max-7.3")).parent.glob("*.json"):
            with self.subTest(path.stem):
                for option in ((), ("--vcpu", "el2=on")) if "nested" in path.stem else ((),):
                    model = self.folder / "model.json"
                    self.expect(DONE, "baseline", "--quiet", *option, "-o", model, path)
                    for command in ("check", "apply"):
                        a = self.expect(DONE, command, "--json", model, path).json()
                        a = a["hosts"][0] if command == "check" else a
                        self.assertEqual(a["unknown"], [])


if __name__ == "__main__":
    main()
