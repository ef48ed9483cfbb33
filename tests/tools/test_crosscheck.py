# SPDX-License-Identifier: MIT
"""tools/crosscheck, on kernel trees made from our own facts (tree.py) with one word changed."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / name) for name in ("gen", "tools")]

import facts  # noqa: E402
import tree  # noqa: E402
from linux import compare, ftr, sysreg, uapi  # noqa: E402
from linux.text import NotUnderstood  # noqa: E402

FACTS = facts.Facts(str(TOP / "data"))
TEXTS = tree.files(FACTS)
PMUVER = ("static s64 kvm_arm64_ftr_safe_value(u32 id, const struct arm64_ftr_bits *ftrp,"
          " s64 new, s64 cur)\n{\n}\n")


def find(texts):
    registers = sysreg.read(texts["SYSREG"], texts["SYSREG_H"])
    entries = ftr.read(texts["CPUFEATURE"], texts["KVM_SYS_REGS"], sysreg.Names(registers))
    numbers = uapi.Numbers(texts["KVM_H"], texts["ARM64_KVM_H"])
    return compare.Comparison(FACTS, registers, entries, numbers).run()


def changed(name, pattern, new):
    """The tree's texts with the first place that a pattern matches put differently."""
    text, count = re.subn(pattern, new, TEXTS[name], count=1, flags=re.S)
    if not count:
        raise AssertionError("%s has no %s" % (name, pattern))
    return {**TEXTS, name: text}


# file, pattern, what comes in its place, and what is then found
CHANGES = (
    ("SYSREG", r"Sysreg\tID_AA64AFR0_EL1", "Sysreg\tID_AA64AFR9_EL1",
     "register ID_AA64AFR0_EL1 '' ID_AA64AFR9_EL1"),
    ("SYSREG", r"\Z", "\nSysreg\tID_NEW_EL1\t3\t0\t0\t4\t3\nEndSysreg\n",
     "register S3_0_C0_C4_3 '' ID_NEW_EL1"),
    ("SYSREG", r"\tRME\n", "\tREALMS\n", "name ID_AA64PFR0_EL1 RME REALMS"),
    ("SYSREG", r"(Enum\t63):60\tRNDR\n", r"\1:61\tRNDR\n", "bits ID_AA64ISAR0_EL1 RNDR 63:61"),
    ("SYSREG", r"SignedEnum(\t\S+\tTGran4\n)", r"UnsignedEnum\1",
     "sign ID_AA64MMFR0_EL1 TGran4 unsigned"),
    ("SYSREG", r"(RNDR\n.*?)EndEnum", r"\1\t0b0111\tMore\nEndEnum",
     "value ID_AA64ISAR0_EL1 RNDR 7 is More"),
    ("SYSREG", r"(RNDR\n\t0b0\t)NI", r"\1Never", "meaning ID_AA64ISAR0_EL1 RNDR 0 is Never"),
    ("SYSREG", r"(\tPMUVer\n.*?\t0b1111\t)IMP_DEF", r"\1NI",
     "meaning ID_AA64DFR0_EL1 PMUVer 15 is NI"),
    ("SYSREG", r"(\tPARange\n.*?\t0b101\t)48", r"\g<1>52",
     "meaning ID_AA64MMFR0_EL1 PARange 5 is 52"),
    ("SYSREG", r"(RNDR\n\t0b0\tNI\n)\t0b1\tIMP\n", r"\1",
     "source ID_AA64ISAR0_EL1 RNDR 1 is nothing"),
    ("SYSREG", r"UnsignedEnum\t\S+\tRME\n.*?EndEnum\n", "Res0\t55:52\n",
     "field ID_AA64PFR0_EL1 RME none"),
    ("SYSREG_H", r"(PIR_EL1 sys_reg\(3, 0, )10", r"\g<1>11", "encoding PIR_EL1 '' 3 0 11 2 3"),
    ("SYSREG_H", r"\Z", "\n#define SYS_NEW_EL1 sys_reg(3, 0, 0, 3, 7)",
     "register S3_0_C0_C3_7 '' NEW_EL1"),
    ("CPUFEATURE", r"FTR_LOWER_SAFE(, ID_AA64ISAR0_EL1_RNDR)", r"FTR_EXACT\1",
     "kvm_rule ID_AA64ISAR0_EL1 RNDR exact"),
    ("CPUFEATURE", r"\tARM64(_FTR_BITS\([^)]*ID_AA64ISAR0_EL1_RNDR)", r"\tS_ARM64\1",
     "kvm_sign ID_AA64ISAR0_EL1 RNDR signed"),
    ("CPUFEATURE", r"\tARM64_FTR_BITS\([^)]*ID_AA64ISAR0_EL1_RNDR[^)]*\),",
     "\t{ .sign = FTR_SIGNED, .type = FTR_LOWER_SAFE, .shift = 60, .width = 4 },",
     "kvm_sign ID_AA64ISAR0_EL1 RNDR signed"),
    ("CPUFEATURE", r"(TGran4_2_SHIFT, 4, )1", r"\g<1>2", "kvm_safe ID_AA64MMFR0_EL1 TGran4_2 2"),
    ("CPUFEATURE", r"\tARM64_FTR_BITS\([^)]*ID_AA64ISAR0_EL1_RNDR[^)]*\),", "",
     "kvm_rule ID_AA64ISAR0_EL1 RNDR none"),
    ("CPUFEATURE", r"(ID_AA64ISAR0_EL1_RNDR_SHIFT, )4", r"\g<1>3",
     "bits ID_AA64ISAR0_EL1 RNDR 62:60"),
    ("KVM_SYS_REGS", r".*", PMUVER, "kvm_rule ID_AA64DFR0_EL1 PMUVer exact"),
    ("KVM_SYS_REGS", r"kvm_ftr.type = FTR_LOWER_SAFE", "kvm_ftr.type = FTR_HIGHER_SAFE",
     "kvm_rule ID_AA64DFR0_EL1 PMUVer higher"),
    ("KVM_H", r"(CAP_ARM_SVE) \d+", r"\1 171", "capability '' ARM_SVE 171"),
    ("KVM_H", r"\Z", "\n#define KVM_CAP_ARM_NEW 999", "capability '' ARM_NEW 999"),
    ("ARM64_KVM_H", r"(STD_BMAP KVM_REG_ARM_FW_FEAT_BMAP_REG)\(0\)", r"\1(9)",
     "firmware '' STD_BMAP 0x6030000000160009"),
    ("ARM64_KVM_H", r"\Z", "\n#define KVM_REG_ARM_NEW_BMAP KVM_REG_ARM_FW_FEAT_BMAP_REG(4)",
     "firmware '' NEW_BMAP 0x6030000000160004"),
    ("ARM64_KVM_H", r"struct", "#define KVM_ARM_VCPU_NEW 10\nstruct", "vcpu_feature '' NEW 10"),
    ("ARM64_KVM_H", r"(VCPU_SVE\t+)4", r"\g<1>11", "vcpu_feature '' sve 0x800"),
)

