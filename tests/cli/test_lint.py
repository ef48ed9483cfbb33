"""steadyarm lint: the verdict first, rules switched by name, and what is not wrong is not told."""

import json
import re

from support import BAD, DONE, NO, PROFILES, Case, main, profile

HOST = profile("neoverse-n1-7.3")


class Lint(Case):
    def broken(self):
        """A model that has SHA512 without SHA1, an error, and RAS_frac beside RAS 2, a warning."""
        path = self.folder / "broken.json"
        model = json.loads(self.expect(DONE, "baseline", HOST, "--json", "--name", "broken").out)
        registers = model["registers"]
        isar0 = int(registers["ID_AA64ISAR0_EL1"], 16)
        registers["ID_AA64ISAR0_EL1"] = hex(isar0 & ~0xff00 | 0x2000)
        registers["ID_AA64PFR0_EL1"] = hex(int(registers["ID_AA64PFR0_EL1"], 16) & ~(0xf << 28) | 2 << 28)
        registers["ID_AA64PFR1_EL1"] = hex(int(registers["ID_AA64PFR1_EL1"], 16) | 1 << 12)
        del model["offer"]
        path.write_text(json.dumps(model))
        return path

    def rules(self, answer):
        return {f["rule"] for m in json.loads(answer.out)["models"] for f in m["findings"]}

    def test_verdict_first(self):
        answer = self.expect(NO, "lint", self.broken())
        first, *rest = answer.out.splitlines()
        self.assertRegex(first, r"^broken: NO, [0-9]+ errors, [0-9]+ warnings$")
        self.assertTrue(all(line.startswith(("  error: ", "  warning: ")) for line in rest))
        self.assertTrue(any("[implies-sha512-sha1; arm-2025-03]" in line for line in rest), rest)
        self.assertEqual(answer.err, "")

    def test_what_guests_see_has_no_errors(self):
        """Errors are what no KVM shows, and every recorded profile is what one showed."""
        names = sorted(path.stem for path in PROFILES.glob("*.json"))
        self.assertGreater(len(names), 50)
        for name in names:
            with self.subTest(name):
                answer = self.expect(DONE, "lint", profile(name))
                self.assertTrue(answer.out.startswith(f"{name}: yes, 0 errors, "), answer.out)

    def test_guests_with_el2_have_large_granules_without_large_addresses(self):
        """limit_nv_id_reg() of Linux 7.3 hides VARange, and not TGran4 and TGran16."""
        path = self.folder / "nested.json"
        self.expect(DONE, "baseline", "--vcpu", "el2=on", "-o", path, profile("max-7.3-nested"))
        answer = self.expect(DONE, "lint", path, "--json")
        self.assertLessEqual({"implies-lpa2-lva-tgran4", "implies-lpa2-lva-tgran16"},
                             self.rules(answer))

    def test_rules_are_switched(self):
        path = self.broken()
        everything = self.rules(self.expect(NO, "lint", path, "--json"))
        self.assertLessEqual({"implies-sha256-sha1", "implies-sha512-sha1", "frac-ras"}, everything)
        one = self.rules(self.expect(NO, "lint", path, "--json", "--rule", "implies-sha512-sha1"))
        self.assertEqual(one, {"implies-sha512-sha1"})
        kind = self.rules(self.expect(DONE, "lint", path, "--json", "--rule", "frac"))
        self.assertEqual(kind, {"frac-ras"})
        rest = self.rules(self.expect(DONE, "lint", path, "--json", "--no-rule", "implies"))
        self.assertEqual(rest, {r for r in everything if not r.startswith("implies-")})

    def test_rules_are_listed(self):
        answer = self.expect(DONE, "lint", "--rules", "--json")
        rules = {r["rule"]: r for r in json.loads(answer.out)["rules"]}
        self.assertGreater(len(rules), 400)
        self.assertEqual(rules["implies-fp8-fpmr"], {
            "rule": "implies-fp8-fpmr", "severity": "warning", "if": "FEAT_FP8", "then": "FEAT_FPMR",
            "lower": "ID_AA64FPFR0_EL1.F8CVT", "source": "arm-2025-03"})
        self.assertEqual(len(self.expect(DONE, "lint", "--rules").out.splitlines()), len(rules))

    def without_dit(self, name):
        """armv8.4-a without FEAT_DIT, which the level asks for."""
        path = self.folder / f"{name}.model"
        text = self.expect(DONE, "models", "--text", "armv8.4-a-v1").out.replace("armv8.4-a-v1", name)
        path.write_text(re.sub(r"^(ID_AA64PFR0_EL1 0x000)1", r"\g<1>0", text, flags=re.M))
        return path

    def test_levels_are_held_to_their_version(self):
        for level in ("armv8.1-a", "armv8.9-a", "armv9.0-a", "armv9.4-a-v1"):
            with self.subTest(level):
                answer = self.expect(DONE, "lint", level)
                self.assertRegex(answer.out, r"^armv.*-v1: yes, 0 errors, 0 warnings\n$")
        answer = self.expect(NO, "lint", self.without_dit("armv8.4-a-v7"), "--json")
        self.assertEqual(self.rules(answer), {"mandatory-v8.4-dit"})
        plain = self.without_dit("web-v1")
        self.assertEqual(self.rules(self.expect(DONE, "lint", plain, "--json")), set())
        for version in ("v8.4", "armv8.4-a", "V8.4"):
            with self.subTest(version):
                answer = self.expect(NO, "lint", plain, "--as", version, "--json")
                self.assertEqual(self.rules(answer), {"mandatory-v8.4-dit"})
        self.expect(DONE, "lint", plain, "--as", "v8.3")

    def test_options(self):
        path = self.folder / "off.model"
        lines = self.expect(DONE, "models", "--text", "neoverse-v1-v1").out.splitlines(keepends=True)
        path.write_text("".join(line for line in lines if "sve" not in line))
        answer = self.expect(NO, "lint", path, "--rule", "option", "--json")
        self.assertEqual(self.rules(answer), {"option-sve"})
        self.assertIn("with SVE off", answer.out)
        for name in ("max-5.10", "max-7.3"):  # what KVM shows is no error
            self.expect(DONE, "lint", profile(name), "--rule", "option")

    def test_usage(self):
        for arguments, said in ((("--rule", "implies-x", HOST), "there is no rule 'implies-x'"),
                                (("--no-rule", "", HOST), "there is no rule ''"),
                                (("--as", "v8.0", HOST), "'v8.0' is no version that registers tell of"),
                                (("--as", "v7", HOST), "'v7' is no version"),
                                ((), "which model?")):
            with self.subTest(arguments):
                self.assertIn(said, self.expect(BAD, "lint", *arguments).err)


if __name__ == "__main__":
    main()
