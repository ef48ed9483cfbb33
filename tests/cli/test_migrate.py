"""`migrate-check` held against what QEMU did: the moves of lab/moves.tsv, made between real kernels."""

import itertools
import json
import pathlib
import shlex
import shutil
import sys

from support import BAD, DONE, NO, TOP, Case, main, profile

sys.path.insert(0, str(TOP / "lab"))

from labkit import moves, trials  # pylint: disable=wrong-import-position

UNPINNED = (profile("max-7.3"), profile("max-6.12"))


class Recorded(Case):
    """What was seen in the lab when lab/moves.tsv was recorded."""

    def test_every_move(self):
        """Each is foreseen as QEMU then made it, down to the register and the value."""
        rows = [row for row in trials.read() if row.recorded]
        for row in rows:
            with self.subTest(row.name, source=row.source, destination=row.destination, vmm=row.vmm):
                trials.foresee(row, pathlib.Path(self.folder))
                self.assertTrue(moves.agree(row.foreseen, row.recorded),
                                f"foreseen {row.foreseen}, seen {row.recorded}")
        failed = [row for row in rows if row.recorded.split(" ")[0] not in ("same", "changed")]
        self.assertGreaterEqual(len(rows), 16)
        self.assertGreaterEqual(len(failed), 8)
        self.assertGreaterEqual(len({row.recorded for row in failed}), 5)

    def test_status_is_the_answer(self):
        """0 only where the guest goes on and sees what it saw."""
        for row in trials.read():
            if row.recorded and row.pinned == "-":
                with self.subTest(row.name):
                    self.expect(DONE if row.recorded == "same" else NO, "migrate-check", "--vmm", row.vmm,
                                profile(row.source), profile(row.destination))


class Future(Case):
    """A kernel with a hypercall service that nobody here has heard of."""

    def test_unknown_bitmap(self):
        """A pin brings it to 0 before the first run, with SVE too: KVM lists it once that is finalised (api.rst)."""
        service = "0x6030000000160005"
        for base in ("max-7.3", "max-7.3-nosve"):
            host = json.loads(pathlib.Path(profile(base)).read_text(encoding="utf-8"))
            for one in host["configurations"]:
                one["register_list"] = sorted(one["register_list"] + [service], key=lambda id_: int(id_, 16))
            host["firmware"][service] = "0x3"
            newer = self.file("newer.json", json.dumps(host))
            for source, target in ((newer, profile(base)), (profile(base), newer), (newer, newer)):
                with self.subTest(base, source=source, target=target):
                    answer = self.expect(DONE, "migrate-check", "--json", "--vmm", "qemu-10", "--model",
                                         self.model(base), source, target).json()
                    self.assertEqual((answer["moves"], answer["failures"]), (True, []))


