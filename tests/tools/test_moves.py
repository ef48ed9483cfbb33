# SPDX-License-Identifier: MIT
"""lab/labkit/moves.py, the judge of moves, on outcomes that are made up: each fault by itself is told."""

import pathlib
import re
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "lab"))

from labkit import moves, rounds  # noqa: E402

SET = 0x3FF                                     # all that the guest may be promised
HELD = {"vl": 32, "pac": 0xABC, "psci": 0x10001, "smccc": 0x10001, "found": 0xF00}
REGISTERS = {encoding: register for register, encoding in moves.encodings().items()}
MODEL = {"firmware": {"PSCI_VERSION": "0x10001"}, "sve": {"vector_lengths": [16, 32]},
         "registers": {REGISTERS.get(name, name): "0x1" for name in moves.CORE}}
PINNED = "".join(f"steadyarm: vCPU {vcpu} reads back equal after its first entry\n" for vcpu in range(8))
# what QEMU 10 said in an emulated host: of a register that the destination has not, and of one refused
LOADING = "qemu-system-aarch64: error while loading state for instance 0x0 of device 'cpu'\n"
QEMU_10 = LOADING + "qemu-system-aarch64: load of migration failed: Operation not permitted"
QEMU_11 = "qemu-system-aarch64: Failed to put registers after init: Invalid argument"
CORE_REGISTER, SVE_REGISTER = 0x6030000000100000, 0x6080000000150000
LIST = (0x6020000000110000, 0x603000000013C020, 0x603000000013C4F6, 0x603000000013DF01)


def lines(first, count, ids=None, **changes):
    """`count` ticks from `first` on of a guest whose values may be otherwise."""
    ids = ids or dict.fromkeys(moves.CORE, 1)
    sums, text = moves.Sums(), ""
    vectors = moves.Vectors(HELD["vl"])
    if first == 0:
        text = "boot 0\n" + "".join(f"id {name} {value:x}\n" for name, value in ids.items())
    for number in range(first + count):
        total, mix = sums.tick(number, SET)
        tick = {"sum": total, "ids": moves.hash_of(ids), "set": SET, "mix": mix, "vec": vectors.tick(),
                "time": 1000 * number, "irq": number + 1, "late": 0, **HELD, "others": 1, "odd": 0}
        tick |= changes
        if number >= first:
            text += f"tick {number:x} " + " ".join(f"{key} {value:x}" for key, value in tick.items()) + "\n"
    return text


def outcome(status="0", said="", serial="", trace="", log=PINNED):
    return moves.Outcome(status, said, serial, trace, log, None)


def listed(*numbers):
    return "list 12 " + " ".join(f"0x{number:016x}" for number in (CORE_REGISTER, *numbers, SVE_REGISTER)) + "\n"


BEFORE = outcome(serial=lines(0, 3), trace=listed(*LIST))


