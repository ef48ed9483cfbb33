"""Guests of a stock QEMU that move between emulated hosts: one boot of many, and what they said.

The guest is lab/guest/guest.c. All that it computes is computed here once more, from its ID registers.
"""

import dataclasses
import pathlib
import re
import shlex
import shutil
import struct

from labkit import host, image, store
from labkit.common import CHECKOUT, LAB, LabError, read_table

BUILT = CHECKOUT / "build" / "arm64"
PROGRAMS = (BUILT / "steadyarm", BUILT / "lab" / "guest" / "lab-guest",
            BUILT / "lab" / "guest" / "lab-trace.so", BUILT / "preload" / "steadyarm-preload.so",
            LAB / "guest" / "session.sh")
QEMUS = {"qemu-10": "qemu-guest-10", "qemu-11": "qemu-guest"}  # migrate-check's name: lab/fetch's
MEMORY = 1536  # MiB of an emulated host
MASK = (1 << 64) - 1
FNV, PRIME, WORDS = 0xCBF29CE484222325, 0x100000001B3, 4096  # of guest.c
CORE = [f"S3_0_C0_C{crm}_{op2}" for crm in range(1, 8) for op2 in range(8)]
CORE_FIRST = 0x603000000013C008  # KVM's id of the first; the others follow

# of live.c
VECTORS, LONGEST, STEP, FPCR, FPSR, GIC = 24, 128, 0x9E3779B97F4A7C15, 1 << 22, 1 << 27, 1 << 9
# KVM_REG_ARM_COPROC_MASK, and core and SVE registers (asm/kvm.h; QEMU's kvm_arm_reg_syncs_via_cpreg_list)
COPROC, NOT_LISTED = 0x0FFF0000, (0x00100000, 0x00150000)
HELD = ("vl", "pac", "psci", "smccc", "found")  # what a guest's CPU and firmware say stays the same
FREQUENCY = 1000000000  # CNTFRQ_EL0 of QEMU's CPUs, Hz
LONGEST_MOVE = 120  # seconds of the guest's clock from one tick to the next
FAILURES = ("failed", "broken", "stopped")  # words for what nothing foresees


@dataclasses.dataclass
class Guest:
    """One start of QEMU."""
    name: str
    model: pathlib.Path = None     # None: unpinned
    incoming: pathlib.Path = None  # a state that another guest left
    save: bool = False
    ticks: int = 4                 # lines to wait for
    resets: int = 0
    smp: int = 2
    cpu: str = "host"
    machine: str = "virt-10.0"
    linux: str = ""                # the kernel of this name with lab/guest/linux_init.c
    wait: int = 15                 # seconds without a line that end the waiting


@dataclasses.dataclass
class Outcome:
    """What became of it."""
    status: str    # QEMU's exit status; "stopped": it did not run, "killed": nor end
    said: str      # on standard error
    serial: str
    trace: str     # of lab/guest/trace.c
    log: str       # of the preload library
    state: pathlib.Path

    def refused(self):
        """(KVM's id, value, errno) of each KVM_SET_ONE_REG that failed, in order."""
        found = re.findall(r"^refused \d+ (\S+) (\S+) (\d+)$", self.trace, flags=re.M)
        return [(int(number, 16), int(value, 16), int(errno)) for number, value, errno in found]

    def listed(self):
        """The registers that KVM named last to the VMM, without those that QEMU saves by other ways."""
        lines = re.findall(r"^list \d+ (.*)$", self.trace, flags=re.M)
        return sorted(number for number in (int(word, 16) for word in lines[-1].split(" "))
                      if number & COPROC not in NOT_LISTED) if lines else []

    def drifted(self):
        return re.findall(r"^drift .*$", self.trace, flags=re.M)

    def reads(self):
        """How often the host read a register of the core ID range once its vCPU had run."""
        return sum(int(n) for n in re.findall(r"^read (\d+)$", self.trace, flags=re.M))

    def ioctls(self):
        return sum(int(n) for n in re.findall(r"^total (\d+)$", self.trace, flags=re.M))


