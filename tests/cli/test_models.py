"""Models by name: what is built in, what is installed, and what was meant."""

import json
import os
import subprocess

from support import BAD, DONE, NO, PROFILES, STEADYARM, Answer, Case, main, profile

N1 = "neoverse-n1-v1"


class Named(Case):
    def setUp(self):
        super().setUp()
        self.installed = self.folder / "models"
        self.installed.mkdir()

    def run_it(self, *arguments, stdin=b"", folder=None):
        return Answer(subprocess.run([STEADYARM, *map(str, arguments)], input=stdin, cwd=folder or self.folder,
                                     env={**os.environ, "STEADYARM_MODEL_PATH": f"{self.installed}:/nowhere"},
                                     capture_output=True, check=False))

    def text(self, name):
        return self.expect(DONE, "models", "--text", name).out

    def install(self, name, of=N1, suffix=".model"):
        text = self.text(of).replace(f"name {of}\n", f"name {name}\n")
        (self.installed / (name + suffix)).write_text(text, encoding="utf-8")

    def names(self, *arguments):
        return [m["name"] for m in self.expect(DONE, "models", "--json", *arguments).json()["models"]]


class List(Named):
    def test_baseline_of_names(self):
        """A model without an offer accepts only itself: no kernel that its hosts boot helps."""
        answer = self.expect(NO, "baseline", "neoverse-n1", "cortex-a76")
        self.assertIn("\nDo: give the hosts' profiles: neoverse-n1-v1 and cortex-a76-v1 are models without an "
                      "offer, each accepts only itself\n", answer.out)
        self.assertEqual(answer.out.count("Do: "), 1, answer.out)
        self.assertNotIn("kernel", answer.out)
        answer = self.expect(NO, "baseline", "neoverse-n1", profile("cortex-a76-6.12"))
        self.assertIn("Do: give the hosts' profiles: neoverse-n1-v1 is a model without an offer, it accepts only "
                      "itself\n", answer.out)
        self.assertNotIn("kernel", answer.out)
        conflicts = self.expect(NO, "baseline", "--json", "neoverse-n1", "cortex-a76").json()["conflicts"]
        self.assertTrue(all(c["advice"].startswith("give the hosts' profiles: ") for c in conflicts))

    def test_all(self):
        names = self.names()
        for name in ("armv8.0-a", "armv8.9-a", "armv9.4-a", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1",
                     "neoverse-n2", "neoverse-v1", "neoverse-v2", "a64fx", "ampere-altra", "graviton2", "graviton3",
                     "graviton4", "kunpeng-920", "apple-m1"):
            self.assertIn(name + "-v1", names)
        self.assertEqual(names, sorted(names))
        lines = self.expect(DONE, "models").out.splitlines()
        self.assertEqual(len(lines), len(names) + 1)
        self.assertTrue(any(line.startswith(N1) and "Arm Neoverse N1" in line for line in lines))

    def test_hosts(self):
        """Arm's A76 runs its own model and levels up to Armv8.2, and not those of later cores."""
        hosts = [profile("cortex-a76-6.12"), profile("cortex-a76-7.3")]
        for model in self.expect(DONE, "models", "--json", *hosts).json()["models"]:
            runs = [host["can_run"] for host in model["hosts"]]
            with self.subTest(model["name"]):
                if model["name"] in ("cortex-a76-v1", "armv8.2-a-v1"):
                    self.assertEqual(runs, [True, True])
                if model["name"] in ("neoverse-v1-v1", "armv8.4-a-v1", "a64fx-v1"):
                    self.assertEqual(runs, [False, False])
        self.assertIn("  2 of 2", [line for line in self.expect(DONE, "models", *hosts).out.splitlines()
                                   if line.startswith("cortex-a76-v1")][0])

    def test_which_hosts(self):
        """Of all recorded hosts, those of Arm's A57 run its model, and no others: it is a core without LSE."""
        hosts = sorted(PROFILES.glob("*.json"))
        lines = self.expect(DONE, "models", *hosts).out.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("cortex-a57-v1"))
        self.assertIn(f"  2 of {len(hosts)} ", lines[at])
        self.assertEqual(lines[at + 1], "  cortex-a57-6.12, cortex-a57-7.3")
        self.assertTrue(all(len(line) <= 100 for line in lines if line.startswith("  ")))
        self.assertIn("runs on 2 of 3 hosts:\n  cortex-a57-6.12, cortex-a57-7.3\n", self.expect(
            DONE, "models", "cortex-a57", *(profile(f"cortex-{name}") for name in ("a57-6.12", "a76-7.3", "a57-7.3"))).out)

    def test_one(self):
        answer = self.expect(DONE, "models", N1)
        self.assertIn("FEAT_LSE", answer.out)
        self.assertIn("ID_AA64MMFR1_EL1.VH: follows", answer.out)
        one = self.expect(DONE, "models", "--json", N1).json()["models"][0]
        self.assertEqual(one["tolerated"], ["ID_AA64MMFR1_EL1.VH", "ID_AA64MMFR2_EL1.CCIDX", "ID_AA64MMFR2_EL1.NV"])
        self.assertIn("FEAT_DotProd", one["features"])
        why = self.expect(DONE, "models", N1, profile("cortex-a76-7.3")).out
        self.assertIn("runs on 0 of 1 host\n", why)
        self.assertIn("ID_AA64MMFR2_EL1.EVT", why)

    def test_tolerated(self):
        """What KVM holds fixed, all of it in one list; of which a host may only have more, in another too."""
        level, = self.expect(DONE, "models", "--json", "armv8.4-a-v1").json()["models"]
        held = {f"ID_AA64MMFR{name}" for name in (
            "0_EL1.ASIDBits", "1_EL1.XNX", "1_EL1.VMIDBits", "1_EL1.VH", "2_EL1.IDS", "2_EL1.EVT", "2_EL1.FWB")}
        held |= {"ID_AA64DFR0_EL1.BRPs", "ID_AA64DFR0_EL1.CTX_CMPs"}
        self.assertLessEqual(held, set(level["tolerated"]))
        self.assertLess(set(level["tolerated_more"]), set(level["tolerated"]))
        self.assertEqual(held & set(level["tolerated_more"]), {
            "ID_AA64DFR0_EL1.BRPs", "ID_AA64DFR0_EL1.CTX_CMPs", "ID_AA64MMFR0_EL1.ASIDBits", "ID_AA64MMFR2_EL1.IDS"})
        copy = self.file("copy", self.text("armv8.4-a-v1"))
        again, = self.expect(DONE, "models", "--json", copy).json()["models"]
        self.assertEqual([again[k] for k in ("id", "tolerated", "tolerated_more")],
                         [level[k] for k in ("id", "tolerated", "tolerated_more")])
        copy = self.file("web", self.text("armv8.4-a-v1").replace("armv8.4-a-v1", "web-v1"))
        said = self.expect(DONE, "show", copy, "ID_AA64PFR0_EL1").out.splitlines()
        self.assertIn("tolerated ID_AA64MMFR1_EL1.XNX", said)
        self.assertIn("tolerated ID_AA64MMFR2_EL1.IDS, where a host has more", said)
        self.assertEqual([line for line in said if line.startswith("tolerated ")],
                         [line for line in self.expect(DONE, "models", copy).out.splitlines()
                          if line.startswith("tolerated ")])

    def test_text(self):
        text = self.text(N1)
        self.assertEqual(self.text(self.file("copy", text)), text)
        self.assertEqual(text.count("_EL1 0x") + text.count("\nS3_0_"), 56)
        self.expect(BAD, "models", "--text")
        self.expect(BAD, "models", "--text", N1, "armv8.0-a-v1")


    def test_a_file_with_a_known_name(self):
        """What is said of a built-in model is not said of a file that only has its name."""
        text = self.text(N1)
        self.assertIn("Arm Neoverse N1 as KVM", self.expect(DONE, "models", self.file("n1", text)).out)
        other = self.file("n1", text.replace("vcpu_features.pmu on\n", ""))
        self.assertNotIn("Arm Neoverse N1 as KVM", self.expect(DONE, "models", other).out)


