"""Places, errors and small helpers; knows nothing of apt, QEMU or kernels."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

LAB = pathlib.Path(__file__).resolve().parent.parent
CHECKOUT = LAB.parent

EXIT_SKIP = 77  # what a test runner takes as "skipped"
EXIT_LAB = 125  # the lab's own failure, as env(1) and timeout(1) have it


class LabError(Exception):
    """A failure of the lab itself, with a message for the user."""


def say(program, text):
    print(f"{program}: {text}", file=sys.stderr, flush=True)


def cache_dir():
    """The folder for all that was fetched; shared by every checkout of the user."""
    own = os.environ.get("STEADY_LAB_CACHE")
    if own:
        return pathlib.Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "steadyarm-lab"


@contextlib.contextmanager
def only_one(name):
    """Hold a lock of this user's cache; whoever comes second waits."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with open(cache_dir() / f"{name}.lock", "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def tool(name):
    """The path of a program; mke2fs and debugfs are not on an ordinary user's PATH."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    found = shutil.which(name, path=path)
    if not found:
        raise LabError(f"the program {name} is missing: install the packages named in lab/packages")
    return found


def call(argv, **more):
    """Run a program to its end and return its stdout; its stderr is in the error if it fails."""
    argv = [tool(argv[0])] + [str(a) for a in argv[1:]]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", check=False, **more)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-6:])
        raise LabError(f"{os.path.basename(argv[0])} failed ({done.returncode}): {last}")
    return done.stdout


@contextlib.contextmanager
def new_dir(target):
    """A folder that appears at target complete or not at all; an older one is replaced."""
    target = pathlib.Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        work.chmod(0o755)
        yield work
        old = None
        if target.exists():
            old = pathlib.Path(tempfile.mkdtemp(prefix=".old.", dir=target.parent))
            target.rename(old / "was")
        work.rename(target)
        if old:
            shutil.rmtree(old)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def read_json(path):
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=1)
        stream.write("\n")


def read_table(path, columns):
    """Rows of a tab-separated file as dicts; # starts a comment line."""
    rows = []
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            cells = line.split("\t")
            if len(cells) != len(columns):
                raise LabError(f"{path}:{number}: {len(cells)} columns, want {len(columns)}: "
                               f"{', '.join(columns)}")
            rows.append(dict(zip(columns, (c.strip() for c in cells))))
    names = [row[columns[0]] for row in rows]
    for name in names:
        if names.count(name) > 1:
            raise LabError(f"{path}: the name {name} stands twice")
    return rows
