# SPDX-License-Identifier: MIT
"""What a guest reads outside the core ID range: CTR_EL0, caches, which CPU it is."""

import json
import pathlib
import unittest

from support import BAD, DONE, NO, Case, profile

A76 = "0x00000000414fd0b1"
N1 = "0x00000000414fd0c1"


class Identity(Case):
    """MIDR_EL1 and its like are pinned on request, where the kernel lets them be written."""

    def pool(self, *options):
        return self.model("cortex-a76-7.3", "neoverse-n1-7.3", options=options)

    def blockers(self, *arguments):
        (host,) = self.expect(NO, "check", "--json", *arguments).json()["hosts"]
        return [(b["register"], b["field"] if "field" in b else None) for b in host["blockers"]]

    def test_only_on_request(self):
        m = self.expect(DONE, "baseline", profile("neoverse-n1-7.3")).json()
        self.assertFalse({"MIDR_EL1", "REVIDR_EL1", "AIDR_EL1"} & set(m["registers"]))
        m = self.expect(DONE, "baseline", "--identity", profile("neoverse-n1-7.3")).json()
        self.assertEqual(m["registers"]["MIDR_EL1"], N1)

    def test_of_several_one_is_named(self):
        both = [profile("cortex-a76-7.3"), profile("neoverse-n1-7.3")]
        run = self.expect(NO, "baseline", "--identity", *both)
        self.assertIn("--identity=0xMIDR", run.out)
        self.assertIn("0x414fd0b1", run.out)
        self.expect(NO, "baseline", "--identity=0x410fd0c0", *both)
        m = self.expect(DONE, "baseline", "--identity=" + A76, *both).json()
        self.assertEqual(m["registers"]["MIDR_EL1"], A76)
        self.assertEqual([each["midr"] for each in m["implementations"]], [A76, N1])

    def test_not_listed(self):
        """What is listed is the model's, not the host's."""
        path = self.model("neoverse-n1-7.3")
        run = self.expect(NO, "check", "--identity=0x410fd490", path, profile("neoverse-n1-7.3"))
        self.assertIn(f"wants 0x410fd490 (the one asked for is none of those that are listed: 0x{N1[10:]},",
                      run.out + run.err)
        self.assertNotIn("host has", run.out + run.err)

    def test_what_is_no_cpu(self):
        for bad in ("", "1", "0x", "0x1,", "0x1,0x2,0x3,0x4", "0x11111111111111111"):
            run = self.expect(BAD, "baseline", "--identity=" + bad, profile("neoverse-n1-7.3"))
            self.assertIn("is not 0xMIDR", run.err)

    def test_pinned_on_every_vcpu(self):
        path = self.pool("--identity=" + A76)
        for host, writes in (("neoverse-n1-7.3", 1), ("cortex-a76-7.3", 0)):
            a = self.expect(DONE, "apply", "--json", "--vcpus", "3", path, profile(host)).json()
            self.assertIs(a["pinned"], True)
            written = [w["value"] for w in a["writes"] if w["register"] == "MIDR_EL1"]
            self.assertEqual(written, [A76] * writes)
        plan = self.expect(DONE, "plan", path, profile("neoverse-n1-7.3")).out.splitlines()
        # KVM_CAP_ARM_WRITABLE_IMP_ID_REGS is 239, and counts before the first vCPU (api.rst, 8.x)
        self.assertLess(plan.index("enable-cap ef = 0"), plan.index("create-vcpu 0 = 0"))

    def test_a_model_that_lists_its_cpu(self):
        path = self.model("neoverse-n1-6.18", "neoverse-n1-7.3")
        a = self.expect(DONE, "apply", "--json", "--identity", path, profile("neoverse-n1-7.3")).json()
        self.assertIs(a["pinned"], True)
        self.expect(NO, "apply", "--identity", "armv8.2-a-v1", profile("neoverse-n1-7.3"))

    def test_a_model_that_names_its_cpu(self):
        """Of several, the one that it was made for; another by name only, as ever."""
        path, host = self.pool("--identity=" + N1), profile("cortex-a76-7.3")
        for command in ("check", "plan", "apply"):
            without, bare = (self.expect(DONE, command, *flag, path, host) for flag in ((), ("--identity",)))
            self.assertEqual((bare.out, bare.err), (without.out, without.err))
            self.expect(DONE, command, "--identity=" + A76, path, host)
        self.assertIn("--identity=0xMIDR", self.expect(NO, "check", "--identity", self.pool(), host).err)

    def test_a_kernel_without_it(self):
        path = self.pool("--identity=" + A76)
        self.assertIn(("MIDR_EL1", None), self.blockers(path, profile("neoverse-n1-6.12")))
        self.assertNotIn(("MIDR_EL1", None), self.blockers("--tolerate", "MIDR_EL1", path,
                                                           profile("neoverse-n1-6.12")))
        run = self.expect(NO, "baseline", "--identity=" + A76, profile("cortex-a76-7.3"),
                          profile("neoverse-n1-6.12"))
        self.assertIn("KVM_CAP_ARM_WRITABLE_IMP_ID_REGS", run.out)

    def test_a_foreign_cpu_is_refused_all_the_same(self):
        path = self.model("neoverse-n1-7.3", options=("--identity",))
        self.assertIn(("MIDR_EL1", None), self.blockers(path, profile("cortex-a76-7.3")))


