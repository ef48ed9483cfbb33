"""One emulated host: from a job to its result. Every boot starts from nothing and leaves nothing."""

import ctypes
import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from labkit import image, store
from labkit.common import CHECKOUT, LabError, only_one

STEADYARM = CHECKOUT / "build" / "arm64" / "steadyarm"
MODES = {
    "nvhe": "kvm-arm.mode=nvhe",
    "vhe": "",  # what a CPU with FEAT_VHE starts in by itself
    "nested": "kvm-arm.mode=nested",
    "protected": "kvm-arm.mode=protected",
    "none": "kvm-arm.mode=none",
}
BOOT_SECONDS = 60  # 2 to 6 are usual; QEMU 7.2 -cpu max needs 22
SPARE_MEGABYTES = 256  # for what a job writes; the disk is sparse
NICENESS = 5
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


@dataclasses.dataclass
class Job:
    """What to boot and what to run there; lab/run --help describes the options."""
    command: list
    kernel: str = "6.12"
    cpu: str = "max"
    qemu: str = "new"
    mode: str = "nvhe"
    gic: str = "3"
    smp: int = 2
    memory: int = 1024
    machine: list = dataclasses.field(default_factory=list)
    append: str = ""
    files: list = dataclasses.field(default_factory=list)
    env: list = dataclasses.field(default_factory=list)
    uid: int = 0
    timeout: int = 60
    boot_timeout: int = BOOT_SECONDS
    interactive: bool = False
    guest_qemu: str = ""
    icount: bool = False


@dataclasses.dataclass
class Result:
    """How a job ended. The files lie in folder/out until the caller's context ends."""
    status: int
    stdout: bytes
    stderr: bytes
    files: pathlib.Path
    console: str


def steadyarm():
    """This checkout's static arm64 command."""
    if not STEADYARM.exists():
        raise LabError(f"{STEADYARM} is not built: see README.md for how to build it for arm64")
    return STEADYARM


def describe(job):
    """How a host was made, in one line, for a profile's note."""
    kernel = store.about("kernels", job.kernel)
    _, version = store.qemu_command(job.qemu)
    if not kernel:
        raise LabError(missing_kernel(job.kernel))
    return (f"emulated by QEMU {version}: -M {_machine(job)} -cpu {job.cpu} -smp {job.smp}; "
            f"kernel {kernel['package']} {kernel['version']}: {' '.join(kernel_options(job))}")


def missing_kernel(name):
    store.kernel_row(name)  # an unknown name has its own message
    return f"the kernel {name} is not in the cache: run lab/fetch {name}"


def kernel_options(job):
    return [word for word in (MODES[job.mode], job.append) if word]


def _write_disk(job, work):
    stage = work / "stage"
    for name, mode in (("in", 0o755), ("out", 0o777), ("result", 0o700)):
        (stage / name).mkdir(parents=True)
        (stage / name).chmod(mode)
    files = list(job.files)
    needed = job.command[0] == "steadyarm" or STEADYARM.exists()  # a script may call it too
    if needed and "steadyarm" not in (os.path.basename(f) for f in files):
        files.append(steadyarm())
    image.take_in(files, stage / "in")
    settings = [f"uid={job.uid}", f"timeout={job.timeout}", f"tty={int(job.interactive)}",
                f"guest={int(bool(job.guest_qemu))}", f"kvm={int(job.mode != 'none')}"]
    strings = settings + [""] + job.env + [""] + job.command
    (stage / "job").write_bytes(b"".join(os.fsencode(text) + b"\0" for text in strings))
    image.make_ext4(work / "disk.img", stage, image.DISK_LABEL,
                    image.folder_megabytes(stage) + SPARE_MEGABYTES)
    shutil.rmtree(stage)


def _disk_options(number, path, readonly):
    return ["-drive", f"if=none,id=d{number},format=raw,file={str(path).replace(',', ',,')},"
            f"cache=unsafe,readonly={'on' if readonly else 'off'}",
            "-device", f"nvme-ns,bus=nvme,nsid={number},drive=d{number}"]


def _machine(job):
    return ",".join([f"virt,virtualization=on,gic-version={job.gic}", *job.machine])


