"""In which order KVM lets a guest's CPU be set up, on real kernels and on their simulated hosts."""

import pathlib
import unittest

import bench

HOSTS = {"max-6.12": ("--kernel", "6.12", "--cpu", "max"),
         "max-7.3": ("--kernel", "7.3", "--cpu", "max")}
PSCI_0_2 = 4
EVERY = {name: bench.TOP / "data" / "profiles" / f"{name}.json" for name in HOSTS}
ISAR0, PFR0 = "ID_AA64ISAR0_EL1", "ID_AA64PFR0_EL1"


def lines(host):
    """The logs, {name: text}: Linux's rules (kvm_arch_vcpu_ioctl, set_id_reg, kvm_vgic_create)."""
    plain = next(c for c in bench.read(EVERY[host])["configurations"]
                 if c["irqchip"] == "gicv3" and not any(c["vcpu_features"].values()))["registers"]
    isar0, pfr0 = int(plain[ISAR0], 16), int(plain[PFR0], 16)
    # the AES field lowered; more than the host has; no GIC
    less = isar0 & ~bench.mask(ISAR0, "AES") | 0x10
    more = isar0 | bench.mask(ISAR0, "AES")
    off = pfr0 & ~bench.mask(PFR0, "GIC")
    get = f"get {{}} {bench.IDS[ISAR0]:x} = 0 {{:016x}}\n".format
    put = f"set {{}} {bench.IDS[ISAR0]:x} {{:016x}} = {{}}\n".format
    gic = f"set {{}} {bench.IDS[PFR0]:x} {{:016x}} = {{}}\n".format
    vm = f"create-vm 0 = 0\ncreate-vcpu 0 = 0\ninit 0 {PSCI_0_2:x} = 0\n"
    kept = off if host == "max-6.12" else pfr0  # creating a GIC sets the field anew from 6.18 on
    return {
        # a first run freezes, even one that ends at once; what was written stays
        "freeze": vm + put(0, less, 0) + "run 0 = EINTR\n" + put(0, isar0, "EBUSY") +
                  put(0, less, 0) + get(0, less),
        # too late is another answer than refused: before the run EINVAL, after it EBUSY
        "late": vm + put(0, more, "EINVAL") + "run 0 = EINTR\n" + put(0, more, "EBUSY"),
        # a run that comes to nothing freezes nothing
        "early": "create-vm 0 = 0\ncreate-vcpu 0 = 0\nrun 0 = ENOEXEC\n" +
                 f"init 0 {PSCI_0_2:x} = 0\n" + put(0, less, 0) + get(0, less),
        # vCPUs that come after the write see what was written, and may write it themselves
        "others": vm + put(0, less, 0) +
                  "".join(f"create-vcpu {n} = 0\ninit {n} {PSCI_0_2:x} = 0\n" + get(n, less)
                          for n in (1, 2)) + put(2, isar0, 0) + get(0, isar0) + get(1, isar0),
        # a reset keeps what was written
        "again": vm + put(0, less, 0) + f"init 0 {PSCI_0_2:x} = 0\n" + get(0, less),
        # an interrupt controller that comes after the write
        "gic": vm + gic(0, off, 0) + "create-gic 7 = 0\n" +
               f"get 0 {bench.IDS[PFR0]:x} = 0 {kept:016x}\n",
    }


class Order(unittest.TestCase):
    """One boot of each host; each log is made there and on the simulated host of its profile."""

    @classmethod
    def setUpClass(cls):
        work = bench.scratch()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)
        cls.ran = {}
        for host, options in HOSTS.items():
            folder = cls.work / "logs" / host
            folder.mkdir(parents=True)
            for name, text in lines(host).items():
                (folder / f"{name}.log").write_text(text, encoding="utf-8")
            commands = {name: ["steadyarm", "replay", f"/in/{name}.log"] for name in lines(host)}
            cls.ran[host] = bench.boot(cls.work / host, options, commands, sorted(folder.iterdir()))

    def holds(self, name):
        for host, steps in self.ran.items():
            self.assertEqual(steps[name].status, 0, f"{host}\n{steps[name].out}{steps[name].err}")
            status, out, errors = bench.steadyarm("replay", self.work / "logs" / host / f"{name}.log",
                                                  EVERY[host])
            self.assertEqual(status, 0, f"simulated {host}\n{out}{errors}")

    def test_freeze(self):
        """the first run freezes ID registers, even with immediate_exit"""
        self.holds("freeze")

    def test_late(self):
        """after the run EBUSY, before it EINVAL"""
        self.holds("late")

    def test_early(self):
        """a run that fails early freezes nothing"""
        self.holds("early")

    def test_others(self):
        """vCPUs that are created after a write see it"""
        self.holds("others")

    def test_again(self):
        """KVM_ARM_VCPU_INIT again keeps what was written"""
        self.holds("again")

    def test_gic(self):
        """creating a GICv3 after the write: 6.12 keeps the field, 7.3 sets it anew"""
        self.holds("gic")
