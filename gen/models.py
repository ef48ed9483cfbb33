#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The named models: derived from the tables of data/, compared with what is released, embedded.

models.py check DATADIR          does every release in DATADIR/models equal what the tables give?
models.py release DATADIR        write what has no release yet; of releases the comments only
models.py embed DATADIR OUT.c    write the releases as the table of src/format/builtin.h
models.py files DATADIR          the paths of all releases
models.py digests DATADIR        the SHA-256 of every release's canonical text, as sha256sum has it

A release never changes. Where one is to differ from the tables, which know better by now, a comment
in it says so: `# differs: NAME why`, NAME being what stands at the start of the line.
Exit status: 0 done, 1 the facts or a release are at fault, 2 usage.
"""

import hashlib
import os
import re
import sys
import textwrap

import derive

NAME = re.compile(r"[a-z0-9][a-z0-9.-]*-v[1-9][0-9]*$")
DIFFERS = re.compile(r"# differs: (\S+) \S")


class Release:
    """A file of data/models: comments, then canonical text."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        lines = text.splitlines()
        self.path = path
        self.name = os.path.basename(path)[:-len(".model")]
        self.comments = [line for line in lines if line.startswith("#")]
        self.facts = [line for line in lines if not line.startswith("#")]
        self.differs = {m.group(1) for m in map(DIFFERS.match, self.comments) if m}
        self.ordered = text == "\n".join(self.comments + self.facts) + "\n"

    def canonical(self):
        return "\n".join(self.facts) + "\n"


def releases(directory):
    folder = os.path.join(directory, "models")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return {n[:-len(".model")]: Release(os.path.join(folder, n))
            for n in names if n.endswith(".model")}


def say(where, text):
    print("%s: %s" % (where, text), file=sys.stderr)
    return 1


def title_of(release):
    """The first comment is `# NAME: TITLE`."""
    first = release.comments[0] if release.comments else ""
    start = "# %s: " % release.name
    return first[len(start):] if first.startswith(start) else ""


def form(release):
    """What is wrong with the file as such."""
    faults = 0
    if not NAME.match(release.name):
        faults |= say(release.path, "a release is named NAME-vN.model, in lower case")
    if not release.ordered or release.facts != sorted(release.facts):
        faults |= say(release.path, "not comments and then lines sorted by bytes")
    if "name " + release.name not in release.facts:
        faults |= say(release.path, "its name line is not 'name %s'" % release.name)
    if not title_of(release):
        faults |= say(release.path, "its first line is not '# %s: TITLE'" % release.name)
    return faults


def difference(release, lines):
    """What the release has and the tables do not give, or the other way round."""
    faults = 0
    for line in sorted(set(release.facts) ^ set(lines)):
        words = line.split(" ")
        if not {words[0], words[-1]} & release.differs:
            faults |= say(release.path, "%s only: %s"
                          % ("release" if line in release.facts else "tables", line))
    return faults


def check(directory):
    models = derive.all_models(directory)
    if models is None:
        return 1
    found = releases(directory)
    faults = 0
    for name, release in found.items():
        faults |= form(release)
        if name not in models:
            faults |= say(release.path, "models.tsv has no such model")
            continue
        faults |= difference(release, models[name].lines)
        kept = [c for c in release.comments if not DIFFERS.match(c)]
        if kept != commented(models[name]):
            faults |= say(release.path, "its comments are old: run gen/models.py release")
    for name in models:
        if name not in found:
            faults |= say(name, "not released: run gen/models.py release")
    return faults


def wrap(text, first="# ", rest="# "):
    return textwrap.wrap(text, 96, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False)


def commented(model):
    lines = ["# %s: %s" % (model.name, model.title)] + (wrap(model.about) if model.about else [])
    for head, items in (("Where the values come from:", model.sources),
                        ("Assumed:", model.assumed),
                        ("What is not as the core has it:", model.filtered),
                        ("Tolerated, since no value levels it between hosts:", model.tolerated)):
        if items:
            lines += ["#", "# " + head]
            for item in items:
                lines += wrap(item, "#   ", "#     ")
    return lines


def release(directory):
    models = derive.all_models(directory)
    if models is None:
        return 1
    found = releases(directory)
    os.makedirs(os.path.join(directory, "models"), exist_ok=True)
    for name, model in models.items():
        old = found.get(name)
        comments = commented(model)
        if old:
            comments += [c for c in old.comments if DIFFERS.match(c)]
        path = os.path.join(directory, "models", name + ".model")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(comments + (old.facts if old else model.lines)) + "\n")
    return check(directory)


def literal(text):
    lines = ['"%s\\n"' % line.replace("\\", "\\\\").replace('"', '\\"')
             for line in text.splitlines()]
    return "\n\t\t".join(lines)


def embed(directory, out):
    found = releases(directory)
    faults = 0
    entries = []
    for name in sorted(found):
        r = found[name]
        faults |= form(r)
        about = "\n".join(c[2:] for c in r.comments[1:])
        entries.append('\t{\n\t\t"%s",\n\t\t%s,\n\t\t%s,\n\t\t%s,\n\t},' % (
            name, literal(title_of(r))[:-3] + '"', literal(about) if about else '""',
            literal(r.canonical())))
    if faults:
        return 1
    with open(out, "w", encoding="utf-8") as f:
        f.write("/* SPDX-License-Identifier: MIT */\n"
                "/* Generated by gen/models.py from data/models/: do not edit. */\n\n"
                '#include "format/builtin.h"\n\n'
                "const struct steady_builtin steady_builtins[] = {\n%s\n};\n"
                "const size_t steady_builtin_count = %d;\n" % ("\n".join(entries), len(entries)))
    return 0


def files(directory):
    """For the build, which has to know what the embedded table is made of."""
    for r in releases(directory).values():
        print(r.path)
    return 0


def digests(directory):
    found = releases(directory)
    for name in sorted(found):
        text = found[name].canonical().encode()
        print("%s  %s" % (hashlib.sha256(text).hexdigest(), name))
    return 0


COMMANDS = {"check": (check, 1), "release": (release, 1), "embed": (embed, 2),
            "digests": (digests, 1), "files": (files, 1)}


def main(arguments):
    command, count = COMMANDS.get(arguments[1] if len(arguments) > 1 else "", (None, 0))
    if command is None or len(arguments) != 2 + count:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return command(*arguments[2:])
    except OSError as e:
        return say("models.py", e)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
