"""`steadyarm run` and `steadyarm ps` from outside: a VMM of plain ioctls on a simulated host.

What `ps` makes of any /proc: tests/cli/test_ps.py.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from support import DONE, NO, STEADYARM, Case, main, profile  # pylint: disable=wrong-import-position

VMM = os.environ["STEADY_VMM"]
PATHS = os.environ["STEADY_PATHS"]
PRELOAD = os.environ["STEADY_PRELOAD"]
SIMHOST = os.environ["STEADY_SIMHOST"]
HOST = "neoverse-n1-7.3"
POOL = ("neoverse-n1-6.12", "neoverse-n1-7.3", "cortex-a76-7.3")  # SSBS is 1, N1's own is 2
OWN = 125
FILTERED = not re.search(r"(?m)^Seccomp:\s+0$", pathlib.Path("/proc/self/status").read_text(encoding="utf-8"))
SYSREG = 0x603000000013c000  # KVM_REG_ARM64 | KVM_REG_SIZE_U64 | op0 3 (uapi asm/kvm.h)
EI_CLASS, E_MACHINE, E_PHOFF, E_PHNUM = 4, 18, 32, 56  # elf(5), 64 bits
UNNAMED = "0x603000000013c10e"  # op0 3, op1 0, CRn 2, CRm 1, op2 6: UNALLOCATED in Arm's 2026-03
PSCI, ISAR0 = 0x6030000000140000, SYSREG | 6 << 3  # CRm 6, op2 0


def values(out):
    found = re.findall(r"(?m)^(0x6030\w+) (0x\w+)$", out)
    return {int(register, 16): int(value, 16) for register, value in found}


class Run(Case):
    def setUp(self):
        super().setUp()
        self.env = {**os.environ, "STEADYARM_RUN_DIR": str(self.folder / "records")}

    def launch(self, *arguments, env=None, stdin=b"", **more):
        done = subprocess.run([STEADYARM, "run", *map(str, arguments)], input=stdin, check=False,
                              capture_output=True, cwd=self.folder, env={**self.env, **(env or {})}, **more)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def pinned(self, *arguments, options=(), env=None):
        return self.launch("--host", profile(HOST), "--model", self.model(*POOL), *options, "--", VMM, *arguments,
                           env=env)

    def expected(self):
        """The model's values, from its text."""
        text = self.expect(DONE, "models", "--text", self.model(*POOL)).out
        return sorted(int(value, 16) for name, value in re.findall(r"(?m)^(ID_\w+|MVFR\w+|S3_0_C0_C\w+) (0x\w+)$", text))

    # The pin

    def test_pinned(self):
        status, out, err = self.pinned("-v", "2")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(len(values(out)), 56)
        self.assertEqual(sorted(values(out).values()), self.expected())

    def test_unpinned(self):
        status, out, err = self.launch("--host", profile(HOST), "--", VMM)
        self.assertEqual((status, err), (0, ""))
        self.assertNotEqual(sorted(values(out).values()), self.expected())
        known = json.loads(pathlib.Path(profile(HOST)).read_text(encoding="utf-8"))["registers"]
        shown = int(known["ID_AA64PFR1_EL1"]["value"], 16)
        self.assertEqual(values(out)[SYSREG | 4 << 3 | 1], shown)

    def test_ways_of_asking(self):
        """syscall(2), sign-extended requests, before the constructors of what is preloaded."""
        for options, env in ((["-s"], {}), (["-S"], {}), (["-s", "-S"], {}), (["-e"], {"VMM_EARLY": "1"})):
            with self.subTest(options):
                status, out, err = self.pinned(*options, env=env)
                self.assertEqual((status, err), (0, ""))
                self.assertEqual(sorted(values(out).values()), self.expected())

    def test_installed_model(self):
        """Found by its name; what lies there later does not change what a VM has."""
        shutil.copy(self.model(*POOL), self.folder / "test-v1.json")
        self.env["STEADYARM_MODEL_PATH"] = str(self.folder)
        process = self.waiting(STEADYARM, "run", "--host", profile(HOST), "--model", "test-v1", "--", VMM, "-w")
        before = self.find(process.pid)
        (self.folder / "test-v1.json").unlink()
        self.assertEqual((before["model"], before["state"]), ("test-v1", "read-back"))
        self.assertEqual(before["id"], self.expect(DONE, "models", "--json", self.model(*POOL)).json()["models"][0]["id"])
        self.assertEqual(self.find(process.pid), before)

    def test_list_is_the_models(self):
        model = json.loads(self.model(*POOL).read_text(encoding="utf-8"))
        for options in ([], ["-s"], ["-S"]):
            _, out, _ = self.pinned(*options)
            self.assertIn(f"list {len(model['register_list'])}\n", out)

    def test_no_answer_of_its_own(self):
        for option in (["--json"], ["--quiet"], ["-o", "answer"]):
            status, out, err = self.launch(*option, "--host", profile(HOST), "--", VMM)
            self.assertEqual((status, out), (OWN, ""))
            self.assertIn(f"run has no answer of its own, so that there is no {option[0]}\n", err)

    def test_missing_option(self):
        status, out, err = self.pinned("-f", "0x4")
        self.assertEqual(status, 9)
        self.assertIn("run: Operation not permitted\n", out)
        self.assertIn("in QEMU: -cpu host,pmu=on", err)
        self.assertEqual(values(out), {})

    def test_counters_at_el2(self):
        """A guest with EL2 has as many event counters as the model, not as the host."""
        host = json.loads(pathlib.Path(profile("max-7.3-nested")).read_text(encoding="utf-8"))
        count = int(host["unvirtualised"]["PMCR_EL0.N"], 16)
        model = self.folder / "el2.json"
        self.expect(DONE, "baseline", "--vcpu", "el2=on,pmu=on,sve=off,ptrauth=off", "-o", model,
                    profile("max-7.3-nested"))
        host["unvirtualised"]["PMCR_EL0.N"] = f"{count + 1:#x}"
        for chosen in (True, False):
            host["behaviours"]["counters_chosen"] = chosen
            status, _, err = self.launch("--host", self.file("more.json", json.dumps(host)), "--model", model,
                                         "--", VMM, "-v", "2", "-f", "0x8c")
            if chosen:
                self.assertEqual((status, err), (0, ""))
            else:
                self.assertNotEqual(status, 0)
                self.assertIn(f"PMCR_EL0.N: wants {count}, host has {count + 1}", err)

    def test_incoming(self):
        psci = f"0x{PSCI:x}=0x10003"
        status, out, err = self.pinned(psci)
        self.assertEqual(status, 0)
        self.assertIn("set Invalid argument\n", out)
        self.assertIn("PSCI_VERSION: wants 0x10003, host has 0x10001", err)
        status, out, err = self.pinned(psci, options=["--on-conflict=pin", "--log", "log"])
        self.assertEqual((status, err), (0, ""))
        self.assertIn("set done\n", out)
        self.assertIn("the pin stays", (self.folder / "log").read_text(encoding="utf-8"))

    def test_tolerate(self):
        hosts = ("neoverse-n1-6.1", "neoverse-n1-6.12")
        model = self.model(*hosts)
        arguments = ["--host", profile("neoverse-n1-6.12"), "--model", model]
        status, _, err = self.launch(*arguments, "--", VMM)
        self.assertEqual(status, 0)  # its list is read after the run: what is lost is said
        self.assertIn("CNTP_CTL_EL0: guests here have this register", err)
        named = [word for name in ("CNTP_CTL_EL0", "CNTP_CVAL_EL0", "CNTPCT_EL0") for word in ("--tolerate", name)]
        status, _, err = self.launch(*arguments, *named, "--", VMM)
        self.assertEqual((status, err), (0, ""))
        status, _, err = self.launch(*arguments, "--tolerate", "NONSENSE", "--", VMM)
        self.assertEqual(status, OWN)
        self.assertIn("NONSENSE", err)

    def test_what_nobody_knows(self):
        """A host of a newer kernel: a register without a name is brought to 0, or no VM runs, or it is told."""
        grown = json.loads(pathlib.Path(profile(HOST)).read_text(encoding="utf-8"))
        for c in grown["configurations"]:
            c["register_list"] = sorted({*c["register_list"], UNNAMED}, key=lambda text: int(text, 16))
        host = self.folder / "future.json"
        for zero, option, ends, said in ((True, "--strict", 0, r"\A\Z"), (True, "--lenient", 0, r"\A\Z"),
                                         (False, "--strict", 9, "S3_0_C2_C1_6"), (False, None, 9, "--lenient"),
                                         (False, "--lenient", 0, "S3_0_C2_C1_6: wants 0, host has 0x11")):
            with self.subTest(zero=zero, option=option):
                grown["unnamed"] = {UNNAMED: {"value": "0x11", "zero": zero}}
                host.write_text(json.dumps(grown), encoding="utf-8")
                status, out, err = self.launch("--host", host, "--model", self.model(HOST),
                                               *([option] if option else []), "--", VMM)
                self.assertEqual((status, len(values(out))), (ends, 0 if ends else 56), err)
                self.assertRegex(err, said)

    def changed_host(self, name, value):
        host = json.loads(pathlib.Path(profile(HOST)).read_text(encoding="utf-8"))
        host["unvirtualised"][name] = hex(value)
        if name == "IPA_SIZE":
            host["capabilities"]["ARM_VM_IPA_SIZE"] = value
        return self.file(f"{name}.json", json.dumps(host))

    def test_passed_through(self):
        """What no write levels is refused before there is a VM, unless it is tolerated by name."""
        for name, value, said in (("CNTFRQ_EL0", 25000000, "wants 62500000 Hz, host has 25000000 Hz"),
                                  ("DCZID_EL0", 5, "wants 0x4, host has 0x5"), ("PAGE_SIZE", 65536, "wants 4096 bytes"),
                                  ("IPA_SIZE", 36, "wants 40 bits, host has 36 bits")):
            arguments = ["--host", self.changed_host(name, value), "--model", self.model(*POOL)]
            with self.subTest(name):
                status, out, err = self.launch(*arguments, "--", VMM)
                self.assertEqual(status, 9)
                self.assertIn("vm: Operation not permitted\n", out)
                self.assertIn(f"steadyarm: {name}: {said}", err)
                if name != "IPA_SIZE":  # KVM makes no VM of 40 bits there
                    self.assertEqual(self.launch(*arguments, "--tolerate", name, "--", VMM)[0::2], (0, ""))

    def test_addresses(self):
        """A VM has no more of them than the model: QEMU's map of memory comes from what KVM tells."""
        status, out, err = self.pinned()
        self.assertEqual((status, err), (0, ""))
        self.assertIn("ipa 40\n", out)  # the pool's A76 has 40, this host 48
        status, out, err = self.pinned("-t", "48")
        self.assertEqual(status, 9)
        self.assertIn("vm: Invalid argument\n", out)
        self.assertIn("IPA_SIZE: wants 48 bits, host has 40 bits", err)
        self.assertEqual(self.pinned("-t", "36")[0], 0)
        status, out, err = self.pinned("-t", "48", options=["--tolerate", "IPA_SIZE"])
        self.assertEqual((status, err), (0, ""))
        self.assertIn("ipa 48\n", out)

    # The device

    def test_ways_to_the_device(self):
        """However /dev/kvm is named, and whether or not there is one."""
        link, relative = self.folder / "link", self.folder / "relative"
        link.symlink_to("/dev/kvm")
        relative.symlink_to(os.path.relpath("/dev/kvm", self.folder.resolve()))
        for more in ([], ["--model", self.model(HOST)]):
            status, out, err = self.launch("--host", profile(HOST), *more, "--", PATHS, link, relative)
            self.assertEqual(status, 0)
            said = dict(re.findall(r"(?m)^(.*?): (.*)$", out))
            self.assertEqual({how for how, what in said.items() if what == "simulated"}, {
                "open", "dots", "more dots", "link", "relative link", "openat", "syscall openat", "syscall openat2", "fopen",
                "fopen64", "from a folder", "here"} | ({"syscall open"} & set(said)))
            self.assertEqual((said["other name"], said["other folder"]), ("No such file or directory",) * 2)
            self.assertEqual((said["nofollow"], said["access"]), ("Too many levels of symbolic links", "0"))
            self.assertEqual((said["stat from a folder"], said["lstat of the link"]), ("0 1", "0 1"))
            self.assertEqual((said["fstat"], said["statx"], said["fstat of another"]), ("0 1", "0 1", "0 0"))
            self.assertIn("errno 77\n", out)
            wrong = {what: answer for what, answer in said.items() if re.search("NULL|memory|constant", what)}
            self.assertEqual(set(wrong.values()), {"Bad address"}, wrong)
            self.assertEqual(len(wrong), 13)
            self.assertEqual((said["init"], said["list of one"], said["gic"]), ("0", "Argument list too long", "0"))
            self.assertIn("that are many\n", out)

    # What the environment brings

    def direct(self, env, *arguments):
        """The VMM without `run`, as with QEMU's environment in libvirt's XML."""
        done = subprocess.run([VMM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=self.folder, env={
            **self.env, "LD_PRELOAD": f"{PRELOAD}:{SIMHOST}", "STEADYARM_HOST_PROFILE": profile(HOST), **env})
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_environment(self):
        text = self.folder / "web.model"
        self.expect(DONE, "models", "--text", self.model(*POOL), "-o", text)
        status, out, err = self.direct({"STEADYARM_MODEL": str(text)})
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(sorted(values(out).values()), self.expected())

    def test_no_model_no_vm(self):
        text = self.folder / "web.model"
        self.expect(DONE, "models", "--text", self.model(*POOL), "-o", text)
        link = self.folder / "link.model"
        link.symlink_to(text)
        broken = self.file("broken.model", "format steadyarm-model\nID_AA64ISAR0_EL1 0x1z\nversion 1\n")
        for env, said in (({"STEADYARM_MODEL": str(link)}, "link.model: the model cannot be read: "),
                          ({"STEADYARM_MODEL": str(self.folder / "none")}, "none: the model cannot be read: No such"),
                          ({"STEADYARM_MODEL": str(broken)}, "broken.model:2:18: "),
                          ({"STEADYARM_MODEL_TEXT": ""}, "STEADYARM_MODEL_TEXT:1:1: ")):
            with self.subTest(said):
                status, out, err = self.direct(env)
                self.assertEqual(status, 9)
                self.assertIn("vm: Operation not permitted\n", out)
                self.assertIn(said, err)

    def test_log(self):
        log = self.folder / "log"
        status, _, err = self.pinned("-v", "2", options=["--log", log])
        self.assertEqual((status, err), (0, ""))
        said = log.read_text(encoding="utf-8")
        self.assertEqual(log.stat().st_mode & 0o777, 0o600)
        for line in ("model test-v1", "vCPU 0 is pinned", "vCPU 1 reads back equal after its first entry"):
            self.assertIn(f"steadyarm: {line}\n", said)
        target = self.file("precious", "keep")
        link = self.folder / "link"
        link.symlink_to(target)
        for where, why in ((link, "Too many levels of symbolic links"), (self.folder / "none" / "log", "No such file")):
            status, out, err = self.pinned(options=["--log", where])
            self.assertEqual((status, out), (OWN, ""))
            self.assertRegex(err, rf"^steadyarm: run: --log {where}: {why}[^\n]*\n$")
        self.assertEqual(target.read_text(encoding="utf-8"), "keep")

    def test_log_of_the_host(self):
        """Unpinned, what is not simulated is in the log: 203 is BINARY_STATS_FD (linux/kvm.h)."""
        code = ("import fcntl, os; fcntl.ioctl(os.open('/dev/kvm', os.O_RDWR), 0xae03, 203)",)
        for option in (["--log", "log"], ["--log", self.folder / "log"]):
            status, _, err = self.launch("--host", profile(HOST), *option, "--", sys.executable, "-c", *code)
            self.assertEqual((status, err), (0, ""))
            log = self.folder / "log"
            self.assertEqual(log.read_text(encoding="utf-8"), "steadyarm: simulated host: capability 203 is not simulated: 0\n")
            log.unlink()

    # What `run` starts, and what not

    def test_same_process(self):
        """It execs: the same process, status, descriptors."""
        for status in (0, 1, 7, 125):
            self.assertEqual(self.pinned("-x", status)[0], status)
        argv = [STEADYARM, "run", "--host", profile(HOST), "--model", self.model(*POOL), "--"]
        with subprocess.Popen([*argv, VMM], stdout=subprocess.PIPE, env=self.env) as process:
            out = process.communicate()[0].decode()
            self.assertIn(f"pid {process.pid}\n", out)
        read, write = os.pipe()
        status, _, _ = self.launch("--host", profile(HOST), "--model", self.model(*POOL), "--", shutil.which("dd"),
                                   "if=/dev/zero", "bs=4", "count=1", f"of=/dev/fd/{write}", pass_fds=[write])
        self.assertEqual((status, os.read(read, 8)), (0, b"\0" * 4))
        os.close(read)
        os.close(write)
        with subprocess.Popen([*argv, VMM, "-w"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.env) as process:
            process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            process.communicate()
            self.assertEqual(process.returncode, -signal.SIGTERM)

    def patched(self, name, at, value):
        data = bytearray(pathlib.Path(VMM).read_bytes())
        data[at:at + len(value)] = value
        return self.program(name, bytes(data))

    def program(self, name, content=None, mode=0o755):
        path = self.folder / name
        path.write_bytes(pathlib.Path(VMM).read_bytes() if content is None else content)
        path.chmod(mode)
        return path

    def without_interpreter(self):
        """A copy whose PT_INTERP is PT_NULL, as a static program has none."""
        data = bytearray(pathlib.Path(VMM).read_bytes())
        start, count = struct.unpack_from("<Q", data, E_PHOFF)[0], struct.unpack_from("<H", data, E_PHNUM)[0]
        for i in range(count):
            if struct.unpack_from("<I", data, start + 56 * i)[0] == 3:
                struct.pack_into("<I", data, start + 56 * i, 0)
        return self.program("static", bytes(data))

    def test_refused(self):
        rows = [
            (self.program("script", b"#!/bin/sh\nexit 0\n"), "it is a script: name the VMM itself"),
            (self.program("text", b"just words, and enough of them to fill an ELF header of 64 bytes\n"),
             "it is no ELF program"),
            (self.program("short", b"\x7fELF"), "it is no ELF program"),
            (self.patched("other", E_MACHINE, struct.pack("<H", 243)), "it is for another architecture"),  # RISC-V
            (self.patched("small", EI_CLASS, b"\1"), "it is for another architecture"),
            (self.without_interpreter(), "it is statically linked"),
            (self.program("setuid", mode=0o4755), "it is setuid or setgid"),
            (self.program("setgid", mode=0o2755), "it is setuid or setgid"),
        ]
        able = self.program("capable")
        try:  # VFS_CAP_REVISION_2, permitted: CAP_NET_BIND_SERVICE (capabilities(7))
            os.setxattr(able, "security.capability", struct.pack("<IIIII", 0x02000000, 1 << 10, 0, 0, 0))
            rows.append((able, "it has file capabilities"))
        except OSError:
            pass
        for path, reason in rows:
            with self.subTest(reason=reason, path=path.name):
                status, out, err = self.launch("--model", self.model(*POOL), "--", path)
                self.assertEqual((status, out), (OWN, ""))
                self.assertIn(f"steadyarm: run: {path}: {reason}", err)
                self.assertIn("it would run unpinned", err)

    def test_not_there(self):
        model = self.model(*POOL)
        self.assertEqual(self.launch("--model", model, "--", "no-such-command-anywhere")[0], 127)
        self.assertEqual(self.launch("--model", model, "--", "./none")[0], 127)
        self.assertEqual(self.launch("--model", model, "--", self.program("plain", mode=0o644))[0], 126)

    def test_on_the_way(self):
        """execvp(3): what cannot be executed is passed by, and an empty element is the current folder."""
        first, second = self.folder / "first", self.folder / "second"
        (first / "vmm").mkdir(parents=True)
        second.mkdir()
        (second / "vmm").symlink_to(VMM)
        (self.folder / "here").symlink_to(VMM)
        (first / "plain").write_text("", encoding="utf-8")
        rows = (("vmm", f"{first}:{second}", 0), ("vmm", f"{first}", 126), ("plain", f"{first}:{second}", 126),
                ("here", f"{first}::{second}", 0), ("here", f"{first}:", 0), ("here", "", 0), ("here", f"{first}", 127))
        for name, path, status in rows:
            with self.subTest(name=name, path=path):
                done = self.launch("--host", profile(HOST), "--model", self.model(*POOL), "--", name, env={"PATH": path})
                self.assertEqual(done[0], status, done[2])
        status, _, err = self.launch("--model", self.model(*POOL), "--", first)
        self.assertEqual(status, 126)
        self.assertIn("Is a directory", err)

    @staticmethod
    def mapped(data):
        """Where in the file ends what is mapped of it: elf(5), p_type 1, p_offset, p_filesz."""
        start, count = struct.unpack_from("<Q", data, E_PHOFF)[0], struct.unpack_from("<H", data, E_PHNUM)[0]
        parts = [struct.unpack_from("<IIQQQQ", data, start + 56 * i) for i in range(count)]
        return max(part[2] + part[5] for part in parts if part[0] == 1)

    def test_library_that_cannot_be_loaded(self):
        """ld.so(8) says that it is ignored, or nothing where it is any library, and runs the program."""
        data = bytearray(pathlib.Path(PRELOAD).read_bytes())
        rows = [(b"nothing\n", "it is no shared library"), (bytes(data[:40]), "it is no shared library"),
                (pathlib.Path(shutil.which("true")).read_bytes()[:16] + b"\2\0" + bytes(data[18:]), "it is no shared library")]
        for at, value in ((EI_CLASS, b"\1"), (E_MACHINE, struct.pack("<H", 243)), (5, b"\2")):  # EI_DATA
            other = bytearray(data)
            other[at:at + len(value)] = value
            rows.append((bytes(other), "it is for another architecture"))
        libm = re.search(r"(/\S*/libm\.so\S*)$", pathlib.Path("/proc/self/maps").read_text(encoding="utf-8"), re.M)
        rows += [(pathlib.Path(VMM).read_bytes(), "it is a program"), (bytes(data[:self.mapped(data) - 1]), "its end is missing"),
                 (bytes(data[:4096]), "its end is missing")]
        rows += [(pathlib.Path(name).read_bytes(), "it is another library") for name in (SIMHOST, libm[1])]
        for content, said in rows:
            library = self.program("other.so", content)
            status, out, err = self.launch("--model", self.model(*POOL), "--library", library, "--", shutil.which("echo"), "x")
            self.assertEqual((status, out), (OWN, ""))
            self.assertIn(f"other.so: {said}", err)

    def test_own_failures(self):
        model = self.model(*POOL)
        blank = self.folder / "a b.so"
        shutil.copy(PRELOAD, blank)
        for arguments in (["--", VMM], ["--model", "none.json", "--", VMM], ["--model", model], ["--nonsense"],
                          ["--model", profile(HOST), "--", VMM], ["--host", model, "--", VMM],
                          ["--model", model, "--on-conflict=maybe", "--", VMM],
                          *(["--host", profile(HOST), *option, "--", VMM] for option in (  # they say how to pin
                              ["--tolerate", "PMMIR_EL1"], ["--on-conflict=fail"], ["--lenient"], ["--library", PRELOAD])),
                          ["--model", model, "--library", "none.so", "--", VMM],
                          ["--model", model, "--library", blank, "--", VMM]):
            with self.subTest(arguments):
                status, out, err = self.launch(*arguments)
                self.assertEqual((status, out), (OWN, ""))
                self.assertIn("steadyarm: ", err)

    # steadyarm-qemu

    def wrapped(self, *arguments, conf=None, env=None):
        """What stands in QEMU's place, on the simulated host: VMM says what it was called with."""
        wrapper = self.folder / "steadyarm-qemu"
        if not wrapper.exists():
            wrapper.symlink_to(STEADYARM)
        more = {"VMM_ECHO": "1", "STEADYARM_QEMU": VMM, **(env or {})}
        if conf is not None:
            more["STEADYARM_QEMU_CONF"] = str(self.file("qemu.conf", conf))
        done = self.launch("--host", profile(HOST), "--", wrapper, *arguments, env={k: v for k, v in more.items() if v})
        echoed = re.findall(r"(?m)^argument (.*)$", done[1])
        return done[0], done[1], done[2], echoed

    def is_pinned(self, out):
        self.assertEqual(len(values(out)), 56)
        return sorted(values(out).values()) == self.expected()

    def test_wrapper(self):
        arguments = ["-name", "guest=web1,debug-threads=on", "-S", "-machine", "virt,accel=kvm", "-cpu", "host"]
        status, out, err, echoed = self.wrapped(*arguments, env={"STEADYARM_MODEL": str(self.model(*POOL))})
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(echoed, [VMM, *arguments])
        self.assertTrue(self.is_pinned(out))

    def test_wrapper_by_name(self):
        model = self.model(*POOL)
        conf = f"# who has what\nqemu {VMM}\nmodel web* {model}\nmodel db,1 {model} # comma\nmodel lab-? unpinned\nmodel web9 none\n"
        for name, pinned in (("web1", True), ("guest=web1,debug-threads=on", True), ("debug-threads=on,guest=web2", True),
                             ("guest=db,,1", True), ("web9", True), ("lab-1", False)):
            with self.subTest(name):
                status, out, err, _ = self.wrapped("-name", name, conf=conf, env={"STEADYARM_QEMU": ""})
                self.assertEqual((status, err), (0, ""))
                self.assertIs(self.is_pinned(out), pinned)
        for arguments, said in ((("-name", "other"), "guest 'other' has no model"), ((), "guest '' has no model"),
                                (("-name", "lab-12"), "guest 'lab-12' has no model")):
            status, out, err, _ = self.wrapped(*arguments, conf=conf)
            self.assertEqual((status, out), (OWN, ""))
            self.assertIn(said, err)
            self.assertRegex(err, r"NAME` in /\S+/qemu.conf ")
            self.assertNotIn("/etc/steadyarm", err)

    def test_wrapper_bad_configuration(self):
        for conf, said in (("nonsense\n", "qemu.conf:1:1: a line begins with"), ("\nmodel a\n", "qemu.conf:2:1: this is wanted"),
                           ("model a b c\n", "qemu.conf:1:1: "), ("qemu\n", "this is wanted: qemu PATH")):
            status, out, err, _ = self.wrapped("-name", "x", conf=conf)
            self.assertEqual((status, out), (OWN, ""))
            self.assertIn(said, err)
        status, _, err, _ = self.wrapped("-name", "x", env={"STEADYARM_QEMU_CONF": "/none"})
        self.assertEqual(status, OWN)
        self.assertIn("/none", err)

    def test_wrapper_lets_questions_through(self):
        """What libvirt asks an emulator before it starts a guest: no model is needed, nothing is preloaded."""
        for arguments in (["-version"], ["--version"], ["-help"], ["-machine", "help"], ["-cpu", "help"],
                          ["-S", "-no-user-config", "-nodefaults", "-nographic", "-machine", "none,accel=kvm:tcg", "-qmp",
                           "unix:/x,server=on,wait=off", "-pidfile", "/x", "-daemonize"], ["-M", "none"]):
            with self.subTest(arguments):
                status, out, err, echoed = self.wrapped(*arguments, conf="")
                self.assertEqual((status, err), (0, ""))
                self.assertEqual(echoed, [VMM, *arguments])
                self.assertFalse(self.is_pinned(out))
        self.assertEqual(self.wrapped("-machine", "nonesuch", conf="")[0], OWN)

    def test_wrapper_knows_a_guest(self):
        """What looks like a question and is none: an option's value, or what a later option takes back."""
        model = {"STEADYARM_MODEL": str(self.model(*POOL))}
        for arguments in (["-kernel", "x", "-append", "-h"], ["-append", "-version"], ["-name", "-help"],
                          ["-machine", "none", "-machine", "virt"], ["-M", "none", "-machine", "accel=kvm,type=virt"],
                          ["-cpu", "help", "-cpu", "host"], ["-append", "-machine", "-M", "virt"],
                          ["-machine", "none", "-readconfig", "x"]):
            with self.subTest(arguments):
                self.assertEqual(self.wrapped(*arguments, conf="")[0], OWN)  # no model, no guest
                status, out, err, echoed = self.wrapped(*arguments, env=model)
                self.assertEqual((status, err, echoed), (0, "", [VMM, *arguments]))
                self.assertTrue(self.is_pinned(out))
        self.assertTrue(self.is_pinned(self.wrapped("-machine", "none", env=model)[1]))  # and a machine of devices
        for flag in ("-perfmap", "-jitdump", "-audio-help"):  # of QEMU 11.1, 11.1 and 7.2: no argument follows
            self.assertTrue(self.is_pinned(self.wrapped(flag, "-name", "web1", conf=f"model web1 {model['STEADYARM_MODEL']}\n")[1]))
        self.assertTrue(self.is_pinned(self.wrapped("-append", "-name web2", "-name", "web1", conf=f"model web1 {model['STEADYARM_MODEL']}\n")[1]))

    def test_wrapper_without_qemu(self):
        status, _, err, _ = self.wrapped("-version", env={"STEADYARM_QEMU": "/none/qemu"})
        self.assertEqual(status, 127)
        self.assertIn("/none/qemu: No such file", err)
        status, _, err, _ = self.wrapped(env={"STEADYARM_QEMU": "/none/qemu", "STEADYARM_MODEL": str(self.model(*POOL))})
        self.assertEqual(status, 127)

    # A VMM that shuts itself in

    def test_allow_list(self):
        """Nothing that a strict filter would end it for: 500 vCPUs come to run, and it ends as it means to."""
        for options in ([], ["-s"]):
            status, out, err = self.pinned("-c", "-v", "500", "-x", "42", *options)
            self.assertEqual((status, err), (42, ""))
            self.assertEqual(sorted(values(out).values()), self.expected())
            left = self.folder / "records" / re.search(r"(?m)^pid (\d+)$", out)[1]
            left = left.with_suffix(".json")  # to remove it might have been the end of it
            self.assertLess(left.stat().st_size, 8192)  # not a line for each vCPU
            self.ps()
            self.assertFalse(left.exists())

    def test_500_are_read_back(self):
        process = self.waiting(STEADYARM, "run", "--host", profile(HOST), "--model", self.model(*POOL), "--", VMM, "-w",
                               "-c", "-v", "500")
        vm = self.find(process.pid)["vms"][0]
        self.assertEqual({**vm, "fd": 0}, {"fd": 0, "state": "read-back", "vcpus": 500, "pinned": 500, "read_back": 500})

    def test_opened_before_the_filter(self):
        """Model, log and record are opened when the library is loaded, not with the first request."""
        text = self.folder / "web.model"
        self.expect(DONE, "models", "--text", self.model(*POOL), "-o", text)
        env = {"STEADYARM_MODEL": str(text), "STEADYARM_LOG": str(self.folder / "log")}
        status, out, err = self.direct(env, "-C")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(sorted(values(out).values()), self.expected())
        self.assertIn("vCPU 0 is pinned", (self.folder / "log").read_text(encoding="utf-8"))
        self.assertEqual(len(list((self.folder / "records").iterdir())), 1)

    def test_children_of_a_wrapper(self):
        """What else a script runs makes no VM, leaves no record, and is not in the log; its VMM does, and is."""
        model = ["--host", profile(HOST), "--model", self.model(*POOL), "--log", "log"]
        idle = 'for i in 1 2 3 4 5; do sh -c "cat /etc/hostname >/dev/null; true"; done; exec true'
        self.assertEqual(self.launch(*model, "--", shutil.which("sh"), "-c", idle)[0], 0)
        log = self.folder / "log"
        self.assertEqual(log.read_text(encoding="utf-8").count("model test-v1"), 2)  # the shell, and what it execs
        self.assertLessEqual(len(list((self.folder / "records").iterdir())), 1)
        for filtered in ("", "-C", "-C -s"):
            with self.subTest(filtered):
                log.unlink()
                status, out, err = self.launch(*model, "--", shutil.which("sh"), "-c",
                                               f"{VMM} {filtered} -x 42; s=$?; ls records; exit $s")
                self.assertEqual((status, err), (42, ""))
                self.assertEqual(sorted(values(out).values()), self.expected())
                said = log.read_text(encoding="utf-8")
                self.assertEqual(said.count("model test-v1"), 2)  # the shell and the VMM
                self.assertIn("vCPU 0 is pinned", said)
                if filtered:
                    self.assertIn(re.search(r"(?m)^pid (\d+)$", out)[1] + ".json\n", out)
        script = self.file("script", f"{VMM} -w; true\n")
        process = self.waiting(STEADYARM, "run", *model, "--", shutil.which("sh"), script)
        states = [p["state"] for p in json.loads(self.ps("--json")[1])["processes"] if p["pid"] != process.pid and p["model"]]
        self.assertEqual(states, ["read-back"])

    def test_errno_at_start(self):
        """What the library did before main() is not to be seen there."""
        (self.folder / "records").mkdir()  # mkdir(2) and unlink(2) fail, in any case
        _, out, _ = self.pinned()
        self.assertIn("\nerrno 0\n", out)

    # ps

    def waiting(self, *arguments):
        """A VMM that has booted and waits; ends with the test."""
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(word) for word in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.env, cwd=self.folder)
        self.addCleanup(process.communicate)
        lines = iter(process.stdout.readline, b"")
        self.assertTrue(any(line.startswith(b"list") for line in lines), "it ended")
        return process

    def ps(self, *arguments):
        done = subprocess.run([STEADYARM, "ps", *map(str, arguments)], capture_output=True, check=False, env=self.env)
        return done.returncode, done.stdout.decode()

    def find(self, pid):
        found = [p for p in json.loads(self.ps("--json")[1])["processes"] if p["pid"] == pid]
        return found[0] if found else None

    def test_ps(self):
        model = self.model(*POOL)
        run = [STEADYARM, "run", "--host", profile(HOST)]
        pinned = self.waiting(*run, "--model", model, "--tolerate", "PMMIR_EL1", "--", VMM, "-w", "-v", "3")
        unpinned = self.waiting(*run, "--", VMM, "-w")
        shown = self.expect(DONE, "models", "--json", model).json()["models"][0]
        self.assertEqual(self.find(pinned.pid), {
            "pid": pinned.pid, "program": "vmm", "uid": os.geteuid(), "state": "read-back", "simulated": True,
            "vcpus": 3, "model": shown["name"], "id": shown["id"], "tolerated": ["PMMIR_EL1"],
            "vms": [{"fd": self.find(pinned.pid)["vms"][0]["fd"], "state": "read-back", "vcpus": 3, "pinned": 3,
                     "read_back": 3}]})
        other = self.find(unpinned.pid)
        self.assertEqual((other["state"], other["model"], other["id"]), ("unpinned", None, None))
        status, out = self.ps()
        self.assertEqual(status, NO)
        self.assertRegex(out, r"\ANO: [1-9]\d* of \d+ processes are not pinned\n")  # others' too
        self.assertRegex(out, rf"(?m)^{pinned.pid} +vmm +1 VM, 3 vCPUs: test-v1@{shown['id'][:12]}, read back, "
                              r"tolerates PMMIR_EL1 \(simulated host\)$")
        self.assertRegex(out, rf"(?m)^{unpinned.pid} +vmm +1 VM, 1 vCPU: UNPINNED \(simulated host\)$")

    def test_ps_no_record(self):
        """The library is in, and had nowhere to write."""
        self.env["STEADYARM_RUN_DIR"] = "/proc/nowhere"
        process = self.waiting(STEADYARM, "run", "--host", profile(HOST), "--model", self.model(*POOL), "--", VMM, "-w")
        found = self.find(process.pid)
        self.assertEqual((found["state"], found["model"]), ("no-record", None))

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root, to become somebody else")
    def test_records_of_all_users(self):
        """The folder as tmpfiles.d/steadyarm.conf has it made: a VMM that is not root leaves its record there."""
        conf = (pathlib.Path(__file__).resolve().parents[2] / "tmpfiles.d" / "steadyarm.conf").read_text(encoding="utf-8")
        kind, path, mode, user, group, age = [line for line in conf.splitlines() if not line.startswith("#")][0].split()
        self.assertEqual((kind, path, user, group, age), ("d", "/run/steadyarm", "root", "root", "-"))
        self.folder.chmod(0o755)
        records = self.folder / "records"
        records.mkdir()
        records.chmod(int(mode, 8))
        model = self.file("model.json", self.model(*POOL).read_text(encoding="utf-8"))
        model.chmod(0o644)
        argv = [STEADYARM, "run", "--host", profile(HOST), "--model", model, "--", VMM, "-w"]
        process = self.waiting(shutil.which("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups", *argv)
        self.assertEqual((records / f"{process.pid}.json").stat().st_uid, 65534)
        found = self.find(process.pid)
        self.assertEqual((found["uid"], found["state"]), (65534, "read-back"))
        # where another user's record was left under the same number
        old = records / f"{process.pid}.json"
        shutil.chown(old, 12345)
        stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
        start = stat.rsplit(")", 1)[1].split()[19]
        old.rename(records / f"{process.pid}-{start}.json")
        shutil.chown(records / f"{process.pid}-{start}.json", 65534)
        old.write_text("{}\n", encoding="utf-8")
        self.assertEqual(self.find(process.pid)["state"], "read-back")

    def test_records_end(self):
        model = self.model(*POOL)
        records = self.folder / "records"
        argv = [STEADYARM, "run", "--host", profile(HOST), "--model", model, "--", VMM, "-w"]
        process = self.waiting(*argv)
        path = records / f"{process.pid}.json"
        self.assertTrue(path.exists())
        process.communicate()
        if not FILTERED:
            self.assertFalse(path.exists())  # it cleans up after itself
        killed = self.waiting(*argv)
        killed.kill()
        killed.wait()
        path = records / f"{killed.pid}.json"
        self.assertTrue(path.exists())
        self.assertIsNone(self.find(killed.pid))
        self.assertFalse(path.exists())
        self.assertEqual(list(records.iterdir()), [])


class Source(unittest.TestCase):
    def test_environment_of_setuid_programs(self):
        """The library reads the environment with secure_getenv(3) alone."""
        files = [path for path in (pathlib.Path(__file__).resolve().parents[2] / "preload").rglob("*.c")]
        self.assertGreater(len(files), 6)
        for path in files:
            calls = re.findall(r"\b\w*getenv\(", path.read_text(encoding="utf-8"))
            self.assertEqual(set(calls) - {"secure_getenv("}, set(), path)


if __name__ == "__main__":
    main()