# what no reader may pass over
BROKEN = (
    ("SYSREG", r"Res0", "Resx"),
    ("SYSREG", r"Sysreg\tID_PFR0_EL1\t3", "Sysreg\tID_PFR0_EL1\tx"),
    ("CPUFEATURE", r"ARM64_FTR_BITS\(", "NEW_FTR_BITS("),
    ("CPUFEATURE", r"FTR_LOWER_SAFE", "FTR_NEW_SAFE"),
    ("CPUFEATURE", r"ID_AA64ISAR0_EL1_RNDR_SHIFT", "ID_AA64ISAR0_EL1_UNKNOWN_SHIFT"),
    ("CPUFEATURE", r"ARM64_FTR_REG\(", "NEW_FTR_REG("),
    ("CPUFEATURE", r"arm64_ftr_regs", "other_regs"),
    ("KVM_SYS_REGS", r"kvm_arm64_ftr_safe_value", "other_function"),
    ("ARM64_KVM_H", r"struct kvm_vcpu_init", "struct other"),
    ("ARM64_KVM_H", r"#define KVM_REG_ARM_FW\t", "#define OTHER\t"),
)


class Comparison(unittest.TestCase):
    def test_same_facts(self):
        """Only the orders differ, which Linux has no words for."""
        self.assertEqual({one.kind for one in find(TEXTS)} - {"order", "order_sign"}, set())

    def test_every_change_is_found(self):
        before = set(find(TEXTS))
        met = set()
        for name, pattern, new, want in CHANGES:
            with self.subTest(file=name, change=new):
                found = [one for one in find(changed(name, pattern, new)) if one not in before]
                lines = ["%s %s %s %s" % (one.kind, one.register or "''", one.field or "''",
                                          one.linux) for one in found]
                self.assertIn(want, lines)
                met.add(want.split(" ")[0])
        self.assertEqual(met | {"order", "order_sign"}, set(compare.KINDS))

    def test_nothing_is_passed_over(self):
        for name, pattern, new in BROKEN:
            with self.subTest(file=name, change=new):
                with self.assertRaises(NotUnderstood):
                    find(changed(name, pattern, new))


