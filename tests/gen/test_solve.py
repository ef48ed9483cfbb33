#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""solve.py against every value of small fields, and against trying all alternatives in order."""

import itertools
import os
import random
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "gen"))

import conditions  # noqa: E402
import facts  # noqa: E402
import solve  # noqa: E402


def field(name, width, signed=False):
    made = facts.Field(None, name, width - 1, 0)
    made.signed = signed
    return made


FIELDS = {"R." + f.name: f for f in (field("A", 2), field("B", 2), field("S", 2, signed=True))}
EVERY = [dict(zip(FIELDS.values(), v, strict=True)) for v in itertools.product(range(4), repeat=3)]


def parse(text):
    return conditions.parse(text, FIELDS)


def some(chance, depth, names=()):
    """The text of a condition."""
    if depth == 0 or chance.random() < 0.2:
        low, high = FIELDS[name := chance.choice(list(FIELDS))].range()
        return chance.choice(list(names) + 3 * ["%s %s %d" % (
            name, chance.choice(conditions.OPERATORS), chance.randint(low, high))])
    parts = [some(chance, depth - 1, names) for _ in range(chance.choice((1, 2, 2, 3)))]
    return chance.choice(("", "", "!")) + "(%s)" % chance.choice((" & ", " | ")).join(parts)


def ways(tree, want, trees):
    """All lists of comparisons, and what each is to be, that make a condition `want`, in order."""
    if isinstance(tree, conditions.Feature):
        return ways(trees[tree.name], want, trees)
    if isinstance(tree, conditions.Compare):
        return [[(tree, want)]]
    if tree.op == "!":
        return ways(tree.children[0], not want, trees)
    parts = [ways(child, want, trees) for child in tree.children]
    if (tree.op == "&") != want:
        return sum(parts, [])
    return [sum(way, []) for way in itertools.product(*parts)]


def first(when, then, want, trees):
    """What values the first way leaves that leaves any, the one nearest to 0 of each field."""
    for one, other in itertools.product(ways(when, True, trees), ways(then, want, trees)):
        kept = [values for values in EVERY if all(
            conditions.evaluate(compare, trees, values) is truth for compare, truth in one + other)]
        if kept:
            return {f: min((values[f] for values in kept), key=lambda v, f=f: (abs(f.read(v)), v))
                    for f in {compare.field for compare, _ in one + other}}
    return None


class Solve(unittest.TestCase):
    def test_small_conditions(self):
        chance, found = random.Random(1), {True: 0, False: 0}
        for _ in range(400):
            texts = [some(chance, 2, names) for names in ((), ("FEAT_ONE",), ("FEAT_ONE",))]
            one, when, then = map(parse, texts)
            trees = {"FEAT_ONE": one}
            for search, want in ((solve.witness, False), (solve.repaired, True)):
                with self.subTest(texts, want=want):
                    values = search(when, then, trees)
                    there = any(conditions.evaluate(when, trees, v) and
                                conditions.evaluate(then, trees, v) is want for v in EVERY)
                    found[there] += 1
                    self.assertEqual(values is not None, there)
                    self.assertEqual(values, first(when, then, want, trees))
                    if there:  # whatever the fields hold that it does not name
                        self.assertIs(conditions.evaluate(when, trees, values), True)
                        self.assertIs(conditions.evaluate(then, trees, values), want)
        self.assertGreater(min(found.values()), 50)

    def test_least(self):
        """-1 is nearer to 0 than -2; a field that need not be named is not."""
        values = solve.witness(parse("R.S < 0"), parse("R.A < 2 | R.S >= 0"), {})
        self.assertEqual(values, {FIELDS["R.S"]: 3, FIELDS["R.A"]: 2})

    def test_order(self):
        """The first alternative, although the other would do without one more field."""
        values = solve.witness(parse("R.B >= 1 | R.A >= 1"), parse("R.A < 1"), {})
        self.assertEqual(values, {FIELDS["R.B"]: 1, FIELDS["R.A"]: 1})

    def test_long_versions(self):
        """
        That a version lacks what it asks for is seen without trying each way to have the rest, and
        so is that it has what a later part of it leaves no room for.
        """
        names = ["R.%s%d" % (letter, i) for i in range(60) for letter in "AB"]
        fields = {name: field(name, 4) for name in names}
        trees = {"FEAT_%d" % i: conditions.parse("R.A%d >= 1 | R.B%d >= 1" % (i, i), fields)
                 for i in range(60)}
        whole = conditions.parse(" & ".join(trees), fields)
        self.assertIsNone(solve.witness(whole, conditions.Feature("FEAT_59"), trees))
        self.assertEqual(solve.repaired(whole, conditions.Feature("FEAT_59"), trees),
                         {fields["R.A%d" % i]: 1 for i in range(60)})
        chain = "R.P >= 1 & (R.P < 1 | R.Q >= 1) & (R.Q < 1 | R.R >= 1) & (R.R < 1 | R.P < 1)"
        fields.update((name, field(name, 4)) for name in ("R.P", "R.Q", "R.R"))
        self.assertIsNone(solve.repaired(whole, conditions.parse(chain, fields), trees))
        tight = conditions.parse("R.A58 < 1 & (R.B58 < 1 | R.B58 == 2)", fields)
        self.assertEqual(solve.repaired(whole, tight, trees)[fields["R.B58"]], 2)


if __name__ == "__main__":
    unittest.main()
