"""`steadyarm probe` of a /dev/kvm for which a simulated host stands in: every ioctl is really made."""

import json
import os
import pathlib
import pty
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from support import DONE, STEADYARM, Case, main, profile  # pylint: disable=wrong-import-position

HOST = "neoverse-n1-7.3"
MANY = "max-7.3-nested"  # EL2 with every subset of the other options


class Probe(Case):
    def setUp(self):
        super().setUp()
        self.env = {**os.environ, "STEADYARM_RUN_DIR": str(self.folder / "records")}

    def argv(self, host, *words):
        return [STEADYARM, "run", "--host", profile(host), "--", STEADYARM, "probe", "-o", "host.json", *words]

    def on_a_pipe(self, *words):
        """What it says where stderr is no terminal."""
        done = subprocess.run(self.argv(HOST, *words), cwd=self.folder, env=self.env, capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        return done.stderr

    def on_a_terminal(self, host, *words):
        master, slave = pty.openpty()
        with subprocess.Popen(self.argv(host, *words), cwd=self.folder, env=self.env, stderr=slave,
                              stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as process:
            os.close(slave)
            said = b""
            try:
                while block := os.read(master, 4096):
                    said += block
            except OSError:  # EIO: the other side is closed
                pass
        os.close(master)
        self.assertEqual(process.returncode, 0, said)
        return said.decode()

    def test_ioctls(self):
        """Told after a deep probe: each value of each of the 56 registers' fields was tried."""
        said = self.on_a_pipe("--deep")
        self.assertRegex(said, r"^steadyarm: \d+ ioctls\n$")
        self.assertGreater(int(said.split()[1]), 2 * 56 * 16 * 16)  # two configurations, 64 bits each
        self.assertEqual(self.on_a_pipe("--deep", "--quiet"), "")
        self.assertEqual(self.on_a_pipe(), "")

    def test_none_were_made(self):
        """A profile that is simulated in the process takes no ioctl, and none are told of."""
        self.assertEqual(self.expect(DONE, "probe", "--deep", "-o", "new.json", profile(HOST)).err, "")

    def test_same(self):
        """The calls find what they find in the process, but for what is the machine's own."""
        self.on_a_pipe("--deep")
        found = json.loads((self.folder / "host.json").read_text(encoding="utf-8"))
        self.expect(DONE, "probe", "--deep", "-o", "new.json", profile(HOST))
        same = json.loads((self.folder / "new.json").read_text(encoding="utf-8"))
        for key in ("registers", "configurations", "firmware", "behaviours", "gates"):
            self.assertEqual(found.get(key), same.get(key), key)

    def test_progress(self):
        """On a terminal it is told how far it is, up to as many configurations as the profile has."""
        said = self.on_a_terminal(MANY)
        count = len(json.loads((self.folder / "host.json").read_text(encoding="utf-8"))["configurations"])
        self.assertEqual(re.findall(r"\rprobing: (\d+) of (\d+) configurations", said),
                         [(str(n), str(count)) for n in range(1, count + 1)])
        self.assertTrue(said.endswith("configurations\r\n"), said)
        self.assertRegex(self.on_a_terminal(HOST, "--deep"), r"configurations\r\nsteadyarm: \d+ ioctls\r\n$")
        self.assertEqual(self.on_a_terminal(HOST, "--quiet"), "")


if __name__ == "__main__":
    main()
