# SPDX-License-Identifier: MIT
"""Pairs of fields that tell one thing together: groups.tsv, read and checked."""

import re

NAME = re.compile(r"[a-z][a-z0-9-]*$")
STATE = re.compile(r"([0-9]+):([0-9]+)$")
ROOM = 16  # STEADY_GROUP_STATES


class Group:
    """states: the pairs of values in the order of mention; within[i]: the set no more than i."""

    def __init__(self, name, fields):
        self.name, self.fields = name, fields
        self.states, self.within = [], []

    def state(self, text):
        match = STATE.match(text.strip())
        if not match:
            raise ValueError("cannot read '%s'" % text.strip())
        pair = int(match.group(1)), int(match.group(2))
        if any(value >= 1 << field.width for value, field in zip(pair, self.fields)):
            raise ValueError("%d:%d does not fit the fields" % pair)
        if pair not in self.states:
            self.states.append(pair)
            self.within.append(1 << len(self.within))
        return self.states.index(pair)

    def read(self, text):
        for chain in text.split(";"):
            before = None
            for step in chain.split("<"):
                equal = [self.state(state) for state in step.split("=")]
                for state in equal:
                    for other in equal:
                        self.within[state] |= 1 << other
                    if before is not None and before >= state:
                        raise ValueError("%d:%d is against the order of first mention"
                                         % self.states[state])
                    self.within[state] |= 0 if before is None else 1 << before
                before = max(equal)
        for _ in self.states:  # what is under what is under it
            for i in range(len(self.states)):
                for j in range(len(self.states)):
                    if self.within[i] >> j & 1:
                        self.within[i] |= self.within[j]


def read(facts):
    groups, seen, taken = [], {}, {}
    for row in facts.tables["groups.tsv"]:
        names = row.fields.split(",")
        fields = [facts.field_by_name.get(name) for name in names]
        if not NAME.match(row.group):
            facts.faults.add(row.place, "'%s' is no name for a group" % row.group)
        elif len(fields) != 2 or None in fields or fields[0] is fields[1]:
            facts.faults.add(row.place, "fields: expected two fields, not '%s'" % row.fields)
        elif facts.unique(seen, row.group, row, "group '%s'" % row.group) and \
                all([facts.unique(taken, name, row, name) for name in names]):
            group = Group(row.group, fields)
            try:
                group.read(row.states)
                if len(group.states) > ROOM:
                    raise ValueError("more than %d" % ROOM)
                groups.append(group)
            except ValueError as e:
                facts.faults.add(row.place, "states: %s" % e)
    return groups