class Answers(Case):
    """The answer's form."""

    def test_first_comes_first(self):
        """The failures stand in the VMM's order, and `list` knows no VMM's length check."""
        answer = self.expect(NO, "migrate-check", "--json", "--vmm", "qemu-10", *UNPINNED).json()
        # seen: Invalid value 273 expecting positive value <= 270
        self.assertEqual(answer["first"], {"cause": "longer", "incoming": 273, "room": 270})
        self.assertEqual(answer["failures"][0]["register"], "KVM_GET_REG_LIST")
        self.assertEqual((answer["source"], answer["destination"], answer["vmm"], answer["model"]),
                         ("max-7.3", "max-6.12", "qemu-10", None))
        self.assertIs(answer["moves"], False)
        self.assertIs(answer["same"], False)
        every = self.expect(NO, "migrate-check", "--json", "--vmm", "list", *UNPINNED).json()
        self.assertEqual(every["first"]["cause"], "unknown")
        self.assertIn("VENDOR_HYP_BMAP_2", [f["register"] for f in every["failures"]])

    def test_addresses(self):
        """A guest that may lie above what the destination can address; a pinned one lies no higher than its model."""
        host = json.loads(pathlib.Path(profile("max-7.3")).read_text(encoding="utf-8"))
        made = []
        for bits in (44, 48):
            host["unvirtualised"]["IPA_SIZE"] = hex(bits)
            made.append(self.file(f"{bits}.json", json.dumps(host)))
        narrow, wide = made
        self.expect(DONE, "migrate-check", narrow, wide)
        answer = self.expect(NO, "migrate-check", wide, narrow)
        self.assertIn("IPA_SIZE", answer.out)
        model = self.folder / "pool.json"
        self.expect(DONE, "baseline", "--name", "pool-v1", "-o", model, *made)
        self.expect(DONE, "migrate-check", "--model", model, wide, narrow)
        tall = self.folder / "tall.json"
        self.expect(DONE, "baseline", "--name", "tall-v1", "-o", tall, wide)
        answer = self.expect(NO, "migrate-check", "--json", "--model", tall, wide, narrow).json()
        self.assertEqual(answer["first"]["cause"], "start")

    def test_advice_is_true(self):
        """The baseline that it speaks of makes the move work, told as tolerated."""
        answer = self.expect(NO, "migrate-check", "--json", *UNPINNED).json()
        self.assertIn("--tolerate ID_AA64MMFR2_EL1.NV", answer["advice"])
        model = self.model("max-7.3", "max-6.12", options=("--tolerate", "ID_AA64MMFR2_EL1.NV"))
        for vmm in ("qemu-10", "qemu-11", "list"):
            pinned = self.expect(DONE, "migrate-check", "--json", "--vmm", vmm, "--model", model,
                                 *UNPINNED).json()
            self.assertEqual([(t["register"], t["field"]) for t in pinned["tolerated"]],
                             [("ID_AA64MMFR2_EL1", "NV")])
            self.assertEqual((pinned["failures"], pinned["changes"], pinned["first"]), ([], [], None))
        words = self.expect(DONE, "migrate-check", "--model", model, *UNPINNED).out
        self.assertRegex(words, r"^max-7.3 -> max-6.12, pinned to test-v1@[0-9a-f]{12}, qemu-11: yes, the guest "
                                r"goes on and sees the same CPU but for 1 tolerated field\n")
        self.assertIn("tolerated: ID_AA64MMFR2_EL1.NV: 0 (not implemented) -> 2 (NV2)", words)

    def advice(self, *arguments):
        answer = self.expect(NO, "migrate-check", "--json", *arguments).json()
        return answer["failures"][0].get("advice") if answer["failures"] else None, answer["advice"]

    def follow(self, advice, *arguments):
        """The command that an advice ends with makes a model that the move works with."""
        self.assertIn("this move then works: ", advice)
        words = shlex.split(advice.rpartition(": ")[2])
        self.assertEqual(words[:4], ["steadyarm", "baseline", "-o", "MODEL.json"])
        self.expect(DONE, "baseline", "--name", "advised-v1", "-o", self.folder / "advised.json", *words[4:])
        self.expect(DONE, "migrate-check", "--model", self.folder / "advised.json", *arguments)
        (self.folder / "advised.json").unlink()

    def test_advice_on_options(self):
        """What a host has not is turned off, not on (docs/system/arm/cpu-features.rst has QEMU's names)."""
        hosts = [profile("neoverse-n1-7.3"), profile("neoverse-n1-6.12")]
        first, advice = self.advice("--vcpu", "sve=on", *hosts)
        self.assertEqual(first, "in QEMU: -cpu host,sve=off")
        self.assertRegex(advice, "^tell both VMMs -cpu host,sve=off; pin both VMMs to one model;")
        self.follow(advice, "--vcpu", "sve=off", *hosts)
        first, advice = self.advice("--vcpu", "mte=on", profile("max-7.3-mte"), profile("max-7.3"))
        self.assertEqual((first, advice), ("in QEMU: -machine virt,mte=off",
                                           "tell both VMMs -machine virt,mte=off; this move then works"))
        self.expect(DONE, "migrate-check", "--vcpu", "mte=off", profile("max-7.3-mte"), profile("max-7.3"))
        model = self.model("neoverse-n1-7.3", "neoverse-n1-6.12")
        first, advice = self.advice("--model", model, "--vcpu", "pmu=off", *hosts)
        self.assertEqual((first, advice), ("in QEMU: -cpu host,pmu=on",
                                           "tell both VMMs -cpu host,pmu=on; this move then works"))
        self.expect(DONE, "migrate-check", "--model", model, "--vcpu", "pmu=on", *hosts)
        both = self.model("max-7.3", "max-6.12", options=("--tolerate", "ID_AA64MMFR2_EL1.NV"))
        without = [profile("max-6.12"), profile("max-7.3-nosve")]
        first, advice = self.advice("--model", both, *without)
        self.assertNotIn("sve=", str(first))  # the model has it: no switch is right
        self.follow(advice, *without)

    def test_advice_on_leaving(self):
        model = self.model("max-7.3", "max-6.12", options=("--tolerate", "ID_AA64MMFR2_EL1.NV"))
        for hosts in (UNPINNED, UNPINNED[::-1]):
            advice = self.advice("--model", model, "--unpinned-destination", *hosts)[1]
            self.assertEqual(advice, "pin the VMM at the destination too; this move then works: steadyarm run "
                                     f"--model {model} -- COMMAND")
            self.expect(DONE, "migrate-check", "--model", model, *hosts)

    def test_advice_on_a_model(self):
        """Another host than those that it was made from: a model of both, with what that takes."""
        model = self.model("max-7.3", "max-6.12", options=("--tolerate", "ID_AA64MMFR2_EL1.NV"))
        hosts = [profile("max-6.12"), profile("max-7.3-vhe")]
        advice = self.advice("--model", model, *hosts)[1]
        self.assertIn("--tolerate ID_AA64MMFR1_EL1.VH", advice)
        self.follow(advice, *hosts)

    def test_advice_can_be_copied(self):
        odd = self.folder / "it's a host.json"
        shutil.copy(UNPINNED[0], odd)
        self.follow(self.advice(odd, UNPINNED[1])[1], odd, UNPINNED[1])
        advice = self.advice("--vcpu", "pmu=off", *UNPINNED)[1]
        self.assertIn(" --vcpu pmu=off", advice)
        self.follow(advice, "--vcpu", "pmu=off", *UNPINNED)

    def test_always_an_advice(self):
        """Of every answer that is no there is one, and what it says works does."""
        names = ("max-7.3", "max-6.12", "max-7.3-nosve", "max-7.3-nopauth", "neoverse-n1-6.1", "neoverse-v1-7.3")
        model = self.model("max-7.3", "max-6.12", options=("--tolerate", "ID_AA64MMFR2_EL1.NV"))
        seen = set()
        for more in ([], ["--model", model], ["--model", model, "--unpinned-destination"]):
            for pair in itertools.permutations(names, 2):
                hosts = [profile(name) for name in pair]
                done = self.run_it("migrate-check", "--json", *more, *hosts)
                self.assertIn(done.status, (DONE, NO), (pair, more, done.err))
                advice = done.json()["advice"]
                self.assertEqual(advice is None, done.status == DONE, pair)
                if advice and "baseline -o" in advice:
                    self.follow(advice, *([] if "destination too" in advice or not more[2:] else more[2:]), *hosts)
                seen.add((advice or "-").partition(";")[0].partition(":")[0])
        self.assertGreaterEqual(len(seen), 4, seen)

    def test_where_an_unpinned_guest_may_go(self):
        """baseline --exactly says what it sees; a host that shows just that takes it, others do not."""
        exact = json.loads(self.exactly("neoverse-n1-7.3").read_text(encoding="utf-8"))
        shown = json.loads(pathlib.Path(profile("neoverse-n1-7.3")).read_text(encoding="utf-8"))
        for name, value in exact["registers"].items():
            self.assertEqual(int(value, 16), int(shown["registers"][name]["value"], 16), name)
        self.expect(DONE, "migrate-check", profile("neoverse-n1-7.3"), profile("neoverse-n1-7.3"))
        self.expect(NO, "migrate-check", profile("neoverse-n1-7.3"), profile("neoverse-n1-6.12"))

    def test_usage(self):
        self.assertIn("qemu-10, qemu-11", self.expect(BAD, "migrate-check", "--vmm", "qemu-9", *UNPINNED).err)
        self.assertIn("name it with --model",
                      self.expect(BAD, "migrate-check", "--unpinned-destination", *UNPINNED).err)
        self.assertIn("a host or its profile is wanted",
                      self.expect(BAD, "migrate-check", "neoverse-n1-v1", profile("max-7.3")).err)
        self.expect(BAD, "migrate-check", profile("max-7.3"))
        self.assertEqual(self.expect(NO, "migrate-check", "--quiet", *UNPINNED).out, "")

    def test_options(self):
        """Both VMMs are told the same: what the source cannot turn on starts nowhere."""
        answer = self.expect(NO, "migrate-check", "--json", "--vcpu", "sve=on", profile("neoverse-n1-7.3"),
                             profile("neoverse-n1-7.3")).json()
        self.assertEqual(answer["first"]["cause"], "start")
        self.expect(DONE, "migrate-check", "--vcpu", "pmu=off,sve=off", profile("max-7.3"), profile("max-7.3"))


if __name__ == "__main__":
    main()
