"""The files of Linux that the project's facts are compared with, from Debian's linux-source."""

import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

from labkit import apt
from labkit.common import LabError, cache_dir, new_dir, read_json, tool, write_json

SYSREG = "arch/arm64/tools/sysreg"
SYSREG_H = "arch/arm64/include/asm/sysreg.h"
CPUFEATURE = "arch/arm64/kernel/cpufeature.c"
KVM_SYS_REGS = "arch/arm64/kvm/sys_regs.c"
KVM_H = "include/uapi/linux/kvm.h"
ARM64_KVM_H = "arch/arm64/include/uapi/asm/kvm.h"
FILES = (SYSREG, SYSREG_H, CPUFEATURE, KVM_SYS_REGS, KVM_H, ARM64_KVM_H)
SUITES = ("trixie-backports", "forky", "sid", "experimental")  # where the newest kernels are
PACKAGE = re.compile(r"linux-source-[0-9.]+$")
ARCHIVE = re.compile(r"linux-source-[0-9.]+\.tar\.[a-z0-9]+$")


def folder():
    return cache_dir() / "source"


def about():
    """What was written down when the files were fetched; None if they are not in the cache."""
    try:
        known = read_json(folder() / "about.json")
    except FileNotFoundError:
        return None
    return known if set(known["files"]) == set(FILES) else None


def _newest(source):
    """(package, version) of the newest in any of the suites."""
    found = {version: package for suite in SUITES
             for package, version in source.find(suite, "linux-source-*")
             if PACKAGE.match(package)}
    if not found:
        raise LabError("no suite of " + ", ".join(SUITES) + " has a linux-source")
    version = apt.newest_first(found)[0]
    return found[version], version


def pick(stream, into):
    """Write the FILES of a kernel's tar stream under a folder, reading no further than needed."""
    missing = set(FILES)
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            if name in missing and member.isfile():
                target = into / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.extractfile(member) as data, open(target, "wb") as out:
                    shutil.copyfileobj(data, out)
                missing.remove(name)
                if not missing:
                    return
    raise LabError("the archive has no " + ", ".join(sorted(missing)))


def _unpack(deb, into):
    """The same of a Debian package, which has the kernel's tar inside its own."""
    with subprocess.Popen([tool("dpkg-deb"), "--fsys-tarfile", str(deb)],
                          stdout=subprocess.PIPE) as dpkg:
        try:
            with tarfile.open(fileobj=dpkg.stdout, mode="r|") as package:
                for member in package:
                    if ARCHIVE.search(member.name) and member.isfile():
                        pick(package.extractfile(member), into)
                        return
        finally:
            dpkg.kill()
    raise LabError(f"there is no linux-source archive in {deb.name}")


def fetch(update=False):
    """Bring the newest there is, if nothing is in the cache or an update is asked for."""
    known = about()
    if known and not update:
        return known
    source = apt.Apt(cache_dir() / "apt" / "source", "arm64", SUITES)
    trouble = source.update(update)
    try:
        package, version = _newest(source)
        if not known or known["version"] != version:
            with new_dir(folder()) as work, tempfile.TemporaryDirectory() as scratch:
                _unpack(source.download(package, version, pathlib.Path(scratch)), work)
                write_json(work / "about.json", {"package": package, "version": version,
                                                 "files": FILES})
    except LabError as error:
        raise LabError(f"{error}; {trouble}" if trouble else str(error)) from error
    shutil.rmtree(source.folder)  # the lists are large, and only an update would want them again
    return about()
