"""A stock QEMU's guest moves between kernels, unpinned and pinned; and a guest of our own verifies."""

import sys
import unittest

import bench

sys.path.insert(0, str(bench.TOP / "lab"))

from labkit import moves, rounds, trials  # pylint: disable=wrong-import-position

RESETS = 40  # `lab/migrate --resets 200` and --rounds 20 make more of them
ROUNDS = 2
CPU = "max"
TOLERATED = "ID_AA64MMFR2_EL1.NV"  # 6.12 shows what the CPU has, newer kernels show none


class Lab(unittest.TestCase):
    """What these tests need, and a folder."""

    @classmethod
    def setUpClass(cls):
        rows = [row for row in trials.read() if row.ci]
        bench.need(*trials.needs(rows))
        cls.work = bench.class_folder(cls)
        cls.rows = rows


class Moves(Lab):
    """The moves of lab/moves.tsv that are made in CI: saved on one host, restored on another."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        trials.run(cls.rows, cls.work)

    def of(self, pinned):
        rows = [row for row in self.rows if row.pinned == pinned]
        self.assertGreaterEqual(len(rows), 2)
        return rows

    def test_foreseen(self):
        """each went as migrate-check had foreseen, down to the register that stopped it"""
        for row in self.rows:
            with self.subTest(row.name, source=row.source, destination=row.destination):
                self.assertTrue(row.good(), f"foreseen {row.foreseen}, seen {row.seen}: {row.after}")
                self.assertTrue(moves.agree(row.recorded, row.seen), "lab/moves.tsv says otherwise")

    def test_unpinned(self):
        """without help none goes on, and QEMU says that it failed"""
        for row in self.of("-"):
            with self.subTest(row.name):
                self.assertEqual(row.after.serial, "")
                self.assertEqual(row.after.status, "1")
                self.assertIn("error while loading state", row.after.said)

    def test_pinned(self):
        """pinned, all go on: the same registers at EL1, sums and instructions go on, nothing is lost"""
        for row in self.of("both"):
            with self.subTest(row.name, source=row.source, destination=row.destination):
                self.assertTrue(row.works(), row.seen)
                for end in (row.before, row.after): # the rest is moves.seen()'s
                    self.assertGreater(end.reads(), 0)

    def test_leaving(self):
        """a pinned guest goes on without the preload library on the newer kernel"""
        row = next(row for row in self.of("source") if row.destination == "neoverse-n1-7.3")
        self.assertEqual(row.seen, "same")
        self.assertEqual(row.after.log, "")
        self.assertIn("pinned", row.before.log)

    def test_unpinned_sees_exactly(self):
        """`baseline --exactly` of a host is what an unpinned guest reads there"""
        for row in self.of("-"):
            with self.subTest(row.source):
                status, out, errors = bench.steadyarm("baseline", "--exactly", "--json", "-o",
                                                      self.work / f"{row.source}-exact.json",
                                                      trials.profile(row.source))
                self.assertEqual(status, 0, out + errors)
                exact = bench.core(bench.read(self.work / f"{row.source}-exact.json"))
                read = moves.parse(row.before.serial).ids[0]
                self.assertEqual([hex(exact[moves.CORE_FIRST + at]) for at in range(len(moves.CORE))],
                                 [hex(read[name]) for name in moves.CORE])


class Endurance(Lab):
    """The same guest for a long time."""

    def tell(self, text):
        self.fail(text)

    def test_resets(self):
        """system resets of a pinned guest with 8 vCPUs: no register drifts"""
        self.assertEqual(rounds.reset(self.work, RESETS, say=self.tell), 0)

    def test_rounds(self):
        """to another kernel and back: no register drifts"""
        self.assertEqual(rounds.move(self.work, ROUNDS, say=self.tell), 0)

    def test_linux(self):
        """a Debian kernel as the guest moves to another kernel, and its program goes on"""
        self.assertEqual(rounds.linux(self.work, say=self.tell), 0)


class Verify(Lab):
    """A guest that the library runs by itself."""

    def test_verify(self):
        """a guest of four vCPUs reads the model at EL1, and at EL0 every read traps"""
        model = self.work / "verify.json"
        status, _, errors = bench.steadyarm("baseline", "--name", "verify", "--tolerate", TOLERATED, "-o",
                                            model, *(trials.profile(f"{CPU}-{kernel}")
                                                     for kernel in ("6.12", "7.3")))
        self.assertEqual(status, 0, errors)
        for kernel in ("6.12", "7.3"):
            with self.subTest(kernel=kernel):
                step = bench.boot(self.work / f"verify-{kernel}",
                                  ("--kernel", kernel, "--cpu", CPU),
                                  {"verify": ["steadyarm", "verify", "/in/verify.json", "--vcpus",
                                              "4", "--json"]}, [model])["verify"]
                self.assertEqual(step.status, 0, step.err)
                answer = step.json()
                self.assertIs(answer["pinned"], True)
                guest = answer["guest"]
                self.assertEqual([guest[key] for key in ("vcpus", "equal", "trapped_at_el0")],
                                 [4, 56, 56])
                # PSCI and CNTFRQ as the model and the emulated host have them
                self.assertEqual(int(guest["psci"], 16),
                                 int(bench.read(model)["firmware"]["PSCI_VERSION"], 16))
                self.assertEqual(int(guest["CNTFRQ_EL0"], 16), 1000000000)
