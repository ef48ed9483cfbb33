"""The keys that others rely on, and what stands in them."""

import hashlib
import json
import pathlib
import re

from support import BAD, DONE, NO, Case, main, profile

HEX64 = r"^0x[0-9a-f]{16}$"
HEX = r"^0x[0-9a-f]+$"
# op0=3, op1=0, CRn=0, CRm=1..7, op2=0..7: KVM's ids of the core ID range (api.rst, 4.68)
CORE_IDS = [0x6030000000130000 | 3 << 14 | crm << 3 | op2 for crm in range(1, 8) for op2 in range(8)]
MODEL_KEYS = ["format", "version", "name", "registers", "firmware", "vcpu_features", "irqchip", "sve",
              "register_list", "implementations", "caches", "unvirtualised", "offer"]


class Json(Case):
    def keys(self, thing, required, optional=()):
        self.assertLessEqual(set(required), set(thing))
        self.assertLessEqual(set(thing), set(required) | set(optional))

    def test_profile(self):
        p = self.expect(DONE, "probe", profile("max-7.3"), "--name", "here", "--note", "how").json()
        self.keys(p, ("format", "version", "host", "registers", "configurations", "firmware", "sve",
                      "capabilities", "unvirtualised"), ("behaviours", "gates", "caches", "other_capabilities"))
        self.assertEqual((p["format"], p["version"]), ("steadyarm-profile", 1))
        self.assertEqual((p["host"]["name"], p["host"]["note"]), ("here", "how"))
        self.assertEqual(p["host"]["kernel"], "7.3.4+deb13-cloud-arm64")
        for cpu in p["host"]["cpus"]:
            self.keys(cpu, ("midr", "revidr", "aidr"))
        for name, register in p["registers"].items():
            with self.subTest(name):
                self.keys(register, (), ("value", "writable", "errno"))
                for value in register.values():
                    self.assertRegex(value, HEX64)
        self.assertGreaterEqual(len(p["configurations"]), 8)
        for i, one in enumerate(p["configurations"]):
            self.keys(one, ("vcpu_features", "irqchip", "register_list") + (("registers",) if i else ()),
                      ("registers", "accepted", "rewritten", "reset"))
            self.assertEqual(list(one["vcpu_features"])[:4], ["pmu", "sve", "ptrauth", "mte"])
            self.assertEqual(one["irqchip"], "gicv3")
            ids = [int(each, 16) for each in one["register_list"]]
            self.assertEqual(ids, sorted(ids))
            self.assertLessEqual(set(CORE_IDS), set(ids), "KVM lists all of the core ID range, RAZ ones too")
        self.assertEqual(p["sve"]["vector_lengths"], list(range(16, 257, 16)))
        for value in p["firmware"].values():
            self.assertRegex(value, HEX)
        self.assertEqual(set(p["unvirtualised"]), {"CNTFRQ_EL0", "DCZID_EL0", "IPA_SIZE", "PMCR_EL0.N", "PAGE_SIZE"})

    def test_model(self):
        m = self.expect(DONE, "baseline", "--name", "web-v1", profile("max-6.16"), profile("max-7.3")).json()
        self.assertEqual(list(m), MODEL_KEYS)
        self.assertEqual((m["format"], m["version"], m["name"]), ("steadyarm-model", 1, "web-v1"))
        self.assertEqual(len(m["registers"]), 58)
        self.assertTrue({"CTR_EL0", "CLIDR_EL1"} < set(m["registers"]))
        for value in m["registers"].values():
            self.assertRegex(value, HEX64)
        self.assertEqual(m["irqchip"], "gicv3")
        self.assertEqual({type(on) for on in m["vcpu_features"].values()}, {bool})
        self.assertEqual(m["implementations"], [{"midr": "0x00000000000f0510", "revidr": "0x" + "0" * 16,
                                                 "aidr": "0x" + "0" * 16}])
        self.assertEqual(m["offer"]["cells"][0]["accepted"]["ID_AA64MMFR3_EL1.TCRX"], "0-1")

    def test_tolerated(self):
        m = self.expect(DONE, "baseline", profile("max-6.12"), profile("max-7.3"),
                        "--tolerate", "ID_AA64MMFR2_EL1.NV").json()
        self.assertEqual(m["tolerated"], ["ID_AA64MMFR2_EL1.NV"])
        self.assertNotIn("name", m)

    def test_diff(self):
        d = self.expect(NO, "diff", "--json", profile("max-6.18"), profile("max-7.3")).json()
        self.assertEqual(d, {"relation": "subset", "differences": [
            {"register": "ID_AA64ISAR2_EL1", "field": "ATS1A", "a": 0, "b": 1, "features": ["FEAT_ATS1A"],
             "relation": "subset", "counts": True}],
            "beside": []})
        turned = self.expect(NO, "diff", "--json", profile("max-7.3"), profile("max-6.18")).json()
        self.assertEqual(turned["relation"], "superset")
        same = self.expect(DONE, "diff", "--json", profile("max-7.3"), profile("max-7.3")).json()
        self.assertEqual(same, {"relation": "identical", "differences": [], "beside": []})
        other = self.expect(NO, "diff", "--json", profile("max-6.12"), profile("max-7.3")).json()
        self.assertEqual(other["relation"], "incompatible")

    def test_diff_says_which_option_is_off(self):
        """SVE's fields are all that differ, and the reason is with each of them, by name in the words"""
        on = json.loads(pathlib.Path(profile("max-7.3")).read_text(encoding="utf-8"))
        zfr0 = int(on["registers"]["ID_AA64ZFR0_EL1"]["value"], 16)
        count = 1 + sum(zfr0 >> bit & 15 != 0 for bit in range(0, 64, 4))  # and ID_AA64PFR0_EL1.SVE
        for other, more in ((self.model("max-7.3", options=("--vcpu", "sve=off")), ""),
                            (profile("max-7.3-nosve"), ", which cannot turn it on")):
            d = self.expect(NO, "diff", "--json", profile("max-7.3"), other).json()
            reasons = [each["reason"] for each in d["differences"] if each["field"]]
            self.assertEqual(len(reasons), count)
            (reason,) = set(reasons)
            self.assertRegex(reason, f"^SVE is off in the vCPU options of [-a-z0-9.]+{more}$")
            words = " ".join(self.expect(NO, "diff", profile("max-7.3"), other).out.split())
            self.assertIn(f"why {reason}: {count} of the fields below", words)
        plain = self.expect(NO, "diff", profile("max-6.18"), profile("max-7.3")).out
        self.assertNotIn("why", plain)

    def test_check(self):
        c = self.expect(NO, "check", "--json", self.exactly("max-7.3"), profile("max-6.18"), profile("max-7.3")).json()
        self.keys(c, ("model", "hosts"))
        self.assertRegex(c["model"], r"^exact-v1@[0-9a-f]{12}$")
        self.assertEqual([(host["host"], host["can_run"]) for host in c["hosts"]],
                         [("max-6.18", False), ("max-7.3", True)])
        self.assertEqual(c["hosts"][1]["blockers"], [])
        (blocker,) = c["hosts"][0]["blockers"]
        self.keys(blocker, ("register", "field", "wanted", "offered", "reason", "advice", "features"))
        self.assertEqual([blocker[key] for key in ("register", "field", "wanted", "offered", "features")],
                         ["ID_AA64ISAR2_EL1", "ATS1A", "1", "0", ["FEAT_ATS1A"]])

    def test_check_tolerated(self):
        """a field on the command line lets that host go, and what guests miss is told"""
        c = self.expect(0, "check", "--json", "--tolerate", "ID_AA64ISAR2_EL1.ATS1A", self.exactly("max-7.3"),
                        profile("max-6.18")).json()
        (host,) = c["hosts"]
        self.assertEqual((host["can_run"], host["blockers"]), (True, []))
        (told,) = host["tolerated"]
        self.assertEqual([told[key] for key in ("register", "field", "wanted", "offered", "features")],
                         ["ID_AA64ISAR2_EL1", "ATS1A", "1", "0", ["FEAT_ATS1A"]])
        words = self.expect(0, "check", "--tolerate", "ID_AA64ISAR2_EL1.ATS1A", self.exactly("max-7.3"),
                            profile("max-6.18"))
        self.assertIn("MISSES FEAT_ATS1A", words.out)
        a = self.expect(0, "apply", "--json", "--tolerate", "ID_AA64ISAR2_EL1.ATS1A", self.exactly("max-7.3"),
                        profile("max-6.18")).json()
        self.assertIs(a["pinned"], True)
        self.assertEqual([found["field"] for found in a["tolerated"]], ["ATS1A"])
        self.expect(0, "plan", "--tolerate", "ID_AA64ISAR2_EL1.ATS1A", self.exactly("max-7.3"), profile("max-6.18"))

    def test_check_of_el2(self):
        """VH is of EL2 alone, and a model without EL2 has promised nothing by it"""
        for extra in ((), ("--tolerate", "ID_AA64ISAR0_EL1.DP")):
            asked = (*extra, "neoverse-n1", profile("a64fx-7.3"))
            (host,) = self.run_it("check", "--json", *asked).json()["hosts"]
            told = next(each for each in host["tolerated"] if each["field"] == "VH")
            self.assertEqual([told[key] for key in ("register", "wanted", "offered")],
                             ["ID_AA64MMFR1_EL1", "1", "0"])
            self.assertNotIn("features", told)
            self.assertIn("it counts only at EL2, which the guest has not", told["reason"])
            words = self.run_it("check", *asked).out
            self.assertNotIn("FEAT_VHE", words)
            self.assertIn("note: a64fx-7.3  ID_AA64MMFR1_EL1.VH: tolerated: counts only at EL2, "
                          "which a guest has not\n", words)
            self.assertEqual("it MISSES FEAT_DotProd" in words, bool(extra))

    def test_baseline_notes(self):
        """What is told on standard error is in the JSON too; a model with notes is the same model."""
        hosts = profile("neoverse-n1-6.12"), profile("cortex-a76-7.3")
        answer = self.expect(DONE, "baseline", "--json", "--tolerate", "ID_AA64ISAR0_EL1.DP", *hosts)
        (note,) = [n for n in answer.json()["notes"] if n["register"] == "ID_AA64ISAR0_EL1.DP"]
        self.keys(note, ("severity", "register", "reason"))
        self.assertEqual((note["severity"], note["reason"]),
                         ("note", "need not be tolerated: the hosts are level there"))
        self.assertIn(f"note: {note['register']}: {note['reason']}", answer.err)
        self.assertEqual(len(answer.json()["notes"]), answer.err.count("note: ") + answer.err.count("warning: "))
        plain = self.expect(DONE, "baseline", "--tolerate", "ID_AA64ISAR0_EL1.DP", *hosts)
        self.assertNotIn("notes", plain.json())
        self.assertEqual({k: v for k, v in answer.json().items() if k != "notes"}, plain.json())
        told = self.file("told.json", answer.out)
        self.assertEqual(self.expect(DONE, "models", "--text", told).out,
                         self.expect(DONE, "models", "--text", self.file("plain.json", plain.out)).out)
        self.expect(BAD, "show", self.file("bad.json", answer.out.replace('"notes": [', '"notes": 1, "x": [')))

    def test_conflicts(self):
        b = self.expect(NO, "baseline", "--json", profile("max-6.12"), profile("max-7.3")).json()
        self.keys(b, ("conflicts", "notes"))
        (conflict,) = b["conflicts"]
        self.keys(conflict, ("register", "field", "values", "advice"), ("reason", "features"))
        self.assertEqual((conflict["register"], conflict["field"]), ("ID_AA64MMFR2_EL1", "NV"))
        self.assertEqual(conflict["values"], [{"host": "max-6.12", "accepted": [2]},
                                              {"host": "max-7.3", "accepted": [0]}])
        self.assertIn("--tolerate ID_AA64MMFR2_EL1.NV", conflict["advice"])

    def test_kernels_that_would_help(self):
        """In words they are told last, once for all fields that the same would help, however many."""
        for pair in (("max-6.12", "max-7.3"), ("max-6.16", "neoverse-n1-6.18")):
            hosts, fields = [profile(name) for name in pair], {}
            for conflict in self.expect(NO, "baseline", "--json", *hosts).json()["conflicts"]:
                _, found, kernels = conflict["advice"].partition("; or ")
                if found:
                    fields.setdefault(kernels, []).append(f"{conflict['register']}.{conflict['field']}")
            self.assertTrue(fields)
            lines = []
            for kernels, names in fields.items():
                if len(names) > 1:
                    kernels = kernels.replace("hides it", "hides them").replace("lets it be", "lets them be")
                lines.append(f"Or for {', '.join(names)}: {kernels}")
            said = self.expect(NO, "baseline", *hosts).out.splitlines()
            self.assertEqual(said[-len(lines):], lines)
            self.assertEqual(len([line for line in said if line.startswith("Or for")]), len(lines))

    def test_apply(self):
        a = self.expect(DONE, "apply", "--json", "--vcpus", "3", self.model("max-6.16", "max-7.3"),
                        profile("max-7.3")).json()
        self.keys(a, ("host", "model", "vcpus", "ioctls", "writes", "mismatches", "tolerated", "pinned",
                      "unknown", "warnings"))
        self.assertEqual((a["host"], a["vcpus"], a["mismatches"], a["tolerated"], a["pinned"]),
                         ("max-7.3", 3, [], [], True))
        # 56 registers read back on each of 3 vCPUs, before and after the first run
        self.assertGreater(a["ioctls"], 56 * 3 * 2)
        for write in a["writes"]:
            self.keys(write, ("id", "register", "value", "errno", "error"), ("vcpu",))
            self.assertRegex(write["id"], HEX64)
            self.assertRegex(write["value"], HEX64)
            self.assertEqual(write["errno"], 0)
        self.assertIn("ID_AA64ISAR2_EL1", [write["register"] for write in a["writes"]])

    def test_apply_refused(self):
        a = self.expect(NO, "apply", "--json", self.exactly("max-7.3"), profile("max-6.18")).json()
        self.assertIs(a["pinned"], False)
        self.assertEqual([write["register"] for write in a["writes"] if write["error"] == "EINVAL"],
                         ["ID_AA64ISAR2_EL1"])
        self.assertEqual([found["field"] for found in a["mismatches"]], ["ATS1A"])

    def test_apply_tolerated(self):
        model = self.model("max-6.12", "max-7.3", options=("--tolerate", "ID_AA64MMFR2_EL1.NV"))
        a = self.expect(DONE, "apply", "--json", model, profile("max-6.12")).json()
        self.assertIs(a["pinned"], True)
        self.assertEqual([(found["register"], found["field"]) for found in a["tolerated"]],
                         [("ID_AA64MMFR2_EL1", "NV")])

    def test_plan(self):
        p = self.expect(DONE, "plan", "--json", self.model("max-6.16", "max-7.3"), profile("max-7.3")).json()
        self.keys(p, ("model", "host", "vcpus", "features", "vcpu_options", "calls", "unknown"))
        self.assertEqual(p["calls"][0]["op"], "create-vm")
        writes = [call for call in p["calls"] if call["op"] == "set"]
        applied = self.expect(DONE, "apply", "--json", self.model("max-6.16", "max-7.3"), profile("max-7.3")).json()
        self.assertEqual([(int(call["id"], 16), call["value"]) for call in writes],
                         [(int(write["id"], 16), write["value"]) for write in applied["writes"]])

    def test_show(self):
        s = self.expect(DONE, "show", "--json", profile("max-7.3"), "id_aa64isar0_el1.atomic").json()
        self.assertEqual(s["name"], "max-7.3")
        field = s["registers"]["ID_AA64ISAR0_EL1"]["fields"]["Atomic"]
        self.assertEqual(field["value"], 3)
        self.assertEqual(field["accepts"], "0,2-3")
        self.assertEqual(set(field["features"]), {"FEAT_LSE", "FEAT_LSE128"})
        f = self.expect(DONE, "show", "--json", "--features", profile("neoverse-n1-7.3")).json()
        self.assertEqual(f["features"], sorted(f["features"], key=str.lower))
        self.keys(f, ("name", "features", "unknown"))
        self.assertIn("FEAT_LSE", f["features"])
        self.assertNotIn("FEAT_SVE", f["features"])

    def test_show_feature(self):
        """Arm: FEAT_LSE is Atomic >= 2, FEAT_LSE128 >= 3; the N1 has 2 (its manual) and no SVE"""
        n1 = profile("neoverse-n1-7.3")
        s = self.expect(DONE, "show", "--json", n1, "feat_lse", "FEAT_LSE128").json()
        self.assertEqual(s["registers"], {})
        self.assertEqual([(name, each["has"], each["condition"], list(each["fields"]))
                          for name, each in s["verdicts"].items()],
                         [("FEAT_LSE", True, "ID_AA64ISAR0_EL1.Atomic >= 2", ["ID_AA64ISAR0_EL1.Atomic"]),
                          ("FEAT_LSE128", False, "ID_AA64ISAR0_EL1.Atomic >= 3", ["ID_AA64ISAR0_EL1.Atomic"])])
        self.assertEqual(s["verdicts"]["FEAT_LSE"]["fields"]["ID_AA64ISAR0_EL1.Atomic"]["value"], 2)
        words = self.expect(DONE, "show", n1, "FEAT_LSE", "FEAT_LSE128").out
        self.assertIn("FEAT_LSE: yes (ID_AA64ISAR0_EL1.Atomic >= 2)\n  ID_AA64ISAR0_EL1.Atomic 2", words)
        self.assertIn("FEAT_LSE128: no (ID_AA64ISAR0_EL1.Atomic >= 3)\n", words)
        self.assertNotIn("ID_AA64PFR0_EL1", words)
        # what was not captured is unknown
        part = json.loads(pathlib.Path(n1).read_text(encoding="utf-8"))
        del part["registers"]["ID_AA64ISAR0_EL1"]
        part = self.file("part.json", json.dumps(part))
        self.assertIn("FEAT_LSE: unknown (ID_AA64ISAR0_EL1.Atomic >= 2)\n  ID_AA64ISAR0_EL1.Atomic not captured\n",
                      self.expect(DONE, "show", part, "FEAT_LSE").out)
        (lse,) = self.expect(DONE, "show", "--json", part, "LSE").json()["verdicts"].values()
        self.assertEqual((lse["has"], lse["fields"]), (None, {"ID_AA64ISAR0_EL1.Atomic": None}))
        self.assertIn("no feature", self.expect(BAD, "show", n1, "FEAT_NONE").err)

    def test_show_features(self):
        """only those of what is named, by name; the N1's ISAR0 is 0x0000100010211120 (its manual)"""
        n1 = profile("neoverse-n1-7.3")
        names = self.expect(DONE, "show", n1, "--features", "ID_AA64ISAR0_EL1").out.split()
        self.assertEqual(names, ["FEAT_AES", "FEAT_CRC32", "FEAT_DotProd", "FEAT_LSE", "FEAT_PMULL", "FEAT_RDM",
                                 "FEAT_SHA1", "FEAT_SHA256"])
        got = self.expect(DONE, "show", n1, "--json", "--features", "ID_AA64ISAR0_EL1").json()
        self.assertEqual(sorted(got["features"], key=str.lower), names)
        self.assertEqual(self.expect(DONE, "show", n1, "--features", "ID_AA64ISAR0_EL1.AES", "FEAT_LSE",
                                     "FEAT_SVE").out.split(), ["FEAT_AES", "FEAT_LSE", "FEAT_PMULL"])
        every = self.expect(DONE, "show", n1, "--features").out.split()
        self.assertEqual(every, sorted(every, key=str.lower))
        self.assertGreater(len(every), len(names))