class GoesOn(unittest.TestCase):
    def seen(self, model=MODEL, **changes):
        return moves.seen(BEFORE, outcome(serial=lines(3, 3, **changes)), model)

    def test_same(self):
        self.assertEqual(self.seen(), "same")
        self.assertTrue(moves.agree("same", "same"))

    def test_each_value(self):
        """a value that is otherwise after the move is named, and agrees with nothing"""
        for key in ("sum", "mix", "vec", "irq", "late", "time", *HELD):
            with self.subTest(key):
                seen = self.seen(model=None, **{key: 1 << 40})
                self.assertTrue(seen.startswith("broken "), seen)
                if key in HELD:
                    self.assertIn(f"{key} was", seen)
                self.assertFalse(moves.agree(seen, seen))
                self.assertFalse(moves.agree("same", seen))

    def test_model(self):
        """the same on both sides and yet not the model's"""
        for key, value in (("psci", 0x10003), ("vl", 16)):
            both = [outcome(serial=re.sub(rf" {key} [0-9a-f]+ ", f" {key} {value:x} ", lines(at, 3)))
                    for at in (0, 3)]
            if key == "psci":
                self.assertEqual(moves.seen(*both), "same")
            self.assertRegex(moves.seen(*both, MODEL), key + r" is [0-9a-f]+, the model has|the vectors gave")
        said = moves.Said([], [], [{"vl": 16, "psci": 0x10001}], [])
        self.assertEqual(moves.of_model(MODEL, said), ["vl is 10, the model has 20"])
        self.assertEqual(moves.of_model({"registers": {}}, said), [])

    def shows(self, model, *changes):
        """What is seen of a guest that shows these sets of ID registers one after the other."""
        text, at = "", 3
        for change in changes:
            ids = {**dict.fromkeys(moves.CORE, 1), **change}
            text += "".join(f"id {name} {value:x}\n" for name, value in ids.items()) + lines(at, 2, ids=ids)
            at += 2
        return moves.seen(BEFORE, outcome(serial=text), model)

    def test_not_the_models(self):
        """a set of registers that is not the model's, though it is level, or not to be tolerated"""
        both = [re.sub(r"(id S3_0_C0_C6_0) 1\n", r"\1 11\n", lines(at, 3, ids={
            **dict.fromkeys(moves.CORE, 1), "S3_0_C0_C6_0": 0x11})) for at in (0, 3)]
        both = [outcome(serial=text) for text in both]
        self.assertEqual(moves.seen(*both), "same")
        self.assertEqual(moves.seen(*both, MODEL), "broken ID_AA64ISAR0_EL1.AES is not the model's")
        tolerating = {**MODEL, "tolerated": ["ID_AA64ISAR0_EL1.AES"]}
        self.assertEqual(moves.seen(*both, tolerating), "same")
        self.assertEqual(self.shows(tolerating, {"S3_0_C0_C6_0": 0x11}), "changed ID_AA64ISAR0_EL1.AES")

    def test_bits_without_a_name(self):
        for name, value in (("S3_0_C0_C3_7", 0x11), ("S3_0_C0_C6_0", 0x3)):
            self.assertEqual(self.shows(None, {name: value}), f"changed {name}")
            self.assertEqual(self.shows(MODEL, {name: value}), f"broken {name} is not the model's")

    def test_for_a_while(self):
        """another CPU for two ticks, and then the old one"""
        self.assertEqual(self.shows(None, {"S3_0_C0_C6_0": 0x11}, {}), "changed ID_AA64ISAR0_EL1.AES")

    def test_pin(self):
        """the pin is silent, has read back each vCPU, and nothing drifts, on each side that is pinned"""
        good = {"serial": lines(3, 3)}
        for bad in ({"said": "steadyarm: a warning"}, {"trace": "drift 12 0x603000000013c030 1 2\n"},
                    {"log": PINNED.replace("vCPU 1", "vCPU 9")}, {"log": ""}):
            for leaves in (False, True):
                seen = moves.seen(BEFORE, outcome(**good, **bad), MODEL, leaves=leaves)
                self.assertEqual(seen.startswith("broken "), not leaves, seen)
                before = outcome(serial=BEFORE.serial, **bad)
                seen = moves.seen(before, outcome(**good), MODEL, leaves=leaves)
                self.assertTrue(seen.startswith("broken "), seen)

    def test_lost_vcpu(self):
        self.assertEqual(self.seen(others=0), "broken tick 3: 0 other vCPUs, not 1")

    def test_vectors(self):
        """one lane that is lost shows in this tick and in all behind it"""
        good, bad = moves.Vectors(32), moves.Vectors(32)
        bad.lanes[23][3] = 0  # the upper half of Z31
        self.assertTrue(all(good.tick() != bad.tick() for _ in range(3)))

    def test_lost_tick(self):
        seen = moves.seen(BEFORE, outcome(serial=lines(4, 3)))
        self.assertEqual(seen, "broken tick 4 where 3 was due")

    def test_other_vcpu(self):
        self.assertIn("vCPUs read other ID registers", self.seen(odd=1))
        last = lines(3, 2) + lines(5, 1, odd=1)
        self.assertIn("tick 5: 1 vCPUs", moves.seen(BEFORE, outcome(serial=last)))

    def test_changed(self):
        """other ID registers are told by their fields"""
        ids = {**dict.fromkeys(moves.CORE, 1), "S3_0_C0_C6_0": 0x11}  # ID_AA64ISAR0_EL1.AES
        text = "".join(f"id {name} {value:x}\n" for name, value in ids.items())
        seen = moves.seen(BEFORE, outcome(serial=text + lines(3, 3, ids=ids)))
        self.assertEqual(seen, "changed ID_AA64ISAR0_EL1.AES")

    def test_status(self):
        """it said something and ended otherwise than it was told to"""
        for status in ("stopped", "killed", "139"):
            seen = moves.seen(BEFORE, outcome(status=status, serial=lines(3, 3)))
            self.assertFalse(moves.agree("same", seen))
            self.assertTrue(seen.startswith("stopped "), seen)


