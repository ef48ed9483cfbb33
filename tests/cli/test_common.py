"""What every command has: --help, --json, -o, --quiet, and the exit statuses."""

import json

from support import BAD, COMMANDS, DONE, FAILED, NO, Case, main, profile

OLD, NEW = profile("max-6.16"), profile("max-7.3")


class Common(Case):
    def calls(self):
        """(status, arguments) that give an answer, of each kind that a command can give."""
        model = self.model("max-6.16", "max-7.3")
        too_new = self.exactly("max-7.3")
        return [
            (DONE, ("probe", OLD)),
            (DONE, ("show", OLD)),
            (DONE, ("show", OLD, "--features")),
            (DONE, ("show", model, "ID_AA64ISAR0_EL1.Atomic")),
            (DONE, ("diff", profile("max-6.1"), profile("max-6.1"))),
            (NO, ("diff", OLD, NEW)),
            (DONE, ("baseline", OLD, NEW)),
            (NO, ("baseline", profile("max-6.12"), NEW)),
            (DONE, ("check", model, OLD, NEW)),
            (NO, ("check", too_new, OLD)),
            (DONE, ("plan", model, NEW)),
            (NO, ("plan", too_new, OLD)),
            (DONE, ("apply", model, NEW)),
            (NO, ("apply", too_new, OLD)),
            (DONE, ("models",)),
            (DONE, ("models", "armv8.2-a-v1")),
            (DONE, ("lint", model)),
            (NO, ("lint", self.impossible())),
            (DONE, ("replay", self.log(), NEW)),
            (NO, ("replay", self.log(), OLD)),
            (DONE, ("migrate-check", NEW, NEW)),
            (NO, ("migrate-check", NEW, OLD)),
            (DONE, ("export", "--to", "firecracker", "armv8.2-a-v1")),
            (DONE, ("import", "--from", "text", self.text())),
            (DONE, ("ps", "--proc", self.made)),  # a /proc without a process
        ]

    def text(self):
        path = self.made / "text.model"
        if not path.exists():
            self.expect(DONE, "models", "--text", "armv8.2-a-v1", "-o", path)
        return path

    def impossible(self):
        """A model with FEAT_FP and without FEAT_AdvSIMD, which the architecture does not have."""
        path = self.made / "impossible.json"
        if not path.exists():
            model = self.expect(DONE, "baseline", profile("neoverse-n1-7.3")).json()
            value = int(model["registers"]["ID_AA64PFR0_EL1"], 16) | 0xf << 20
            model["registers"]["ID_AA64PFR0_EL1"] = f"0x{value:016x}"
            del model["offer"]  # that of another CPU
            path.write_text(json.dumps(model), encoding="utf-8")
        return path

    def log(self):
        """Calls that NEW makes as they stand and OLD does not."""
        path = self.made / "calls.log"
        if not path.exists():
            path.write_text(self.expect(DONE, "plan", self.exactly("max-7.3"), NEW).out +
                            "set 0 603000000013c032 1120000000110012 = 0  # ID_AA64ISAR2_EL1 with ATS1A\n",
                            encoding="utf-8")
        return path

    def test_every_command_is_here(self):
        # verify needs a real KVM, run a VMM
        self.assertEqual({arguments[0] for _, arguments in self.calls()} | {"verify", "run"}, set(COMMANDS))
        listed = self.expect(DONE, "--help").out
        for command in COMMANDS:
            self.assertRegex(listed, rf"(?m)^  {command} ")

    def test_statuses(self):
        for status, arguments in self.calls():
            with self.subTest(arguments):
                answer = self.expect(status, *arguments)
                self.assertTrue(answer.out)
                if status == NO:  # replay says how many differ
                    self.assertEqual(answer.err, "", "a no is an answer, not a message")

    def test_json_is_one_object(self):
        for status, arguments in self.calls():
            with self.subTest(arguments):
                answer = self.expect(status, *arguments, "--json")
                self.assertIsInstance(answer.json(), dict)
                self.assertTrue(answer.out.endswith("}\n"))

    def test_same_bytes_every_time(self):
        for status, arguments in self.calls():
            with self.subTest(arguments):
                first = self.expect(status, *arguments, "--json")
                self.assertEqual(self.expect(status, *arguments, "--json").out, first.out)

    def test_output_to_a_file(self):
        for status, arguments in self.calls():
            for more in ((), ("--json",)):
                with self.subTest(arguments=arguments, more=more):
                    plain = self.expect(status, *arguments, *more)
                    path = self.folder / "out"
                    path.unlink(missing_ok=True)
                    answer = self.expect(status, *arguments, *more, "-o", path)
                    if arguments[0] == "baseline" and status == NO:
                        self.assertFalse(path.exists(), "a conflict is no model")
                        self.assertEqual(answer.out, plain.out)
                    else:
                        self.assertEqual(answer.out, "")
                        self.assertEqual(path.read_text(encoding="utf-8"), plain.out)

    def test_quiet_says_nothing(self):
        for status, arguments in self.calls():
            with self.subTest(arguments):
                answer = self.expect(status, *arguments, "--quiet")
                self.assertEqual(answer.err, "")
                made = arguments[0] in ("probe", "export", "import") or (arguments[0] == "baseline" and status == DONE)
                if made:  # the file is the point of it, not an answer in words
                    json.loads(answer.out)
                else:
                    self.assertEqual(answer.out, "")

    def test_help(self):
        for command in COMMANDS:
            with self.subTest(command):
                answer = self.expect(DONE, command, "--help")
                self.assertTrue(answer.out.startswith(f"usage: steadyarm {command} "))
                self.assertEqual(answer.err, "")
                self.assertIn("--help", answer.out)
                for option in ("--json", "-o FILE", "--quiet"):  # what `run` says is its COMMAND's
                    self.assertEqual(option in answer.out, command != "run", option)
                for line in answer.out.splitlines():
                    self.assertLessEqual(len(line), 100)
                    self.assertEqual(line, line.rstrip())

    def test_options_may_stand_anywhere(self):
        before = self.expect(NO, "diff", "--json", OLD, NEW).out
        self.assertEqual(self.expect(NO, "diff", OLD, "--json", NEW).out, before)
        self.assertEqual(self.expect(NO, "diff", OLD, NEW, "--json").out, before)
        self.assertEqual(self.expect(NO, "diff", "--json", "--", OLD, NEW).out, before)


