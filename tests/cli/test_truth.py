"""
Answers held against what others measured or published, not against this program's own output.

"measured": write experiments on those Debian kernels under emulation, all values of all fields,
before this program was there; arm64_check_features() and the set_id_*() functions of
arch/arm64/kvm/sys_regs.c say the same. Registers: the files of tests/data/cpus name their sources.
"""

import json
import pathlib

from support import BAD, DONE, NO, PROFILES, TOP, Case, main, profile


def published(name):
    """{register: value} of a file of tests/data/cpus."""
    with open(TOP / "tests" / "data" / "cpus" / f"{name}.tsv", encoding="utf-8") as file:
        rows = [line.split("\t") for line in file if not line.startswith(("#", "register\t"))]
    return {row[0]: int(row[1], 16) for row in rows}


class Meanings(Case):
    """What values say, by the fields' descriptions in DDI0487; MIDR's implementers by MIDR_EL1 there."""

    SAYS = (
        ("neoverse-n1-7.3", "MIDR_EL1", "Implementer", "65 (Arm)"),
        ("a64fx-7.3", "MIDR_EL1", "Implementer", "70 (Fujitsu)"),
        ("neoverse-n1-7.3", "MIDR_EL1", "Architecture", "15 (told by the ID registers)"),
        ("neoverse-n1-7.3", "CTR_EL0", "IDC", "1 (new code: no cleaning)"),
        ("neoverse-n1-7.3", "CTR_EL0", "DIC", "0 (new code: invalidate instruction caches)"),
        ("neoverse-n1-7.3", "CTR_EL0", "DminLine", "4 (64 bytes)"),  # log2 of words of 4 bytes
        ("a64fx-7.3", "CTR_EL0", "DminLine", "6 (256 bytes)"),
        ("neoverse-n1-7.3", "CLIDR_EL1", "Ctype1", "1 (instruction cache)"),
        ("neoverse-n1-7.3", "CLIDR_EL1", "Ctype2", "4 (unified cache)"),
        ("neoverse-n1-7.3", "CLIDR_EL1", "ICB", "0 (not told)"),
        ("neoverse-n1-7.3", "CLIDR_EL1", "Ttype1", "0 (no tag cache)"),
        ("neoverse-n1-7.3", "ID_AA64DFR0_EL1", "BRPs", "5 (6 breakpoints)"),  # a count, minus 1
        ("neoverse-n1-7.3", "ID_AA64DFR0_EL1", "WRPs", "3 (4 watchpoints)"),
        ("neoverse-n1-7.3", "ID_AA64DFR0_EL1", "CTX_CMPs", "1 (2 context-aware breakpoints)"),
        ("max-7.3", "ID_AA64DFR1_EL1", "BRPs", "0 (as ID_AA64DFR0_EL1.BRPs says)"),
    )

    def test_show(self):
        for host, register, field, says in self.SAYS:
            with self.subTest(f"{host} {register}.{field}"):
                out = self.expect(DONE, "show", profile(host), f"{register}.{field}").out
                line = next(line for line in out.splitlines() if line.split()[0] == field)
                self.assertIn(f"  {says} ", line + " ")

    def test_no_enumerator_is_left(self):
        """Words where Linux's sysreg has a symbol that says nothing by itself."""
        with open(TOP / "data" / "values.tsv", encoding="utf-8") as file:
            rows = [line.split("\t") for line in file if not line.startswith(("#", "\n"))]
        for row in rows:
            self.assertNotRegex(row[3], r"^[A-Z0-9]+(_[A-Z0-9]+)*_(IMP|ONLY|IND|ASYNC|SYNC|V1P1|SPMZR)$"
                                        r"|^(IGNR|FRZN|ToEL3|ToELx|ANY|IMP_[A-Z]+|IMPDEF|VAL_[01]+)$", row[:3])


class LeftOut(Case):
    """Names of Arm's that no condition here tells: the reason, not that there is no such feature."""

    def test_every_name(self):
        with open(TOP / "data" / "left-out.tsv", encoding="utf-8") as file:
            rows = [line.split("\t") for line in file if line.startswith("FEAT_")]
        self.assertGreater(len(rows), 20)
        for name, why, _ in rows:
            with self.subTest(name):
                answer = self.expect(BAD, "show", "neoverse-n1", name)
                self.assertEqual((answer.out, answer.err.count(why)), ("", 1), answer.err)
                self.assertNotIn("and no feature", answer.err)

    def test_as_people_write_it(self):
        """FEAT_Crypto is in Arm's Features.json (2025-03), and a set of others there."""
        for name in ("FEAT_Crypto", "feat_crypto", "Crypto"):
            self.assertIn(f"'{name}' is left out of the features on purpose: ",
                          self.expect(BAD, "show", "neoverse-n1", name).err)
        self.assertIn("--require: 'FEAT_Crypto' is left out of the features on purpose: ",
                      self.expect(BAD, "baseline", "--require", "FEAT_Crypto", profile("max-7.3")).err)
        self.assertIn("no feature", self.expect(BAD, "show", "neoverse-n1", "FEAT_Cryptic").err)


