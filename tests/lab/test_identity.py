"""Which CPU a guest takes itself for, and its caches, on a kernel that lets them be written and two that do not."""

import pathlib
import unittest

import bench

HOSTS = {"new": ("--kernel", "7.3", "--cpu", "neoverse-n1"),
         "middle": ("--kernel", "6.12", "--cpu", "neoverse-n1"),
         "old": ("--kernel", "6.1", "--cpu", "neoverse-n1")}
A76 = 0x414fd0b1
OWN = 0x414fd0c1
CLIDR = "CLIDR_EL1"


class Identity(unittest.TestCase):
    """The guest reads its own MIDR_EL1 and CLIDR_EL1."""

    @classmethod
    def setUpClass(cls):
        work = bench.scratch()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)
        cls.path = {}
        for name, host in HOSTS.items():
            step = bench.boot(cls.work / f"probe-{name}", host,
                              {"probe": ["steadyarm", "probe", "--name", name, "-o", "host.json"]})["probe"]
            if step.status:
                raise AssertionError(f"probe ended with {step.status}: {step.err}")
            cls.path[name] = step.files / "host.json"
        cls._baseline("all", *HOSTS)
        # the same host as one that is an A76 too: only the list of CPUs is read of it
        text = cls.path["new"].read_text(encoding="utf-8")
        cls.path["a76"] = cls.work / "a76.json"
        cls.path["a76"].write_text(text.replace(f"0x{OWN:016x}", f"0x{A76:016x}"), encoding="utf-8")
        cls._baseline("foreign", "a76", "new", f"--identity=0x{A76:x}")
        cls._baseline("native", "new", "--identity")
        commands = {name: ["steadyarm", "verify", "--json", f"/in/{name}.json"]
                    for name in ("all", "foreign", "native")}
        commands["left"] = ["steadyarm", "apply", "--json", "--tolerate", "MIDR_EL1", "/in/foreign.json"]
        cls.ran = {name: bench.boot(cls.work / f"verify-{name}", host, commands,
                                    [cls.work / f"{each}.json" for each in ("all", "foreign", "native")])
                   for name, host in HOSTS.items()}

    @classmethod
    def _baseline(cls, name, *what):
        arguments = [cls.path.get(each, each) for each in what]
        status, _, errors = bench.steadyarm("baseline", "--name", name, "-o", cls.work / f"{name}.json",
                                            *arguments)
        if status:
            raise AssertionError(f"baseline of {what} ended with {status}: {errors}")

    def answer(self, host, name, status):
        step = self.ran[host][name]
        self.assertEqual(step.status, status, step.err)
        return step.json()

    def test_another_cpu(self):
        """a guest on 7.3 reads the MIDR_EL1 that it was told, on every vCPU"""
        answer = self.answer("new", "foreign", 0)
        self.assertIs(answer["pinned"], True)
        self.assertEqual(int(answer["guest"]["MIDR_EL1"], 16), A76)
        self.assertEqual(answer["guest"]["others"], answer["guest"]["others_equal"])
        self.assertEqual([(w["register"], w["vcpu"]) for w in answer["writes"] if w["register"] == "MIDR_EL1"],
                         [("MIDR_EL1", 0)])

    def test_its_own_cpu(self):
        """and its own one without a write"""
        answer = self.answer("new", "native", 0)
        self.assertEqual(int(answer["guest"]["MIDR_EL1"], 16), OWN)
        self.assertEqual([w for w in answer["writes"] if w["register"] == "MIDR_EL1"], [])

    def test_where_it_cannot_be_written(self):
        """a kernel without the capability refuses by name, with the kernel's errno"""
        for host in ("middle", "old"):
            answer = self.answer(host, "foreign", 1)
            self.assertIs(answer["pinned"], False)
            found = [m for m in answer["mismatches"] if m["register"] == "MIDR_EL1"]
            self.assertEqual(len(found), 1, answer["mismatches"])
            self.assertIn("KVM_CAP_ARM_WRITABLE_IMP_ID_REGS", found[0]["reason"])
            self.assertIn("--tolerate MIDR_EL1", found[0]["advice"])

    def test_left_to_the_host(self):
        """and is not written where it is left to the host"""
        for host in ("middle", "old"):
            writes = self.ran[host]["left"].json()["writes"]
            self.assertNotIn("MIDR_EL1", [w["register"] for w in writes])

    def test_caches_of_the_old_kernel(self):
        """newer kernels show a guest the caches that 6.1 shows, on every vCPU"""
        old = bench.read(self.path["old"])["registers"][CLIDR]["value"]
        self.assertNotEqual(old, bench.read(self.path["new"])["registers"][CLIDR]["value"])
        for host, writes in (("new", 2), ("middle", 2), ("old", 0)):
            answer = self.answer(host, "all", 0)
            self.assertIs(answer["pinned"], True)
            self.assertEqual(answer["guest"]["others"], answer["guest"]["others_equal"])
            self.assertEqual([w["value"] for w in answer["writes"] if w["register"] == CLIDR], [old] * writes)


if __name__ == "__main__":
    unittest.main()
