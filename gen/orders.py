# SPDX-License-Identifier: MIT
"""How the values of fields compare: orders.tsv, read and checked."""

import re

import rows

HOW = ("lower", "higher", "higher-or-zero", "mask", "exact", "identity", "topology", "chains")
NAME = re.compile(r"[a-z][a-z0-9-]*$")


class Chains:
    """
    An order given value by value: rank[v] for the choice, below[v] the set that v offers all of;
    of equal values each is in the other's.
    """

    def __init__(self, text):
        self.rank = {}
        self.below = {}
        for chain in text.split(";"):
            steps = [[int(v, 0) for v in step.split("=")] for step in chain.split("<")]
            for value in sum(steps, []):
                self.rank.setdefault(value, len(self.rank))
                self.below.setdefault(value, 0)
            for step, lower in zip(steps, [[]] + steps):
                for value in step:
                    self.put(value, [v for v in step if v != value], lower)
        for _ in self.rank:
            for value in self.rank:
                for low in self.rank:
                    if self.below[value] >> low & 1:
                        self.below[value] |= self.below[low]
        for value in self.rank:
            self.below[value] &= ~(1 << value)

    def put(self, value, equal, lower):
        for low in lower:
            if self.rank[low] >= self.rank[value]:
                raise ValueError("%d < %d is against the order of first mention" % (low, value))
            self.below[value] |= 1 << low
        for other in equal:
            self.below[value] |= 1 << other


class Order:
    """A row of orders.tsv; `index` is where it stands there."""

    def __init__(self, row, index):
        self.row, self.index = row, index
        self.name, self.how = row.order, row.how
        self.signed = row.sign == "signed"
        self.chains = None

    def misfit(self, field, width):
        """What is wrong with a field's row that names this order, or None."""
        if field.sign != self.row.sign:
            return "sign: the order '%s' is %s" % (self.name, self.row.sign)
        if (field.fallback != "") != (self.how == "exact"):
            return "a fallback belongs to order exact, and to no other"
        if self.row.legal and not field.legal:
            return "legal: the order '%s' asks for the values that a CPU can have" % self.name
        if self.chains and (width > 4 or max(self.chains.rank) >= 1 << width):
            return "order: '%s' has a value that does not fit the field" % self.name
        return None


def _read_values(facts, order):
    text = order.row.values
    if (order.how == "chains") != (text != ""):
        facts.faults.add(order.row.place, "values belong to chains, and to no other order")
    elif text:
        try:
            order.chains = Chains(text)
        except ValueError as e:
            facts.faults.add(order.row.place, "values: %s" % e)


def read(facts):
    """{name: Order}"""
    found, seen = {}, {}
    for row in facts.tables["orders.tsv"]:
        fits = [rows.choice(row, column, facts.faults, words) is not None for column, words in (
            ("how", HOW), ("sign", ("unsigned", "signed")), ("legal", ("", "yes")))]
        if not NAME.match(row.order):
            facts.faults.add(row.place, "'%s' is no name for an order" % row.order)
        elif not row.meaning:
            facts.faults.add(row.place, "no meaning")
        elif all(fits) and facts.unique(seen, row.order, row, "order '%s'" % row.order):
            order = Order(row, len(found))
            _read_values(facts, order)
            found[order.name] = order
    return found


def check_used(facts):
    used = {field.sort.name for field in facts.fields if field.sort}
    for order in facts.orders.values():
        if order.name not in used:
            facts.faults.add(order.row.place, "no field has this order")
