"""Models in the words of other VMMs, and back."""

import json
import pathlib
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

from support import BAD, DONE, NO, STEADYARM, Case, main, profile

N1 = ("neoverse-n1-6.12", "neoverse-n1-7.3")
NO_PMU = ("--vcpu", "pmu=off")
FIRST, LAST = 0x603000000013C008, 0x603000000013C03F  # op0 3, op1 0, CRn 0, CRm 1 to 7 (uapi asm/kvm.h)


def values(text):
    """Registers of a model's canonical text, name to value."""
    return {name: int(value, 16) for name, value in re.findall(r"(?m)^([A-Z]\S+) (0x[0-9a-f]{16})$", text)}


def read_bitmap(text):
    """(value, mask of what is left to the host), as Firecracker's documentation describes it."""
    digits = text.removeprefix("0b").replace("_", "")
    return (int(digits.replace("x", "0"), 2), int(re.sub("[01]", "0", digits).replace("x", "1"), 2))


def configured(name):
    """Where the build is told to install to: a file of meson's."""
    text = (pathlib.Path(STEADYARM).parent / "version.h").read_text(encoding="utf-8")
    return re.search(rf'(?m)^#define {name} "(.*)"$', text)[1]


class Foreign(Case):
    def text(self, model):
        return self.expect(DONE, "models", "--text", model).out

    def export(self, to, model, *options, status=DONE):
        return self.expect(status, "export", "--to", to, model, *options)

    def make(self, template, *options, status=DONE):
        path = self.file("template.json", template if isinstance(template, str) else json.dumps(template))
        return self.expect(status, "import", "--from", "firecracker", path, *options)

    def id_of(self, model):
        return self.expect(DONE, "models", "--json", model).json()["models"][0]["id"]

    # text

    def test_text_round_trip(self):
        for model in (self.model("max-6.16", "max-7.3"), "neoverse-v2-v1", self.exactly("a64fx-6.18")):
            exported = self.export("text", model, "--strict")
            self.assertEqual((exported.out, exported.err), (self.text(model), ""))
            back = self.file("back.json", self.expect(DONE, "import", "--from", "text", "-", stdin=exported.out).out)
            self.assertEqual(self.id_of(back), self.id_of(model))

    # Firecracker

    def test_template(self):
        model = self.model("neoverse-n2-6.12", "neoverse-n2-7.3", options=("--tolerate", "ID_AA64MMFR2_EL1.NV"))
        answer = self.export("firecracker", model)
        template = answer.json()
        self.assertEqual(list(template), ["kvm_capabilities", "vcpu_features", "reg_modifiers"])
        # KVM_CAP_ARM_SVE, _PTRAUTH_ADDRESS, _PTRAUTH_GENERIC (linux/kvm.h)
        self.assertEqual(template["kvm_capabilities"], ["170", "171", "172"])
        # KVM_ARM_VCPU_SVE is 4, PTRAUTH 5 and 6 (uapi asm/kvm.h); 0 to 3 are Firecracker's own
        self.assertEqual(template["vcpu_features"], [{"index": 0, "bitmap": "0b111xxxx"}])
        wanted = values(self.text(model))
        seen = {}
        for modifier in template["reg_modifiers"]:
            # KVM_REG_SIZE_MASK is bits 55 to 52: 2 for 32 bits, 3 for 64
            self.assertEqual(len(modifier["bitmap"]), 2 + (8 << (int(modifier["addr"], 16) >> 52 & 0xF)))
            seen[int(modifier["addr"], 16)] = read_bitmap(modifier["bitmap"])
        self.assertEqual(sum(FIRST <= number <= LAST for number in seen), 56)
        mmfr2, dfr0 = seen[0x603000000013C03A], seen[0x603000000013C028]
        self.assertEqual(mmfr2[1], 0xF << 24)  # NV is tolerated
        self.assertEqual(dfr0[1], 0xF << 8)    # PMUVer: there is no PMU
        for number, (name, left) in {0x603000000013C030: ("ID_AA64ISAR0_EL1", 0),
                                     0x603000000013C03A: ("ID_AA64MMFR2_EL1", 0xF << 24),
                                     0x603000000013C020: ("ID_AA64PFR0_EL1", 0)}.items():
            self.assertEqual(seen[number], (wanted[name] & ~left, left))
        self.assertEqual(seen[0x6030000000140000], (0x10001, 0))  # PSCI 1.1
        for lost in ("pmu: ", "SVE_VLS: ", "ID_AA64MMFR2_EL1.NV: ", "implementations: ", "register_list: "):
            self.assertIn(f"steadyarm: warning: {lost}", answer.err)
        self.assertEqual(self.export("firecracker", model, "--strict", status=NO).out, answer.out)

    def test_template_round_trip(self):
        for hosts in (N1, ("max-7.1", "max-7.3"), ("neoverse-v1-7.3", "neoverse-v1-6.18")):
            model = self.model(*hosts, options=NO_PMU)
            template = self.file("template.json", self.export("firecracker", model).out)
            caches = [line for line in self.text(model).splitlines() if line.startswith("cache.")]
            self.assertTrue(caches)
            for host in hosts:
                back = self.folder / "back.json"
                self.expect(DONE, "import", "--from", "firecracker", template, "--host", profile(host), "-o", back)
                self.assertEqual(self.expect(DONE, "diff", "--json", model, back).json()["relation"], "identical")
                first, second = (json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in (model, back))
                self.assertEqual([line for line in self.text(back).splitlines() if line.startswith("cache.")], caches)
                for key in ("firmware", "vcpu_features"):
                    self.assertEqual(second[key], {**second[key], **first[key]})

    def test_without_a_host(self):
        """A template that leaves nothing to the host is a model by itself."""
        model = self.model(*N1, options=NO_PMU)
        template = self.export("firecracker", model).json()
        back = self.file("back.json", self.make(template, "--name", "fc-v1").out)
        self.assertEqual(values(self.text(back)), values(self.text(model)))
        self.assertIn("\nname fc-v1\n", self.text(back))
        template["reg_modifiers"][3]["bitmap"] = "0b" + "x" * 4 + "0" * 60
        self.assertIn("--host PROFILE", self.make(template, status=BAD).err)
        del template["reg_modifiers"][3]
        self.assertIn("left to the host, all of it", self.make(template, status=BAD).err)

    def test_bits_of_the_host(self):
        """The template of Firecracker's documentation: pointer authentication on, a field taken out."""
        template = {"kvm_capabilities": ["171", "!172"],
                    "vcpu_features": [{"index": 0, "bitmap": "0b11xxxxx"}],
                    "reg_modifiers": [{"addr": "0x603000000013c021",  # ID_AA64PFR1_EL1: SSBS is bits 7 to 4
                                       "bitmap": "0b" + "x" * 56 + "_0000_" + "xxxx"}]}
        model = self.file("m.json", self.make(template, "--host", profile("neoverse-v1-6.18")).out)
        host = json.loads(pathlib.Path(profile("neoverse-v1-6.18")).read_text(encoding="utf-8"))
        bare = next(c for c in host["configurations"] if c["vcpu_features"]["ptrauth"]
                    and not c["vcpu_features"]["pmu"] and not c["vcpu_features"]["sve"])["registers"]
        got = values(self.text(model))
        self.assertEqual(got["ID_AA64PFR1_EL1"], int(bare["ID_AA64PFR1_EL1"], 16) & ~0xF0)
        for name in ("ID_AA64ISAR0_EL1", "ID_AA64ISAR1_EL1", "ID_AA64DFR0_EL1", "ID_AA64PFR0_EL1"):
            self.assertEqual(got[name], int(bare[name], 16))
        self.assertEqual(self.expect(DONE, "check", model, profile("neoverse-v1-6.18")).status, DONE)

    def test_fingerprint(self):
        """Dumps have 128 digits for registers of 64 bits, and registers that are not about the CPU."""
        model = self.model(*N1, options=NO_PMU)
        template = self.export("firecracker", model).json()
        for modifier in template["reg_modifiers"]:
            modifier["bitmap"] = "0b" + "0" * 64 + modifier["bitmap"][2:]
        template["reg_modifiers"].append({"addr": "0x6040000000100054", "bitmap": "0b" + "1" * 128})  # V0
        dump = {"firecracker_version": "1.14.0", "kernel_version": "6.18", "microcode_version": "0",
                "bios_version": "1", "bios_revision": "1", "guest_cpu_config": template}
        answer = self.make(dump)
        self.assertIn("0x6040000000100054: not about the CPU: left out", answer.err)
        self.assertEqual(values(self.text(self.file("m.json", answer.out))), values(self.text(model)))

    def test_bad_templates(self):
        one = '{"reg_modifiers": [{"addr": "%s", "bitmap": "%s"}]}'
        rows = (
            ('{"unknown": []}', "1:2", "unknown"),
            ('{"reg_modifiers": {}}', "1:19", ""),
            ('{"reg_modifiers": [{"addr": "0x1"}]}', "1:20", "bitmap"),
            (one % ("603000000013c021", "0b1"), "1:29", "an address is a string"),
            (one % ("0x603000000013c021", "01"), "1:61", 'a bitmap is a string "0b..."'),
            (one % ("0x603000000013c021", "0b"), "1:61", "1 to 128 digits"),
            (one % ("0x603000000013c021", "0b" + "0" * 129), "1:61", "1 to 128 digits"),
            (one % ("0x603000000013c021", "0b012"), "1:61", "'2' is none of 0, 1, x and _"),
            (one % ("0x603000000013c021", "0b1" + "0" * 64), "1:61", "bit 64 is beyond the 64"),
            ('{"vcpu_features": [{"index": 0, "bitmap": "0b1%s"}]}' % ("0" * 32), "1:43", "beyond the 32"),
            ('{"vcpu_features": [{"index": 7, "bitmap": "0b1"}]}', "1:30", "0 to 6"),
            ('{"vcpu_features": [{"index": 1, "bitmap": "0b1"}]}', "1:43", "word 1"),
            ('{"kvm_capabilities": [171]}', "1:23", "a capability is a string"),
            ('{"reg_modifiers": [{"addr": "0x603000000013c021", "bitmap": "0bx"},\n'
             '{"addr": "0x603000000013c021", "bitmap": "0bx"}]}', "2:1", "given twice"),
            ("[]", "1:1", ""),
            ("{", "1:", ""),
        )
        for text, place, words in rows:
            with self.subTest(text[:60]):
                answer = self.make(text, "--host", profile(N1[0]), status=BAD)
                self.assertEqual(answer.out, "")
                self.assertRegex(answer.err, rf"^steadyarm: \S*template.json:{place}")
                self.assertIn(words, answer.err)
        sve = {"vcpu_features": [{"index": 0, "bitmap": "0b0010000"}]}
        self.assertIn("no configuration with these vCPU features",
                      self.make(sve, "--host", profile(N1[0]), status=BAD).err)
        self.assertIn("vector lengths are left to the host", self.make(sve, status=BAD).err)

    # C

    @unittest.skipUnless(shutil.which("cc"), "no C compiler")
    def test_c(self):
        for model, name in ((self.model("max-7.1", "max-7.3", name="7up.x-v1"), "m7up_x_v1"),
                            ("neoverse-n1-v1", "neoverse_n1_v1")):
            answer = self.export("c", model)
            has_list = "register_list" in answer.out
            has_sve = "sve_vls" in answer.out
            lines = [answer.out, "#include <stdio.h>", "int main(void) {",
                     f'printf("features 0x%x\\n", {name}_features);',
                     f"for (unsigned i = 0; i < sizeof({name}_registers) / sizeof({name}_registers[0]); i++)",
                     f'printf("0x%llx 0x%llx\\n", (unsigned long long){name}_registers[i].id, '
                     f"(unsigned long long){name}_registers[i].value);"]
            if has_list:
                lines.append(f'printf("list %zu\\n", sizeof({name}_register_list) / 8);')
            if has_sve:
                lines.append(f'printf("sve 0x%llx\\n", (unsigned long long){name}_sve_vls[0]);')
            source = self.file("table.c", "\n".join([*lines, "return 0; }"]) + "\n")
            program = self.folder / "table"
            subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o", program, source], check=True)
            out = subprocess.run([program], check=True, capture_output=True, text=True).stdout
            text = self.text(model)
            found = dict(re.findall(r"(?m)^(0x6030\w+) (0x\w+)$", out))
            self.assertEqual(len({n for n in found if FIRST <= int(n, 16) <= LAST}), 56)
            self.assertEqual(int(found["0x603000000013c030"], 16), values(text)["ID_AA64ISAR0_EL1"])
            # PSCI_0_2 is bit 2, PMU 3, SVE 4, PTRAUTH 5 and 6
            bits = 4 | 8 * ("vcpu_features.pmu on" in text) | 16 * ("sve on" in text) | 96 * ("ptrauth on" in text)
            self.assertIn(f"features 0x{bits:x}\n", out)
            if has_list:
                self.assertIn(f"list {text.count('register_list ')}\n", out)
            if has_sve:  # KVM_REG_ARM64_SVE_VLS: bit N for a length of N + 1 quadwords
                lengths = re.findall(r"(?m)^sve.vector_length (\d+)$", text)
                self.assertIn(f"sve 0x{sum(1 << int(n) // 16 - 1 for n in lengths):x}\n", out)

    # libvirt, QEMU

    def test_libvirt(self):
        model = self.model(*N1, name="a--b-v1")
        root = xml.etree.ElementTree.fromstring(self.export("libvirt", model, "--strict").out)
        self.assertEqual(root.get("type"), "kvm")
        self.assertEqual(root.find("cpu").get("mode"), "host-passthrough")
        self.assertEqual(root.find("features/gic").get("version"), "3")
        self.assertEqual(root.find("features/pmu").get("state"), "on")
        self.assertEqual(root.find("devices/emulator").text, configured("STEADY_BINDIR") + "/steadyarm-qemu")
        env = root.find("{http://libvirt.org/schemas/domain/qemu/1.0}commandline/*")
        self.assertEqual((env.get("name"), env.get("value")), ("STEADYARM_MODEL", "a--b-v1"))
        off = xml.etree.ElementTree.fromstring(self.export("libvirt", self.model(*N1, options=NO_PMU)).out)
        self.assertEqual(off.find("features/pmu").get("state"), "off")

    def test_libvirt_paths(self):
        """Where this build is installed to: an installed copy elsewhere would not be found."""
        out = self.export("libvirt", "neoverse-n1-v1").out
        self.assertIn(f"value='{configured('STEADY_LIBDIR')}/steadyarm/steadyarm-preload.so'", out)

    def test_no_switch(self):
        """QEMU has virtualization=on, and nothing for KVM_ARM_VCPU_HAS_EL2_E2H0 (hw/arm/virt.c of 11.1)."""
        for option, known in (("el2_e2h0", False), ("el2", True)):
            model = self.model("max-7.3-nested", name=option.replace("_", "-"), options=("--vcpu", f"{option}=on"))
            answer = self.export("qemu", model, "--strict", status=DONE if known else NO)
            self.assertEqual("el2_e2h0: no release of QEMU has a switch for it" in answer.err, not known)
            self.assertIn("virtualization=on", answer.out)
            told = self.export("libvirt", model).err
            self.assertEqual("el2_e2h0: no release of QEMU" in told, not known)

    def test_qemu(self):
        answer = self.export("qemu", "neoverse-n1-v1", "--strict")
        words = answer.out.replace("\\\n", " ").split()
        self.assertEqual(words, ["steadyarm", "run", "--model", "neoverse-n1-v1", "--", "qemu-system-aarch64", "-accel",
                                 "kvm", "-machine", "virt,gic-version=3", "-cpu", "host,pmu=on,sve=off,pauth=off"])
        model = self.model("max-7.3-mte", "max-6.12-mte", options=("--tolerate", "ID_AA64MMFR2_EL1.NV"))
        self.assertIn("virt,gic-version=3,mte=on", self.export("qemu", model).out)
        self.assertIn("-cpu host,pmu=on,sve=on,pauth=on\n", self.export("qemu", model).out)
        answer = self.export("qemu", model, "--unreleased")
        self.assertIn("no release of QEMU has these properties", answer.err)
        self.assertIn(",SYSREG_ID_AA64ISAR0_EL1_AES=0x2,", answer.out)
        self.assertNotIn("SYSREG_ID_AA64MMFR2_EL1_NV=", answer.out)
        self.assertNotIn("steadyarm run", answer.out)

    # Use

    def test_usage(self):
        for arguments, words in ((("export", "neoverse-n1-v1"), "--to FORMAT is not given"),
                                 (("export", "--to", "vmware", "neoverse-n1-v1"), "there is no format 'vmware'"),
                                 (("export", "--to", "c", "--unreleased", "neoverse-n1-v1"), "has no such form"),
                                 (("export", "--to", "c", profile(N1[0])), "a model is wanted"),
                                 (("import", "-"), "--from FORMAT is not given"),
                                 (("import", "--from", "libvirt", "-"), "'libvirt' cannot be read"),
                                 (("import", "--from", "text", "-", "--name", "a b"), "no name for a model")):
            with self.subTest(arguments):
                answer = self.expect(BAD, *arguments)
                self.assertEqual(answer.out, "")
                self.assertIn(words, answer.err)


if __name__ == "__main__":
    main()