class SaidAlike(Case):
    """Values that say the same, and values of which neither offers what the other does."""

    def changed(self, name, register, value):
        path = self.folder / f"{name}.model"
        lines = self.expect(DONE, "models", "--text", "neoverse-n1-v1").out.splitlines(keepends=True)
        lines = [f"{register} {value:#018x}\n" if line.startswith(register) else line for line in lines]
        path.write_text("".join(lines))
        return path

    def test_bitmap_that_is_not_there(self):
        """Linux 6.12 has no VENDOR_HYP_BMAP_2; from 6.16 on it is there and 0, offering nothing."""
        old, new = (json.loads(pathlib.Path(profile(f"neoverse-n1-{v}")).read_text(encoding="utf-8"))["firmware"]
                    for v in ("6.12", "7.3"))
        self.assertNotIn("VENDOR_HYP_BMAP_2", old)
        self.assertEqual(new["VENDOR_HYP_BMAP_2"], "0x0")
        answer = self.run_it("diff", profile("neoverse-n1-6.12"), profile("neoverse-n1-7.3")).out
        self.assertIn("PSCI_VERSION", answer)
        self.assertNotIn("VENDOR_HYP_BMAP_2", answer)

    def test_no_pmu_of_arms(self):
        """DDI0487 D24.1.3.2: PMUVer 0 and 0xF both say that there is no PMU of Arm's."""
        a = self.changed("a", "ID_AA64DFR0_EL1", 0x10305008)
        b = self.changed("b", "ID_AA64DFR0_EL1", 0x10305F08)
        answer = self.expect(DONE, "diff", a, b).out
        self.assertTrue(answer.startswith("identical: "), answer)
        self.assertIn("offer the same, by other values", answer)
        self.assertIn("ID_AA64DFR0_EL1.PMUVer     0 (not implemented) -> 15 (of its own kind): they say the same", answer)

    def test_granules_that_say_the_same(self):
        """DDI0487 ID_AA64MMFR0_EL1: TGran16_2 0 is what TGran16 says, which is 0, none; 1 is none too."""
        a = self.changed("a", "ID_AA64MMFR0_EL1", 0x0000000000101125 & ~(0xfff << 32) & ~(0xfff << 20) | 0xf << 24)
        b = self.changed("b", "ID_AA64MMFR0_EL1", 0x211 << 32 | 0xf << 24 | 0x101125 & ~(0xfff << 20))
        answer = self.expect(DONE, "diff", a, b).out
        self.assertTrue(answer.startswith("identical: "), answer)
        self.assertIn("read with ID_AA64MMFR0_EL1.TGran16, they say the same", answer)

    def test_neighbouring_levels(self):
        """FEAT_PAuth2 (Armv8.6) signs in another way than FEAT_PAuth: DDI0487 ID_AA64ISAR1_EL1."""
        answer = self.expect(NO, "diff", "armv8.5-a-v1", "armv8.6-a-v1").out
        self.assertTrue(answer.startswith("incompatible: "), answer)
        unlike = [line.split()[0] for line in answer.splitlines() if "neither offers" in line]
        self.assertEqual(unlike, ["ID_AA64ISAR1_EL1.APA"])


class PassedThrough(Case):
    """What a guest reads of the hardware itself: KVM has no say, so no read-back by KVM's calls tells."""

    # Hz, as arm64's machines have it: Neoverse N1 in QEMU 62.5 MHz, `max` 1 GHz (the profiles); a size of 64
    # bytes where DC ZVA clears 2^4 words (DDI0487, DCZID_EL0.BS)
    OTHERS = {"CNTFRQ_EL0": "0x5f5e100", "DCZID_EL0": "0x5", "PAGE_SIZE": "0x10000"}

    def edited(self, register, value):
        model = json.loads(self.model("neoverse-n1-6.12").read_text(encoding="utf-8"))
        model["unvirtualised"][register] = value
        path = self.folder / f"{register}.json"
        path.write_text(json.dumps(model), encoding="utf-8")
        return path

    def test_apply_says_what_check_says(self):
        """A host that differs in one of them is not pinned, and the field is named."""
        host = profile("neoverse-n1-6.12")
        self.expect(DONE, "apply", self.model("neoverse-n1-6.12"), host)
        for register, value in self.OTHERS.items():
            model = self.edited(register, value)
            with self.subTest(register):
                self.assertIn(register, self.expect(NO, "check", model, host).out)
                answer = self.expect(NO, "apply", "--json", model, host).json()
                self.assertIs(answer["pinned"], False)
                self.assertEqual([f["register"] for f in answer["mismatches"]], [register])
                self.assertIn("NOT PINNED", self.expect(NO, "apply", model, host).out)
                self.expect(DONE, "apply", "--tolerate", register, model, host)


class OtherCpu(Case):
    """ID_MMFR0_EL1.AuxReg (kept by KVM as it is written, measured): A72 has 2, the model of A57 1 (the
    technical reference manuals), so that the model is not that CPU's."""

    def test_reason(self):
        out = self.expect(NO, "check", "cortex-a57", profile("cortex-a72-6.12")).out
        line = next(line for line in out.splitlines() if "AuxReg" in line)
        self.assertIn("that CPU has another there, though its kernel would take it", line)
        self.assertIn("--tolerate ID_MMFR0_EL1.AuxReg", line)
        self.expect(DONE, "check", "--tolerate", "ID_MMFR0_EL1.AuxReg", "cortex-a57", profile("cortex-a72-6.12"))


class FirstRun(Case):
    """What the first run sets or clears, whatever was written: check says no where apply does. Measured on
    7.3.4, where kvm_finalize_sys_regs() does so, and on 6.18.15, where it does not."""

    CHANGES = (("neoverse-n1", "ID_AA64PFR0_EL1", 24), ("neoverse-n1", "ID_PFR1_EL1", 28), # GIC
               ("max", "ID_AA64ISAR2_EL1", 60)) # ATS1A, without which S1PIE goes

    def test_check_and_apply(self):
        for cpu, register, lsb in self.CHANGES:
            for kernel, status in (("6.18", DONE), ("7.3", NO)):
                host = profile(f"{cpu}-{kernel}")
                model = json.loads(self.model(f"{cpu}-{kernel}").read_text(encoding="utf-8"))
                model.pop("offer")
                if cpu == "max":
                    model["registers"]["ID_AA64MMFR3_EL1"] = "0x0000000000000101" # S1PIE, TCRX
                value = int(model["registers"][register], 16) & ~(0xF << lsb)
                model["registers"][register] = f"0x{value:016x}"
                path = self.folder / "first-run.json"
                path.write_text(json.dumps(model))
                with self.subTest(register, kernel=kernel):
                    self.expect(status, "check", path, host)
                    self.expect(status, "plan", path, host)
                    self.expect(status, "apply", path, host)

    def test_advice(self):
        """no kernel that sets the GIC's fields itself (7.1.13 and newer, measured) is advised"""
        self.assertIn("7.1.13 and newer", self.expect(DONE, "show", "--kernels", "ID_AA64PFR0_EL1.GIC")
                      .out.split("fixed in")[1])


