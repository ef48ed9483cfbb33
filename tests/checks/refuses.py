# SPDX-License-Identifier: MIT
"""refuses.py CHECK: the check accepts a sound tree and refuses each broken one."""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GUARDED = "#ifndef %s\n#define %s\n%s\n#endif\n"
SOUND = {
    "include/steadyarm/steadyarm.h": GUARDED % ("S", "S", "int steady_s(void);"),
    "src/base/text.h": GUARDED % ("T", "T", "#include <stddef.h>\nsize_t steady_t(void);"),
    "src/base/text.c": '#include "base/text.h"\n\nsize_t steady_t(void)\n{\n\treturn 1;\n}\n',
    "src/arch/arch.h": GUARDED % ("A", "A", '#include "base/text.h"\nint steady_a(void);'),
    "src/host/kvm.c": "#include <sys/ioctl.h>\nint f(void)\n{\n\treturn ioctl(0, 0);\n}\n",
    "src/format/model_json.c": "#include <jansson.h>\n",
    "cli/main.c": '#include "arch/arch.h"\n#include "cli.h"\n/* ioctl( */\n',
    "cli/cli.h": '#include <steadyarm/steadyarm.h>\n',
    "preload/table.c": "int f(void)\n{\n\treturn ioctl(0, 0);\n}\n",
}
LONG = "int steady_long(void)\n{\n%s}\n" % ("\t;\n" * 59)

# check: [(what is put into the sound tree, a word that the complaint must have)]
BROKEN = {
    "layers": [
        ({"src/base/text.c": '#include "arch/arch.h"\n'}, "above base"),
        ({"src/arch/arch.h": '#include "policy/set.h"\n'}, "above arch"),
        ({"src/policy/set.c": '# include "host/sim.h"\n'}, "above policy"),
        ({"src/host/wrap.c": '#include "pin/pin.h"\n'}, "above host"),
        ({"src/pin/pin.c": '#include "fleet/x.h"\n'}, "above pin"),
        ({"src/pin/pin.c": '#include "../cli/cli.h"\n'}, "from the top"),
        ({"src/pin/pin.c": '#include "elsewhere/x.h"\n'}, "in no layer"),
        ({"src/new/x.c": ""}, "no layer"),
        ({"src/host/sim.c": "int f(void)\n{\n\treturn ioctl (0, 1);\n}\n"}, "calls ioctl"),
        ({"cli/ps.c": "static int (*g)(void) = 0;\nint f(void) { return ioctl(0); }\n"},
         "calls ioctl"),
        ({"src/pin/pin.c": "#include <jansson.h>\n"}, "not libc"),
        ({"src/format/model_text.c": "#include <jansson.h>\n"}, "not libc"),
        ({"src/base/text.c": "#include <jansson.h>\n"}, "not libc"),
    ],
    "sizes": [
        ({"src/base/text.c": LONG.replace("\t;\n", "\t;\n\t;\n", 1)}, "steady_long() has 62"),
        ({"src/base/text.c": "\n" * 801}, "801 lines"),
        ({"tests/unit/x.c": LONG + LONG.replace("\t;\n", "\t;\n\t;\n", 1)}, "62 lines"),
    ],
    "headers": [
        ({"src/base/text.h": "size_t steady_t(void);\n"}, "src/base/text.h"),
        ({"include/steadyarm/steadyarm.h": "int steady_s(int new[static 1]);\n"},
         "steadyarm.h"),
        ({"src/base/text.h": "struct t { int a; };\n"}, "src/base/text.h"), # included twice
        ({"src/base/text.h": GUARDED % ("T", "T", "struct t {};")}, "src/base/text.h"),
    ],
    "names": [
        ({"names.c": "int other(void);\nint other(void)\n{\n\treturn 0;\n}\n"}, "other does not"),
        ({"names.c": "int steadyarm;\n"}, "steadyarm does not"),
        ({"names.c": "typedef int steady_t;\n"}, "no symbols"),
    ],
}
NAMES = "int steady_x;\nstatic int y;\nint *steady_y(void);\nint *steady_y(void)\n{\n\treturn &y;\n}\n"


def library(directory):
    """names.c of the tree as a static library."""
    out = os.path.join(directory, "libnames.a")
    subprocess.run(["cc", "-c", "names.c", "-o", "names.o"], cwd=directory, check=True)
    subprocess.run(["ar", "rc", out, "names.o"], cwd=directory, check=True)
    return out


def run(name, files):
    directory = tempfile.mkdtemp()
    try:
        for path, text in files.items():
            full = os.path.join(directory, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as f:
                f.write(text)
        target = library(directory) if name == "names" else directory
        done = subprocess.run([sys.executable, "-B", os.path.join(HERE, name + ".py"), target],
                              text=True, capture_output=True, check=False)
        return done.returncode, done.stdout + done.stderr
    finally:
        shutil.rmtree(directory)


def main():
    name = sys.argv[1]
    sound = dict(SOUND, **{"names.c": NAMES}) if name == "names" else dict(SOUND)
    if name == "sizes":
        sound["src/base/text.c"] = LONG.replace("\t;\n", "", 1)
    failures = 0
    status, said = run(name, sound)
    if status:
        failures += 1
        print("the sound tree: status %d\n%s" % (status, said))
    for files, word in BROKEN[name]:
        status, said = run(name, dict(sound, **files))
        if status != 1 or word not in said:
            failures += 1
            print("%s: status %d, without '%s':\n%s" % (sorted(files), status, word, said))
    sys.exit(1 if failures else 0)


main()
