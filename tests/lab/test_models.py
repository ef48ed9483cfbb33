"""The named models on the emulated CPUs that stand for them."""

import subprocess
import sys
import unittest

import bench

sys.path.insert(0, str(bench.TOP / "lab"))
from labkit import store  # noqa: E402  pylint: disable=wrong-import-position


def table(path, *columns):
    """These columns of a table."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines()
             if line and line != "#" and not line.startswith("# ")]
    names = lines[0].lstrip("#").split("\t")
    cells = [dict(zip(names, line.split("\t"))) for line in lines[1:]]
    return [tuple(cell[column] for column in columns) for cell in cells]


class Models(unittest.TestCase):
    """lab/models, which knows what QEMU's CPUs lack."""

    def test_pinned(self):
        """every named model that QEMU has a CPU for is pinned there"""
        done = subprocess.run([bench.TOP / "lab" / "models"], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows = table(bench.TOP / "lab" / "models.tsv", "model", "cpu", "kernels")
        for model, cpu, kernels in rows:
            for kernel in kernels.split(","):
                self.assertIn(f"{model} on {cpu}, {kernel}: pinned", done.stdout)

    def test_every_core(self):
        """no core that QEMU emulates is left out, and each has two kernels at least"""
        command, _ = store.qemu_command("new")
        cpus = subprocess.run([*command, "-cpu", "help"], check=True, capture_output=True, text=True).stdout.split()
        kernels = {model: set(rest.split(",")) for model, cpu, rest in
                   table(bench.TOP / "lab" / "models.tsv", "model", "cpu", "kernels")
                   if cpu.split(",")[0] == model}
        cores = [name for name, kind in table(bench.TOP / "data" / "models.tsv", "name", "kind") if kind == "core"]
        emulated = [core for core in cores if core in cpus]
        self.assertIn("neoverse-n2", emulated)
        for core in emulated:
            self.assertGreaterEqual(len(kernels.get(core, ())), 2, core)
