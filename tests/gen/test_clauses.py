#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
implications.tsv against lists from outside: Arm's clauses (tests/data/clauses.tsv), and for what is
none of them values that break and keep each rule (tests/data/rules.tsv); which rules close a baseline
and by which field (tests/data/closes.tsv). No row can go unseen.
"""

import os
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "gen"))

import conditions  # noqa: E402
import facts  # noqa: E402
import rules  # noqa: E402
import solve  # noqa: E402
import versions  # noqa: E402

# Names of Arm's that no register tells by themselves, as its own clauses make them of others. The
# ID registers of AArch64 are read in AArch64, and tell its exception levels.
SAME = {"FEAT_EL2": "FEAT_AA64EL2", "FEAT_EL3": "FEAT_AA64EL3", "FEAT_AA64": "",
        "FEAT_Crypto": "(FEAT_AES | FEAT_SHA1)",
        "FEAT_Armv9_Crypto": "(FEAT_AES & FEAT_PMULL & FEAT_SHA1 & FEAT_SHA256 & FEAT_SHA3 & "
                             "FEAT_SHA512)"}
# Clauses that several rows tell, one for each field that has the feature.
SPLIT = ("FEAT_LPA2 -> FEAT_LVA", "FEAT_S2TGran4K -> FEAT_TGran4K",
         "FEAT_S2TGran16K -> FEAT_TGran16K", "FEAT_S2TGran64K -> FEAT_TGran64K")
# A CPU of Armv8.4 has it whatever its field says (data/versions.tsv).
NO_RULE = ("v8.4 -> FEAT_BBM",)


def table(name):
    with open(os.path.join(ROOT, "tests", "data", name), encoding="utf-8") as f:
        lines = [line.rstrip("\n") for line in f if line.strip() and line[0] != "#"]
    columns = lines[0].split("\t")
    return [dict(zip(columns, line.split("\t"), strict=True)) for line in lines[1:]]


def canonical(tree):
    """A condition as text, the same however it orders what it joins."""
    if isinstance(tree, conditions.Node):
        parts = sorted(set(map(canonical, tree.children)))
        return "!(%s)" % parts[0] if tree.op == "!" else "(%s)" % (" %s " % tree.op).join(parts)
    return conditions.text(tree)


class Clause:
    def __init__(self, row, known):
        self.row, self.known = row, known
        self.name = row["if"] + " -> " + row["then"]
        self.when = self.side(row["if"], " & ")
        self.then = self.side(row["then"], " | ")

    def side(self, text, op):
        words = [SAME.get(word, word) for word in text.split(op)]
        return self.known.parse(self.known.tables["implications.tsv"][0],
                                op.join(word for word in words if word)) if any(words) else None

    def forms(self):
        """As rows can say it: what excludes another may stand either way about."""
        if self.then is not None:
            return [canonical(self.when) + " -> " + canonical(self.then)]
        parts = self.when.children
        return [canonical(parts[1 - i]) + " -> " + canonical(conditions.Node("!", [parts[i]]))
                for i in (0, 1)]

    def trees(self):
        """
        `if` and `then`, as solve.witness() takes them. Of a CPU that claims the version: versions
        are told by what they make mandatory, so that a CPU without it is none of the version.
        """
        parts = versions.parts(self.when)
        then = self.then or conditions.Node("!", [parts[0]])
        parts = [part for part in (parts if self.then is not None else parts[1:])
                 if canonical(part) not in self.known.versions]
        return conditions.Node("&", parts), then

    def of_versions(self):
        return [self.known.versions.get(self.row[cell]) for cell in ("if", "then")]


def form(rule):
    """A rule's own condition (read() adds to a mirror's `if` where it counts)."""
    return canonical(rule.own) + " -> " + canonical(rule.then)


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.known = facts.Facts(os.path.join(ROOT, "data"))
        cls.rules = [rule for rule in cls.known.rules if rule.when is not None]
        for rule in cls.rules:
            rule.own = rules.side(cls.known, rule.row, rule.row.when)
            rule.form = form(rule)
        cls.forms = {rule.form for rule in cls.rules}
        with open(os.path.join(ROOT, "data", "left-out.tsv"), encoding="utf-8") as f:
            cls.left_out = {line.split("\t")[0] for line in f if line.startswith("FEAT_")}
        cls.clauses = [Clause(row, cls.known) for row in table("clauses.tsv")
                       if not cls.speaks_of_what_is_left_out(row)]
        cls.table = table("rules.tsv")

    @classmethod
    def speaks_of_what_is_left_out(cls, row):
        names = (row["if"] + " & " + row["then"].replace("|", "&")).split(" & ")
        return any(name in cls.left_out and name not in SAME for name in names) or \
            "FEAT_AA64" in (row["if"], row["then"])

    def uncovered(self, clause):
        """Values that break a clause and none of the rules that tell it; None if there are none."""
        when, then = clause.trees()
        if clause.name in SPLIT:
            for rule in self.rules:
                if canonical(rule.then) == canonical(then):
                    kept = conditions.Node("|", [conditions.Node("!", [rule.when]), rule.then])
                    when = conditions.Node("&", [when, kept])
        return solve.witness(when, then, self.known.trees)

    def test_the_list_is_whole(self):
        """Arm's 932, less 318 of versions before which a feature is not there, and v8.1 -> v8.0."""
        self.assertEqual(len(table("clauses.tsv")), 613)
        self.assertGreater(len(self.clauses), 450)

    def test_every_clause_has_a_rule(self):
        for clause in self.clauses:
            if clause.name in NO_RULE or any(text in self.forms for text in clause.forms()):
                continue
            later, earlier = clause.of_versions()
            with self.subTest(clause.name):
                if earlier:
                    self.assertIn(earlier.index, later.includes)
                    continue
                found = self.uncovered(clause)
                self.assertIsNone(found and {"%s.%s" % (f.register.name, f.name): v
                                             for f, v in found.items()})

    def test_exceptions_are_clauses(self):
        names = {clause.name for clause in self.clauses}
        for name in SPLIT + NO_RULE:
            self.assertIn(name, names)

    def values(self, text):
        found = {f: 0 for f in self.known.field_by_name.values()}
        for cell in text.split(","):
            name, value = cell.split("=")
            found[self.known.field_by_name[name]] = int(value)
        return found

    def test_every_other_rule_by_hand(self):
        by_name = {rule.name: rule for rule in self.rules}
        for row in self.table:
            with self.subTest(row["rule"]):
                rule = by_name.get(row["rule"])
                self.assertIsNotNone(rule, "no such rule in implications.tsv")
                self.assertTrue(row["source"])
                for cell, keeps in (("breaks", False), ("keeps", True)):
                    values = self.values(row[cell])
                    self.assertIs(conditions.evaluate(rule.when, self.known.trees, values), True)
                    self.assertIs(conditions.evaluate(rule.then, self.known.trees, values), keeps)

    def test_what_closes_a_baseline(self):
        """As the table says, field by field: no rule closes less, more, or by another field."""
        ours = {rule.name: (rule.row.lower, rule.row.closes) for rule in self.rules
                if rule.row.lower or rule.row.closes}
        wanted = {row["rule"]: (row["lower"], row["closes"]) for row in table("closes.tsv")}
        self.assertEqual(len(wanted), len(table("closes.tsv")))
        for name in sorted(set(ours) | set(wanted)):
            with self.subTest(name):
                self.assertEqual(ours.get(name), wanted.get(name))

    def test_what_closes_is_told_by_the_field(self):
        """Some value of the field alone takes away what `if` asks for."""
        by_name = {rule.name: rule for rule in self.rules}
        for row in table("closes.tsv"):
            with self.subTest(row["rule"]):
                field, rule = self.known.field_by_name[row["lower"]], by_name[row["rule"]]
                truths = [conditions.evaluate(rule.own, self.known.trees, {field: value})
                          for value in solve.every(field)]
                self.assertIn(False, truths)
                self.assertIn(row["lower"].split(".")[0], row["source"])

    def test_no_rule_can_go_unseen(self):
        """Each is in the table by name, or the only one that tells a clause that can be broken."""
        named = [row["rule"] for row in self.table]
        self.assertEqual(len(set(named)), len(named))
        told = {text: clause for clause in self.clauses for text in clause.forms()}
        forms = [rule.form for rule in self.rules]
        for rule in self.rules:
            if rule.name in named:
                continue
            with self.subTest(rule.name):
                self.assertIn(rule.form, told, "no clause of Arm's, and not in rules.tsv")
                self.assertEqual(forms.count(rule.form), 1)
                self.assertIsNotNone(solve.witness(*told[rule.form].trees(), self.known.trees))


if __name__ == "__main__":
    unittest.main()
