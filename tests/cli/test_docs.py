"""
What the documents show is run. In README.md, docs/, data/profiles/README.md, man pages and --help,
lines `$ steadyarm ...` are commands and what follows is their output; `[...]` stands for any lines.
A document's commands run one after the other in one folder, where data/ is this checkout's, rack*.json
are recorded hosts, web-v1.json is their baseline, calls.log a plan of it. The demo is run too.

With STEADY_UPDATE=1 in the environment the documents are made to show what the command says now; look
at the difference before you commit it.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import time
import unittest

from support import COMMANDS, DONE, FAILED, NO, STEADYARM, TOP, Case, main, profile

RACK = {"rack7-11.json": "neoverse-n1-6.12", "rack7-12.json": "neoverse-n1-7.3"}
DOCUMENTS = sorted([TOP / "README.md", TOP / "CONTRIBUTING.md", *TOP.glob("docs/*.md"),
                    TOP / "data" / "profiles" / "README.md", *TOP.glob("man/*.[1-9]")])
DEMO_SECONDS = 2
EXAMPLE = os.environ.get("STEADY_EXAMPLE")


class Shown:
    """One command of a document and its output: which lines they are, and what a reader sees."""

    def __init__(self, command, first):
        self.command, self.first, self.output = command, first, []


def seen(lines, is_page):
    """(number, text) of every line of a literal display; None for a line outside."""
    literal = False
    for number, line in enumerate(lines):
        if is_page:
            if line.startswith((".Bd -literal", ".Ed")):
                literal = line.startswith(".Bd")
                yield number, None
                continue
            text = line.removeprefix(r"\&").replace(r"\e", "\\")
            yield number, text if literal else None
        else:
            yield number, line[4:] if line.startswith("    ") else None


def shown_in(path):
    found, current = [], None
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, text in seen(lines, path.suffix != ".md"):
        if text is None:
            current = None
        elif text.startswith("$ "):
            current = Shown(text[2:], number + 1)
            found.append(current)
        elif current:
            current.output.append(text)
    return [each for each in found if each.command.startswith("steadyarm ")]


def rewrite(path, example, shown):
    """Put what the command says now in the place of what the document shows."""
    lines = path.read_text(encoding="utf-8").splitlines()
    margin = "    " if path.suffix == ".md" else ""
    lines[example.first:example.first + len(example.output)] = [margin + line for line in shown.splitlines()]
    path.write_text("".join(line.rstrip() + "\n" for line in lines), encoding="utf-8")


def pattern(lines):
    parts = []
    for line in lines:
        parts.append(r"(?:.*\n)*?" if line == "[...]" else re.escape(line.rstrip()) + r" *\n")
    return re.compile("".join(parts))


class Documents(Case):
    def prepare(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="steadyarm-docs-"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "data").symlink_to(TOP / "data")
        for name, host in RACK.items():
            shutil.copy(profile(host), folder / name)
        self.expect(DONE, "baseline", "--quiet", "--name", "web-v1", "-o", "web-v1.json", *RACK, folder=folder)
        self.expect(DONE, "plan", "-o", "calls.log", "web-v1.json", "rack7-12.json", folder=folder)
        return folder

    def run_in(self, folder, command):
        words = []
        for word in shlex.split(command):
            here = sorted(str(path.relative_to(folder)) for path in folder.glob(word)) if "*" in word else []
            words += here or [word]
        self.assertEqual(words[0], "steadyarm")
        return subprocess.run([STEADYARM, *words[1:]], cwd=folder, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_documents(self):
        run = 0
        for path in DOCUMENTS:
            if not path.exists():
                continue
            folder = self.prepare()
            for i in range(len(shown_in(path))):
                example = shown_in(path)[i]
                with self.subTest(document=path.name, command=example.command):
                    done = self.run_in(folder, example.command)
                    shown = done.stdout.decode()
                    self.assertIn(done.returncode, (DONE, NO), shown)
                    if not pattern(example.output).fullmatch(shown):
                        if os.environ.get("STEADY_UPDATE"):
                            rewrite(path, example, shown)
                        else:
                            self.assertEqual(shown, "".join(line + "\n" for line in example.output))
                    run += 1
        self.assertGreater(run, 5)

    def test_examples_of_help(self):
        for command in COMMANDS:
            text = subprocess.run([STEADYARM, command, "--help"], capture_output=True, check=True).stdout.decode()
            example = text[text.index("\nExample"):text.index("\nCommon options")]
            lines = re.findall(r"(?m)^  (steadyarm .*)$", example)
            self.assertTrue(lines, command)
            folder = self.prepare()
            for line in lines:
                with self.subTest(line):
                    self.assertTrue(line.startswith(f"steadyarm {command} "))
                    if "..." in line:
                        continue
                    done = self.run_in(folder, line)
                    # FAILED: an example for this machine's KVM, which need not be there
                    self.assertIn(done.returncode, (DONE, NO, FAILED), done.stdout)
                    if done.returncode == FAILED:
                        self.assertIn(b"/dev/kvm: ", done.stdout)

    def test_files_shown_are_files(self):
        """What docs/formats.md and the manual show of profiles and models can be read."""
        text = (TOP / "docs" / "formats.md").read_text(encoding="utf-8")
        blocks = re.findall(r"(?ms)^```json\n(.*?)^```$", text)
        blocks += [re.sub(r"(?m)^    ", "", block) for block in re.findall(r"(?m)(?:^    (?!\$).*\n)+", text)
                   if "format steadyarm-model" in block]
        blocks += [block for block in re.findall(r"(?ms)^\.Bd -literal.*?$\n(.*?)^\.Ed$", (
            TOP / "man" / "steadyarm.5").read_text(encoding="utf-8")) if "format steadyarm-model" in block]
        self.assertGreaterEqual(len(blocks), 4)
        for block in blocks:
            with self.subTest(block):
                self.assertIn("ID_AA64", self.expect(DONE, "show", self.file("block", block)).out)

    def test_links_lead_somewhere(self):
        for path in DOCUMENTS:
            if path.suffix != ".md" or not path.exists():
                continue
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
                if "://" not in target:
                    with self.subTest(document=path.name, target=target):
                        self.assertTrue((path.parent / target).exists())

    def test_commands_are_documented(self):
        """Whatever --help lists is named in the README and has its part of the manual."""
        listed = re.findall(r"(?m)^  ([a-z-]+) +\S", self.expect(DONE, "--help").out)
        readme = (TOP / "README.md").read_text(encoding="utf-8")
        manual = "".join(page.read_text(encoding="utf-8") for page in TOP.glob("man/*.1"))
        for command in listed:
            with self.subTest(command):
                self.assertTrue(f"`{command}`" in readme, "README.md does not name it")
                self.assertTrue(re.search(rf"(?m)^\.Ss {command}\b", manual), "steadyarm.1 does not have it")

    def test_options_are_documented(self):
        """Each command's own options, in its part of the manual."""
        manual = "".join(page.read_text(encoding="utf-8") for page in TOP.glob("man/*.1"))
        for command in COMMANDS:
            text = self.expect(DONE, command, "--help").out
            for option in re.findall(r"(?m)^  --([a-z-]+)", text):
                with self.subTest(command=command, option=option):
                    self.assertTrue(re.search(rf"Fl -{option}\b", manual), "steadyarm.1 does not have it")

    @unittest.skipUnless(shutil.which("mandoc"), "no mandoc")
    def test_pages_are_sound(self):
        pages = sorted(TOP.glob("man/*.[1-9]"))
        self.assertTrue(pages)
        for page in pages:
            done = subprocess.run(["mandoc", "-Tlint", "-W", "style", str(page)], capture_output=True, check=False)
            said = [line for line in done.stdout.decode().splitlines()
                    if "referenced manual not found" not in line and "Mdocdate" not in line
                    and "operating system explicitly" not in line]
            self.assertEqual(said, [], page.name)