class WrittenSince(Case):
    """Since when a field can be written: measured by single writes of every value, and the kernel's
    tables of fields (ftr_id_*[] in arch/arm64/kernel/cpufeature.c)."""

    def field(self, name):
        return self.expect(DONE, "show", "--kernels", name).out.splitlines()[1].split(None, 1)[1]

    def test_bits_of_the_mask_without_a_field(self):
        """The mask has them, the kernel's table has not: they are 0 (init_cpu_ftr_reg() keeps of a
        register what the table has)."""
        for name in ("ID_AA64PFR0_EL1.RME", "ID_AA64PFR1_EL1.CSV2_frac", "ID_AA64ISAR0_EL1.TME"):
            self.assertEqual(self.field(name), "hidden in all", name)

    def test_what_kvm_takes_away(self):
        """sanitise_id_aa64pfr0_el1(), sanitise_id_aa64pfr1_el1(), sanitise_id_aa64dfr0_el1() in
        arch/arm64/kvm/sys_regs.c clear them; of MPAM since Linux's commit 6685f5d572c2, in 6.13."""
        for name in ("ID_AA64PFR1_EL1.SME", "ID_AA64PFR1_EL1.GCS", "ID_AA64PFR0_EL1.AMU",
                     "ID_AA64DFR0_EL1.BRBE", "ID_AA64DFR0_EL1.TraceVer"):
            self.assertEqual(self.field(name), "hidden in all", name)
        for name in ("ID_AA64PFR0_EL1.MPAM", "ID_AA64PFR1_EL1.MPAM_frac"):
            self.assertEqual(self.field(name), "hidden in 6.16.12 and newer; "
                             "nothing recorded of 5.10.223 to 6.12.117", name)

    def test_options(self):
        """kvm_has_sve(), kvm_has_mte() and vcpu_has_ptrauth() there: 0 in a guest without."""
        for name, option in (("ID_AA64PFR0_EL1.SVE", "sve"), ("ID_AA64PFR1_EL1.MTE", "mte"),
                             ("ID_AA64ISAR1_EL1.APA", "ptrauth"), ("ID_AA64ISAR1_EL1.GPI", "ptrauth")):
            self.assertEqual(self.field(name), f"fixed in all; by the vCPU option {option}", name)
        answer = self.field("ID_AA64DFR0_EL1.PMUVer")
        self.assertTrue(answer.startswith("writable in 6.12.43 and newer"), answer)
        self.assertTrue(answer.endswith("; by the vCPU option pmu"), answer)
        answer = json.loads(self.expect(DONE, "show", "--json", "--kernels", "ID_AA64PFR0_EL1").out)
        fields = answer["registers"]["ID_AA64PFR0_EL1"]
        self.assertEqual(fields["SVE"]["option"], "sve")
        self.assertNotIn("option", fields["AMU"])
        self.assertEqual(fields["AMU"]["aarch32"],
                         {"writable": [], "hidden": answer["kernels"], "fixed": []})

    def test_register_without_fields(self):
        """ID_UNALLOCATED(7,7) there: it reads as zero."""
        for name in ("S3_0_C0_C7_7", "ID_AA64AFR1_EL1"):
            self.assertEqual(self.field(name), "hidden in all", name)

    def test_no_profile(self):
        """A file, or what looks like one's path, is told apart from a register's name."""
        for name in (profile("max-7.3"), "no/such/profile.json"):
            answer = self.run_it("show", "--kernels", name, "ID_AA64ISAR0_EL1")
            self.assertEqual((answer.status, answer.out), (BAD, ""))
            self.assertIn("--kernels takes no profile", answer.err)
        answer = self.run_it("show", "--kernels", "ID_AA64ISAR9_EL1")
        self.assertIn("there is no register or field 'ID_AA64ISAR9_EL1'", answer.err)

    def test_beside_the_core_range(self):
        for name, since in (("CTR_EL0.IDC", "6.12.43"), ("CTR_EL0.L1Ip", "6.16.12"),
                            ("MIDR_EL1.PartNum", "6.16.12"), ("ID_AA64PFR0_EL1.CSV3", "6.12.43")):
            self.assertTrue(self.field(name).startswith(f"writable in {since} and newer"), name)
        self.assertEqual(self.field("CTR_EL0.ERG"), "fixed in all")

    def test_advice_is_for_the_host(self):
        """6.18 sets ID_PFR1_EL1.GIC on hosts without AArch32, whose kernels ignore writes there: no
        kernel lets it be written on them."""
        answer = self.run_it("baseline", profile("a64fx-6.18"), profile("a64fx-7.3"))
        self.assertEqual(answer.status, NO)
        at = (answer.out + answer.err).find("ID_PFR1_EL1.GIC: no value")
        self.assertGreaterEqual(at, 0)
        self.assertNotIn("boot a kernel", (answer.out + answer.err)[at:].split("\n\n")[0])


class Tried(Case):
    """What a probe tried on the host itself stands above what kernels of its version were seen to do."""

    def test_no_advice_against_the_host(self):
        deep, model = self.folder / "deep.json", self.folder / "model.json"
        self.expect(DONE, "probe", "--deep", profile("max-7.3"), "-o", deep)
        host = json.loads(deep.read_text(encoding="utf-8"))
        for configuration in host["configurations"]:
            configuration["accepted"]["ID_AA64ISAR0_EL1.RNDR"] = "1"
        deep.write_text(json.dumps(host), encoding="utf-8")
        wanted = json.loads(self.model("max-7.3").read_text(encoding="utf-8"))
        wanted.pop("offer")
        value = int(wanted["registers"]["ID_AA64ISAR0_EL1"], 16) & ~(0xF << 60)
        wanted["registers"]["ID_AA64ISAR0_EL1"] = f"0x{value:016x}"
        model.write_text(json.dumps(wanted), encoding="utf-8")
        out = self.expect(NO, "check", model, deep).out
        self.assertIn("ID_AA64ISAR0_EL1.RNDR", out)
        self.assertIn("by what was tried", out)
        self.assertNotIn("fixed by kernel", out)
        self.assertNotIn("boot a kernel", out)


