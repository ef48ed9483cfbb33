# SPDX-License-Identifier: MIT
"""The rules between fields: implications.tsv, and what versions.tsv makes mandatory."""

import re

import conditions
import rows
import solve
import versions

NAME = re.compile(r"[a-z][a-z0-9.-]{2,79}$")
SEVERITIES = ("error", "warning")
CLOSES = ("", "kept", "always")
# Rules that are no conditions on fields: src/policy/lint.c has a function for each.
STRUCTURE = ("missing-register", "reserved-register", "reserved-field", "reserved-value",
             "option-pmu", "option-sve", "option-ptrauth", "option-mte", "option-el2")


class Rule:
    """
    A row; `when` and `then` are None for rules that are no conditions. `version` is the one that
    `if` begins with, `rest` what else it asks for (None: nothing).
    """

    def __init__(self, row):
        self.row, self.name = row, row.name
        self.when = self.then = self.lower = self.version = self.rest = None

    def claimed(self):
        """The condition that is left of `if` for a CPU that claims to be of the version."""
        return self.rest or conditions.Node("&", [])


def read(facts):
    """All rules, and the versions among the conditions that have names (facts.trees)."""
    for name, tree in list(facts.mirrors.items()):
        if tree:
            facts.trees["mirror:" + name] = tree
    rules, seen = [], {}
    for row in facts.tables["implications.tsv"] + list(of_versions(facts)):
        row.when = row.__dict__["if"]  # `if` is a word of Python
        if not NAME.match(row.name) or "-" not in row.name:
            facts.faults.add(row.place, "'%s' is no name for a rule" % row.name)
        elif facts.unique(seen, row.name, row, "rule '%s'" % row.name):
            rule = read_rule(facts, row)
            if rule:
                rules.append(rule)
    first = facts.tables["implications.tsv"][0].place
    for name in STRUCTURE:
        if name not in seen and not facts.faults:
            facts.faults.add(first, "no rule '%s'" % name)
    if not facts.faults:
        check_guards(facts, rules)
    return rules


def of_versions(facts):
    """A row for each feature that a version asks of every CPU."""
    for version in facts.versions.values():
        for feature in versions.asks_for(version):
            name = feature[len("FEAT_"):].lower().replace("_", "-")
            yield rows.Row(version.row.place, {
                "name": "mandatory-%s-%s" % (version.name, name), "if": version.name,
                "then": feature, "severity": "error", "lower": "", "closes": "", "reason": "",
                "source": version.row.source})


def read_rule(facts, row):
    rule = Rule(row)
    severity = rows.choice(row, "severity", facts.faults, SEVERITIES)
    closes = rows.choice(row, "closes", facts.faults, CLOSES)
    if None in (severity, closes):
        return None
    if (row.lower != "") != (closes != ""):
        facts.faults.add(row.place, "lower goes with closes")
        return None
    if row.name in STRUCTURE:
        if row.when or row.then or row.lower:
            facts.faults.add(row.place, "%s is no condition" % row.name)
        return rule
    rule.when, rule.then = side(facts, row, row.when), side(facts, row, row.then)
    if rule.when is None or rule.then is None:
        return None
    if row.name.startswith("mirror-"):
        rule.when = where_it_counts(facts, rule)
    for tree in (rule.when, rule.then):
        facts.check_depth(row, tree, facts.trees)
    rule.version, rule.rest = versions.split(rule.when, facts.versions)
    if solve.witness(rule.claimed() if rule.version else rule.when, rule.then, facts.trees) is None:
        facts.faults.add(row.place, "no values of the fields can break it")
    elif row.lower:
        read_lower(facts, rule)
    elif severity == "error" and not rule.version:
        check_without_lower(facts, rule)
    return rule


def side(facts, row, text):
    tree = facts.parse(row, text)
    for name in sorted(conditions.mentions(tree)) if tree else ():
        if name not in facts.trees:
            facts.faults.add(row.place, "no feature, mirror or version '%s'" % name)
            return None
    return tree


def where_it_counts(facts, rule):
    """`if`, and the condition under which the mirrors that either side reads count."""
    parts = []
    for name in sorted(conditions.mentions(rule.when) | conditions.mentions(rule.then)):
        if name.startswith("mirror:"):
            counts = facts.mirror_when(name[len("mirror:"):])
            parts += [counts] if counts else []
    return conditions.Node("&", parts + [rule.when]) if parts else rule.when


# What makes the greatest CPU that keeps all closing rules unique (src/policy/close.c)

OTHERS = 10  # comparisons of fields that a rule does not lower: each doubles what is looked at


