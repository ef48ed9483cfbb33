# SPDX-License-Identifier: MIT
"""Conditions on fields: parse, evaluate with three-valued logic, compile.

    condition := term { '|' term }
    term      := factor { '&' factor }
    factor    := '!' factor | '(' condition ')' | name | REGISTER.FIELD op number
    name      := FEAT_name | mirror:FEAT_name | v8.1 and its like; which of them, the caller says
    op        := '>=' | '<' | '==' | '!='

A comparison takes the field's sign from its row in fields.tsv.
"""

import re

TOKEN = re.compile(r"\s*(?:((?:mirror:)?FEAT_\w+|v[89]\.[0-9])|(\w+\.\w+)|(>=|==|!=|<)|(-?\w+)|"
                   r"([&|!()]))")
OPERATORS = (">=", "<", "==", "!=")

# Instructions of the compiled form. A word below AND is an index into the table of comparisons.
AND, OR, NOT = 0x8000, 0x8001, 0x8002
STACK = 16


class Fault(Exception):
    pass


class Compare:
    def __init__(self, field, op, value):
        self.field, self.op, self.value = field, op, value

    def key(self):
        return (self.field.index, OPERATORS.index(self.op), self.value)


class Feature:
    def __init__(self, name):
        self.name = name


class Node:
    """op is '&', '|' or '!'; '!' has one child."""

    def __init__(self, op, children):
        self.op, self.children = op, children


class _Parser:
    def __init__(self, text, fields):
        self.fields = fields
        self.tokens = []
        at = 0
        while at < len(text.rstrip()):
            match = TOKEN.match(text, at)
            if not match:
                raise Fault("cannot read '%s'" % text[at:].strip())
            self.tokens.append(match.groups())
            at = match.end()
        self.at = 0

    def peek(self, group):
        return self.tokens[self.at][group] if self.at < len(self.tokens) else None

    def take(self, group, text=None):
        token = self.peek(group)
        if token is None or (text is not None and token != text):
            return None
        self.at += 1
        return token

    def chain(self, op, part):
        children = [part()]
        while self.take(4, op):
            children.append(part())
        return children[0] if len(children) == 1 else Node(op, children)

    def condition(self):
        return self.chain("|", self.term)

    def term(self):
        return self.chain("&", self.factor)

    def factor(self):
        if self.take(4, "!"):
            return Node("!", [self.factor()])
        if self.take(4, "("):
            inner = self.condition()
            if not self.take(4, ")"):
                raise Fault("missing ')'")
            return inner
        name = self.take(0)
        if name:
            return Feature(name)
        return self.compare()

    def compare(self):
        name = self.take(1)
        if not name:
            raise Fault("expected FEAT_name, REGISTER.FIELD, '!' or '('")
        field = self.fields.get(name)
        if field is None:
            raise Fault("no field '%s'" % name)
        op = self.take(2)
        value = self.take(3)
        if not op or value is None:
            raise Fault("expected an operator and a number after '%s'" % name)
        try:
            value = int(value, 0)
        except ValueError:
            raise Fault("'%s' is no number" % value) from None
        low, high = field.range()
        if not low <= value <= high or not -128 <= value <= 127:
            raise Fault("%s cannot be %d" % (name, value))
        return Compare(field, op, value)


def parse(text, fields):
    """The tree of a condition. `fields` maps "REGISTER.FIELD" to fields."""
    parser = _Parser(text, fields)
    tree = parser.condition()
    if parser.at != len(parser.tokens):
        raise Fault("more than one condition")
    return tree


def mentions(tree):
    """The names of the features that a condition refers to."""
    if isinstance(tree, Feature):
        return {tree.name}
    if isinstance(tree, Compare):
        return set()
    return set().union(*(mentions(c) for c in tree.children))


def reads(tree):
    """The fields that a condition compares, itself and not by way of other features."""
    if isinstance(tree, Compare):
        return {tree.field}
    if isinstance(tree, Feature):
        return set()
    return set().union(*(reads(c) for c in tree.children))


def text(tree):
    """A condition written out, the same for equal ones."""
    if isinstance(tree, Feature):
        return tree.name
    if isinstance(tree, Compare):
        return "%s.%s %s %d" % (tree.field.register.name, tree.field.name, tree.op, tree.value)
    if tree.op == "!":
        return "!(%s)" % text(tree.children[0])
    return "(%s)" % (" %s " % tree.op).join(text(c) for c in tree.children)


def evaluate(tree, trees, values):
    """True, False or None (unknown). `values` maps fields to values, unsigned as in a register."""
    if isinstance(tree, Feature):
        return evaluate(trees[tree.name], trees, values)
    if isinstance(tree, Compare):
        value = values.get(tree.field)
        if value is None:
            return None
        value = tree.field.read(value)
        return {">=": value >= tree.value, "<": value < tree.value,
                "==": value == tree.value, "!=": value != tree.value}[tree.op]
    parts = [evaluate(c, trees, values) for c in tree.children]
    if tree.op == "!":
        return None if parts[0] is None else not parts[0]
    decides = tree.op == "|"
    if decides in parts:
        return decides
    return None if None in parts else not decides


def compiled(tree, trees, comparisons):
    """Postfix words. Other features are put in by value, so that nothing recurses at run time."""
    if isinstance(tree, Feature):
        return compiled(trees[tree.name], trees, comparisons)
    if isinstance(tree, Compare):
        return [comparisons.setdefault(tree.key(), len(comparisons))]
    words = compiled(tree.children[0], trees, comparisons)
    if tree.op == "!":
        return words + [NOT]
    for child in tree.children[1:]:
        words = words + compiled(child, trees, comparisons) + [AND if tree.op == "&" else OR]
    return words


def depth(words):
    """How many values the words need on the stack."""
    now = most = 0
    for word in words:
        now += 1 if word < AND else 0 if word == NOT else -1
        most = max(most, now)
    return most
