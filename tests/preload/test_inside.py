"""The preload library's own objects, all of them, in a VMM: for sanitizers, which are not to be preloaded around."""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from support import DONE, Case, main, profile  # pylint: disable=wrong-import-position

VMM = os.environ["STEADY_VMM_INSIDE"]
HOST = "neoverse-n1-7.3"
POOL = ("neoverse-n1-6.12", "neoverse-n1-7.3", "cortex-a76-7.3")  # SSBS is 1, N1's own is 2
PSCI = "0x6030000000140000=0x10003"


class Inside(Case):
    def setUp(self):
        super().setUp()
        self.text = self.folder / "web.model"
        self.expect(DONE, "models", "--text", self.model(*POOL), "-o", self.text)

    def vmm(self, *arguments, **env):
        env = {**os.environ, "STEADYARM_RUN_DIR": str(self.folder / "records"), "STEADYARM_HOST_PROFILE": profile(HOST),
               **env}
        done = subprocess.run([VMM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              cwd=self.folder, env=env)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def pinned(self, *arguments, **env):
        return self.vmm(*arguments, STEADYARM_MODEL=str(self.text), **env)

    def is_pinned(self, out):
        found = re.findall(r"(?m)^0x6030\w+ (0x\w+)$", out)
        self.assertEqual(len(found), 56)
        named = re.findall(r"(?m)^(?:ID_\w+|MVFR\w+|S3_0_C0_C\w+) (0x\w+)$", self.text.read_text(encoding="utf-8"))
        return sorted(int(value, 16) for value in found) == sorted(int(value, 16) for value in named)

    def test_ways_of_asking(self):
        for options, env in (([], {}), (["-s"], {}), (["-S"], {}), (["-s", "-S"], {}), (["-e"], {"VMM_EARLY": "1"}),
                             (["-p", "-v", "8"], {}), (["-p", "-s", "-v", "8", "-e"], {"VMM_EARLY": "1"})):
            with self.subTest(options):
                status, out, err = self.pinned(*options, **env)
                self.assertEqual((status, err), (0, ""))
                self.assertTrue(self.is_pinned(out))
        status, out, err = self.vmm()
        self.assertEqual((status, err), (0, ""))
        self.assertFalse(self.is_pinned(out))

    def test_text(self):
        status, out, err = self.vmm(STEADYARM_MODEL_TEXT=self.text.read_text(encoding="utf-8"))
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(self.is_pinned(out))

    def test_no_model_no_vm(self):
        link = self.folder / "link.model"
        link.symlink_to(self.text)
        large = self.file("large.model", "#" * (1 << 20))
        broken = self.file("broken.model", "format steadyarm-model\nversion 1\nID_AA64ISAR0_EL1 0x1z\n")
        for path, said in ((link, "the model cannot be read: "), (large, "the model cannot be read: "),
                           (self.folder / "none", "the model cannot be read: No such"), (broken, "broken.model:")):
            with self.subTest(said):
                status, out, err = self.vmm(STEADYARM_MODEL=str(path))
                self.assertEqual(status, 9)
                self.assertIn("vm: Operation not permitted\n", out)
                self.assertIn(said, err)

    def test_conflict(self):
        status, out, err = self.pinned(PSCI)
        self.assertEqual(status, 0)
        self.assertIn("set Invalid argument\n", out)
        self.assertIn("PSCI_VERSION: wants 0x10003, host has 0x10001", err)
        status, out, err = self.pinned(PSCI, STEADYARM_ON_CONFLICT="pin", STEADYARM_LENIENT="1")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("set done\n", out)

    def test_files(self):
        """None is left to a program that the VMM starts; no link is followed where others may write."""
        log = self.folder / "log"
        _, _, err = self.pinned(VMM_SPY="1", STEADYARM_LOG=str(log))
        opened = {pathlib.Path(path).name: flags for path, flags in re.findall(r"(?m)^spy: (\S+)(.*)$", err)}
        self.assertEqual((opened["log"], opened["web.model"]), (" cloexec nofollow",) * 2)
        records = [name for name in opened if name.endswith(".tmp")]
        self.assertEqual([opened[name] for name in records], [" cloexec nofollow"])
        for path, flags in opened.items():
            self.assertIn("cloexec", flags, path)
        self.assertIn("vCPU 0 is pinned", log.read_text(encoding="utf-8"))

    def test_errno(self):
        """What the constructor does is not to be seen in errno: here it was 77 before."""
        (self.folder / "records").mkdir()
        for out in (self.pinned()[1], self.pinned(STEADYARM_LOG="/none/log")[1], self.vmm()[1]):
            self.assertIn("\nerrno 77\n", out)


if __name__ == "__main__":
    main()
