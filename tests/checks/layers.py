# SPDX-License-Identifier: MIT
"""layers.py ROOT: a folder includes headers of its own layer or lower ones only; one file calls
ioctl(2); what a VMM links needs nothing but libc."""

import re
import sys

import check

# The public headers are lowest: everybody may include them.
LAYERS = {"base": 0, "arch": 1, "policy": 2, "host": 3, "pin": 4, "format": 4, "fleet": 5,
          "cli": 6, "preload": 6}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
IOCTL = re.compile(r"\bioctl[ \t]*\(")
# The one caller; and the preload library, which stands between a program and its own ioctl(2).
MAY_IOCTL = ("src/host/kvm.c", "preload/")
LIBC_ONLY = ("src/base/", "src/arch/", "src/policy/", "src/host/", "src/pin/",
             "src/format/model_text.c", "src/format/lex.c", "preload/", "include/")
NOT_LIBC = ("jansson.h", "sha2.h", "xxhash.h")


def folder_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else parts[0]


def check_include(path, line, quote, header, faults):
    if header in NOT_LIBC and path.startswith(LIBC_ONLY):
        faults.add(path, line, "%s is not libc, and a VMM links this" % header)
    if quote == "<":
        return
    if ".." in header.split("/"):
        faults.add(path, line, 'include "%s" from the top of src/' % header)
        return
    mine, theirs = folder_of(path), header.split("/")[0] if "/" in header else None
    if theirs is None or mine == "include":
        return
    if theirs not in LAYERS:
        faults.add(path, line, "%s is in no layer" % header)
    elif LAYERS[theirs] > LAYERS[mine]:
        faults.add(path, line, "%s is above %s" % (header, mine))


def main():
    root = sys.argv[1]
    faults = check.Faults()
    for path, text in check.sources(root, ("include", "src", "cli", "preload")):
        if folder_of(path) not in LAYERS and not path.startswith("include/"):
            faults.add(path, 0, "a folder that has no layer")
            continue
        code = check.code_only(text)
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            check_include(path, line, match.group(1), match.group(2), faults)
        if not path.startswith(MAY_IOCTL):
            for match in IOCTL.finditer(code):
                faults.add(path, code.count("\n", 0, match.start()) + 1,
                           "only src/host/kvm.c calls ioctl")
    faults.end()


main()