class Identity(Case):
    """A model's id is of what a guest sees: the hash of its text, which anybody can write."""

    def text_of(self, model):
        lines = [f"{name} {value}" for name, value in model["registers"].items()]
        for name, value in model["firmware"].items():
            lines.append(f"firmware.{name} {value}")
        lines += [f"vcpu_features.{name} on" for name, on in model["vcpu_features"].items() if on]
        lines += [f"register_list {each}" for each in model["register_list"]]
        lines += [f"sve.vector_length {each}" for each in model.get("sve", {}).get("vector_lengths", ())]
        lines += [f"tolerated {each}" for each in model.get("tolerated", ())]
        lines += [f"tolerated_more {each}" for each in model.get("tolerated_more", ())]
        lines += [f"cache.{name} {value}" for name, value in model.get("caches", {}).items()]
        lines += [f"unvirtualised.{name} {value}" for name, value in model.get("unvirtualised", {}).items()]
        lines += ["implementation " + ",".join(each[key] for key in ("midr", "revidr", "aidr"))
                  for each in model["implementations"]]
        lines += [f"name {model['name']}", f"irqchip {model['irqchip']}", "format steadyarm-model", "version 1"]
        return "".join(line + "\n" for line in sorted(lines))

    def test_text_and_json_are_one_model(self):
        for hosts in (("neoverse-n1-6.12", "neoverse-n1-7.3"), ("max-6.16", "max-7.3")):
            path = self.model(*hosts)
            model = self.expect(DONE, "baseline", "--name", "test-v1", *map(profile, hosts)).json()
            text = self.text_of(model)
            as_text = self.file("model.txt", text)
            answers = [self.expect(DONE, "check", "--json", one, profile(hosts[0])).json()["model"]
                       for one in (path, as_text)]
            self.assertEqual(answers[0], answers[1])
            self.assertEqual(answers[0], "test-v1@" + hashlib.sha256(text.encode()).hexdigest()[:12])

    def test_a_name_is_part_of_it_and_an_offer_is_not(self):
        one = self.expect(DONE, "baseline", "--name", "a-v1", profile("neoverse-n1-7.3")).json()
        del one["offer"]
        bare = self.file("bare.json", json.dumps(one))
        full = self.folder / "full.json"
        self.expect(DONE, "baseline", "--quiet", "--name", "a-v1", profile("neoverse-n1-7.3"), "-o", full)
        label = [self.expect(DONE, "check", each, profile("neoverse-n1-7.3")).out.split(":")[0]
                 for each in (bare, full)]
        self.assertEqual(label[0], label[1])
        one["name"] = "b-v1"
        other = self.expect(DONE, "check", self.file("b.json", json.dumps(one)), profile("neoverse-n1-7.3")).out
        self.assertTrue(other.startswith("b-v1@"))
        self.assertFalse(re.match("b-v1@" + label[0].split("@")[1], other))


if __name__ == "__main__":
    main()
