"""A program with all the shared libraries that it needs, as one folder that runs anywhere."""

import os
import pathlib
import re
import shutil

from labkit.common import LabError, call


def _needs(path):
    """(names of the libraries needed, path of the program interpreter or None)"""
    text = call(["readelf", "-W", "-d", "-l", path])
    loader = re.search(r"Requesting program interpreter: ([^\]]+)\]", text)
    return re.findall(r"\(NEEDED\).*\[(.+)\]", text), loader and loader.group(1)


def _libraries(root):
    """Every shared library below root, by file name."""
    found = {}
    for folder, _, files in os.walk(root):
        if "lib" not in folder:
            continue
        for name in files:
            if ".so" in name:
                found.setdefault(name, pathlib.Path(folder) / name)
    return found


def collect(root, program, target):
    """Copy program and its closure from root to target/bin and target/lib; returns the loader."""
    (target / "bin").mkdir()
    (target / "lib").mkdir()
    have = _libraries(root)
    source = root / program
    shutil.copy2(source, target / "bin" / source.name)
    todo, loader = _needs(source)
    if not loader:
        raise LabError(f"{program} names no program interpreter")
    loader = os.path.basename(loader)
    todo.append(loader)
    done = set()
    while todo:
        name = todo.pop()
        if name in done:
            continue
        done.add(name)
        if name not in have:
            raise LabError(f"{program} needs {name}, which no package brought")
        shutil.copy2(have[name], target / "lib" / name)  # a link is followed
        todo += _needs(have[name])[0]
    return loader
