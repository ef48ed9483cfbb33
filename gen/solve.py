# SPDX-License-Identifier: MIT
"""Find register values that break a rule, and values that keep it.

A rule says that where `if` holds, `then` does too. What a condition asks of the fields it reads is
searched for with a set of values left for each field; a set that becomes empty ends the branch.
"""

import conditions


def values(compare):
    """The values of the field, as registers hold them, for which a comparison is true."""
    field = compare.field
    truth = {">=": lambda v: v >= compare.value, "<": lambda v: v < compare.value,
             "==": lambda v: v == compare.value, "!=": lambda v: v != compare.value}[compare.op]
    return frozenset(v for v in range(1 << min(field.width, 8)) if truth(field.read(v)))


def every(field):
    return frozenset(range(1 << min(field.width, 8)))


def ways(tree, want, trees, left):
    """Yield the ways to make a condition `want`, each as the values left for each field."""
    if isinstance(tree, conditions.Feature):
        yield from ways(trees[tree.name], want, trees, left)
    elif isinstance(tree, conditions.Compare):
        allowed = values(tree) if want else every(tree.field) - values(tree)
        rest = left.get(tree.field, every(tree.field)) & allowed
        if rest:
            yield {**left, tree.field: rest}
    elif tree.op == "!":
        yield from ways(tree.children[0], not want, trees, left)
    elif (tree.op == "&") == want:
        yield from _all(tree.children, want, trees, left)
    else:
        for child in tree.children:
            yield from ways(child, want, trees, left)


def _all(children, want, trees, left):
    if not children:
        yield left
        return
    for way in ways(children[0], want, trees, left):
        yield from _all(children[1:], want, trees, way)


def _least(way):
    """Of each field the value nearest to 0: values that say no more than they must."""
    return {f: min(rest, key=lambda v, f=f: (abs(f.read(v)), v)) for f, rest in way.items()}


def witness(when, then, trees):
    """Values of fields that break a rule, or None if none do: then it says nothing."""
    for way in ways(when, True, trees, {}):
        for broken in ways(then, False, trees, way):
            return _least(broken)
    return None


def repaired(when, then, trees):
    """Values that keep it although `if` holds; None if that cannot be."""
    for way in ways(when, True, trees, {}):
        for kept in ways(then, True, trees, way):
            return _least(kept)
    return None
