"""What can be fetched and where it lies in the cache: kernels, QEMU, busybox."""

import os
import pathlib
import shutil
import tempfile

from labkit import apt, elf, image
from labkit.common import (LAB, LabError, cache_dir, call, new_dir, read_json, read_table, tool,
                           write_json)

KERNEL_COLUMNS = ("name", "suite", "package", "comment")

# Where a newer QEMU is to be had, best first: the suite, and those that its dependencies come from.
NEWEST = (
    ("trixie-backports", ("trixie", "trixie-backports")),
    ("sid", ("sid",)),
    ("bookworm-backports", ("bookworm", "bookworm-backports")),
)
# The emulators: architecture (None: this machine's own) and sources.
QEMUS = {
    "qemu": (None, NEWEST),
    "qemu-guest": ("arm64", NEWEST),
    "qemu-guest-10": ("arm64", (("trixie", ("trixie",)),)),
    "qemu-guest-7": ("arm64", (("bookworm", ("bookworm",)),)),
}
QEMU_PROGRAM = "usr/bin/qemu-system-aarch64"
BUSYBOX_SUITE = "bookworm"


def kernel_table():
    return read_table(LAB / "kernels.tsv", KERNEL_COLUMNS)


def kernel_row(name):
    for row in kernel_table():
        if row["name"] == name:
            return row
    names = " ".join(row["name"] for row in kernel_table())
    raise LabError(f"no kernel is named {name}; lab/kernels.tsv has: {names}")


def item_dir(kind, name=""):
    return cache_dir() / kind / name if name else cache_dir() / kind


def about(kind, name=""):
    """What was written down when an item was fetched; None if it is not in the cache."""
    try:
        return read_json(item_dir(kind, name) / "about.json")
    except FileNotFoundError:
        return None


def _apt(key, architecture, suites):
    return apt.Apt(cache_dir() / "apt" / key, architecture, suites)


def kernel_apt():
    suites = dict.fromkeys([row["suite"] for row in kernel_table()] + [BUSYBOX_SUITE])
    return _apt("kernels", "arm64", suites)


def _unpack(deb, into):
    call(["dpkg", "-x", deb, into])


def _kernel_image(root):
    """The image's path: in boot/, and from 7.2 on with the modules."""
    for pattern in ("boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz", "lib/modules/*/vmlinuz"):
        for path in sorted(root.glob(pattern)):
            return path
    raise LabError("there is no vmlinuz in the package")


def _kernel_config(root):
    for pattern in ("boot/config-*", "usr/lib/modules/*/config"):
        for path in sorted(root.glob(pattern)):
            return path
    return None


def fetch_kernel(name, source):
    row = kernel_row(name)
    best = source.newest(row["suite"], row["package"])
    if not best:
        raise LabError(f"kernel {name}: {row['suite']} has no package {row['package']}")
    package, version = best
    known = about("kernels", name)
    if known and known["version"] == version:
        return known
    with new_dir(item_dir("kernels", name)) as work, tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        _unpack(source.download(package, version, scratch), scratch / "root")
        image = _kernel_image(scratch / "root")
        shutil.copyfile(image, work / "vmlinuz")
        config = _kernel_config(scratch / "root")
        if config:
            shutil.copyfile(config, work / "config")
        write_json(work / "about.json", {"name": name, "package": package, "version": version,
                                         "suite": row["suite"],
                                         "image": str(image.relative_to(scratch / "root"))})
    return about("kernels", name)


def fetch_busybox(source):
    best = source.newest(BUSYBOX_SUITE, "busybox-static")
    if not best:
        raise LabError(f"{BUSYBOX_SUITE} has no busybox-static")
    known = about("busybox")
    if known and known["version"] == best[1]:
        return known
    with new_dir(item_dir("busybox")) as work, tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch) / "root"
        _unpack(source.download(*best, scratch), root)
        found = [p for p in (root / "bin/busybox", root / "usr/bin/busybox") if p.exists()]
        if not found:
            raise LabError("there is no busybox in busybox-static")
        shutil.copy2(found[0], work / "busybox")
        write_json(work / "about.json", {"package": best[0], "version": best[1]})
    return about("busybox")


def _version_of(deb):
    return call(["dpkg-deb", "-f", deb, "Version"]).strip()


def _keep_qemu(root, work):
    """Only what the command needs: the program, its libraries, the network cards' firmware."""
    loader = elf.collect(root, QEMU_PROGRAM, work)
    share = work / "share" / "qemu"
    share.mkdir(parents=True)
    for name in ("efi-virtio.rom", "efi-e1000.rom"):
        for rom in root.glob(f"usr/**/{name}"):
            shutil.copy2(rom, share / name)
    return loader


def _fetch_qemu(kind, architecture, suite, suites, force):
    source = _apt(f"{kind}-{suite}", architecture, suites)
    trouble = source.update(force)
    try:
        debs = source.download_closure("qemu-system-arm", suite)
    except LabError as error:
        raise LabError(trouble or str(error)) from error
    with new_dir(item_dir(kind)) as target, tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch) / "root"
        work = pathlib.Path(scratch) / "kept"
        work.mkdir()
        for deb in debs:
            _unpack(deb, root)
        version = next(_version_of(deb) for deb in debs if deb.name.startswith("qemu-system-arm_"))
        loader = _keep_qemu(root, work)
        if kind == "qemu":
            shutil.copytree(work, target, dirs_exist_ok=True)
        else:  # a disk for the emulated host
            image.make_ext4(target / "disk.img", work, image.QEMU_LABEL,
                            image.folder_megabytes(work) * 5 // 4 + 16)
        write_json(target / "about.json", {"package": "qemu-system-arm", "version": version,
                                           "suite": suite, "loader": loader,
                                           "packages": len(debs)})
    shutil.rmtree(source.folder)  # 100 MB of lists, which only --update would want again
    return about(kind)


def fetch_qemu(kind, force=False):
    if about(kind) and not force:
        return about(kind)
    architecture, sources = QEMUS[kind]
    architecture = architecture or call(["dpkg", "--print-architecture"]).strip()
    reasons = []
    for suite, suites in sources:
        try:
            return _fetch_qemu(kind, architecture, suite, suites, force)
        except LabError as error:
            reasons.append(f"{suite}: {error}")
    raise LabError(f"{kind} is not to be had: " + "; ".join(reasons))


def guest_qemu_disk(kind):
    disk = item_dir(kind) / "disk.img"
    if kind not in QEMUS or kind == "qemu":
        raise LabError(f"no QEMU for guests is named {kind}; there are: "
                       + " ".join(name for name in QEMUS if name != "qemu"))
    if not disk.exists():
        raise LabError(f"{kind} is not in the cache: run lab/fetch {kind}")
    return disk


def qemu_command(which):
    """The start of the command line, and the version, of an emulator: system or new."""
    if which == "system":
        program = tool("qemu-system-aarch64")
        first = call([program, "--version"]).splitlines()[0]
        return [program], first.replace("QEMU emulator version ", "")
    known = about("qemu")
    if not known:
        raise LabError("the newer QEMU is not in the cache: run lab/fetch qemu, "
                       "or use --qemu system")
    home = item_dir("qemu")
    argv = [str(home / "lib" / known["loader"]), "--library-path", str(home / "lib"),
            str(home / "bin" / os.path.basename(QEMU_PROGRAM)), "-L", str(home / "share" / "qemu")]
    return argv, known["version"]
