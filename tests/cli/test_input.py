"""Bad input of every kind: exit status 2, nothing on standard output, and the place of what is wrong."""

import copy
import json
import re

from support import BAD, DONE, Case, main, profile

LARGEST = 16 << 20


def dump(value):
    return json.dumps(value, indent=1)


def place(text, needle, nth=0):
    """(line, column) of the nth needle, from 1."""
    at = -1
    for _ in range(nth + 1):
        at = text.index(needle, at + 1)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


class Bad(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open(profile("neoverse-n1-7.3"), encoding="utf-8") as file:
            cls.profile_text = file.read()
        cls.profile = json.loads(cls.profile_text)

    def model_text(self):
        return self.model("neoverse-n1-7.3").read_text(encoding="utf-8")

    def refused(self, content, at=None, words=""):
        path = self.file("bad.json", content)
        for arguments in (("show", path), ("diff", path, profile("max-7.3")), ("baseline", path)):
            answer = self.expect(BAD, *arguments)
            self.assertEqual(answer.out, "")
            first = answer.err.splitlines()[0]
            self.assertRegex(first, rf"^steadyarm: {re.escape(str(path))}:\d+:\d+: .")
            if at:
                self.assertTrue(first.startswith(f"steadyarm: {path}:{at[0]}:{at[1]}: "), first)
            self.assertIn(words, first)
        return first

    # ---- not whole ----

    def test_empty(self):
        self.refused("", (1, 1), "neither a profile nor a model")
        self.refused(" \n\n", (1, 1), "neither a profile nor a model")
        self.refused("hello\n", (1, 1), "neither a profile nor a model")
        self.refused(b"\x7fELF\x00\x00", (1, 1), "neither a profile nor a model")

    def test_other_json(self):
        self.refused("[]", (1, 1), "expected an object, found an array")
        self.refused("{}", (1, 1), 'the key "format" is missing')
        self.refused('{"format": "something"}')
        self.refused('{"format": 3}')

    def test_truncated_anywhere(self):
        for text in (self.profile_text, self.model_text()):
            for part in range(1, 60):
                self.refused(text[:len(text) * part // 60 - 1].rstrip("\n}"))

    def test_truncated_text(self):
        """A line that is cut off; lines that are missing make an incomplete model, not a broken file."""
        self.refused("format steadyarm-model\nversion 1\nregister", (3, 1), "has no value")

    def test_oversized(self):
        """Blanks are harmless but for their number; one more than 16 MiB is too much."""
        body = self.profile_text
        fits = self.file("fits.json", body + " " * (LARGEST - len(body)))
        self.assertEqual(fits.stat().st_size, LARGEST)
        self.expect(DONE, "show", fits)
        large = self.file("large.json", body + " " * (LARGEST - len(body) + 1))
        answer = self.expect(BAD, "show", large)
        self.assertEqual(answer.err, f"steadyarm: {large}: larger than 16 MiB\n")
        self.assertIn("larger than 16 MiB", self.expect(BAD, "show", "/dev/zero").err)

    def test_garbage_after_the_end(self):
        for text in (self.profile_text, self.model_text()):
            self.refused(text + "x")
            self.refused(text + "{}")

    def test_bytes_that_are_no_text(self):
        for text in (self.profile_text, self.model_text()):
            broken = text.replace('"name": "', '"name": "\udcff', 1).encode("utf-8", "surrogateescape")
            self.refused(broken)
            self.refused(text.replace('"name": "', '"name": "\\u0000', 1))

    # ---- whole, but wrong ----

    def test_keys_given_twice(self):
        for text in (self.profile_text, self.model_text()):
            twice = text.replace('"version": 1,', '"version": 1,\n  "version": 1,', 1)
            self.assertIn("version", self.refused(twice))
        twice = self.profile_text.replace('"MIDR_EL1": {', '"MIDR_EL1": {"value": "0x0"},\n    "MIDR_EL1": {', 1)
        self.assertIn("MIDR_EL1", self.refused(twice))

    def test_a_register_under_two_names(self):
        """S3_0_C0_C4_0 is how Arm writes ID_AA64PFR0_EL1's encoding: op0 3, op1 0, CRn 0, CRm 4, op2 0."""
        for value, content in ((self.profile["registers"]["ID_AA64PFR0_EL1"], self.profile),
                               ("0x0", json.loads(self.model_text()))):
            body = copy.deepcopy(content)
            body["registers"]["S3_0_C0_C4_0"] = value
            self.refused(dump(body), words="twice")

    def test_a_value_that_is_kept_and_not(self):
        """What KVM accepts it keeps or makes another of: a value is in one of the two, in either order."""
        for keys in (("accepted", "rewritten"), ("rewritten", "accepted")):
            body = copy.deepcopy(self.profile)
            first = body["configurations"][0]
            sets = {"accepted": {"ID_AA64ISAR0_EL1.DP": "0-1"}, "rewritten": {"ID_AA64ISAR0_EL1.DP": {"0": 1}}}
            body["configurations"][0] = {"vcpu_features": first["vcpu_features"], "irqchip": first["irqchip"],
                                         **{key: sets[key] for key in keys}}
            self.refused(dump(body), words="kept")
            sets["accepted"] = {"ID_AA64ISAR0_EL1.DP": "1"}
            body["configurations"][0].update(sets)
            self.expect(DONE, "show", self.file("good.json", dump(body)))

    def test_deeply_nested(self):
        for name in ("steadyarm-profile", "steadyarm-model"):
            for open_, close in (("[", "]"), ('{"a":', "}")):
                head = f'{{"format":"{name}","version":1,"x":'
                self.refused(head + open_ * 20 + "1" + close * 20 + "}", words="nested too deeply")
                self.refused(head + open_ * 200000, words="nested too deeply")

    def test_versions(self):
        for name in ("steadyarm-profile", "steadyarm-model"):
            for version in ("0", "2", "1.0", '"1"', "null", "-1"):
                text = f'{{"format":"{name}",\n"version":{version},"registers":{{}}}}'
                self.refused(text, (2, 11))
            self.refused(f'{{"format":"{name}","version":18446744073709551617,"registers":{{}}}}')
            self.refused(f'{{"format":"{name}","registers":{{}}}}', (1, 1), '"version" is missing')

    def test_types_of_a_profile(self):
        """Every key of DESIGN's profile, given something else: a message at that value."""
        self.types(self.profile, {
            "host": [3, "x", []], "registers": [3, "x", [], None], "configurations": [3, "x", {}],
            "firmware": [3, []], "sve": [3, []], "capabilities": [3, []], "unvirtualised": [3, "x"],
        })

    def test_types_of_a_model(self):
        self.types(json.loads(self.model_text()), {
            "name": [3, [], {}], "registers": [3, "x", [], None], "firmware": [3, []],
            "vcpu_features": [3, [], "pmu"], "irqchip": [3, [], "gicv9"], "sve": [3, []],
            "register_list": [3, {}, "x"], "implementations": [3, {}], "tolerated": [3, {}, "NV"],
            "offer": [3, []],
        })

    def types(self, body, wrong):
        for key, values in wrong.items():
            for value in values:
                with self.subTest(key=key, value=value):
                    other = copy.deepcopy(body)
                    other[key] = value
                    text = dump(other)
                    line, column = place(text, f'\n "{key}": ')
                    first = self.refused(text)
                    self.assertIn(f":{line + 1}:", first)

    def test_values_of_registers(self):
        for value in ("1", "0x", "0x1g", "0x10000000000000000", "", "-0x1", " 0x1", "0X1", 3, True, None, [], 0.5):
            with self.subTest(value):
                for body in (copy.deepcopy(self.profile), json.loads(self.model_text())):
                    if body["format"] == "steadyarm-profile":
                        body["registers"]["ID_AA64ISAR0_EL1"]["value"] = value
                    else:
                        body["registers"]["ID_AA64ISAR0_EL1"] = value
                    text = dump(body)
                    first = self.refused(text)
                    line, _ = place(text, '"ID_AA64ISAR0_EL1"')
                    self.assertIn(int(first.split(":")[2]), (line, line + 1))

    def test_names_that_are_none(self):
        for body in (self.profile, json.loads(self.model_text())):
            other = copy.deepcopy(body)
            other["registers"]["ID_AA64NEVER_EL1"] = other["registers"]["ID_AA64ISAR0_EL1"]
            self.assertIn("ID_AA64NEVER_EL1", self.refused(dump(other)))

    def test_control_characters(self):
        """What others wrote is not let loose on a terminal, not even in the message."""
        other = copy.deepcopy(self.profile)
        other["host"]["name"] = 'a\n\x1b[31m"b'
        first = self.refused(dump(other), words="control character")
        self.assertNotIn("\x1b", first)

    # ---- the models' text ----

    def test_lines_of_text(self):
        head = "format steadyarm-model\nversion 1\n"
        for line, column, words in (
            ("ID_AA64PFR0_EL1", None, ""),
            ("ID_AA64PFR0_EL1 12", None, ""),
            ("ID_AA64PFR0_EL1 0x1 0x2", None, "follows the value"),
            ("ID_AA64NEVER_EL1 0x1", 1, "ID_AA64NEVER_EL1"),
            ("nonsense", None, ""),
            ("name ../x", None, ""),
            ("irqchip gicv9", 9, "gicv9"),
        ):
            with self.subTest(line):
                first = self.refused(head + line + "\n", None, words)
                self.assertIn(f":3:{column or ''}", first)

    def test_text_given_twice(self):
        self.refused("format steadyarm-model\nversion 1\nID_AA64PFR0_EL1 0x1\nID_AA64PFR0_EL1 0x1\n", (4, 1), "twice")


class Unknown(Case):
    """An absent section means "not captured", is reported so, and never counts as zero."""

    def bare(self):
        return self.file("bare.json", '{"format":"steadyarm-profile","version":1,"registers":{}}')

    def test_nothing_follows_from_nothing(self):
        bare = self.bare()
        model = self.model("neoverse-n1-7.3")
        for arguments in (("baseline", bare), ("baseline", bare, profile("max-7.3")), ("diff", bare, bare),
                          ("check", model, bare), ("plan", model, bare)):
            with self.subTest(arguments):
                answer = self.expect(BAD, *arguments)
                self.assertEqual(answer.out, "")
                self.assertIn("probe the host", answer.err)

    def test_a_failed_reading_is_not_zero(self):
        with open(profile("neoverse-n1-7.3"), encoding="utf-8") as file:
            body = json.load(file)
        for where in [body["registers"]] + [one.get("registers", {}) for one in body["configurations"]]:
            if "ID_AA64ISAR2_EL1" in where:
                where["ID_AA64ISAR2_EL1"] = {"errno": "EIO"}
        path = self.file("eio.json", dump(body))
        self.assertIn("ID_AA64ISAR2_EL1 not captured", self.expect(DONE, "show", path, "ID_AA64ISAR2_EL1").out)
        self.assertIn("no model is made from what is unknown", self.expect(BAD, "baseline", path).err)
        self.assertIn("could not be read", self.expect(BAD, "check", self.model("neoverse-n1-7.3"), path).err)


if __name__ == "__main__":
    main()
