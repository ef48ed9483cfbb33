# SPDX-License-Identifier: MIT
"""headers.py ROOT: every header compiles alone, with every compiler that is here; public ones as
C++ too."""

import os
import shutil
import subprocess
import sys

import check

C = ["-std=c11", "-x", "c"]
CXX = ["-std=c++11", "-x", "c++"]
FLAGS = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-D_POSIX_C_SOURCE=200809L"]


def compile_alone(root, compiler, language, header):
    """What the compiler has against a file that includes this header twice and nothing else."""
    text = '#include "%s"\n#include "%s"\nextern int something;\n' % (header, header)
    command = [compiler] + language + FLAGS + ["-I" + os.path.join(root, d)
                                               for d in ("include", "src")] + ["-"]
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    return done.stderr.strip() if done.returncode else ""


def main():
    root = os.path.abspath(sys.argv[1])
    faults = check.Faults()
    c = [x for x in ("gcc", "clang") if shutil.which(x)]
    cxx = [x for x in ("g++", "clang++") if shutil.which(x)]
    if not c:
        sys.exit(77)
    for path, _ in check.sources(root, ("include", "src"), (".h",)):
        runs = [(x, C) for x in c]
        if path.startswith("include/"):
            runs += [(x, CXX) for x in cxx]
        for compiler, language in runs:
            wrong = compile_alone(root, compiler, language, os.path.join(root, path))
            if wrong:
                faults.add(path, 0, "does not compile alone with %s:\n%s" % (compiler, wrong))
    faults.end()


main()