def script(guests):
    text = [". /in/session.sh"]
    for guest in guests:
        settings = {"MODEL": f"/in/{guest.model.name}" if guest.model else "", "CPU": guest.cpu,
                    "MACHINE": guest.machine, "SMP": guest.smp, "TICKS": guest.ticks,
                    "INCOMING": f"/in/{guest.incoming.name}" if guest.incoming else "",
                    "RESETS": guest.resets, "SAVE": "yes" if guest.save else "", "WAIT": guest.wait}
        if guest.linux:
            settings |= {"KERNEL": f"/in/vmlinuz-{guest.linux}", "INITRD": "/in/guest-initrd",
                         "MEMORY": 256}
        else:
            settings |= {"KERNEL": "/in/lab-guest", "INITRD": "", "MEMORY": 64}
        text += [f"{key}={shlex.quote(str(value))}" for key, value in settings.items()]
        text.append(f"guest {shlex.quote(guest.name)}")
    return "\n".join(text) + "\n"


def run(folder, job, guests, vmm="qemu-10", timeout=None):
    """One boot of a host (a host.Job without a command), all guests one after the other in it."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    for path in PROGRAMS:
        if not path.exists():
            raise LabError(f"{path} is not built: run `make arm64`")
    path = folder / "session"
    path.write_text(script(guests), encoding="utf-8")
    linux = _linux_files(folder, {guest.linux for guest in guests if guest.linux})
    files = dict.fromkeys([*PROGRAMS, path, *linux, *(g.model for g in guests if g.model),
                           *(g.incoming for g in guests if g.incoming)])
    job = dataclasses.replace(job, command=["sh", "/in/session"], memory=MEMORY,
                              files=[*job.files, *map(str, files)], guest_qemu=QEMUS[vmm],
                              timeout=timeout or 120 + 60 * len(guests))

    def keep(result):
        shutil.copytree(result.files, folder, dirs_exist_ok=True, symlinks=True)
        (folder / "stderr").write_bytes(result.stderr)
        return result.status

    status = host.run(job, keep)
    if status:
        raise LabError(f"the session ended with {status}: "
                       + (folder / "stderr").read_text(errors="replace"))
    return {guest.name: outcome(folder, guest.name) for guest in guests}


def _linux_files(folder, kernels):
    """Kernels for Linux guests, by name, and their initial file system."""
    files = []
    for kernel in kernels:
        files.append(folder / f"vmlinuz-{kernel}")
        shutil.copyfile(store.item_dir("kernels", kernel) / "vmlinuz", files[-1])
    if files:
        files.append(folder / "guest-initrd")
        image.write_guest_initrd(files[-1], BUILT / "lab" / "guest" / "lab-linux-init")
    return files


def outcome(folder, name):
    def text(suffix):
        path = folder / f"{name}.{suffix}"
        if not path.exists():
            return ""
        return path.read_text(encoding="utf-8", errors="replace").replace("\r", "")
    return Outcome(text("status").strip(), text("err").strip(), text("serial"), text("trace"),
                   text("log"), folder / f"{name}.state")


# ---- what the guest said ----

@dataclasses.dataclass
class Said:
    """The lines of a serial port, taken apart."""
    boots: list     # numbers of the boots
    ids: list       # each time the registers were another set: {name: value}
    ticks: list     # {"tick": n, "sum": ..., ...}
    other: list     # lines that are none of these


def parse(serial):
    """The last line, and one before a reset, may be cut: such a line is left out."""
    said = Said([], [], [], [])
    whole = re.sub(r"^.+\n(?=boot )", "", serial[:serial.rfind("\n") + 1], flags=re.M)
    for line in whole.split("\n"):
        words = line.split(" ")
        if words[0] == "boot":
            said.boots.append(int(words[1], 16))
        elif words[0] == "id":
            if words[1] == CORE[0]:
                said.ids.append({})
            said.ids[-1][words[1]] = int(words[2], 16)
        elif words[0] == "tick":
            keys = ["tick", *words[2::2]]
            said.ticks.append(dict(zip(keys, [int(word, 16) for word in words[1::2]])))
        elif line:
            said.other.append(line)
    return said


def fnv(value, word):
    return (value ^ word) * PRIME & MASK


def hash_of(ids):
    value = FNV
    for name in CORE:
        value = fnv(value, ids[name])
    return value


def crc32x(crc, word):
    """The instruction CRC32X: reflected 0x04C11DB7, without inversions."""
    for byte in struct.pack("<Q", word):
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc


class Sums:
    """What the guest computes, tick by tick."""

    def __init__(self):
        self.memory = list(range(WORDS))
        self.sum = self.mix = FNV
        self.total = self.crc = 0

    def tick(self, number, promised):
        """(sum, mix) after this tick, with instructions as the ID registers promised them"""
        for at in range(WORDS):
            self.sum = fnv(self.sum, self.memory[at])
            self.memory[at] = self.memory[at] + self.sum & MASK
        if promised & 1:
            self.total += number
            self.mix = fnv(self.mix, self.total)
        if promised & 2:
            self.crc = crc32x(self.crc, number)
            self.mix = fnv(self.mix, self.crc)
        if promised & 4:
            self.mix = fnv(self.mix, number)
        if promised & 8:
            self.mix = fnv(self.mix, number)
        if promised & 16:
            self.mix = fnv(self.mix, 0)
        return self.sum, self.mix


class Vectors:
    """What lives in vector registers only; `length`: bytes of SVE's, 0 without."""

    def __init__(self, length):
        self.sve = bool(length)
        self.lanes = [[(number + 1 + lane) * STEP & MASK for lane in range(min(length or 16, LONGEST) // 8)]
                      for number in range(VECTORS)]
        self.hash = FNV

    def tick(self):
        for number, lanes in enumerate(self.lanes):
            other = self.lanes[(number + 1) % VECTORS]
            lanes[:] = [a + b & MASK for a, b in zip(lanes, other)]
        words = [word for lanes in self.lanes for word in lanes] + [FPCR, FPSR]
        if self.sve:  # P1 to P8 with as many elements, FFR with seven
            words += [*((1 << number) - 1 for number in range(1, 9)), (1 << 7) - 1]
        for word in words:
            self.hash = fnv(self.hash, word)
        return self.hash


def not_held(ticks):
    """What changed that the CPU's features or the firmware's answers make."""
    wrong = []
    for key in HELD:
        values = [tick[key] for tick in ticks if key in tick]
        wrong += [f"{key} was {values[0]:x} and is {value:x}" for value in values
                  if value != values[0]][:1]
    return wrong


def _live(said, frequency):
    """Of registers that live in the CPU alone, and of the timer."""
    ticks, wrong, vectors = said.ticks, [], None
    for at, tick in enumerate(ticks):
        if "vec" not in tick:
            return wrong  # a program of a Linux guest
        vectors = vectors or Vectors(tick["vl"])
        value = vectors.tick()
        if tick["vec"] != value:
            wrong.append(f"tick {at:x}: the vectors gave {tick['vec']:x}, not {value:x}")
        if tick["irq"] != (at + 1 if tick["set"] & GIC else 0) or tick["late"]:
            wrong.append(f"tick {at:x}: {tick['irq']:x} timer interrupts, {tick['late']:x} not as due")
        passed = tick["time"] - ticks[at - 1]["time"] if at else 0
        if not 0 <= passed <= LONGEST_MOVE * frequency:
            wrong.append(f"tick {at:x}: the clock went by {passed}")
    return wrong


def faults(serial, frequency=FREQUENCY, smp=2):
    """What is wrong with what a guest said from its start on, over all its moves: a list of lines."""
    said = parse(serial)
    wrong = [f"unexpected: {line}" for line in said.other]
    sums = Sums()
    hashes = {hash_of(ids) for ids in whole(said)}
    for at, tick in enumerate(said.ticks):
        if tick["tick"] != at:
            return wrong + [f"tick {tick['tick']:x} where {at:x} was due"]
        value, mix = sums.tick(at, tick["set"])
        if tick["sum"] != value:
            wrong.append(f"tick {at:x}: the sum is {tick['sum']:x}, not {value:x}")
        if tick["mix"] != mix:
            wrong.append(f"tick {at:x}: the instructions gave {tick['mix']:x}, not {mix:x}")
        if tick["ids"] not in hashes:
            wrong.append(f"tick {at:x}: a hash of registers that it has not shown")
        later = said.ticks[at + 1:at + 2]
        if tick["odd"] and not (later and later[0]["ids"] != tick["ids"]): # in the midst of a change
            wrong.append(f"tick {at:x}: {tick['odd']} vCPUs read other ID registers")
        if tick.get("others", smp - 1) != smp - 1: # a Linux guest does not say
            wrong.append(f"tick {at:x}: {tick['others']} other vCPUs, not {smp - 1}")
    return (wrong + not_held(said.ticks) + _live(said, frequency))[:8]


# ---- fields ----

def _rows(name):
    return [line.split("\t") for line in
            (CHECKOUT / "data" / name).read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")][1:]


def encodings():
    """{register: encoding} of those of the core ID range that have names."""
    return {cells[0]: f"S3_0_C0_C{cells[4]}_{cells[5]}" for cells in _rows("registers.tsv")
            if cells[2] == "0" and cells[4] != "0"}


def field_rows():
    """(encoding, register, field, msb, lsb) of the core ID range."""
    names = encodings()
    return [(names[cells[0]], cells[0], cells[1], int(cells[2]), int(cells[3]))
            for cells in _rows("fields.tsv") if cells[0] in names]


def differing_fields(before, after):
    """{"REGISTER.FIELD": (value before, value after)} of two sets of registers; of bits that are no
    field's, {"S3_0_C0_C6_0": (those bits before, after)}"""
    found, rest = {}, {name: before[name] ^ after[name] for name in CORE}
    for encoding, register, field, msb, lsb in field_rows():
        ones = (1 << msb - lsb + 1) - 1
        one, other = before[encoding] >> lsb & ones, after[encoding] >> lsb & ones
        if one != other:
            found[f"{register}.{field}"] = (one, other)
        rest[encoding] &= ~(ones << lsb)
    return found | {name: (before[name] & bits, after[name] & bits) for name, bits in rest.items() if bits}


def whole(said):
    """The sets of ID registers that are not cut off where the guest was saved."""
    return [ids for ids in said.ids if len(ids) == len(CORE)]


def changed_fields(said):
    """Names of what was ever otherwise than in the first of the sets."""
    sets = whole(said)
    return sorted({name for ids in sets for name in differing_fields(sets[0], ids)})


# ---- what became of a move, in a line: the same words for what was foreseen and what was seen ----

def foreseen(answer):
    """Of migrate-check's JSON."""
    first = answer["first"]
    if answer["moves"]:
        changed = sorted({f"{c['register']}.{c['field']}" for c in answer["changes"] + answer["tolerated"]
                          if c.get("field")})
        return " ".join(["changed", *changed]) if changed else "same"
    if first["cause"] == "longer":
        return f"longer {first['incoming']} {first['room']}"
    if first["cause"] == "unknown":
        return f"unknown {first['id']}"
    if first["cause"] == "refused":
        return f"refused {first['id']} {first['value']} {first['errno']}"
    return first["cause"]


def unknown_id(said):
    """KVM's id of the first register that QEMU 11 calls unknown on the destination, or None."""
    line = re.search(r"(?:system register op0:(\d+) op1:(\d+) crn:(\d+) crm:(\d+) op2:(\d+)|"
                     r"demuxed reg ([0-9a-f]+)) in the incoming stream but unknown on the destination",
                     said)
    if not line:
        return None
    if line[6]:
        return f"0x{line[6]}"
    op0, op1, crn, crm, op2 = (int(n) for n in line.groups()[:5])
    return f"0x{0x6030000000130000 | op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2:016x}"


def unknown_of_lists(incoming, own):
    """
    Where QEMU 10 stops (target/arm/machine.c, cpu_post_load): the first register of the stream that is
    below one of its own list and not in it. What lies above all of its own is let go.
    """
    own, at = sorted(own), 0
    for number in sorted(incoming):
        while at < len(own) and own[at] < number:
            at += 1
        if at == len(own):
            return None
        if own[at] != number:
            return f"0x{number:016x}"
    return None


def wanted(model):
    """The set of registers that a model (its JSON) has."""
    names = encodings()
    return {names.get(name, name): int(value, 16) for name, value in model["registers"].items()}


def of_model(model, said):
    """What the guest read or was told otherwise than its model (read from its JSON) says."""
    wrong, core = [], wanted(model)
    for ids in whole(said):
        other = set(differing_fields(core, ids)) - set(model.get("tolerated") or [])
        wrong += [f"{name} is not the model's" for name in sorted(other)]
    psci = (model.get("firmware") or {}).get("PSCI_VERSION")
    lengths = (model.get("sve") or {}).get("vector_lengths") or []
    for key, want in (("psci", int(psci, 16) if psci else None),
                      ("vl", max(lengths) if lengths else None)):
        values = {tick[key] for tick in said.ticks if tick.get(key)}
        wrong += [f"{key} is {value:x}, the model has {want:x}" for value in values
                  if want is not None and value != want]
    return wrong


def of_pin(outcome, smp=2):
    """What is wrong with a pinned start of QEMU: its own words, drift, vCPUs that nobody read back."""
    said = [line for line in outcome.said.splitlines() if not MORE_VCPUS.search(line)]
    wrong = [f"QEMU or the pin said: {said[0]}"] if said else []
    back = set(re.findall(r"^steadyarm: vCPU (\d+) reads back equal after its first entry$", outcome.log,
                          flags=re.M))
    missing = [str(vcpu) for vcpu in range(smp) if str(vcpu) not in back]
    return wrong + outcome.drifted() + [f"vCPU {vcpu} was not read back" for vcpu in missing]


# of QEMU, where a guest has more vCPUs than the host has CPUs
MORE_VCPUS = re.compile(r": warning: Number of (?:SMP|hotpluggable) cpus requested \(\d+\) exceeds the recommended cpus")
# QEMU 10's words for a stream that its CPU does not take, and QEMU 11's
LOADING = re.compile(r"error while loading state for instance 0x[0-9a-f]+ of device 'cpu'|"
                     r"Failed to put registers after init: ")


def _failure(before, after):
    """The first cause by QEMU's own words, what was refused and the lists; or a word for neither."""
    if after.status == "1" and LOADING.search(after.said):
        longer = re.search(r"Invalid value (\d+) expecting positive value <= (\d+)", after.said)
        if longer:
            return f"longer {longer[1]} {longer[2]}"
        refused = after.refused()
        # QEMU writes the list once when it has read the stream, and again whatever came of that; so a
        # stream that it has not taken is known by what was written once
        if refused and refused.count(refused[0]) > 1:
            number, value, errno = refused[0]
            return f"refused 0x{number:016x} 0x{value:x} {errno}"
        unknown = unknown_id(after.said) or unknown_of_lists(before.listed(), after.listed())
        if unknown:
            return f"unknown {unknown}"
    word = "stopped" if after.status == "stopped" else "failed"
    return f"{word} {after.status} {after.said.splitlines()[0] if after.said else ''}".rstrip()


def seen(before, after, model=None, leaves=False):
    """Of a guest that was saved and of what became of it; `model` (its JSON) if it was pinned, on both
    sides or only where it leaves."""
    if not after.serial:
        return _failure(before, after)
    if after.status != "0":
        return f"stopped {after.status} {after.said}".rstrip()
    serial = before.serial + after.serial
    said, smp = parse(serial), 2 if " others " in serial else 1
    wrong = faults(serial, smp=smp)
    if model:
        wrong += of_model(model, parse(before.serial) if leaves else said)
        wrong += [line for end in ((before,) if leaves else (before, after)) for line in of_pin(end, smp)]
    if wrong:
        return f"broken {wrong[0]}"
    changed = changed_fields(said)
    return " ".join(["changed", *changed]) if changed else "same"


def agree(before, after):
    """Whether what was seen is what was foreseen: in every word, and it is a thing to be foreseen."""
    return before == after and before.split(" ")[0] not in FAILURES
