"""What the tests of the command share: running it, and the recorded hosts."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
PROFILES = TOP / "data" / "profiles"
STEADYARM = os.environ.get("STEADYARM") or str(TOP / "build" / "steadyarm")
COMMANDS = ("probe", "show", "diff", "baseline", "check", "plan", "apply", "models", "lint", "verify",
            "replay", "run", "ps", "export", "import", "migrate-check")

DONE, NO, BAD, FAILED = 0, 1, 2, 3


class Answer:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()

    def json(self):
        return json.loads(self.out)


def profile(name):
    return str(PROFILES / f"{name}.json")


class Case(unittest.TestCase):
    """Each test has a folder of its own; `models()` are made once in a class."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.made = pathlib.Path(tempfile.mkdtemp(prefix="steadyarm-cli-"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.made)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="steadyarm-cli-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_it(self, *arguments, stdin=b"", folder=None):
        if isinstance(stdin, str):
            stdin = stdin.encode()
        return Answer(subprocess.run([STEADYARM, *map(str, arguments)], input=stdin, cwd=folder or self.folder,
                                     capture_output=True, check=False))

    def expect(self, status, *arguments, **more):
        answer = self.run_it(*arguments, **more)
        self.assertEqual(answer.status, status,
                         f"{arguments}\n--- stdout\n{answer.out[:3000]}\n--- stderr\n{answer.err[:3000]}")
        return answer

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def model(self, *hosts, name="test-v1", options=()):
        """The path of the baseline of recorded hosts."""
        path = self.made / ("+".join(hosts) + "".join(options).replace("/", "_") + ".json")
        if not path.exists():
            self.expect(DONE, "baseline", "--quiet", "--name", name, "-o", path, *options,
                        *(profile(host) for host in hosts))
        return path

    def exactly(self, host):
        return self.model(host, name="exact-v1", options=("--exactly",))


def main():
    unittest.main(verbosity=1)
