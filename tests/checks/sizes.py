# SPDX-License-Identifier: MIT
"""sizes.py ROOT: files of at most 800 lines, functions of at most 60. Functions are
found by their braces, which stand alone in the first column."""

import re
import sys

import check

FILE, FUNCTION = 800, 60
NAME = re.compile(r"(\w+)\s*\(")


def name_before(lines, brace):
    """The function whose body opens at this line."""
    for i in range(brace - 1, max(brace - 8, -1), -1):
        match = NAME.search(lines[i])
        if match and not lines[i][:1].isspace():
            return match.group(1)
    return "?"


def functions(lines):
    start = None
    for i, line in enumerate(lines):
        if line.rstrip() == "{":
            start = i
        elif line.rstrip() == "}" and start is not None:
            yield name_before(lines, start), start, i - start + 1
            start = None


def main():
    faults = check.Faults()
    for path, text in check.sources(sys.argv[1]):
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        if len(lines) > FILE:
            faults.add(path, 0, "%d lines, more than %d" % (len(lines), FILE))
        for name, start, length in functions(check.code_only(text).split("\n")):
            if length > FUNCTION:
                faults.add(path, start + 1, "%s() has %d lines, more than %d"
                           % (name, length, FUNCTION))
    faults.end()


main()
