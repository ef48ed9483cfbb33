#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`ps` of processes and records that are written for it."""

import json
import os
import shutil
import subprocess
import unittest

from support import DONE, NO, STEADYARM, Case, main


class FakeProc(Case):
    """What /proc says of others, written down as proc(5) describes it."""

    def process(self, pid, name, links=(), start=100, uid=0, cmdline="x", maps=""):
        folder = self.folder / "proc" / str(pid)
        (folder / "fd").mkdir(parents=True)
        fields = " ".join(["S"] + ["1"] * 18 + [str(start)] + ["0"] * 30)
        (folder / "stat").write_text(f"{pid} ({name}) {fields}\n", encoding="utf-8")
        (folder / "status").write_text(f"Name:\t{name}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n", encoding="utf-8")
        (folder / "cmdline").write_text(cmdline, encoding="utf-8")
        (folder / "maps").write_text(maps, encoding="utf-8")
        for fd, target in enumerate(links, 3):
            (folder / "fd" / str(fd)).symlink_to(target)
        return folder

    def record(self, pid, vms, start=100, more=""):
        (self.folder / "run").mkdir(exist_ok=True)
        line = {"format": "steadyarm-audit", "version": 1, "pid": pid, "start": start, "model": "web-v1",
                "id": "ab" * 32, "tolerated": [], "on_conflict": "fail", "vms": vms}
        (self.folder / "run" / f"{pid}.json").write_text(json.dumps(line) + "\n" + more, encoding="utf-8")

    def ps(self, *arguments):
        return self.run_it("ps", "--proc", self.folder / "proc", "--run", self.folder / "run", *arguments)

    def vm(self, fd=4, vcpus=2, pinned=2, back=2, refused=False):
        return {"fd": fd, "vcpus": vcpus, "pinned": pinned, "read_back": back, "refused": refused}

    KVM = ("/dev/kvm", "anon_inode:kvm-vm", "anon_inode:kvm-vcpu:0", "anon_inode:kvm-vcpu:1",
           "anon_inode:kvm-vcpu-stats:0", "anon_inode:kvm-vm-stats")

    def test_states(self):
        uid = os.geteuid()
        rows = {
            11: ("read-back", [self.vm()], {}),
            12: ("starting", [self.vm(back=1)], {}),
            13: ("starting", [self.vm(pinned=0, back=0)], {}),
            14: ("refused", [self.vm(refused=True, back=0)], {}),
            15: ("unpinned", [self.vm(fd=9)], {}),            # of another VM
            16: ("unpinned", None, {}),
            17: ("no-record", None, {"maps": "7f00-7f10 r-xp 0 8:1 5 /usr/lib/steadyarm/steadyarm-preload.so\n"}),
        }
        for pid, (_, vms, more) in rows.items():
            self.process(pid, "qemu) S (x", self.KVM, uid=uid, **more)
            if vms is not None:
                self.record(pid, vms)
        self.process(20, "idle", ("/dev/null", "socket:[1]"), uid=uid)
        self.process(21, "opener", ("/dev/kvm",), uid=uid)
        answer = self.ps("--json")
        self.assertEqual(answer.status, NO)
        found = {p["pid"]: p["state"] for p in answer.json()["processes"]}
        self.assertEqual(found, {**{pid: row[0] for pid, row in rows.items()}, 21: "no-vm"})
        self.assertEqual(answer.json()["processes"][0]["program"], "qemu) S (x")
        self.assertTrue(self.ps().out.startswith("NO: 6 of 8 processes are not pinned\n"))

    def test_all_is_well(self):
        self.process(11, "qemu", self.KVM, uid=os.geteuid())
        self.record(11, [self.vm()], more='{"format": "steadyarm-au')  # the last line that is whole counts
        answer = self.ps()
        self.assertEqual(answer.status, DONE)
        self.assertEqual(answer.out, "yes: 1 process is pinned\n"
                                     "11      qemu             1 VM, 2 vCPUs: web-v1@abababababab, read back\n")

    def test_lines(self):
        """A line of a VM changes what was said of it before; what is no such line is skipped."""
        self.process(11, "qemu", ("/dev/kvm", "anon_inode:kvm-vm", "anon_inode:kvm-vm"), uid=os.geteuid())
        lines = [{"vm": self.vm(fd=5)}, {"vm": self.vm(fd=4, refused=True)}]
        self.record(11, [self.vm(fd=4)], more="".join(json.dumps(line) + "\n" for line in lines))
        vms = self.ps("--json").json()["processes"][0]["vms"]
        self.assertEqual([(vm["fd"], vm["state"]) for vm in vms], [(4, "refused"), (5, "read-back")])
        more = '{"vm": {"fd": 4, "vc\n' + json.dumps({"vm": self.vm(fd=5, vcpus=3)}) + '\n{"vm": {"fd": 4,'
        self.record(11, [self.vm(fd=4)], more=more)
        vms = self.ps("--json").json()["processes"][0]["vms"]
        self.assertEqual([(vm["fd"], vm["state"]) for vm in vms], [(4, "read-back"), (5, "starting")])

    def test_full_record(self):
        """Of what came after the last line nothing is claimed."""
        library = "7f00-7f10 r-xp 0 8:1 5 /usr/lib/steadyarm/steadyarm-preload.so\n"
        self.process(11, "qemu", self.KVM, uid=os.geteuid(), maps=library)
        self.record(11, [self.vm()], more='{"full": true}\n')
        found = self.ps("--json").json()["processes"][0]
        self.assertEqual((found["state"], found["model"]), ("no-record", "web-v1"))

    def test_longer_name(self):
        """Where another user's file is in the way of PID.json."""
        self.process(11, "qemu", self.KVM, uid=os.geteuid())
        self.record(11, [self.vm()])
        (self.folder / "run" / "11.json").rename(self.folder / "run" / "11-100.json")
        self.record(12, [self.vm()])
        (self.folder / "run" / "12.json").rename(self.folder / "run" / "12-100.json")
        self.assertEqual(self.ps().status, DONE)
        self.assertEqual([p.name for p in (self.folder / "run").iterdir()], ["11-100.json"])

    def test_nobody(self):
        self.process(20, "idle", uid=os.geteuid())
        answer = self.ps()
        self.assertEqual((answer.status, answer.out), (DONE, "no process uses KVM\n"))

    def test_records_of_others_do_not_count(self):
        self.process(11, "qemu", self.KVM, start=200, uid=os.geteuid())
        self.record(11, [self.vm()])  # of a process that had its number before
        self.process(12, "qemu", self.KVM, uid=os.geteuid() + 1)  # its user did not write it
        self.record(12, [self.vm()])
        if os.geteuid() == 0:
            os.chown(self.folder / "run" / "12.json", 12345, -1)
        self.process(13, "qemu", self.KVM, uid=os.geteuid())
        (self.folder / "elsewhere").write_text("{}", encoding="utf-8")
        (self.folder / "run" / "13.json").symlink_to(self.folder / "elsewhere")
        for pid, nonsense in enumerate(("", "\n", "[]\n", "{\n", '{"format": "steadyarm-audit"}\n'), 14):
            self.process(pid, "qemu", self.KVM, uid=os.geteuid())
            (self.folder / "run" / f"{pid}.json").write_text(nonsense, encoding="utf-8")
        found = {p["pid"]: p["state"] for p in self.ps("--json").json()["processes"]}
        self.assertEqual(set(found.values()), {"unpinned"})
        self.assertEqual(len(found), 8)

    def test_stale_records_go(self):
        self.process(11, "qemu", self.KVM, uid=os.geteuid())
        self.record(11, [self.vm()])
        self.record(99, [self.vm()])
        (self.folder / "run" / "notes.txt").write_text("mine", encoding="utf-8")
        self.ps()
        self.assertEqual(sorted(p.name for p in (self.folder / "run").iterdir()), ["11.json", "notes.txt"])

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root, to become somebody else")
    def test_unreadable(self):
        """Somebody else's processes are named, kernel threads are not."""
        self.process(11, "qemu", self.KVM)
        self.process(12, "daemon")
        self.process(13, "kworker", cmdline="")
        for pid in (11, 12, 13):
            (self.folder / "proc" / str(pid) / "fd").chmod(0o500)
        self.folder.chmod(0o755)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", STEADYARM, "ps", "--proc",
                               self.folder / "proc", "--run", self.folder / "run"], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout.decode()),
                         (3, "no process that may be looked at uses KVM\n"
                             "may not be looked at (root may): 11 qemu, 12 daemon\n"))

    def test_no_proc(self):
        answer = self.run_it("ps", "--proc", self.folder / "none")
        self.assertEqual((answer.status, answer.out), (3, ""))
        self.assertIn("No such file", answer.err)


if __name__ == "__main__":
    main()
