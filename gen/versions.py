# SPDX-License-Identifier: MIT
"""The versions of the architecture: versions.tsv, and the rules that it makes."""

import re

import conditions

NAME = re.compile(r"v[89]\.[0-9]$")


class Version:
    """includes: the versions of which it has everything, itself among them, by their numbers."""

    def __init__(self, row, index, tree):
        self.row, self.index, self.name, self.tree = row, index, row.version, tree
        self.includes = {index}


def parts(tree):
    return tree.children if isinstance(tree, conditions.Node) and tree.op == "&" else [tree]


def read(facts, trees):
    """All versions; their names become conditions, with those of the features in `trees`."""
    seen, found = {}, {}
    for row in facts.tables["versions.tsv"]:
        tree = facts.parse(row, row.condition)
        if not NAME.match(row.version):
            facts.faults.add(row.place, "'%s' is no version" % row.version)
        elif facts.unique(seen, row.version, row, "version '%s'" % row.version) and tree:
            version = Version(row, len(found), tree)
            for name in sorted(conditions.mentions(tree)):
                if name not in trees:  # a later version too: no cycles
                    facts.faults.add(row.place, "no feature or earlier version '%s'" % name)
            for part in parts(tree):
                if isinstance(part, conditions.Feature) and part.name in found:
                    version.includes |= found[part.name].includes
            trees[row.version] = tree
            found[row.version] = version
    return found


def asks_for(version):
    """The features that every CPU of the version has and the one before need not have."""
    return [part.name for part in parts(version.tree)
            if isinstance(part, conditions.Feature) and part.name.startswith("FEAT_")]


def split(tree, versions):
    """
    The version that a rule's `if` begins with, and what is left of the condition (None: nothing);
    None and the condition if it begins with none.
    """
    first = parts(tree)[0]
    if not isinstance(first, conditions.Feature) or first.name not in versions:
        return None, tree
    rest = parts(tree)[1:]
    return versions[first.name], conditions.Node("&", rest) if len(rest) > 1 else (rest + [None])[0]