class Fails(unittest.TestCase):
    def seen(self, said, trace="", status="1"):
        return moves.seen(BEFORE, outcome(status, said, "", trace))

    def test_unknown(self):
        """of QEMU 10 by the two lists, of QEMU 11 by its words"""
        own = listed(*(number for number in LIST if number != 0x603000000013C4F6))
        self.assertEqual(self.seen(QEMU_10, own), "unknown 0x603000000013c4f6")
        words = ("qemu-system-aarch64: system register op0:3 op1:0 crn:9 crm:14 op2:6 in the incoming stream but "
                 "unknown on the destination\n")
        self.assertEqual(self.seen(words + LOADING), "unknown 0x603000000013c4f6")
        # QEMU 11.1.3, a guest of 7.3 on 6.18; it writes the list once when all is read
        words = ("qemu-system-aarch64: handle_cpreg_only_in_incoming_stream: system register op0:3 op1:0 crn:9 crm:14 "
                 "op2:6 in the incoming stream but unknown on the destination: fail migration\n"
                 "qemu-system-aarch64: Could not set register system register op0:3 op1:0 crn:0 crm:6 op2:2 to "
                 "1120000000110012 (is 120000000110012)\n")
        line = "refused 13 0x603000000013c032 0x1120000000110012 22\n"
        self.assertEqual(self.seen(words + QEMU_11, line), "unknown 0x603000000013c4f6")
        self.assertEqual(self.seen(QEMU_11, 2 * line), "refused 0x603000000013c032 0x1120000000110012 22")

    def test_lists(self):
        self.assertIsNone(moves.unknown_of_lists(LIST, LIST))
        self.assertIsNone(moves.unknown_of_lists(LIST[:2], LIST))       # it has more
        self.assertIsNone(moves.unknown_of_lists(LIST, LIST[:2]))       # above all of its own: let go
        self.assertEqual(moves.unknown_of_lists(LIST, LIST[1:]), "0x6020000000110000")

    def test_refused(self):
        line = "refused 13 0x603000000013c083 0x0 2\n"
        self.assertEqual(self.seen(LOADING, 2 * line + listed(*LIST)), "refused 0x603000000013c083 0x0 2")

    def test_longer(self):
        words = "qemu-system-aarch64: Invalid value 273 expecting positive value <= 270\n"
        self.assertEqual(self.seen(words + LOADING), "longer 273 270")

    def test_anything_else(self):
        """a crash, another device, no cause that can be found: words of their own that agree with nothing"""
        own = listed(*(number for number in LIST if number != 0x603000000013C4F6))
        foreseen = "unknown 0x603000000013c4f6"
        for status, said, trace in (("139", "Segmentation fault", own), ("1", "Segmentation fault", own),
                                    ("139", QEMU_10, own), ("1", QEMU_10, ""), ("1", QEMU_10, listed(*LIST)),
                                    ("1", QEMU_10.replace("'cpu'", "'timer'"), own), ("1", "", own),
                                    ("stopped", QEMU_10, own), ("killed", QEMU_10, own), ("0", QEMU_10, own)):
            with self.subTest(status=status, said=said, trace=trace):
                seen = self.seen(said, trace, status)
                self.assertIn(seen.split(" ")[0], moves.FAILURES)
                self.assertFalse(moves.agree(foreseen, seen))
                self.assertFalse(moves.agree(seen, seen))

    def test_agree(self):
        """every word counts; a bare "unknown" is not any register"""
        foreseen = "unknown 0x603000000013c4f6"
        self.assertTrue(moves.agree(foreseen, foreseen))
        for other in ("unknown", "unknown 0x603000000013c4f7", "failed 139 Segmentation fault", "same"):
            self.assertFalse(moves.agree(foreseen, other))