class Caches(Case):
    """6.1 shows a guest the hardware's caches; newer kernels what is written."""

    def test_old_kernel_decides(self):
        path = self.model("neoverse-n1-6.1", "neoverse-n1-7.3")
        a = self.expect(DONE, "apply", "--json", "--vcpus", "2", path, profile("neoverse-n1-7.3")).json()
        self.assertIs(a["pinned"], True)
        clidr = [w for w in a["writes"] if w["register"] == "CLIDR_EL1"]
        self.assertEqual([w["vcpu"] for w in clidr], [0, 1])
        old = self.expect(DONE, "show", "--json", profile("neoverse-n1-6.1"), "CLIDR_EL1").json()
        self.assertEqual({w["value"] for w in clidr}, {old["registers"]["CLIDR_EL1"]["value"]})

    def test_left_to_the_host(self):
        path = self.model("neoverse-n1-6.18", "neoverse-n1-7.3")
        words = self.expect(NO, "check", path, profile("neoverse-n1-6.1")).out
        self.assertIn("--tolerate CLIDR_EL1", words)
        words = self.expect(NO, "check", "--tolerate", "CLIDR_EL1", path, profile("neoverse-n1-6.1")).out
        self.assertNotIn("CLIDR_EL1", words)
        self.assertNotIn("CCSIDR_EL1", words)


    def test_one_cache_differs(self):
        """Of hosts whose CLIDR_EL1 is the same, what differs is named, with the values, as diff has it."""
        old = json.loads(pathlib.Path(profile("neoverse-n1-6.1")).read_text(encoding="utf-8"))
        was = old["caches"]["0x6020000000110000"]  # KVM_REG_ARM_DEMUX, CSSELR_EL1 = 0
        old["caches"]["0x6020000000110000"] = "0x11"
        other = self.file("other.json", json.dumps(old))
        third = self.file("third.json", pathlib.Path(profile("neoverse-n1-6.1")).read_text(encoding="utf-8"))
        hosts = (profile("neoverse-n1-6.1"), other, third)
        (conflict,) = self.expect(NO, "baseline", "--json", *hosts).json()["conflicts"]
        self.assertEqual(conflict["register"], "CCSIDR_EL1[0]")
        accepted = [int(host["accepted"][0], 16) for host in conflict["values"]]
        self.assertEqual(accepted, [int(was, 16), 0x11, int(was, 16)])
        words = self.expect(NO, "baseline", *hosts).out
        self.assertIn("CCSIDR_EL1[0]: ", words)
        self.assertIn("accepts 0x11: other\n", words)
        self.assertIn("--tolerate CLIDR_EL1\n", words)
        self.expect(DONE, "baseline", "--tolerate", "CLIDR_EL1", *hosts)