class Command(unittest.TestCase):
    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.scratch)
        shutil.copytree(TOP / "data", self.scratch / "data",
                        ignore=shutil.ignore_patterns("profiles", "models"))
        self.known = [(*one[:4], "tested", "DDI0487") for one in find(TEXTS)]
        self.run_on(TEXTS, self.known)

    def run_on(self, texts, known):
        shutil.rmtree(self.scratch / "tree", ignore_errors=True)
        tree.write(texts, self.scratch / "tree")
        lines = ["kind\tregister\tfield\tlinux\treason\tsource"] + ["\t".join(k) for k in known]
        (self.scratch / "data" / "disagreements.tsv").write_text("\n".join(lines) + "\n",
                                                                 encoding="utf-8")

    def call(self, *more, source="tree", **env):
        argv = [sys.executable, "-B", str(TOP / "tools/crosscheck"), *more]
        if source:
            argv += ["--data", str(self.scratch / "data"), "--source", str(self.scratch / source)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False,
                              env={**os.environ, **env})
        return done.returncode, done.stdout, done.stderr

    def test_all_known(self):
        status, out, err = self.call()
        self.assertEqual((status, err), (0, ""), out)
        self.assertEqual(out.count("\nknown ") + out.startswith("known "), len(self.known))
        self.assertIn("%d known, 0 new; 0 stale" % len(self.known), out)

    def test_new(self):
        self.run_on(changed("SYSREG", r"\tRME\n", "\tREALMS\n"), self.known)
        status, out, _ = self.call("--quiet")
        self.assertEqual(status, 1)
        self.assertIn("NEW     name         ID_AA64PFR0_EL1.RME: Linux: REALMS, here: RME", out)

    def test_wrong_enumerator_in_the_data(self):
        """Linux's name beside a meaning in words is held against Linux, not only the word."""
        path = self.scratch / "data" / "values.tsv"
        row = "ID_AA64DFR0_EL1\tPMUVer\t15\tof its own kind\t%s\t"
        text = path.read_text(encoding="utf-8")
        for wrong in ("NI_IMPDEF", ""):
            with self.subTest(linux=wrong):
                self.assertIn(row % "IMP_DEF", text)
                path.write_text(text.replace(row % "IMP_DEF", row % wrong), encoding="utf-8")
                status, out, _ = self.call("--quiet")
                self.assertEqual(status, 1, out)
                self.assertIn("NEW     meaning      ID_AA64DFR0_EL1.PMUVer: Linux: 15 is IMP_DEF",
                              out)

    def test_stale(self):
        gone = ("name", "ID_AA64ISAR0_EL1", "RNDR", "RANDOM", "it was so", "DDI0487")
        self.run_on(TEXTS, self.known + [gone])
        status, out, _ = self.call()
        self.assertEqual(status, 1)
        self.assertRegex(out, r"STALE .*disagreements.tsv:\d+: name ID_AA64ISAR0_EL1.RNDR")

    def test_bad_rows(self):
        first = self.known[0]
        for row, fault in ((first, "stands twice"), ((*first[:4], "", "DDI0487"), "no reason"),
                           ((*first[:4], "x", "hearsay"), "no source 'hearsay'")):
            with self.subTest(fault=fault):
                self.run_on(TEXTS, self.known + [row])
                status, _, err = self.call()
                self.assertEqual(status, 2)
                self.assertIn(fault, err)

    def test_archive(self):
        with tarfile.open(self.scratch / "linux.tar.xz", "w:xz") as archive:
            archive.add(self.scratch / "tree", "linux-9.9")
        self.assertEqual(self.call(source="linux.tar.xz")[0], 0)

    def test_no_such_source(self):
        for source in ("nowhere", "data", "data/fields.tsv"):
            status, _, err = self.call(source=source)
            self.assertEqual(status, 2, source)
            self.assertIn(source, err)

    def test_nothing_to_be_had(self):
        where = {"STEADY_LAB_CACHE": str(self.scratch / "cache"),
                 "STEADY_LAB_MIRROR": "file:///nonexistent"}
        status, out, _ = self.call(source=None, CI="", **where)
        self.assertEqual(status, 77)
        self.assertIn("SKIPPED crosscheck", out)
        self.assertTrue(out.endswith("\n0 passed, 0 failed, 1 skipped\n"), out)
        self.assertEqual(self.call(source=None, CI="true", **where)[0], 1)


if __name__ == "__main__":
    unittest.main()
