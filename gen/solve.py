# SPDX-License-Identifier: MIT
"""Find register values that break a rule, and values that keep it.

A rule says that where `if` holds, `then` does too. What a condition needs is a set of values left
for each field, and choices still to be made between further needs. Whatever is left of a field
strikes out alternatives of all choices: one without any ends the branch, and one with a single one
is made before others are tried.
"""

import conditions


class Need:
    """`left` has a set of values, never empty, for each field; a choice is a list of needs."""

    def __init__(self, left, choices):
        self.left, self.choices = left, choices


def values(compare):
    """The values of the field, as registers hold them, for which a comparison is true."""
    field = compare.field
    truth = {">=": lambda v: v >= compare.value, "<": lambda v: v < compare.value,
             "==": lambda v: v == compare.value, "!=": lambda v: v != compare.value}[compare.op]
    return frozenset(v for v in range(1 << min(field.width, 8)) if truth(field.read(v)))


def every(field):
    return frozenset(range(1 << min(field.width, 8)))


def need(tree, want, trees, known):
    """What makes a condition `want`, None if nothing does. `known` is for those that have names."""
    if isinstance(tree, conditions.Feature):
        key = (tree.name, want)
        if key not in known:
            known[key] = need(trees[tree.name], want, trees, known)
        return known[key]
    if isinstance(tree, conditions.Compare):
        rest = values(tree) if want else every(tree.field) - values(tree)
        return Need({tree.field: rest}, []) if rest else None
    if tree.op == "!":
        return need(tree.children[0], not want, trees, known)
    parts = [need(child, want, trees, known) for child in tree.children]
    if (tree.op == "&") == want:
        return _all(parts)
    parts = [part for part in parts if part]
    return Need({}, [parts]) if len(parts) > 1 else (parts + [None])[0]


def _all(parts):
    left, choices = {}, {}
    for part in parts:
        if part is None or not _fits(part, left):
            return None
        left = _narrowed(left, part)
        choices.update((id(choice), choice) for choice in part.choices)  # each once, in order
    return Need(left, list(choices.values()))


def _fits(part, left):
    return not any(rest.isdisjoint(left.get(field, rest)) for field, rest in part.left.items())


def _narrowed(left, part):
    return {**left, **{field: rest & left.get(field, rest) for field, rest in part.left.items()}}


def _chosen(left, choices):
    """What is left with the first alternatives that go together, None if none do."""
    if not choices:
        return left
    choices = [[part for part in choice if _fits(part, left)] for choice in choices]
    at = next((i for i, choice in enumerate(choices) if len(choice) < 2), 0)
    for part in choices[at]:
        found = _chosen(_narrowed(left, part), choices[:at] + part.choices + choices[at + 1:])
        if found is not None:
            return found
    return None


def _least(left):
    """Of each field the value nearest to 0: values that say no more than they must."""
    return {f: min(rest, key=lambda v, f=f: (abs(f.read(v)), v)) for f, rest in left.items()}


def _found(when, then, want, trees):
    known = {}
    whole = _all([need(when, True, trees, known), need(then, want, trees, known)])
    left = whole and _chosen(whole.left, whole.choices)
    return None if left is None else _least(left)


def witness(when, then, trees):
    """Values of fields that break a rule, or None if none do: then it says nothing."""
    return _found(when, then, False, trees)


def repaired(when, then, trees):
    """Values that keep it although `if` holds; None if that cannot be."""
    return _found(when, then, True, trees)