class Beside(Case):
    """diff and show tell what stands beside the core ID range."""

    def test_diff(self):
        pair = profile("neoverse-n1-6.1"), profile("neoverse-n1-7.3")
        d = self.expect(NO, "diff", "--json", *pair).json()
        told = {(one["kind"], one["register"]): (one["a"], one["b"]) for one in d["beside"]}
        raw = [json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in pair]
        clidr = tuple(hex(int(p["registers"]["CLIDR_EL1"]["value"], 16)) for p in raw)
        self.assertEqual(told["registers", "CLIDR_EL1"], clidr)
        self.assertEqual(told["firmware", "PSCI_VERSION"], tuple(p["firmware"]["PSCI_VERSION"] for p in raw))
        self.assertNotIn(("firmware", "VENDOR_HYP_BMAP_2"), told)  # none of 6.1, of 7.3 none offered
        self.assertNotIn(("unvirtualised", "CNTFRQ_EL0"), told)
        self.assertEqual({one["register"] for one in d["differences"]}, {"ID_AA64DFR0_EL1"})

    def test_unvirtualised(self):
        pair = profile("neoverse-n1-7.3"), profile("max-7.3")
        d = self.expect(NO, "diff", "--json", *pair).json()
        told = {(one["kind"], one["register"]): (one["a"], one["b"]) for one in d["beside"]}
        self.assertEqual(told["unvirtualised", "CNTFRQ_EL0"], ("0x3b9aca0", "0x3b9aca00"))
        self.assertIn("62500000 Hz -> 1000000000 Hz (unvirtualised)", self.expect(NO, "diff", *pair).out)

    def test_show(self):
        path = self.model("neoverse-n1-7.3")
        for what in (profile("neoverse-n1-7.3"), path):
            s = self.expect(DONE, "show", "--json", what).json()
            self.assertEqual(s["firmware"]["PSCI_VERSION"], "0x10003")
            self.assertEqual(s["unvirtualised"]["CNTFRQ_EL0"], "0x3b9aca0")
            words = self.expect(DONE, "show", what).out
            self.assertIn("PSCI_VERSION 0x10003 (firmware)\n", words)
            self.assertIn("CNTFRQ_EL0 62500000 Hz (unvirtualised)\n", words)
        self.assertNotIn("firmware", self.expect(DONE, "show", path, "ID_AA64ISAR0_EL1").out)


class Text(Case):
    """A model's text alone refuses a host that passes other hardware through."""

    def test_unvirtualised(self):
        text = self.expect(DONE, "models", "--text", self.model("cortex-a76-7.3")).out
        path = self.file("model.txt", text)
        self.expect(DONE, "check", path, profile("cortex-a76-7.3"))
        other = self.file("other.txt", text.replace("unvirtualised.CNTFRQ_EL0 0x3b9aca0\n",
                                                    "unvirtualised.CNTFRQ_EL0 0x3b9aca1\n"))
        words = self.expect(NO, "check", other, profile("cortex-a76-7.3")).out
        self.assertIn("CNTFRQ_EL0: wants 62500001 Hz, host has 62500000 Hz", words)



class Left(Case):
    """What is left to the host by name, and what guests see by it."""

    def test_passed_through(self):
        """CNTFRQ_EL0 and DCZID_EL0 are the hardware's (DDI0487): a guest that moves sees them change."""
        host = json.loads(pathlib.Path(profile("neoverse-n1-7.3")).read_text(encoding="utf-8"))
        host["unvirtualised"].update({"CNTFRQ_EL0": "0x1000000", "DCZID_EL0": "0x5"})
        other, model = self.file("other.json", json.dumps(host)), self.model("neoverse-n1-7.3")
        left = ("--tolerate", "CNTFRQ_EL0", "--tolerate", "DCZID_EL0")
        self.expect(NO, "check", model, other)
        for command in ("check", "apply"):
            out = self.expect(DONE, command, *left, model, other)
            for words in ("CNTFRQ_EL0: tolerated: the model has 62500000 Hz, a guest here sees 16777216 Hz",
                          "DCZID_EL0: tolerated: the model has 0x4, a guest here sees 0x5"):
                self.assertIn(words, out.out + out.err)
            same = self.expect(DONE, command, *left, model, profile("neoverse-n1-7.3"))
            self.assertNotIn("tolerated", same.out + same.err)

    def test_another_cpu(self):
        """The next revision of an A76 (MIDR_EL1.Revision) is met on request, with a warning."""
        text = pathlib.Path(profile("cortex-a76-6.12")).read_text(encoding="utf-8").replace("414fd0b1", "414fd0b2")
        other, model = self.file("other.json", text), self.model("cortex-a76-6.12")
        for command in ("check", "plan", "apply"):
            self.expect(NO, command, model, other)
            told = self.expect(DONE, command, "--tolerate", "MIDR_EL1", model, other)
            self.assertRegex(told.out + told.err, "(warning|unknown).*MIDR_EL1: .*were not told")

    def test_all_reasons(self):
        """An apply that comes to no write tells all fields that a check tells."""
        model = self.model("cortex-a76-6.1", "cortex-a76-7.3")
        for host in ("cortex-a72-6.12", "max-6.12"):
            checked = self.expect(NO, "check", "--json", model, profile(host)).json()["hosts"][0]["blockers"]
            applied = self.expect(NO, "apply", "--json", model, profile(host)).json()["mismatches"]
            fields = [{(f["register"], f["field"]) for f in found if f.get("field")} for found in (checked, applied)]
            self.assertGreater(len(fields[0]), 5)
            self.assertEqual(fields[0] - fields[1], set())


if __name__ == "__main__":
    unittest.main()