class Usage(Case):
    def test_bad_usage(self):
        model = self.model("max-6.16", "max-7.3")
        for arguments, words in (
            ((), "usage: steadyarm COMMAND"),
            (("frobnicate",), "no command 'frobnicate'"),
            (("",), "no command ''"),
            (("show",), "too few arguments"),
            (("diff", OLD), "too few arguments"),
            (("diff", OLD, NEW, OLD), "too many arguments"),
            (("probe", OLD, NEW), "too many arguments"),
            (("baseline",), "too few arguments"),
            (("plan",), "too few arguments"),
            (("apply",), "too few arguments"),
            (("verify",), "too few arguments"),
            (("replay",), "too few arguments"),
            (("diff", "--frob", OLD, NEW), "unknown option '--frob'"),
            (("diff", "-x", OLD, NEW), "unknown option '-x'"),
            (("diff", OLD, NEW, "-o"), "-o needs an argument"),
            (("baseline", OLD, "--name"), "--name needs an argument"),
            (("baseline", OLD, "--name", "../up"), "--name"),
            (("baseline", OLD, "--name", ""), "--name"),
            (("baseline", OLD, "--name", "x" * 65), "--name"),
            (("baseline", OLD, "--vcpu", "sve"), "'sve' is not NAME=on or NAME=off"),
            (("baseline", OLD, "--vcpu", "sve=maybe"), "is not NAME=on or NAME=off"),
            (("baseline", OLD, "--vcpu", "sev=on"), "no vCPU option 'sev'"),
            (("baseline", OLD, "--vcpu", "sve=on,sve=off"), "both on and off"),
            (("baseline", OLD, "--require", "FEAT_NONE"), "no feature 'FEAT_NONE'"),
            (("baseline", OLD, "--tolerate", "NV"), "'NV' is no REGISTER.FIELD"),
            (("baseline", OLD, "--tolerate", "ID_AA64MMFR2_EL1"), "is no REGISTER.FIELD"),
            (("baseline", OLD, NEW, "--exactly"), "--exactly takes one host"),
            (("show", OLD, "ID_AA64NONE_EL1"), "no register or field 'ID_AA64NONE_EL1'"),
            (("show", OLD, "ID_AA64PFR0_EL1.None"), "no register or field"),
            (("apply", model, NEW, "--vcpus", "0"), "'0' is no number from 1 to 512"),
            (("apply", model, NEW, "--vcpus", "513"), "'513' is no number from 1 to 512"),
            (("apply", model, NEW, "--vcpus", "2x"), "'2x' is no number"),
            (("plan", model, NEW, "--vcpus", "-1"), "'-1' is no number"),
            (("verify", model, NEW, "--vcpus", "1"), "the guest has from 2"),
            (("verify", model, NEW, "--vcpus", "9"), "to 8"),
            (("plan", model, NEW, "--vcpus", "99999999999999999999"), "is no number"),
        ):
            with self.subTest(arguments):
                answer = self.expect(BAD, *arguments)
                self.assertEqual(answer.out, "")
                self.assertIn(words, answer.err)

    def test_what_a_place_wants(self):
        model = self.model("max-6.16", "max-7.3")
        for arguments, words in (
            (("check", OLD, NEW), "this is a host's profile, and a model is wanted here"),
            (("plan", OLD, NEW), "this is a host's profile, and a model is wanted here"),
            (("apply", OLD, NEW), "this is a host's profile, and a model is wanted here"),
            (("check", model, model), "this is a model, and a host or its profile is wanted here"),
            (("apply", model, model), "this is a model, and a host or its profile is wanted here"),
            (("probe", model), "this is a model, and a host or its profile is wanted here"),
            (("baseline", "--exactly", model), "this is a model, and a host or its profile is wanted here"),
        ):
            with self.subTest(arguments):
                self.assertIn(words, self.expect(BAD, *arguments).err)

    def test_a_plan_is_a_log(self):
        model = self.model("max-6.16", "max-7.3")
        for host in (OLD, NEW):
            plan = self.expect(DONE, "plan", model, host, "--vcpus", "2").out
            self.expect(DONE, "replay", "-", host, stdin=plan)

    def test_run_has_statuses_of_its_own(self):
        """125 as env(1): 0 to 3 would be the VMM's."""
        self.assertEqual(self.run_it("run", "--", "true").status, 125)
        self.assertEqual(self.run_it("run", "--model", self.folder / "none", "--", "true").status, 125)
        self.expect(DONE, "run", "--help")

    def test_no_guest_without_a_kvm(self):
        self.assertIn("a simulated host runs no guest",
                      self.expect(BAD, "verify", self.model("max-6.16", "max-7.3"), NEW).err)

    def test_version(self):
        self.assertRegex(self.expect(DONE, "--version").out, r"^steadyarm \d+\.\d+\.\d+\n$")

    def test_a_host_that_fails(self):
        """What is no KVM: not there, not a device, a device of another kind."""
        model = self.model("max-6.16", "max-7.3")
        plain = self.file("plain", "")
        for where in (f"kvm:{self.folder}/none", f"kvm:{plain}", "kvm:/dev/null"):
            for arguments in (("probe", where), ("check", model, where), ("apply", model, where),
                              ("plan", model, where), ("show", where), ("baseline", where)):
                with self.subTest(arguments):
                    answer = self.expect(FAILED, *arguments)
                    self.assertEqual(answer.out, "")
                    self.assertIn(where[4:], answer.err)


if __name__ == "__main__":
    main()
