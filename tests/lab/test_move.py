"""A stock QEMU's guest moves between kernels, unpinned and pinned; and a guest of our own verifies."""

import pathlib
import subprocess
import unittest

import bench

CPU = "max"
TOLERATED = "ID_AA64MMFR2_EL1.NV"  # 6.12 shows what the CPU has, newer kernels show none
NV = bench.mask("ID_AA64MMFR2_EL1", "NV")
MOVES = (("7.3", "6.12"), ("6.12", "7.3"), ("7.3", "6.18"))
GUEST = bench.TOP / "build" / "arm64" / "tests" / "lab" / "lab-guest"
PRELOAD = bench.TOP / "build" / "arm64" / "preload" / "steadyarm-preload.so"
SCRIPT = bench.TOP / "tests" / "lab" / "move.sh"
WORDS = 4096  # of guest.S
WRAP = (1 << 64) - 1


def chain(ticks):
    """What guest.S computes, tick by tick, written down once more."""
    memory, value = list(range(WORDS)), 0xCBF29CE484222325
    for _ in range(ticks):
        for at in range(WORDS):
            value = (value ^ memory[at]) * 0x100000001B3 & WRAP
            memory[at] = memory[at] + value & WRAP
        yield value


def run(folder, kernel, what, model, *files):
    """move.sh on a host; (QEMU's status, its lines, what it said)"""
    argv = [bench.TOP / "lab" / "run", "--kernel", kernel, "--cpu", CPU, "--memory", "1536",
            "--guest-qemu", "qemu-guest-10", "--timeout", "200", "--out", folder]
    for path in (bench.ARM64, GUEST, PRELOAD, SCRIPT, *files):
        argv += ["--in", path]
    if model:
        argv += ["--in", model]
    argv += ["--", "sh", "/in/move.sh", what, f"/in/{model.name}" if model else "-"]
    done = subprocess.run([str(word) for word in argv], text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"lab/run ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    serial = folder / "serial"
    lines = serial.read_text(encoding="utf-8").split("\n")[:-1] if serial.exists() else []
    return (int((folder / "status").read_text(encoding="utf-8")),
            [[int(word, 16) for word in line.split()] for line in lines],
            (folder / "err").read_text(encoding="utf-8"))


class Moves(unittest.TestCase):
    """Each move is saved on one host and goes on on another."""

    @classmethod
    def setUpClass(cls):
        done = subprocess.run([bench.TOP / "lab" / "fetch", "qemu-guest-10", "6.18"], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            raise unittest.SkipTest(done.stderr.strip())
        work = bench.scratch()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)

    def model(self, name, *kernels):
        """A model that all these kernels' hosts accept."""
        path = self.work / f"{name}.json"
        profiles = [bench.TOP / "data" / "profiles" / f"{CPU}-{kernel}.json" for kernel in kernels]
        status, _, errors = bench.steadyarm("baseline", "--name", name, "--tolerate", TOLERATED,
                                            "-o", path, *profiles)
        self.assertEqual(status, 0, errors)
        return path

    def move(self, source, destination, model):
        """(the source's lines, QEMU's status at the destination, its lines, what it said)"""
        name = f"{source}-{destination}-{'pinned' if model else 'unpinned'}"
        start = self.work / f"{name}-start"
        status, before, said = run(start, source, "start", model)
        self.assertEqual((status, said), (0, ""))
        self.assertGreaterEqual(len(before), 5)
        status, after, said = run(self.work / f"{name}-go-on", destination, "go-on", model,
                                  start / "state")
        return before, status, after, said

    def test_unpinned(self):
        """without help a guest of 7.3 does not go on on 6.12"""
        _, status, after, said = self.move("7.3", "6.12", None)
        self.assertEqual(after, [])
        self.assertNotEqual(status, 0)
        self.assertIn("cpu", said)

    def test_pinned(self):
        """pinned, it moves down and up: the same registers, the sum goes on, nothing is lost"""
        for source, destination in MOVES:
            with self.subTest(source=source, destination=destination):
                model = self.model(f"m{source}-{destination}", source, destination)
                before, status, after, said = self.move(source, destination, model)
                self.assertEqual((status, said), (0, ""))
                self.check(before, after, "6.12" not in (source, destination))

    def check(self, before, after, level):
        """`level`: even the tolerated field is the same on both kernels"""
        # the line at the time of the move may be cut: part of it on each side
        after = [line for line in after if len(line) == 4]
        self.assertGreaterEqual(len(after), 3)
        sums = list(chain(max(line[0] for line in after) + 1))
        for tick, value, _, _ in before + after:
            self.assertEqual(value, sums[tick], f"tick {tick}")
        self.assertLessEqual(after[0][0], before[-1][0] + 2)
        self.assertEqual(len({line[2] for line in before}), 1)
        # the tick that was under way may have read its registers before the move, and shows that
        whole = after if level else after[1:]
        self.assertEqual(len({line[2] for line in whole}), 1)
        self.assertEqual({line[3] & ~NV for line in before}, {line[3] & ~NV for line in after})
        if level:
            self.assertEqual(before[-1][2:], after[0][2:])

    def test_verify(self):
        """a guest of four vCPUs reads the model at EL1, and at EL0 every read traps"""
        model = self.model("verify", "6.12", "7.3")
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
