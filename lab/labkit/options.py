"""The options of lab/run, which lab/hosts.tsv uses too, as a job."""

import argparse
import os
import sys

from labkit import host
from labkit.common import EXIT_LAB

USAGE = """\
The command runs in /out with /in (the files of --in) first on its PATH, as root unless --user is given.
Its stdout, stderr and exit status become this program's own (128 + N when it died of signal N); what it
left in /out goes to --out DIR, with the host's console.log. The steadyarm on its PATH is this checkout's
build/arm64/steadyarm, where it is built. All of busybox is there: for several commands in one boot use `sh -c` or --script.
Exit status 125: the lab itself failed, with the reason on stderr."""


class Parser(argparse.ArgumentParser):
    """Bad usage is the lab's own failure: 2 may be the command's status."""

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(EXIT_LAB, f"{self.prog}: {message}\n")


def number(low, high):
    def whole_number(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not in {low} to {high}")
        return value
    return whole_number


def setting(text):
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text}: NAME=VALUE is wanted")
    return text


def _add_host(add):
    add("--kernel", metavar="NAME", default="6.12", help="a name of lab/kernels.tsv (6.12)")
    add("--cpu", metavar="TYPE[,PROP=V]", default="max", help="QEMU's -cpu (max)")
    add("--qemu", choices=("new", "system"), default="new",
        help="the emulator: lab/fetch's or the machine's (new)")
    add("--mode", choices=tuple(host.MODES), default="nvhe", help="KVM's mode (nvhe)")
    add("--gic", choices=("2", "3"), default="3", help="interrupt controller version (3)")
    add("--smp", type=number(1, 64), metavar="N", default=2, help="CPUs (2)")
    add("--memory", type=number(128, 65536), metavar="M", default=1024, help="MiB (1024)")
    add("--machine", type=setting, metavar="PROP=V", action="append", default=[],
        help="a property of QEMU's machine, as mte=on")
    add("--icount", action="store_true",
        help="the host's clock counts instructions: times that can be repeated, on one thread")
    add("--append", metavar="STR", default="", help="more kernel options")


def _add_job(add):
    add("--in", dest="files", metavar="FILE", action="append", default=[],
        help="a file or folder to bring in")
    add("--out", metavar="DIR", help="where to put what the command leaves in /out")
    add("--env", type=setting, metavar="NAME=VALUE", action="append", default=[])
    add("--user", type=number(1, 65533), metavar="UID", default=0,
        help="run as this ordinary user, who may open /dev/kvm and no other device of the host")
    add("--timeout", type=number(1, 86400), metavar="S", default=60,
        help="seconds for the command (60)")
    add("--boot-timeout", type=number(0, 86400), metavar="S", default=host.BOOT_SECONDS,
        help="seconds for the boot, on top, before the host is taken to hang (%(default)s)")
    add("--script", metavar="FILE", help="run this shell script; COMMAND is then its arguments")
    add("--guest-qemu", nargs="?", const="qemu-guest", default="", metavar="ITEM",
        help="put an arm64 QEMU of lab/fetch on the PATH, to start guests (qemu-guest)")
    add("--interactive", "-i", action="store_true", help="the console is the command's terminal")
    add("command", nargs="*", metavar="COMMAND")


def parser_for(program, description):
    parser = Parser(
        prog=program, description=description, epilog=USAGE, allow_abbrev=False,
        usage="%(prog)s [OPTIONS] -- COMMAND [ARG...]",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    _add_host(parser.add_argument)
    _add_job(parser.add_argument)
    return parser


def job_of(parser, options):
    command, files = list(options.command), list(options.files)
    if options.script:
        files.append(options.script)
        command = ["sh", f"/in/{os.path.basename(options.script)}"] + command
    if not command:
        parser.error("no COMMAND is given")
    return host.Job(command=command, kernel=options.kernel, cpu=options.cpu, qemu=options.qemu,
                    mode=options.mode, gic=options.gic, smp=options.smp, memory=options.memory,
                    machine=options.machine, append=options.append, files=files, env=options.env,
                    uid=options.user, timeout=options.timeout, boot_timeout=options.boot_timeout,
                    interactive=options.interactive, guest_qemu=options.guest_qemu, icount=options.icount)
