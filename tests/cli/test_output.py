"""-o and standard output: an answer is there whole, or the old file is."""

import json
import os
import pathlib
import resource
import signal
import stat
import subprocess
import time
import unittest

from support import BAD, DONE, NO, STEADYARM, Case, main, profile

HOST = profile("neoverse-n1-7.3")
FULL = "/dev/full"


class Output(Case):
    def test_a_full_disk(self):
        for arguments in (("show", HOST), ("probe", HOST), ("baseline", HOST), ("show", HOST, "--json")):
            with self.subTest(arguments):
                answer = self.expect(BAD, *arguments, "-o", FULL)
                self.assertIn(f"steadyarm: {FULL}: cannot be written: No space left on device", answer.err)

    def test_standard_output_on_a_full_disk(self):
        for arguments in (["show", HOST], ["show", "--help"], ["--help"], ["--version"]):
            with self.subTest(arguments), open(FULL, "wb") as full:
                done = subprocess.run([STEADYARM, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.returncode, BAD)

    def test_a_no_that_cannot_be_written_is_not_taken_for_one(self):
        answer = self.expect(BAD, "diff", HOST, profile("neoverse-n1-6.1"), "-o", FULL)
        self.assertIn("cannot be written", answer.err)

    def test_a_folder_that_is_not_there(self):
        answer = self.expect(BAD, "show", HOST, "-o", self.folder / "none" / "out")
        self.assertIn("No such file or directory", answer.err)

    def test_a_folder(self):
        self.assertIn("Is a directory", self.expect(BAD, "show", HOST, "-o", self.folder).err)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_folder_that_is_read_only(self):
        shut = self.folder / "shut"
        shut.mkdir()
        old = shut / "out"
        old.write_text("old")
        shut.chmod(0o555)
        self.addCleanup(shut.chmod, 0o755)
        self.assertIn("Permission denied", self.expect(BAD, "show", HOST, "-o", old).err)
        self.assertEqual(old.read_text(), "old")

    def test_an_unwritable_place(self):
        """/proc takes no new files, whoever asks."""
        answer = self.expect(BAD, "show", HOST, "-o", "/proc/steadyarm-test")
        self.assertIn("/proc/steadyarm-test: cannot be", answer.err)

    def test_permissions_stay(self):
        old = self.file("out", "old")
        old.chmod(0o640)
        self.expect(DONE, "show", HOST, "-o", old)
        self.assertEqual(stat.S_IMODE(old.stat().st_mode), 0o640)
        self.assertNotEqual(old.read_text(), "old")

    def test_a_link_stays(self):
        real = self.file("real", "old")
        link = self.folder / "link"
        link.symlink_to("real")
        self.expect(DONE, "show", HOST, "-o", link)
        self.assertTrue(link.is_symlink())
        self.assertNotEqual(real.read_text(), "old")

    def test_nothing_is_left_behind(self):
        self.expect(DONE, "show", HOST, "-o", self.folder / "out")
        self.expect(NO, "baseline", profile("max-6.12"), profile("max-7.3"), "-o", self.folder / "out")
        self.expect(BAD, "baseline", self.folder / "none", "-o", self.folder / "out")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["out"])

    def test_an_error_leaves_the_old_file(self):
        old = self.file("out", "old")
        self.expect(NO, "baseline", profile("max-6.12"), profile("max-7.3"), "-o", old)
        self.expect(BAD, "show", self.folder / "none", "-o", old)
        self.expect(BAD, "show", HOST, "NO_SUCH_EL1", "-o", old)
        self.assertEqual(old.read_text(), "old")

    def test_a_file_size_limit(self):
        """The disk fills up in the middle of the file, as a limit of this process stands for it."""
        old = self.file("out", "old")

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        done = subprocess.run([STEADYARM, "show", "--json", HOST, "-o", str(old)], preexec_fn=limit,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, BAD)
        self.assertIn(b"cannot be written: File too large", done.stderr)
        self.assertEqual(old.read_text(), "old")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["out"])

    def test_killed_in_between(self):
        """However early or late it is killed: the old file, or the new one whole."""
        arguments = [STEADYARM, "baseline", "--quiet", profile("max-6.16"), profile("max-7.3")]
        new = subprocess.run(arguments, capture_output=True, check=True).stdout
        start = time.monotonic()
        subprocess.run([*arguments, "-o", str(self.folder / "timing")], check=True)
        whole = time.monotonic() - start
        seen = set()
        for i in range(40):
            target = self.file("out", "old")
            with subprocess.Popen([*arguments, "-o", str(target)]) as running:
                time.sleep(whole * 1.2 * i / 40)
                running.kill()
            content = target.read_bytes()
            self.assertIn(content, (b"old", new))
            seen.add(content)
        self.assertIn(b"old", seen)

    def test_standard_output_by_name(self):
        plain = self.expect(DONE, "show", HOST).out
        self.assertEqual(self.expect(DONE, "show", HOST, "-o", "-").out, plain)
        self.assertEqual(self.expect(DONE, "show", HOST, "-o", "/dev/stdout").out, plain)

    def test_a_reader_that_goes_away(self):
        with subprocess.Popen([STEADYARM, "show", "--json", HOST], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as running:
            running.stdout.close()
            running.stderr.read()
            self.assertIn(running.wait(), (BAD, -signal.SIGPIPE))


class Input(Case):
    def test_standard_input(self):
        with open(HOST, "rb") as file:
            host = file.read()
        named = self.expect(DONE, "show", HOST, "--json").json()
        piped = self.expect(DONE, "show", "-", "--json", stdin=host).json()
        self.assertEqual(piped["registers"], named["registers"])
        self.assertEqual(piped["name"], "stdin")
        model = self.model("neoverse-n1-7.3")
        self.expect(DONE, "check", "-", HOST, stdin=model.read_bytes())
        self.expect(DONE, "apply", "-", HOST, stdin=model.read_bytes())
        self.expect(DONE, "check", model, "-", stdin=host)

    def test_bad_standard_input_is_named(self):
        self.assertIn("(standard input):1:1: ", self.expect(BAD, "show", "-", stdin="nonsense").err)

    def test_a_file_that_cannot_be_read(self):
        self.assertIn("No such file or directory", self.expect(BAD, "show", self.folder / "none").err)
        self.assertIn("Is a directory", self.expect(BAD, "show", self.folder).err)

    def test_a_pipe(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        with subprocess.Popen([STEADYARM, "show", str(fifo), "--features"], stdout=subprocess.PIPE) as running:
            with open(HOST, "rb") as host, open(fifo, "wb") as to:
                to.write(host.read())
            self.assertIn(b"FEAT_LSE\n", running.stdout.read())
            self.assertEqual(running.wait(), DONE)


class Plan(Case):
    def test_options_are_named(self):
        """Bits of features[0] by name (uapi asm/kvm.h); what follows a # is no part of the call."""
        for host, options, line in (("max-7.3", (), "init 0 7c = 0  # pmu, sve, ptrauth"),
                                    ("max-7.3", ("--vcpu", "el1_32bit=on,sve=off,pmu=off"),
                                     "init 0 66 = 0  # ptrauth, el1_32bit"),
                                    ("max-7.3", ("--vcpu", "sve=off,pmu=off,ptrauth=off"), "init 0 4 = 0"),
                                    ("max-7.3-nested", ("--vcpu", "el2_e2h0=on,sve=off,ptrauth=off"),
                                     "init 0 18c = 0  # pmu, el2, el2_e2h0")):
            with self.subTest(line):
                out = self.expect(DONE, "plan", self.model(host, options=options), profile(host)).out
                self.assertIn(line, out.splitlines())
                self.expect(DONE, "replay", "-", profile(host), stdin=out)
                named = self.expect(DONE, "plan", "--json", self.model(host, options=options), profile(host)).json()
                self.assertEqual(named["vcpu_options"], line.split("# ")[1].split(", ") if "#" in line else [])


class Difference(Case):
    def test_beside(self):
        """Two hosts are not the same where DC ZVA clears blocks of another size (DDI0487 DCZID_EL0.BS)."""
        host = json.loads(pathlib.Path(HOST).read_text(encoding="utf-8"))
        host["unvirtualised"]["DCZID_EL0"] = hex(int(host["unvirtualised"]["DCZID_EL0"], 16) + 1)
        out = self.expect(DONE, "diff", HOST, self.file("other.json", json.dumps(host))).out
        self.assertRegex(out, r"^identical: a guest sees the same CPU features on .*, but:\nDCZID_EL0 ")
        self.assertNotIn("but:", self.expect(DONE, "diff", HOST, HOST).out)


if __name__ == "__main__":
    main()