def _accelerator(job):
    """With icount a nanosecond is an instruction, whatever else this machine does."""
    if job.icount:
        return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"]
    return ["-accel", "tcg,thread=multi"]


def _command_line(job, work):
    emulator, _ = store.qemu_command(job.qemu)
    options = ["console=ttyAMA0", "panic=-1", "loglevel=4", *kernel_options(job)]
    serial = "stdio,id=con,signal=off" if job.interactive else f"file,id=con,path={work}/console"
    argv = emulator + [
        "-machine", _machine(job), "-cpu", job.cpu,
        *_accelerator(job), "-smp", str(job.smp), "-m", str(job.memory),
        "-nodefaults", "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot",
        "-chardev", serial, "-serial", "chardev:con",
        "-kernel", str(store.item_dir("kernels", job.kernel) / "vmlinuz"),
        "-initrd", str(work / "initrd"), "-append", " ".join(options),
        "-device", "nvme,id=nvme,serial=lab",
    ] + _disk_options(1, work / "disk.img", False)
    if job.guest_qemu:
        argv += _disk_options(2, store.guest_qemu_disk(job.guest_qemu), True)
    return argv


def _prepare_child():
    os.nice(NICENESS)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # no host outlives its lab/run


def _end(number, _frame):
    sys.exit(128 + number)  # through the cleanup; by default the emulator and its files stay


def _run_qemu(argv, job):
    """Start the emulator and wait for its end; its stderr, and whether it had to be killed."""
    stdin = None if job.interactive else subprocess.DEVNULL
    stdout = None if job.interactive else subprocess.DEVNULL
    with subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          preexec_fn=_prepare_child) as process:
        try:
            _, errors = process.communicate(timeout=job.timeout + job.boot_timeout)
            killed = False
        except subprocess.TimeoutExpired:
            process.kill()
            _, errors = process.communicate()
            killed = True
        except BaseException:
            process.kill()
            raise
    return errors.decode(errors="replace"), process.returncode, killed


def _console(work):
    path = work / "console"
    return path.read_text(errors="replace").replace("\r", "") if path.exists() else ""


def _failure(job, text, console, errors=""):
    tail = "\n".join(line for line in (console + errors).strip().splitlines()[-25:])
    where = f"kernel {job.kernel}, -cpu {job.cpu}, mode {job.mode}"
    return LabError(f"{text} ({where})" + (f"; the console's end:\n{tail}" if tail else ""))


def _status(job, word, console):
    kind, _, number = word.partition(" ")
    if kind == "exit":
        return int(number)
    if kind == "signal":
        return 128 + int(number)
    if kind == "nokvm":
        raise _failure(job, "the emulated host has no /dev/kvm", console)
    return None


def _collect(job, work, console):
    image.take_out(work / "disk.img", ("result", "out"), work)
    read = {}
    for name in ("status", "stdout", "stderr"):
        path = work / "result" / name
        read[name] = path.read_bytes() if path.exists() else b""
    word = read["status"].decode().strip()
    if not word:
        raise _failure(job, "the emulated host ended before its command did", console)
    return Result(_status(job, word, console), read["stdout"], read["stderr"], work / "out",
                  console)


def run(job, use):
    """Boot, run, and hand the Result to use(); its status is None when the command was too slow."""
    if not store.about("kernels", job.kernel):
        raise LabError(missing_kernel(job.kernel))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    with tempfile.TemporaryDirectory(prefix="steadyarm-lab.") as name:
        work = pathlib.Path(name)
        _write_disk(job, work)
        busybox = store.item_dir("busybox") / "busybox"
        image.write_initrd(work / "initrd", busybox if busybox.exists() else None)
        argv = _command_line(job, work)
        with only_one("host"):
            errors, code, killed = _run_qemu(argv, job)
        console = _console(work)
        if killed:
            raise _failure(job, "the emulated host hung and was killed after "
                           f"{job.timeout + job.boot_timeout} s", console)
        if code:
            raise _failure(job, f"QEMU failed ({code})", console, errors)
        return use(_collect(job, work, console))