class Rounds(unittest.TestCase):
    """The judges of many resets and of moves to and fro."""

    def resets(self, count=3, log=PINNED, said="", trace="read 56\n", ids=None, text=None, **changes):
        ids = ids or dict.fromkeys(moves.CORE, 1)
        one = lines(0, 1, ids=ids, **{"others": 7, **changes})
        shown = "".join(f"id {name} {value:x}\n" for name, value in ids.items())
        serial = "tick 1 sum\n".join((one if at == 0 else one.replace(shown, "")).replace("boot 0", f"boot {at:x}")
                                     for at in range(count))  # a reset cuts a line
        told = []
        status = rounds.judge_resets(outcome(said=said, serial=text or serial, log=log, trace=trace), MODEL, 2,
                                     say=lambda words: told.append(words) or 1)
        return status, " ".join(told)

    def test_resets(self):
        self.assertEqual(self.resets(), (0, ""))
        for which in ("SMP", "hotpluggable"): # QEMU 10.0's words
            self.assertEqual(self.resets(said=f"qemu-system-aarch64: -accel kvm: warning: Number of {which} cpus "
                                              "requested (8) exceeds the recommended cpus supported by KVM (2)"),
                             (0, ""))
        for fault in ({"log": ""}, {"log": PINNED.replace("vCPU 7", "vCPU 9")}, {"said": "steadyarm: a warning"},
                      {"ids": {**dict.fromkeys(moves.CORE, 1), "S3_0_C0_C6_0": 0x11}}, {"others": 6}, {"odd": 1},
                      {"late": 1}, {"psci": 0x10003}, {"count": 2}, {"trace": ""},
                      {"trace": "read 56\ndrift 12 0x603000000013c030 1 2\n"}):
            with self.subTest(fault):
                status, told = self.resets(**fault)
                self.assertEqual(status, 1)
                self.assertTrue(told)

    def moves(self, serial, seen):
        told = []
        return rounds.judge_moves(serial, seen, MODEL, 2, say=lambda words: told.append(words) or 1), told

    def test_moves(self):
        same = moves.hash_of(dict.fromkeys(moves.CORE, 1))
        self.assertEqual(self.moves(lines(0, 9), {"a": [same, same], "b": [same]}), (0, []))
        other = {**dict.fromkeys(moves.CORE, 1), "S3_0_C0_C6_0": 0x11}
        for serial, seen in ((lines(0, 9, ids=other), {"a": [moves.hash_of(other)]}),
                             (lines(0, 9), {"a": [same, moves.hash_of(other)]}),
                             (lines(0, 9, others=0), {"a": [same]}), (lines(0, 4) + lines(5, 4), {"a": [same]})):
            status, told = self.moves(serial, seen)
            self.assertEqual(status, 1)
            self.assertEqual(len(told), 1)


if __name__ == "__main__":
    unittest.main()
