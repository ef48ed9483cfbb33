"""The kernel's own KVM selftests for arm64, built from Debian's linux-source."""

import pathlib
import subprocess
import tarfile
import tempfile

from labkit import apt, store
from labkit.common import LabError, cache_dir, call, new_dir, read_json, tool, write_json

# Those that run no guest code, by their path below tools/testing/selftests/kvm.
TESTS = ("get-reg-list", "kvm_create_max_vcpus", "set_memory_region_test", "arm64/vcpu_width_config")
OLD_FOLDER = ("arm64/", "aarch64/")  # what arm64/ was called until 6.13
FOLDER = pathlib.Path("tools/testing/selftests/kvm")
WANTED = ("Makefile", "scripts/", "include/", "tools/", "arch/arm64/")  # what they are built from
CROSS = ("ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-")


def folder(name):
    return cache_dir() / "selftests" / name


def about(name):
    """What was written down when a kernel's tests were built; None if they were not."""
    try:
        known = read_json(folder(name) / "about.json")
    except FileNotFoundError:
        return None
    return known if known["tests"] == list(TESTS) else None


def program(name, test, static=False):
    """A test of a kernel (its name in lab/kernels.tsv); the static form is for an emulated host."""
    return folder(name) / ("static" if static else "dynamic") / test


def _is_wanted(path):
    return path.startswith(WANTED)


def _unpack(deb, into):
    """The parts of a linux-source package that are needed, without the archive's first folder."""
    argv = [tool("dpkg-deb"), "--fsys-tarfile", str(deb)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as dpkg:
        try:
            with tarfile.open(fileobj=dpkg.stdout, mode="r|") as package:
                for member in package:
                    if member.isfile() and ".tar." in member.name:
                        _unpack_tree(package.extractfile(member), into)
                        return
        finally:
            dpkg.kill()
    raise LabError(f"there is no archive of sources in {deb.name}")


def _unpack_tree(stream, into):
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            member.name = member.name.partition("/")[2]
            if _is_wanted(member.name) and (member.isfile() or member.issym()):
                archive.extract(member, into, set_attrs=True)


def _name_here(tree, test):
    """Its path in this kernel's sources."""
    for name in (test, test.replace(*OLD_FOLDER)):
        if (tree / FOLDER / f"{name}.c").exists():
            return name
    raise LabError(f"{FOLDER / test}.c is not in these sources")


def _build(tree, work):
    """Both forms of every test, under work."""
    call(["make", "-C", tree, *CROSS, "headers"])
    for form, flags in (("dynamic", ""), ("static", "-static")):
        out = tree / form
        names = {test: _name_here(tree, test) for test in TESTS}
        call(["env", f"LDFLAGS={flags}", "make", "-C", tree / FOLDER, *CROSS, f"OUTPUT={out}",
              *(out / name for name in names.values())])
        for test, name in names.items():
            target = work / form / test
            target.parent.mkdir(parents=True, exist_ok=True)
            call(["aarch64-linux-gnu-strip", "-o", target, out / name])


def fetch(name, update=False):
    """Build a kernel's tests if they are not in the cache, or an update is asked for."""
    known = about(name)
    if known and not update:
        return known
    suite = store.kernel_row(name)["suite"]
    release = name.partition("-")[0]
    source = apt.Apt(cache_dir() / "apt" / f"selftests-{release}", "arm64", [suite])
    trouble = source.update(update)
    best = source.newest(suite, f"linux-source-{release}")
    if not best:
        raise LabError(f"{suite} has no linux-source-{release}" + (f"; {trouble}" if trouble else ""))
    package, version = best
    if known and known["version"] == version:
        return known
    with new_dir(folder(name)) as work, tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        _unpack(source.download(package, version, scratch), scratch / "tree")
        _build(scratch / "tree", work)
        write_json(work / "about.json", {"package": package, "version": version,
                                         "tests": list(TESTS)})
    return about(name)