def rank(field, value):
    """steady_field_rank()."""
    if field.chains:
        return field.chains.rank.get(value, value - 16)
    if field.order == "exact":
        return -256 if value == field.fallback else field.read(value)
    if field.order == "higher-or-zero" and value == 0:
        return -256
    return -field.read(value) if field.order.startswith("higher") else field.read(value)


def by_rank(field):
    """
    The values that the field may have, the least first. Not those that its chains do not mention:
    CPUs have such a one in common with each other and nothing beside it, so that it never changes.
    """
    return sorted((v for v in solve.every(field) if field.width > 4 or field.legal >> v & 1
                   if not field.chains or v in field.chains.rank),
                  key=lambda v: rank(field, v))


def leaves(tree, trees, positive=True):
    """Every comparison of a condition, and whether it stands under an even number of `!`."""
    if isinstance(tree, conditions.Feature):
        yield from leaves(trees[tree.name], trees, positive)
    elif isinstance(tree, conditions.Compare):
        yield tree, positive
    else:
        for child in tree.children:
            yield from leaves(child, trees, positive != (tree.op == "!"))


def rises(compare, positive):
    """Whether more of the field never turns a comparison from true to false."""
    true = solve.values(compare)
    truth = [(v in true) == positive for v in by_rank(compare.field)]
    return truth == sorted(truth)


def truth_of(tree, trees, compare):
    """A condition's truth, with that of its comparisons as the function says."""
    if isinstance(tree, conditions.Feature):
        return truth_of(trees[tree.name], trees, compare)
    if isinstance(tree, conditions.Compare):
        return compare(tree)
    parts = [truth_of(child, trees, compare) for child in tree.children]
    return not parts[0] if tree.op == "!" else all(parts) if tree.op == "&" else any(parts)


def ends_with_less(tree, trees, field):
    """Whether less of the field never makes the condition true, whatever the other fields are."""
    others = sorted({c.key() for c, _ in leaves(tree, trees) if c.field is not field})
    if len(others) > OTHERS:
        return False
    for bits in range(1 << len(others)):
        truth = [truth_of(tree, trees, lambda c, v=v, bits=bits: v in solve.values(c)
                          if c.field is field else bool(bits >> others.index(c.key()) & 1))
                 for v in by_rank(field)]
        if truth != sorted(truth):
            return False
    return True


def alternatives(tree, trees, positive=True):
    """Whether a condition can be true in more ways than one."""
    if isinstance(tree, conditions.Feature):
        return alternatives(trees[tree.name], trees, positive)
    if isinstance(tree, conditions.Compare):
        return False
    if tree.op == "!":
        return alternatives(tree.children[0], trees, not positive)
    return (tree.op == "|") == positive or \
        any(alternatives(child, trees, positive) for child in tree.children)


def read_lower(facts, rule):
    rule.lower = facts.field_by_name.get(rule.row.lower)
    if rule.lower is None:
        facts.faults.add(rule.row.place, "no field '%s'" % rule.row.lower)
        return
    if not any(leaf.field is rule.lower for leaf, _ in leaves(rule.when, facts.trees)):
        facts.faults.add(rule.row.place, "lower: %s is not read by `if`" % rule.row.lower)
    elif not ends_with_less(rule.when, facts.trees, rule.lower):
        facts.faults.add(rule.row.place, "lower: less of %s need not end `if`" % rule.row.lower)
    for compare, positive in leaves(rule.then, facts.trees):
        if compare.field is not rule.lower and not rises(compare, positive):
            facts.faults.add(rule.row.place, "less of %s.%s may make `then` true"
                             % (compare.field.register.name, compare.field.name))
            return


def check_without_lower(facts, rule):
    """
    An error that nothing mends. With one way for `then` to be true, CPUs that all keep the rule have
    a field in common that keeps it; with several, each of them may keep it by another. What
    excludes something is never broken by less of either.
    """
    excludes = all(rises(*leaf) for leaf in leaves(rule.when, facts.trees)) and \
        all(rises(leaf, not positive) for leaf, positive in leaves(rule.then, facts.trees))
    if alternatives(rule.then, facts.trees) and not excludes:
        facts.faults.add(rule.row.place, "an error whose `then` has alternatives needs `lower`: "
                         "CPUs that keep it may have nothing in common that does")


def check_guards(facts, rules):
    """What else a closing rule's `if` reads may be lowered by no rule."""
    lowered = {r.lower: r for r in rules if r.lower}
    for rule in rules:
        for compare, _ in leaves(rule.when, facts.trees) if rule.lower else ():
            if compare.field is not rule.lower and compare.field in lowered:
                facts.faults.add(rule.row.place, "`if` reads %s.%s, which %s lowers" % (
                    compare.field.register.name, compare.field.name,
                    lowered[compare.field].name))
                return