class Emulated(Named):
    """QEMU's neoverse-n1 has EVT 0 (recorded profile), the core 1 (its TRM): it is said why."""

    def test_it_is_said(self):
        recorded = profile("neoverse-n1-7.3")
        words = " ".join(self.expect(DONE, "models", N1, recorded).out.split())
        self.assertIn("neoverse-n1-7.3 is no hardware, by its profile: \"emulated by QEMU", words)
        with open(recorded, encoding="utf-8") as f:
            text = f.read().replace("emulated by QEMU", "measured on QEMU")
        self.assertNotIn("no hardware", self.expect(DONE, "models", N1, self.file("real.json", text)).out)


class Names(Named):
    def test_versions(self):
        self.assertEqual(self.names("neoverse-n1"), [N1])
        said = self.expect(DONE, "show", "neoverse-n1", "ID_AA64ISAR0_EL1.AES")
        self.assertEqual(said.err, "")  # there is no other that could have been meant
        self.assertEqual(self.expect(DONE, "show", N1, "ID_AA64ISAR0_EL1.AES").err, "")
        for name in ("web-v2", "web-v10", "web-v9"):
            self.install(name)
        self.assertEqual(self.names("web"), ["web-v10"])
        said = self.expect(DONE, "show", "web", "ID_AA64ISAR0_EL1.AES")
        self.assertIn("web-v10, the newest", said.err)
        self.assertEqual([n for n in self.names() if n.startswith("web")], ["web-v2", "web-v9", "web-v10"])

    def test_installed(self):
        self.install("web-v1")
        self.install("rack.7", suffix=".json")  # what is in it counts, not how it is called
        (self.installed / "notes.txt").write_text("no model", encoding="utf-8")
        self.assertEqual(self.names("web-v1"), ["web-v1"])
        self.assertEqual(self.names("rack.7"), ["rack.7"])
        self.assertNotIn("notes", self.names())

    def test_built_in_comes_first(self):
        self.install(N1, of="armv8.0-a-v1")
        self.assertIn("FEAT_LSE", self.expect(DONE, "show", N1, "--features").out)

    def test_a_file_comes_first(self):
        self.file("cortex-a76", self.text("armv8.0-a-v1"))
        self.assertEqual(self.names("cortex-a76"), ["armv8.0-a-v1"])

    def test_what_was_meant(self):
        for wrong, right in (("neoverse-nl-v1", N1), ("graviton-3", "graviton3-v1"), ("cortexa76", "cortex-a76-v1"),
                             ("armv8.2a", "armv8.2-a-v1")):
            answer = self.expect(BAD, "check", wrong, profile("cortex-a76-7.3"))
            self.assertIn("did you mean ", answer.err)
            self.assertIn(right, answer.err)
        answer = self.expect(BAD, "check", "nothing-like-it", profile("cortex-a76-7.3"))
        self.assertIn("`steadyarm models` lists", answer.err)
        self.assertNotIn("did you mean", self.expect(BAD, "check", "./x.json", profile("cortex-a76-7.3")).err)

    def test_bad_files(self):
        self.install("web-v1")
        (self.installed / "web-v1.model").write_text("format steadyarm-model\nnonsense 1\n", encoding="utf-8")
        self.assertIn("web-v1.model:2:", self.expect(BAD, "check", "web-v1", profile("cortex-a76-7.3")).err)
        self.expect(BAD, "models")
        self.expect(DONE, "models", N1)


