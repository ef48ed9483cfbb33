"""The images that an emulated host starts from: initial file system and ext4 disks, made without root."""

import hashlib
import os
import pathlib
import shutil
import stat

from labkit.common import CHECKOUT, LAB, LabError, call

DISK_LABEL = "steady-lab"
QEMU_LABEL = "steady-qemu"


def _cpio_entry(name, mode, data=b"", rdev=(0, 0)):
    """One member of a "newc" archive, see the kernel's Documentation/driver-api/early-userspace."""
    path = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + path
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def init_program():
    """lab/init.c, compiled for arm64; kept until the source changes."""
    source = (LAB / "init.c").read_bytes()
    target = CHECKOUT / "build" / "lab" / f"init-{hashlib.sha256(source).hexdigest()[:16]}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        work = target.with_name(f"{target.name}.{os.getpid()}")
        call(["aarch64-linux-gnu-gcc", "-std=gnu11", "-O2", "-static", "-o", work, LAB / "init.c"])
        work.replace(target)
    return target


def write_initrd(path, busybox):
    """The initial file system: init, the empty folders, and busybox where there is one."""
    parts = [_cpio_entry(name, stat.S_IFDIR | 0o755) for name in ("bin", "dev", "root", "etc")]
    parts.append(_cpio_entry("dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1)))
    parts.append(_cpio_entry("init", stat.S_IFREG | 0o755, init_program().read_bytes()))
    if busybox:
        data = pathlib.Path(busybox).read_bytes()
        parts.append(_cpio_entry("bin/busybox", stat.S_IFREG | 0o755, data))
    parts.append(_cpio_entry("TRAILER!!!", 0))
    pathlib.Path(path).write_bytes(b"".join(parts))


def write_guest_initrd(path, init):
    """The initial file system of a guest that has one program."""
    parts = [_cpio_entry("dev", stat.S_IFDIR | 0o755),
             _cpio_entry("dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1)),
             _cpio_entry("init", stat.S_IFREG | 0o755, pathlib.Path(init).read_bytes()),
             _cpio_entry("TRAILER!!!", 0)]
    pathlib.Path(path).write_bytes(b"".join(parts))


def make_ext4(path, folder, label, megabytes):
    """A disk with the content of a folder. Without a journal: it lives for one boot."""
    with open(path, "wb") as stream:
        stream.truncate(megabytes << 20)
    call(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-L", label,
          "-E", "root_owner=0:0,lazy_itable_init=1", "-d", folder, path])


def folder_megabytes(folder):
    total = sum(path.lstat().st_size for path in pathlib.Path(folder).rglob("*"))
    return (total >> 20) + 1


def take_in(sources, folder):
    """Copy files and folders side by side into a folder."""
    for source in map(pathlib.Path, sources):
        target = folder / source.name
        if target.exists():
            raise LabError(f"two files to bring in are named {source.name}")
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.is_file():
            shutil.copy2(source, target)
        else:
            raise LabError(f"{source}: no such file to bring in")


def take_out(disk, names, folder):
    """Copy top-level folders of a disk into a folder, without mounting it."""
    script = folder / ".debugfs"
    script.write_text("".join(f"rdump /{name} .\n" for name in names), encoding="utf-8")
    call(["debugfs", "-f", script.name, disk], cwd=folder)
    script.unlink()