@unittest.skipUnless(EXAMPLE, "no STEADY_EXAMPLE: run by `meson test`")
class Library(Case):
    """The example of docs/library.md, on simulated hosts."""

    def example(self, model, host):
        text = self.folder / "model.model"
        self.expect(DONE, "models", "--text", model, "-o", text)
        return subprocess.run([EXAMPLE, text, profile(host)], capture_output=True, check=False, text=True)

    def test_it_pins(self):
        for hosts in (("neoverse-n1-6.12", "neoverse-n1-7.3"), ("max-6.16", "max-7.3"), ("a64fx-6.1",)):
            for host in hosts:
                done = self.example(self.model(*hosts), host)
                self.assertEqual((done.returncode, done.stdout, done.stderr),
                                 (0, "test-v1: 2 vCPUs are pinned\n", ""))

    def test_it_says_why_not(self):
        done = self.example(self.exactly("max-7.3"), "max-6.18")
        self.assertEqual(done.returncode, 1)
        self.assertIn("ID_AA64ISAR2_EL1.ATS1A: wanted 1, host accepts 0: ", done.stderr)
        self.assertIn("not started: the host cannot show this CPU\n", done.stderr)


class Demo(unittest.TestCase):
    def test_demo(self):
        start = time.monotonic()
        done = subprocess.run([TOP / "demo" / "run", STEADYARM], capture_output=True, check=False)
        seconds = time.monotonic() - start
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, b"")
        lines = done.stdout.decode().splitlines()
        self.assertLess(len(lines), 40)
        self.assertRegex(lines[-1], r"^The same CPU on both: guest-v1@[0-9a-f]{12}\.$")
        self.assertLess(seconds, DEMO_SECONDS * 10)

    def test_demo_is_not_canned(self):
        """A command that answers something else ends it."""
        with tempfile.TemporaryDirectory() as folder:
            for body in ("exit 0", "exit 1", f'"{STEADYARM}" "$@" >/dev/null 2>&1'):
                wrong = pathlib.Path(folder) / "steadyarm"
                wrong.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
                wrong.chmod(0o755)
                done = subprocess.run([TOP / "demo" / "run", wrong], capture_output=True, check=False)
                self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    main()
