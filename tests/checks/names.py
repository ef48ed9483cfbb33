# SPDX-License-Identifier: MIT
"""names.py LIBRARY...: every symbol that a static library exports begins with steady_."""

import subprocess
import sys

import check

SANITISER = ("__odr_asan", "__asan", "__ubsan", "__sancov", "__gcov", "__llvm")


def main():
    faults = check.Faults()
    for library in sys.argv[1:]:
        done = subprocess.run(["nm", "-g", "--defined-only", "-P", library], text=True,
                              capture_output=True, check=True)
        symbols = [line.split()[0] for line in done.stdout.split("\n")
                   if len(line.split()) > 2]
        if not symbols:
            faults.add(library, 0, "no symbols at all")
        for symbol in symbols:
            if not symbol.startswith(("steady_",) + SANITISER):
                faults.add(library, 0, "%s does not begin with steady_" % symbol)
    faults.end()


main()
