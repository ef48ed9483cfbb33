"""What the lab's tests share: one boot for many commands, models and profiles, an ioctl count."""

import dataclasses
import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
NATIVE = TOP / "build" / "steadyarm"
ARM64 = TOP / "build" / "arm64" / "steadyarm"
VMM = TOP / "build" / "arm64" / "tests" / "lab" / "lab-vmm"
NEEDS = ("6.1", "6.12", "7.3", "busybox", "qemu")  # of lab/fetch

KVMIO = 0xAE
SET_ONE_REG = 0x4010AEAC  # _IOW(KVMIO, 0xac, struct kvm_one_reg)
CORE_FIRST = 0x603000000013C008  # KVM's id of S3_0_C0_C1_0; the 56 registers follow
CORE_COUNT = 56

PRELUDE = """\
step() { # NAME COMMAND...
	name=$1
	shift
	"$@" >"$name.out" 2>"$name.err"
	echo $? >"$name.status"
}
trace=/sys/kernel/tracing
hist=$trace/events/syscalls/sys_enter_ioctl
counted() { # NAME COMMAND...: with the kernel's own count of its ioctls, by request
	[ -d $trace/events ] || mount -t tracefs none $trace
	echo 'hist:keys=cmd.hex' >$hist/trigger
	step "$@"
	cat $hist/hist >"$1.ioctls"
	echo '!hist:keys=cmd.hex' >$hist/trigger
}
"""


@dataclasses.dataclass
class Step:
    """A command that ended in an emulated host, and what it left."""
    status: int
    out: str
    err: str
    ioctls: dict  # request: how often; the kernel's count, if it was asked for
    files: pathlib.Path

    def json(self):
        return json.loads(self.out)

    def file(self, name):
        return read(self.files / name)


def need(*items):
    """Has lab/fetch bring what a test needs, and skips the test where it is not to be had."""
    done = subprocess.run([TOP / "lab" / "fetch", *items], text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    if done.returncode:
        raise unittest.SkipTest(done.stderr.strip())


def class_folder(cls):
    """A folder for all the tests of a class."""
    work = scratch()
    cls.addClassCleanup(work.cleanup)
    return pathlib.Path(work.name)


def read(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def count_ioctls(text):
    found = re.findall(r"cmd:\s*([0-9a-f]+)\s*}\s*hitcount:\s*(\d+)", text)
    return {int(cmd, 16): int(hits) for cmd, hits in found if int(cmd, 16) >> 8 & 0xFF == KVMIO}


def boot(folder, host, commands, files=(), counted=False):
    """
    One boot of `host` (options of lab/run); runs all commands, {name: argv}, and returns
    {name: Step}. With counted they run as root, since that is what reading the count takes.
    """
    folder = pathlib.Path(folder)
    folder.mkdir()
    how = "counted" if counted else "step"
    script = folder / "script"
    script.write_text(PRELUDE + "".join(f"{how} {name} {shlex.join(argv)}\n"
                                        for name, argv in commands.items()), encoding="utf-8")
    argv = [TOP / "lab" / "run", *host, "--timeout", "300", "--out", folder]
    if not counted:
        argv += ["--user", "1000"]
    for path in (ARM64, VMM, *files):
        argv += ["--in", path]
    done = subprocess.run([str(word) for word in [*argv, "--script", script]], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"lab/run ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return {name: _step(folder, name) for name in commands}


def _step(folder, name):
    text = {suffix: (folder / f"{name}.{suffix}").read_text(encoding="utf-8")
            for suffix in ("status", "out", "err")}
    trace = folder / f"{name}.ioctls"
    ioctls = count_ioctls(trace.read_text(encoding="utf-8")) if trace.exists() else {}
    return Step(int(text["status"]), text["out"], text["err"], ioctls, folder)


def steadyarm(*words):
    """The native command: (status, stdout, stderr)"""
    done = subprocess.run([str(NATIVE), *(str(word) for word in words)], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def scratch():
    return tempfile.TemporaryDirectory(prefix="steadyarm-lab-tests.")


# ---- registers, without the library ----

def _table(name):
    """The rows of one of the project's tables, without its header."""
    lines = (TOP / "data" / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")][1:]


def _ids():
    """KVM's id of every feature ID register."""
    ids = {}
    for cells in _table("registers.tsv"):
        op0, op1, crn, crm, op2 = (int(cell) for cell in cells[1:6])
        ids[cells[0]] = 0x6030000000130000 | op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
    return ids


IDS = _ids()
FIELDS = {(cells[0], cells[1]): (int(cells[2]), int(cells[3])) for cells in _table("fields.tsv")}


def mask(register, field):
    msb, lsb = FIELDS[register, field]
    return ((1 << msb - lsb + 1) - 1) << lsb


def core(model):
    """{KVM's id: value} of a model's or a profile's core ID range, which must be complete."""
    values = {}
    for name, value in model["registers"].items():
        number = IDS[name]
        if CORE_FIRST <= number < CORE_FIRST + CORE_COUNT:
            values[number] = int(value["value"] if isinstance(value, dict) else value, 16)
    if len(values) != CORE_COUNT:
        raise ValueError(f"{len(values)} registers of the core ID range, want {CORE_COUNT}")
    return values


def readings(text, stage):
    """{vCPU: {id: value}} of what lab-vmm read at a stage."""
    found = {}
    for vcpu, number, value in re.findall(rf"^vcpu (\d+) {stage} (\S+) (\S+)$", text, flags=re.M):
        found.setdefault(int(vcpu), {})[int(number, 16)] = int(value, 16)
    return found


def writes(text):
    """(vCPU, id, value, errno) of each write that lab-vmm made."""
    return [(int(vcpu), int(number, 16), int(value, 16), int(errno)) for vcpu, number, value, errno
            in re.findall(r"^set (\d+) (\S+) (\S+) (\d+)$", text, flags=re.M)]


def canonical(model):
    """A model's canonical text, written by the book and not by the library."""
    lines = [f"format {model['format']}", f"version {model['version']}"]
    lines += [f"name {model['name']}"] if model.get("name") else []
    lines += [f"{name} 0x{int(value, 16):016x}" for name, value in model["registers"].items()]
    lines += [f"firmware.{name} {value}" for name, value in model.get("firmware", {}).items()]
    lines += [f"vcpu_features.{name} on"
              for name, on in model.get("vcpu_features", {}).items() if on]
    lines += [f"irqchip {model['irqchip']}"] if "irqchip" in model else []
    lines += [f"sve.vector_length {n}" for n in model.get("sve", {}).get("vector_lengths", [])]
    lines += [f"register_list {number}" for number in model.get("register_list", [])]
    lines += [f"implementation {cpu['midr']},{cpu['revidr']},{cpu['aidr']}"
              for cpu in model.get("implementations", [])]
    lines += [f"tolerated {what}" for what in model.get("tolerated", [])]
    lines += [f"tolerated_more {what}" for what in model.get("tolerated_more", [])]
    lines += [f"cache.{number} {value}" for number, value in model.get("caches", {}).items()]
    lines += [f"unvirtualised.{name} {value}"
              for name, value in model.get("unvirtualised", {}).items()]
    return "".join(line + "\n" for line in sorted(lines, key=str.encode))


def model_id(model):
    return hashlib.sha256(canonical(model).encode()).hexdigest()