class Recorded(Case):
    """What the recorded hosts show."""

    def registers(self, name):
        with open(profile(name), encoding="utf-8") as file:
            return {register: int(reading["value"], 16) for register, reading in
                    json.load(file)["registers"].items() if "value" in reading}

    def test_registers_that_kvm_passes_on(self):
        """KVM hides nothing of these: a guest sees the hardware's own value."""
        for host, cpu in (("neoverse-n1-7.3", "ampere-altra_neoverse-n1_host"),
                          ("neoverse-n1-6.12", "ampere-altra_neoverse-n1_host"),
                          ("neoverse-v1-7.3", "graviton3_neoverse-v1_c7g-ubuntu"),
                          ("max-7.3", "qemu-max"), ("a64fx-7.3", "qemu-a64fx")):
            seen, known = self.registers(host), published(cpu)
            for register in ("ID_AA64ISAR0_EL1", "ID_AA64ISAR2_EL1", "ID_AA64MMFR0_EL1", "ID_ISAR0_EL1",
                             "ID_ISAR2_EL1", "ID_MMFR0_EL1", "ID_MMFR2_EL1"):
                with self.subTest(host=host, register=register):
                    self.assertEqual(seen[register], known[register])

    def test_features_of_neoverse_n1(self):
        """Arm's Neoverse N1 reference manual: Armv8.2 with LRCPC, DotProd and SSBS of later versions."""
        has = self.expect(DONE, "show", "--json", "--features", profile("neoverse-n1-7.3")).json()["features"]
        for feature in ("LSE", "RDM", "CRC32", "AES", "SHA1", "SHA256", "FP16", "DotProd", "LRCPC", "SSBS2", "DPB",
                        "IESB", "UAO", "PAN2", "HPDS2"):
            self.assertIn(f"FEAT_{feature}", has)
        for feature in ("SVE", "PAuth", "SHA3", "SHA512", "SM4", "BF16", "I8MM", "MTE", "BTI", "FCMA", "JSCVT"):
            self.assertNotIn(f"FEAT_{feature}", has)

    def test_every_profile_is_sound(self):
        """Each can be read, describes itself, pins to its own baseline, and is kept small."""
        files = sorted(PROFILES.glob("*.json"))
        self.assertGreaterEqual(len(files), 40)
        for path in files:
            with self.subTest(path.name):
                self.assertLess(path.stat().st_size, 350_000)
                host = json.loads(path.read_text(encoding="utf-8"))["host"]
                self.assertEqual(host["name"], path.stem)
                self.assertRegex(host["note"], r"^emulated by QEMU .* -cpu .*; kernel linux-")
                self.expect(DONE, "apply", self.model(path.stem), path)

    def test_simulated_and_probed_is_the_same(self):
        """Probing the simulated host of a profile gives that profile, byte for byte."""
        for name in ("max-7.3", "max-6.16", "a64fx-6.18", "max-7.3-mte"):
            with self.subTest(name), open(profile(name), encoding="utf-8") as file:
                self.assertEqual(self.expect(DONE, "probe", profile(name)).out, file.read())

    def test_simulated_from_before(self):
        """Of a profile without them, capabilities by number and reset values are not made up: all
        else is as recorded."""
        for name in ("max-6.12", "neoverse-n1-7.3", "neoverse-n1-6.1", "max-6.12-gic2"):
            with self.subTest(name), open(profile(name), encoding="utf-8") as file:
                recorded = json.load(file)
                recorded.pop("other_capabilities")
                for behaviour in ("pmu_bits_apart", "timers_reset", "counters_chosen"):
                    recorded["behaviours"].pop(behaviour)
                for one in recorded["configurations"]:
                    one.pop("reset", None)
                host = self.folder / "before.json"
                host.write_text(json.dumps(recorded))
                probed = self.expect(DONE, "probe", host).json()
                self.assertEqual(probed.pop("other_capabilities"), {})
                for behaviour in ("pmu_bits_apart", "timers_reset", "counters_chosen"):
                    probed["behaviours"].pop(behaviour, None)
                for one in probed["configurations"]:
                    one.pop("reset", None)
                self.assertTrue(probed == recorded)


class Least(Case):
    """A profile of the registers alone: the least that one may hold."""

    def test_all_the_way(self):
        with open(profile("max-7.3"), encoding="utf-8") as file:
            whole = json.load(file)
        host = self.folder / "least.json"
        host.write_text(json.dumps({key: whole[key] for key in ("format", "version", "registers")}))
        model = self.folder / "model.json"
        self.expect(DONE, "baseline", "-o", model, host)
        self.expect(DONE, "check", model, host)
        self.expect(DONE, "plan", model, host)
        self.expect(DONE, "apply", model, host)
        self.expect(DONE, "baseline", "-o", model, host, profile("max-7.3"))
        self.expect(DONE, "apply", model, profile("max-7.3"))


