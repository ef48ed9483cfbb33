"""
What the documents show is run. In README.md, docs/, data/profiles/README.md, man pages and --help,
lines `$ steadyarm ...` are commands and what follows is their output; `[...]` stands for any lines.
A document's commands run one after the other in one folder, where data/ is this checkout's, rack*.json
are recorded hosts and web-v1.json is their baseline. The demo is run too.
"""

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


def man_text(text):
    """The literal displays of a page in mdoc(7), as a reader sees them."""
    blocks = re.findall(r"(?ms)^\.Bd -literal.*?$\n(.*?)^\.Ed$", text)
    lines = []
    for line in "\n".join(blocks).splitlines():
        line = line.replace(r"\(aq", "'").replace(r"\-", "-").replace(r"\e", "\\")
        lines.append("    " + line.removeprefix(r"\&"))
    return "\n".join(lines)


def sessions(path):
    """[(command, output)]; a command that ends with a backslash goes on in the next line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".md":
        text = man_text(text)
    found, command = [], None
    for line in [*text.splitlines(), ""]:
        block = line.startswith("    ") or (command and not line and False)
        content = line[4:] if block else None
        if command is not None and command.endswith("\\") and content is not None:
            command = command[:-1] + content.strip()
            continue
        if content is not None and content.startswith("$ "):
            if command is not None:
                found.append((command, output))
            command, output = content[2:], []
        elif command is not None and content is not None:
            output.append(content)
        elif command is not None:
            found.append((command, output))
            command = None
    return found


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
        return folder

    def run_in(self, folder, command):
        words = shlex.split(command)
        self.assertEqual(words[0], "steadyarm")
        return subprocess.run([STEADYARM, *words[1:]], cwd=folder, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_documents(self):
        run = 0
        for path in DOCUMENTS:
            if not path.exists():
                continue
            folder = self.prepare()
            for command, output in sessions(path):
                if not command.startswith("steadyarm "):
                    continue
                with self.subTest(document=path.name, command=command):
                    done = self.run_in(folder, command)
                    shown = done.stdout.decode()
                    self.assertIn(done.returncode, (DONE, NO), shown)
                    if not pattern(output).fullmatch(shown):
                        self.assertEqual(shown, "".join(line + "\n" for line in output))
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
                    wild = re.sub(r"rack\*\.json", " ".join(RACK), line)
                    done = self.run_in(folder, wild)
                    # FAILED: an example for this machine's KVM, which need not be there
                    self.assertIn(done.returncode, (DONE, NO, FAILED), done.stdout)
                    if done.returncode == FAILED:
                        self.assertNotIn(".json", wild.split()[-1] if command == "check" else "")
                        self.assertIn(b"/dev/kvm: ", done.stdout)

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
                self.assertIn(f"`{command}`", readme)
                self.assertRegex(manual, rf"(?m)^\.(Ss|It Nm|Cm|It Cm|Nm steadyarm) {command}\b")

    def test_options_are_documented(self):
        """Each command's own options, in its part of the manual."""
        manual = "".join(page.read_text(encoding="utf-8") for page in TOP.glob("man/*.1"))
        for command in COMMANDS:
            text = self.expect(DONE, command, "--help").out
            for option in re.findall(r"(?m)^  --([a-z-]+)", text):
                with self.subTest(command=command, option=option):
                    self.assertRegex(manual, rf"Fl -{option}\b")

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