class Everywhere(Named):
    def test_commands(self):
        host = profile("cortex-a76-7.3")
        self.expect(DONE, "check", "cortex-a76", host)
        self.expect(DONE, "plan", "cortex-a76", host)
        self.expect(DONE, "apply", "cortex-a76", host)
        self.expect(DONE, "lint", "cortex-a76")
        self.expect(NO, "diff", "armv8.1-a", "armv8.2-a")
        self.expect(DONE, "baseline", "cortex-a76", host)

    def test_levels_are_subsets(self):
        answer = self.expect(NO, "diff", "--json", "armv8.1-a-v1", "armv8.2-a-v1").json()
        self.assertEqual(answer["relation"], "subset")

    def test_check_every_model(self):
        hosts = [profile("cortex-a76-6.12"), profile("cortex-a76-7.3")]
        answer = self.expect(NO, "check", "--all", "--json", *hosts).json()
        runs = {m["model"].split("@")[0]: [h["can_run"] for h in m["hosts"]] for m in answer["models"]}
        self.assertEqual(sorted(runs), self.names())
        self.assertEqual(runs["cortex-a76-v1"], [True, True])
        self.assertEqual(runs["neoverse-v2-v1"], [False, False])
        words = self.expect(NO, "check", "--all", *hosts).out
        self.assertIn("cortex-a76-v1@", words)
        self.assertIn(": yes on 2 hosts\n", words)
        self.assertEqual(json.loads(self.expect(NO, "check", "--all", "--json", hosts[0]).out)["models"][0]["hosts"]
                         [0]["host"], "cortex-a76-6.12")
        self.expect(BAD, "check", "--all", N1)  # a model is no host


if __name__ == "__main__":
    main()