class Drift(Case):
    """Same CPU, another kernel: measured, all defaults."""

    def fields(self, a, b):
        answer = self.run_it("diff", "--json", profile(a), profile(b)).json()
        return {f"{each['register']}.{each['field']}": (each["a"], each["b"]) for each in answer["differences"]}

    def test_no_drift_from_6_12_on(self):
        for cpu in ("neoverse-n1", "cortex-a76"):
            for later in ("6.18", "7.3"):
                self.assertEqual(self.fields(f"{cpu}-6.12", f"{cpu}-{later}"), {})

    def test_6_1_to_6_12(self):
        self.assertEqual(self.fields("neoverse-n1-6.1", "neoverse-n1-6.12"), {"ID_AA64DFR0_EL1.DebugVer": (6, 8)})
        for cpu in ("neoverse-v1", "neoverse-n2"):
            fields = self.fields(f"{cpu}-6.1", f"{cpu}-6.12")
            self.assertEqual(fields["ID_AA64MMFR2_EL1.CCIDX"], (1, 0))
            self.assertEqual(fields["ID_MMFR4_EL1.CCIDX"], (1, 0))
        fields = self.fields("max-6.1", "max-6.12")
        self.assertEqual(fields["ID_AA64MMFR1_EL1.HCX"], (0, 1))
        self.assertEqual(fields["ID_AA64DFR0_EL1.PMUVer"], (5, 6))

    def test_nv_is_hidden_from_6_16_on(self):
        for cpu in ("neoverse-v1", "neoverse-n2"):
            self.assertEqual(self.fields(f"{cpu}-6.12", f"{cpu}-6.18"), {"ID_AA64MMFR2_EL1.NV": (2, 0)})
        self.assertEqual(self.fields("max-6.12", "max-6.16")["ID_AA64MMFR2_EL1.NV"], (2, 0))

    def test_ats1a_comes_with_7_2(self):
        self.assertNotIn("ID_AA64ISAR2_EL1.ATS1A", self.fields("max-6.18", "max-7.1"))
        self.assertEqual(self.fields("max-7.1", "max-7.3")["ID_AA64ISAR2_EL1.ATS1A"], (0, 1))

    def test_vhe_shows(self):
        self.assertEqual(self.fields("max-7.3", "max-7.3-vhe"), {"ID_AA64MMFR1_EL1.VH": (0, 1)})

    def test_psci(self):
        for name, version in (("max-5.10", "0x10000"), ("max-6.1", "0x10001"), ("max-6.12", "0x10001"),
                              ("max-6.16", "0x10003"), ("max-7.3", "0x10003")):
            with open(profile(name), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["firmware"]["PSCI_VERSION"], version)

    def test_registers_that_6_12_lists_always(self):
        """TCR2_EL1, PIRE0_EL1, PIR_EL1 on a CPU that has none of them."""
        late = {"0x603000000013c103", "0x603000000013c512", "0x603000000013c513"}
        for kernel, there in (("6.1", set()), ("6.12", late), ("6.18", set()), ("7.3", set())):
            with open(profile(f"neoverse-n1-{kernel}"), encoding="utf-8") as file:
                self.assertEqual(late & set(json.load(file)["configurations"][0]["register_list"]), there)


class Accepted(Case):
    """What KVM lets be written, measured value by value."""

    def test_sets(self):
        for host, field, accepts in (
            ("max-7.3", "ID_AA64DFR0_EL1.DebugVer", "6-10"),     # below 6: EINVAL, before all else
            ("max-7.3", "ID_AA64MMFR1_EL1.HCX", "0-1"),          # writable from 6.18 on
            ("max-6.12", "ID_AA64MMFR1_EL1.HCX", "1"),
            ("max-6.17", "ID_AA64MMFR1_EL1.HCX", "1"),
            ("max-7.3", "ID_AA64MMFR0_EL1.TGran4_2", "1,3"),     # the limit, or 1
            ("max-6.16", "ID_AA64MMFR0_EL1.TGran4_2", "1,3"),
            ("max-6.12", "ID_AA64MMFR0_EL1.TGran4_2", "3"),
            ("max-7.3", "ID_AA64MMFR2_EL1.NV", "0"),
            ("max-6.12", "ID_AA64MMFR2_EL1.NV", "2"),
            ("max-7.3", "ID_AA64MMFR2_EL1.EVT", "2"),            # fixed everywhere
            ("max-7.3", "ID_AA64MMFR2_EL1.FWB", "1"),
            ("max-7.3", "ID_AA64MMFR0_EL1.ASIDBits", "2"),
            ("max-7.3", "ID_AA64DFR0_EL1.BRPs", None),
            ("max-7.3", "ID_ISAR0_EL1.Divide", "0-2"),           # AArch32: fixed at first and on 6.16
            ("max-6.16", "ID_ISAR0_EL1.Divide", "2"),
            ("max-6.12-first", "ID_ISAR0_EL1.Divide", "2"),
            ("max-6.12", "ID_ISAR0_EL1.Divide", "0-2"),
            ("max-6.17", "ID_ISAR0_EL1.Divide", "0-2"),
            ("max-6.1", "ID_AA64ISAR0_EL1.AES", "2"),            # 6.1: as it is, but for CSV2 and CSV3
            ("max-7.3", "ID_AA64ISAR0_EL1.AES", "0-2"),
            ("max-7.3", "ID_AA64PFR0_EL1.EL0", "1-2"),           # 0: EINVAL
        ):
            with self.subTest(host=host, field=field):
                register, _, name = field.partition(".")
                shown = self.expect(DONE, "show", "--json", profile(host), field).json()
                got = shown["registers"][register]["fields"][name]
                self.assertEqual(got["accepts"], accepts or str(got["value"]))

    def test_no_promise_beyond_the_hardware(self):
        """6.12.43 compares PMUVer as a signed number and takes 8 to 14 for a host's 6: never offered."""
        shown = self.expect(DONE, "show", "--json", profile("max-6.12-first"), "ID_AA64DFR0_EL1.PMUVer").json()
        accepts = shown["registers"]["ID_AA64DFR0_EL1"]["fields"]["PMUVer"]["accepts"]
        self.assertNotRegex(accepts, r"\b([7-9]|1[0-5])\b")


