# SPDX-License-Identifier: MIT
"""What the structural checks share: walking the C sources, and saying what is wrong."""

import os
import re
import sys

FOLDERS = ("include", "src", "cli", "preload", "bench", "tests")
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def sources(root, folders=FOLDERS, endings=(".c", ".h")):
    """(path under root, text) of every C file, in order."""
    for folder in folders:
        for directory, _, files in sorted(os.walk(os.path.join(root, folder))):
            for name in sorted(files):
                if name.endswith(endings):
                    path = os.path.join(directory, name)
                    with open(path, encoding="utf-8") as f:
                        yield os.path.relpath(path, root), f.read()


def code_only(text):
    """The text with comments and the inside of strings blanked, line by line as before."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return COMMENT.sub(blank, text)


class Faults:
    def __init__(self):
        self.count = 0

    def add(self, path, line, text):
        self.count += 1
        print("%s:%d: %s" % (path, line, text) if line else "%s: %s" % (path, text))

    def end(self):
        sys.exit(1 if self.count else 0)
