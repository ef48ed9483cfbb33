"""Models with EL2 and with 32-bit EL1 on a real kernel: no guest is run, that is said, and the host has not failed."""

import pathlib
import unittest

import bench

HOST = ("--kernel", "7.3", "--mode", "nested")
PROFILE = bench.TOP / "data" / "profiles" / "max-7.3-nested.json"
OPTIONS = {"plain": "pmu=on", "el2": "el2=on", "e2h0": "el2=on,el2_e2h0=on", "narrow": "el1_32bit=on"}


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = bench.scratch()
        cls.addClassCleanup(work.cleanup)
        folder = pathlib.Path(work.name)
        for name, options in OPTIONS.items():
            status, _, errors = bench.steadyarm("baseline", "--vcpu", options, "-o", folder / f"{name}.json", PROFILE)
            if status:
                raise AssertionError(errors)
        cls.ran = bench.boot(folder / "verify", HOST,
                             {name: ["steadyarm", "verify", "--json", f"/in/{name}.json"] for name in OPTIONS},
                             [folder / f"{name}.json" for name in OPTIONS])

    def test_guests(self):
        """without them a guest reads all 56 registers as in the model, on both vCPUs"""
        step = self.ran["plain"]
        self.assertEqual(step.status, 0, step.out + step.err)
        guest = step.json()["guest"]
        self.assertEqual([guest[key] for key in ("vcpus", "equal", "trapped_at_el0")], [2, 56, 56])
        # SW_INCR, 0, and CPU_CYCLES, 0x11, which every PMUv3 counts (DDI0487, required events)
        self.assertEqual(int(guest["PMCEID0_EL0"], 16) & 0x20001, 0x20001)
        self.assertIn("PMCEID1_EL0", guest)

    def test_none(self):
        """what KVM reads back is all"""
        for name in ("el2", "e2h0", "narrow"):
            with self.subTest(name):
                step = self.ran[name]
                self.assertEqual(step.status, 0, step.out + step.err)
                self.assertIs(step.json()["pinned"], True)
                self.assertEqual(step.json()["guest"]["vcpus"], 0)
                self.assertIn("no guest was run", [w["reason"][:16] for w in step.json()["warnings"]])


if __name__ == "__main__":
    unittest.main()