class Pools(Case):
    """Baselines whose outcome follows from those measurements."""

    def baseline(self, *hosts, options=()):
        return self.expect(DONE, "baseline", *options, *map(profile, hosts)).json()

    def conflicts(self, *hosts, options=()):
        answer = self.expect(NO, "baseline", "--json", *options, *map(profile, hosts)).json()
        return [".".join(filter(None, (each["register"], each.get("field")))) for each in answer["conflicts"]]

    def test_what_no_write_can_level(self):
        self.assertEqual(self.conflicts("neoverse-n2-6.12", "neoverse-n2-7.3"), ["ID_AA64MMFR2_EL1.NV"])
        self.assertEqual(self.conflicts("neoverse-v1-6.1", "neoverse-v1-6.12"),
                         ["ID_MMFR4_EL1.CCIDX", "ID_AA64MMFR2_EL1.CCIDX"])
        self.assertEqual(self.conflicts("max-7.3", "max-7.3-vhe"), ["ID_AA64MMFR1_EL1.VH"])
        self.assertEqual(self.conflicts("max-6.1", "max-6.12"), ["ID_AA64MMFR1_EL1.HCX"])

    def test_6_12_can_be_brought_to_6_1(self):
        """N1-class CPUs can be made alike from 6.1 to 7.3 (DebugVer 6)."""
        model = self.baseline("neoverse-n1-6.1", "neoverse-n1-6.12", "neoverse-n1-7.3")
        self.assertEqual(int(model["registers"]["ID_AA64DFR0_EL1"], 16) & 0xf, 6)
        self.assertEqual(model["firmware"]["PSCI_VERSION"], "0x10001")
        self.assertEqual(model["firmware"]["VENDOR_HYP_BMAP_2"], "0x0")

    def test_toleration(self):
        hosts = ("neoverse-n2-6.12", "neoverse-n2-7.3")
        path = self.model(*hosts, options=("--tolerate", "ID_AA64MMFR2_EL1.NV"))
        for host in hosts:
            self.expect(DONE, "apply", path, profile(host))

    def test_s1pie_needs_ats1a(self):
        """7.3.4 clears S1PIE at the first run where the guest has no ATS1A, and says nothing."""
        s1pie = 0xf << 8
        both = self.baseline("max-7.1", "max-7.3")
        self.assertEqual(int(both["registers"]["ID_AA64MMFR3_EL1"], 16) & s1pie, 0)
        alone = self.baseline("max-7.3")
        self.assertEqual(int(alone["registers"]["ID_AA64MMFR3_EL1"], 16) & s1pie, 1 << 8)
        out = self.expect(NO, "check", self.exactly("max-7.1"), profile("max-7.3")).out
        self.assertIn("--tolerate ID_AA64MMFR3_EL1.S1PIE", out)
        # a guest of 7.1 sees it, and so does the model of exactly that
        answer = self.expect(DONE, "baseline", "--exactly", "--json", profile("max-7.1"))
        self.assertNotIn("lowered", answer.out + answer.err)

    def test_exactly_has_the_hosts_list(self):
        """KVM_GET_REG_LIST of 7.1 has PIR_EL1 and PIRE0_EL1, which go with S1PIE: no rule takes them away."""
        for name in ("max-7.1", "max-7.3", "neoverse-n1-6.1"):
            with self.subTest(name), open(profile(name), encoding="utf-8") as file:
                model = json.loads(self.exactly(name).read_text(encoding="utf-8"))
                self.assertEqual(model["register_list"], json.load(file)["configurations"][0]["register_list"])
        # what is not known of the host is still told
        self.assertIn("CTR_EL0: a guest of this kernel reads the hardware's own",
                      self.expect(DONE, "baseline", "--exactly", profile("neoverse-n1-6.1")).err)

    def test_vector_lengths_are_a_prefix(self):
        """KVM wants the host's own lengths, all of them up to the guest's maximum."""
        self.assertEqual(self.baseline("max-7.3", "max-7.3-sve384")["sve"]["vector_lengths"], [16, 32, 48])

    def test_options_fall_where_one_host_lacks_them(self):
        self.assertIs(self.baseline("max-7.3", "max-7.3-nopauth")["vcpu_features"]["ptrauth"], False)
        without = self.baseline("max-7.3", "max-7.3-nosve")
        self.assertIs(without["vcpu_features"]["sve"], False)
        self.assertEqual(int(without["registers"]["ID_AA64PFR0_EL1"], 16) >> 32 & 0xf, 0)
        self.assertEqual(without["registers"]["ID_AA64ZFR0_EL1"], "0x" + "0" * 16)
        self.assertIs(self.baseline("max-7.3", "max-7.3-mte")["vcpu_features"]["mte"], False)
        self.assertIs(self.baseline("max-7.3-mte")["vcpu_features"]["mte"], True)

    def test_irqchips_do_not_mix(self):
        self.assertEqual(self.conflicts("max-7.3", "max-7.3-gic2"), ["vcpu_features"])

    def test_options_on_request(self):
        model = self.baseline("max-7.3", options=("--vcpu", "sve=off,pmu=off"))
        self.assertEqual(int(model["registers"]["ID_AA64DFR0_EL1"], 16) >> 8 & 0xf, 0)
        self.assertIs(model["vcpu_features"]["sve"], False)
        self.assertEqual(self.conflicts("neoverse-n1-7.3", options=("--vcpu", "sve=on")), ["vcpu_features"])

    def test_el2_without_vhe_is_el2(self):
        """KVM_ARM_VCPU_HAS_EL2_E2H0 is EINVAL without KVM_ARM_VCPU_HAS_EL2 (kvm_vcpu_init_check_features())."""
        model = self.baseline("max-7.3-nested", options=("--vcpu", "el2_e2h0=on"))
        self.assertEqual((model["vcpu_features"]["el2"], model["vcpu_features"]["el2_e2h0"]), (True, True))
        answer = self.expect(BAD, "baseline", "--vcpu", "el2_e2h0=on,el2=off", profile("max-7.3-nested"))
        self.assertIn("--vcpu: el2 is off, and another option needs it", answer.err)
        answer = self.expect(BAD, "baseline", "--vcpu", "el2=on,el2=off", profile("max-7.3-nested"))
        self.assertIn("an option cannot be both on and off", answer.err)

    def test_the_choices_that_there_are(self):
        """kvm_vcpu_init_check_features(): 32-bit EL1 goes neither with memory tagging nor with EL2."""
        for host, more in (("max-7.3-mte", "mte"), ("max-7.3-nested", "el2")):
            answer = self.expect(NO, "baseline", "--vcpu", f"el1_32bit=on,{more}=on", profile(host))
            self.assertIn("no kernel gives a guest both 32-bit EL1 and ", answer.out)
            self.assertIn(f": {host}\n", answer.out)
        told = self.expect(DONE, "baseline", "--vcpu", "el1_32bit=on", "-o", self.folder / "narrow.json",
                           profile("max-7.3-mte")).err
        self.assertIn("mte: left off: no kernel gives a guest both 32-bit EL1 and memory tagging", told)
        answer = self.expect(NO, "baseline", "--vcpu", "el1_32bit=on,sve=on", profile("max-7.3-nosve"))
        self.assertIn("no choice of vCPU options", answer.out)
        self.assertIn("pmu, ptrauth, el1_32bit, gicv3; ", answer.out)

    def test_32_bit_el1_with_any_of_the_others(self):
        """KVM_ARM_VCPU_INIT takes EL1_32BIT with each set of the features that the host has, but for two."""
        for hosts, lost in ((("max-7.3", "max-7.3-nosve"), {"sve"}), (("max-7.3", "max-7.3-nopauth"), {"ptrauth"}),
                            (("max-7.3", "max-7.3-mte"), set()), (("max-7.3-nosve", "max-7.3-nopauth"),
                                                                  {"sve", "ptrauth"})):
            with self.subTest(hosts):
                model = self.model(*hosts, name="narrow-v1", options=("--vcpu", "el1_32bit=on"))
                options = json.loads(pathlib.Path(model).read_text(encoding="utf-8"))["vcpu_features"]
                self.assertEqual({name for name, on in options.items() if on},
                                 {"el1_32bit", "pmu", "sve", "ptrauth"} - lost)
                for host in map(profile, hosts):
                    self.expect(DONE, "check", model, host)
                    self.assertIs(self.expect(DONE, "apply", "--json", model, host).json()["pinned"], True)
                    self.expect(DONE, "replay", "-", host, stdin=self.expect(DONE, "plan", model, host).out)
        for off in ("sve", "pmu", "ptrauth", "sve,ptrauth"):
            words = ",".join(f"{name}=off" for name in off.split(","))
            with self.subTest(words):
                model = self.model("max-7.3", name="narrow-v1", options=("--vcpu", "el1_32bit=on," + words))
                self.assertIs(self.expect(DONE, "apply", "--json", model, profile("max-7.3")).json()["pinned"], True)

    def test_32_bit_el1_where_it_is_none(self):
        """One that a host has not shown, and with what KVM refuses it (kvm_vcpu_init_check_features())."""
        model = self.model("max-7.3", name="narrow-v1", options=("--vcpu", "el1_32bit=on,sve=off"))
        self.assertIn("32-bit EL1", self.expect(NO, "check", model, profile("neoverse-n1-7.3")).out)
        for host, more in (("max-7.3-mte", "mte"), ("max-7.3-nested", "el2")):
            given = json.loads(pathlib.Path(self.model(host, options=("--vcpu", f"{more}=on"))).read_text())
            given["vcpu_features"]["el1_32bit"] = True
            del given["offer"]
            given = self.file("both.json", json.dumps(given))
            for command in ("check", "plan"):
                self.assertIn("no kernel gives a guest both", self.expect(NO, command, given, profile(host)).out)

    def test_el2_with_any_of_the_others(self):
        """KVM_ARM_VCPU_INIT takes HAS_EL2 with each set of the features that the host has."""
        for more in ("", ",el2_e2h0=on"):
            for off in ("sve", "pmu", "ptrauth", "sve,ptrauth"):
                wanted = {name: name not in off.split(",") for name in ("sve", "pmu", "ptrauth")}
                words = ",".join(f"{name}={'on' if on else 'off'}" for name, on in wanted.items())
                with self.subTest(words + more):
                    model = self.baseline("max-7.3-nested", options=("--vcpu", f"el2=on,{words}{more}"))
                    self.assertEqual({name: model["vcpu_features"][name] for name in wanted}, wanted)

    def test_required_features(self):
        self.baseline("max-7.3", options=("--require", "FEAT_ATS1A,FEAT_LSE"))
        self.assertEqual(self.conflicts("max-6.18", "max-7.3", options=("--require", "FEAT_ATS1A")), ["FEAT_ATS1A"])

    def test_a_required_feature_names_the_option_that_it_takes(self):
        for option, feature in (("sve", "FEAT_SVE2"), ("pmu", "FEAT_PMUv3p4"), ("ptrauth", "FEAT_PAuth")):
            answer = self.expect(NO, "baseline", profile("max-7.3"), "--vcpu", f"{option}=off", "--require", feature)
            self.assertRegex(answer.out + answer.err, rf"--vcpu {option}=on\n")

    def refused(self, feature, *hosts, options=()):
        """The one conflict of a feature that is required: what each host accepts, and the advice."""
        answer = self.expect(NO, "baseline", "--json", "--require", feature, *options, *map(profile, hosts)).json()
        (conflict,) = answer["conflicts"]
        self.assertEqual(conflict["register"], feature)
        return {each["host"]: each["accepted"] for each in conflict["values"]}, conflict["advice"]

    def test_advice_on_a_required_feature_works(self):
        """max-7.3-nosve is QEMU's -cpu max,sve=off and -nopauth is -cpu max,pauth=off: they have it not."""
        for feature, lacking in (("FEAT_SVE2", "max-7.3-nosve"), ("FEAT_PAuth", "max-7.3-nopauth")):
            with self.subTest(feature):
                accepted, advice = self.refused(feature, "max-7.3", lacking)
                self.assertEqual(accepted, {"max-7.3": ["yes"], lacking: ["no"]})
                self.assertEqual(advice, f"leave out {lacking}")
                self.baseline("max-7.3", options=("--require", feature))

    def test_an_option_is_advised_where_every_host_has_it(self):
        for option, feature in (("sve", "FEAT_SVE2"), ("pmu", "FEAT_PMUv3p4"), ("ptrauth", "FEAT_PAuth")):
            hosts = ("max-7.1", "max-7.3")
            accepted, advice = self.refused(feature, *hosts, options=("--vcpu", f"{option}=off"))
            self.assertEqual(accepted, {host: ["yes"] for host in hosts})
            self.assertEqual(advice, f"turn the vCPU option on that it takes: --vcpu {option}=on")
            self.baseline(*hosts, options=("--require", feature, *advice.split()[-2:]))

    def test_a_required_feature_that_no_host_has(self):
        """Neoverse N1 is Armv8.2 with neither SVE nor pointer authentication, whatever the options."""
        accepted, advice = self.refused("FEAT_SVE", "neoverse-n1-7.3", "neoverse-n1-6.12")
        self.assertEqual(accepted, {"neoverse-n1-7.3": ["no"], "neoverse-n1-6.12": ["no"]})
        self.assertEqual(advice, "do without FEAT_SVE")

    def test_a_required_feature_that_a_rule_takes_away(self):
        """KVM 7.3.4 clears S1PIE where there is no ATS1A, and that comes with 7.2."""
        accepted, advice = self.refused("FEAT_S1PIE", "max-7.1", "max-7.3")
        self.assertEqual((accepted, advice), ({"max-7.1": ["no"], "max-7.3": ["yes"]}, "leave out max-7.1"))
        self.baseline("max-7.3", options=("--require", "FEAT_S1PIE"))

    def test_a_required_feature_with_an_option_on_request(self):
        """No guest has nested virtualisation without EL2, which is never chosen by itself."""
        accepted, advice = self.refused("FEAT_NV2", "max-7.3-nested")
        self.assertEqual((accepted, advice), ({"max-7.3-nested": ["yes"]},
                                              "turn the vCPU option on that it takes: --vcpu el2=on"))
        self.baseline("max-7.3-nested", options=("--require", "FEAT_NV2", "--vcpu", "el2=on"))

    def test_a_required_feature_that_hosts_give_in_two_ways(self):
        """QARMA3 and QARMA5 are two algorithms: a guest's pointers authenticate on one of the hosts only."""
        accepted, advice = self.refused("FEAT_PAuth", "max-7.3", "max-qarma5-7.3")
        self.assertEqual(accepted, {"max-7.3": ["yes"], "max-qarma5-7.3": ["yes"]})
        self.assertEqual(advice, "put these hosts in different pools")

    def test_order_and_repetition_do_not_matter(self):
        names = ("neoverse-n1-6.12", "cortex-a76-7.3", "neoverse-n1-7.3")
        whole = self.baseline(*names)
        self.assertEqual(self.baseline(*reversed(names)), whole)
        self.assertEqual(self.baseline(*names, *names), whole)
        part = self.model(*names[:2])
        nested = self.expect(DONE, "baseline", part, profile(names[2])).json()
        self.assertEqual(nested, whole)

    def test_workarounds_move_one_way(self):
        """KVM keeps nothing of what is written to WORKAROUND_3, shows the host's own, and refuses more than that
        (kvm_arm_set_fw_reg() of arch/arm64/kvm/hypercalls.c): of two hosts only one is fit for the other's guests."""
        worse, better = "cortex-a76-7.3-nomitigations", "cortex-a76-7.3"
        self.assertEqual(self.conflicts(worse, better), ["WORKAROUND_3"])
        answer = self.expect(DONE, "baseline", "--tolerate", "WORKAROUND_3", profile(worse), profile(better))
        self.assertIn(f"warning: {better}: WORKAROUND_3: the model has 0, and a guest that starts here sees 1", answer.err)
        model = self.file("one-way.json", answer.out)
        self.assertEqual(answer.json()["tolerated_more"], ["WORKAROUND_3"])
        self.assertEqual(answer.json()["firmware"]["WORKAROUND_3"], "0x0")
        again = self.expect(DONE, "baseline", model, profile(better)).json()
        self.assertEqual(again["tolerated_more"], ["WORKAROUND_3"])
        silent = self.model(worse)
        for command in ("check", "apply"):
            told = self.expect(DONE, command, model, profile(better)).out
            self.assertIn("warning: ", told)
            self.assertIn("sees 1, not 0: it cannot move to hosts that have less", told)
            self.assertNotIn("warning", self.expect(DONE, command, model, profile(worse)).out)
            one = self.expect(DONE, command, "--json", model, profile(better)).json()
            one = one["hosts"][0] if command == "check" else one
            self.assertEqual([each["register"] for each in one["tolerated"]], ["WORKAROUND_3"])
            self.assertIn("--tolerate WORKAROUND_3", self.expect(NO, command, silent, profile(better)).out)
            self.expect(DONE, command, "--tolerate", "WORKAROUND_3", silent, profile(better))
        self.assertIn("a mitigation that this host does not give",
                      self.expect(NO, "check", self.model(better), profile(worse)).out)
        self.expect(DONE, "migrate-check", "--model", model, profile(worse), profile(better))
        self.assertIn("the incoming guest was told of more than this host has",
                      self.expect(NO, "migrate-check", "--model", model, profile(better), profile(worse)).out)

    def test_workaround_2_follows_ssbs(self):
        """A mitigated host shows 0 to a guest with FEAT_SSBS, and 3 to one without (kvm_arm_get_fw_reg_level())."""
        model = self.baseline("neoverse-n1-7.3")
        self.assertEqual(model["firmware"]["WORKAROUND_2"], "0x0")
        self.assertEqual(model["offer"]["without_ssbs"], {"WORKAROUND_2": "0x3"})
        host = json.loads(pathlib.Path(profile("neoverse-n1-7.3")).read_text(encoding="utf-8"))
        host["registers"]["ID_AA64PFR1_EL1"]["value"] = "0x" + "0" * 16
        for each in host["configurations"]:
            if "registers" in each:
                each["registers"]["ID_AA64PFR1_EL1"] = "0x" + "0" * 16
        del host["behaviours"]["workaround_2_by_ssbs"]  # nothing to try it with
        for state in ("0x3", "0x0"):
            host["firmware"]["WORKAROUND_2"] = state
            other = self.file("bare.json", json.dumps(host))
            inputs = (profile("neoverse-n1-7.3"), other)
            if state == "0x0":
                self.assertIn("WORKAROUND_2", self.expect(NO, "baseline", *inputs).out)
                continue
            level = self.file("level.json", self.expect(DONE, "baseline", *inputs).out)
            self.assertEqual(json.loads(level.read_text(encoding="utf-8"))["firmware"]["WORKAROUND_2"], "0x3")
            for one in inputs:
                self.assertNotIn("WORKAROUND", self.expect(DONE, "apply", level, one).out)
            self.expect(DONE, "migrate-check", "--model", level, *inputs)

    def test_an_unknown_cpu_is_a_blocker(self):
        """A foreign MIDR makes a guest use the wrong errata workarounds."""
        answer = self.expect(NO, "check", "--json", self.model("cortex-a76-7.3"), profile("neoverse-n1-7.3")).json()
        self.assertIn("MIDR_EL1", [each["register"] for each in answer["hosts"][0]["blockers"]])


if __name__ == "__main__":
    main()
