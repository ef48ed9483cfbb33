"""A vCPU that is initialised when others have run, pinned by `steadyarm run` on real kernels."""

import subprocess
import unittest

import bench

KERNELS = ("6.12", "7.3")
CPU = "neoverse-n1"
ARM64 = bench.TOP / "build" / "arm64"
FILES = (bench.ARM64, ARM64 / "tests" / "lab" / "lab-late", ARM64 / "preload" / "steadyarm-preload.so")


class Late(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        bench.need("qemu-guest-10")  # it brings the dynamic loader and libc
        cls.work = bench.class_folder(cls)
        cls.model = cls.work / "pool.json"
        status, _, errors = bench.steadyarm("baseline", "--name", "pool-v1", "-o", cls.model,
                                            *(bench.TOP / "data" / "profiles" / f"{CPU}-{kernel}.json"
                                              for kernel in KERNELS))
        if status:
            raise RuntimeError(errors)

    def run_it(self, kernel):
        out = self.work / kernel
        argv = [bench.TOP / "lab" / "run", "--kernel", kernel, "--cpu", CPU, "--guest-qemu", "qemu-guest-10",
                "--memory", "1536", "--out", out]
        for path in (*FILES, self.model):
            argv += ["--in", path]
        argv += ["--", "steadyarm", "run", "--model", "/in/pool.json", "--log", "/out/log", "--library",
                 "/in/steadyarm-preload.so", "--", "/in/lab-late"]
        done = subprocess.run([str(word) for word in argv], text=True, stdin=subprocess.DEVNULL, capture_output=True,
                              check=False)
        return done, (out / "log").read_text(encoding="utf-8") if (out / "log").exists() else ""

    def test_late(self):
        """both vCPUs read the model, and the late one was read back at its own first run"""
        wanted = bench.core(bench.read(self.model))
        for kernel in KERNELS:
            with self.subTest(kernel):
                done, log = self.run_it(kernel)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                rows = [line.split(" ") for line in done.stdout.splitlines()]
                for vcpu in ("0", "1"):
                    self.assertIn(f"vCPU {vcpu} reads back equal after its first entry", log)
                    self.assertEqual({int(row[1], 16): int(row[2], 16) for row in rows if row[0] == vcpu}, wanted)


if __name__ == "__main__":
    unittest.main()
