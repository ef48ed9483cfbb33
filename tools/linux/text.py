# SPDX-License-Identifier: MIT
"""Reading C by its shape. What is not understood is an error and never left out."""

import re

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


class NotUnderstood(Exception):
    """A source that is not written as this reader expects."""


def code(text):
    """C without its comments."""
    return COMMENT.sub(" ", text)


def arguments(text, start):
    """(the arguments of the call whose parenthesis is at start, where it ends)"""
    depth, found, begin = 0, [], start + 1
    for at in range(start, len(text)):
        if text[at] in "({[":
            depth += 1
        elif text[at] in ")}]":
            depth -= 1
        if (depth == 0 or (depth == 1 and text[at] == ",")) and at > start:
            found.append(" ".join(text[begin:at].split()))
            begin = at + 1
            if depth == 0:
                return found, at + 1
    raise NotUnderstood("a parenthesis is never closed: %s" % text[start:start + 60])


def body(text, start):
    """What stands within the brace that opens first after start."""
    begin = text.index("{", start)
    depth = 0
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[begin + 1:at]
    raise NotUnderstood("a brace is never closed: %s" % text[start:start + 60])
