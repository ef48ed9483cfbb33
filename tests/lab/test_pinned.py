"""A stock QEMU under `steadyarm run` and as steadyarm-qemu, on a real kernel: docs/qemu.md, step by step."""

import json
import subprocess
import unittest

import bench

KERNELS = ("6.12", "7.3")
TOLERATED = "ID_AA64MMFR2_EL1.NV"  # 6.12 shows what the CPU has, newer kernels show none
ARM64 = bench.TOP / "build" / "arm64"
FILES = (bench.ARM64, ARM64 / "lab" / "guest" / "lab-guest", ARM64 / "preload" / "steadyarm-preload.so",
         bench.TOP / "tests" / "lab" / "pinned.sh")


class Pinned(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        bench.need("qemu-guest-10")
        cls.work = bench.class_folder(cls)
        profiles = [bench.TOP / "data" / "profiles" / f"max-{kernel}.json" for kernel in KERNELS]
        for name, arguments in (("pool", ("--tolerate", TOLERATED, *profiles)), ("newer", ("--exactly", profiles[1]))):
            status, _, errors = bench.steadyarm("baseline", "--name", f"{name}-v1", "-o", cls.work / f"{name}.json",
                                                *arguments)
            if status:
                raise RuntimeError(errors)
        argv = [bench.TOP / "lab" / "run", "--kernel", "6.12", "--cpu", "max", "--memory", "1536", "--guest-qemu",
                "qemu-guest-10", "--timeout", "240", "--out", cls.work / "out"]
        for path in (*FILES, cls.work / "pool.json", cls.work / "newer.json"):
            argv += ["--in", path]
        argv += ["--", "sh", "/in/pinned.sh", "/in/pool.json", "/in/newer.json"]
        done = subprocess.run([str(word) for word in argv], text=True, stdin=subprocess.DEVNULL, capture_output=True,
                              check=False)
        if done.returncode:
            raise RuntimeError(f"lab/run ended with {done.returncode}\n{done.stdout}\n{done.stderr}")

    def out(self, name):
        return (self.work / "out" / name).read_text(encoding="utf-8")

    def registers(self, name):
        """What a guest wrote of its core ID range (lab/guest/guest.c): register to value."""
        rows = [line.split() for line in self.out(name).split("\n")[:-1]]
        return {row[1]: row[2] for row in rows if len(row) == 3 and row[0] == "id"}

    def test_ps(self):
        """who is pinned, by what the processes themselves wrote down; vCPUs are counted once"""
        self.assertTrue(self.out("ps").startswith("NO: 1 of 3 processes are not pinned\n"), self.out("ps"))
        found = {p["vcpus"]: p for p in json.loads(self.out("ps.json"))["processes"]}
        self.assertEqual({vcpus: p["state"] for vcpus, p in found.items()},
                         {1: "unpinned", 2: "read-back", 8: "read-back"})
        for vcpus in (2, 8):
            self.assertEqual((found[vcpus]["model"], found[vcpus]["tolerated"], found[vcpus]["simulated"]),
                             ("pool-v1", [TOLERATED], False))
            self.assertEqual([vm["read_back"] for vm in found[vcpus]["vms"]], [vcpus])
        self.assertEqual(self.out("records"), "")  # what is left of processes that are gone, ps takes away

    def test_guests(self):
        """the pinned guests see one CPU, the other one another; nobody has anything to say"""
        seen = {name: self.registers(f"serial-{name}") for name in ("run", "wrapper", "plain")}
        self.assertEqual([len(values) for values in seen.values()], [56, 56, 56])
        self.assertEqual(seen["run"], seen["wrapper"])
        self.assertNotEqual(seen["run"], seen["plain"])
        self.assertNotIn("steadyarm", self.out("run.err") + self.out("wrapper.err"))
        self.assertIn("steadyarm: vCPU 1 reads back equal after its first entry\n", self.out("log"))

    def test_questions(self):
        """what libvirt asks of an emulator goes through to QEMU"""
        self.assertIn("QEMU emulator version 10.", self.out("version"))
        self.assertIn('"arch": "aarch64"', self.out("qmp"))
        self.assertEqual(self.out("qmp.err"), "")

    def test_refusals(self):
        """an option that is missing by the name of its switch, a field that the host has not by its own"""
        self.assertNotEqual(self.out("off.status"), "0\n")
        self.assertIn("pmu: in QEMU: -cpu host,pmu=on", self.out("off.err"))
        self.assertNotEqual(self.out("other.status"), "0\n")
        self.assertIn("ID_AA64ISAR2_EL1.ATS1A: wants 1, host has 0", self.out("other.err"))
        for name in ("off", "other"):
            path = self.work / "out" / f"serial-{name}"
            self.assertEqual(path.read_text(encoding="utf-8") if path.exists() else "", "")


if __name__ == "__main__":
    unittest.main()
