"""Debian packages of any suite and architecture, without touching the machine's own apt.

The mirror's address and the connection settings (proxy, dates) are the machine's; lists, cache, status
and preferences are our own. The machine's configuration files are not read by the apt that we start,
since their hooks (APT::Update::Post-Invoke and others) act on the machine's own state.
"""

import fnmatch
import functools
import os
import pathlib
import subprocess
import time

from labkit.common import LabError, call

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
HELPER = "/usr/lib/apt/apt-helper"
LISTS_LAST = 24 * 3600  # seconds


def machine_mirror():
    """The address from which this machine takes its own Debian release."""
    own = os.environ.get("STEADY_LAB_MIRROR")
    if own:
        return own
    release = ""
    with open("/etc/os-release", encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("VERSION_CODENAME="):
                release = line.split("=", 1)[1].strip().strip('"')
    out = call(["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(SITE)",
                "Created-By: Packages"])
    for line in out.splitlines():
        suite, component, site = line.split(" ", 2)
        if suite == release and component == "main":
            return site
    raise LabError(f"the machine's apt names no mirror for its own release ({release or 'unknown'}); "
                   "set STEADY_LAB_MIRROR to the address of a Debian mirror")


def machine_acquire():
    """The machine's way to connect, as apt.conf lines."""
    lines = call(["apt-config", "dump"]).splitlines()
    return [line for line in lines if line.startswith("Acquire::")
            and not line.startswith(("Acquire::IndexTargets", "Acquire::Languages"))]


def newest_first(versions):
    """Debian's own order of versions."""
    def compare(a, b):
        if a == b:
            return 0
        argv = ["dpkg", "--compare-versions", a, "gt", b]
        return -1 if subprocess.run(argv, check=False).returncode == 0 else 1
    return sorted(versions, key=functools.cmp_to_key(compare))


class Apt:
    """One private apt: an architecture and some suites of the machine's mirror."""

    def __init__(self, folder, architecture, suites):
        self.folder = pathlib.Path(folder)
        self.architecture = architecture
        self.suites = list(suites)
        self._setup()

    def _setup(self):
        if not os.path.exists(KEYRING):
            raise LabError(f"{KEYRING} is missing: install debian-archive-keyring")
        for name in ("lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        mirror = machine_mirror()
        sources = "".join(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n"
                          for suite in self.suites)
        (self.folder / "sources.list").write_text(sources, encoding="utf-8")
        own = [
            ("Dir::Etc::parts", "/dev/null"), ("Dir::Etc::main", "/dev/null"),
            ("Dir::Etc::sourceparts", "/dev/null"), ("Dir::Etc::preferencesparts", "/dev/null"),
            ("Dir::Etc::preferences", "/dev/null"),
            ("Dir::Etc::sourcelist", self.folder / "sources.list"),
            ("Dir::State", self.folder), ("Dir::State::lists", self.folder / "lists"),
            ("Dir::State::status", self.folder / "status"),
            ("Dir::Cache", self.folder / "cache"),
            ("APT::Architecture", self.architecture), ("Acquire::Languages", "none"),
        ]
        lines = machine_acquire() + [f'{key} "{value}";' for key, value in own]
        lines.append(f'APT::Architectures {{ "{self.architecture}"; }};')
        (self.folder / "apt.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _run(self, argv, **more):
        env = dict(os.environ, APT_CONFIG=str(self.folder / "apt.conf"), LC_ALL="C",
                   DEBIAN_FRONTEND="noninteractive")
        return call(argv, env=env, **more)

    def update(self, force=False):
        """Bring the package lists, unless they are of today; return what went wrong, or None."""
        stamp = self.folder / "updated"
        want = " ".join(self.suites)
        if not force and stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_LAST:
            if stamp.read_text(encoding="utf-8") == want:
                return None
        try:
            self._run(["apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"])
        except LabError as error:
            return str(error)  # one suite less; the others are usable
        stamp.write_text(want, encoding="utf-8")
        return None

    def find(self, suite, pattern):
        """(package, version) of a suite whose names match a shell pattern."""
        out = self._run(["apt-get", "indextargets", "--format", "$(RELEASE) $(FILENAME)",
                         "Created-By: Packages"])
        found = []
        for line in out.splitlines():
            release, filename = line.split(" ", 1)
            if release == suite:
                found += self._scan(filename, pattern)
        return found

    @staticmethod
    def _scan(filename, pattern):
        found = []
        name = ""
        for line in call([HELPER, "cat-file", filename]).splitlines():
            if line.startswith("Package: "):
                name = line[9:]
            elif line.startswith("Version: ") and fnmatch.fnmatchcase(name, pattern):
                found.append((name, line[9:]))
        return found

    def newest(self, suite, pattern):
        """The (package, version) of the newest match, or None."""
        found = {version: name for name, version in self.find(suite, pattern)}
        if not found:
            return None
        best = newest_first(found)[0]
        return found[best], best

    def download(self, package, version, into):
        """One package, checked against the signed lists; returns the .deb's path."""
        self._run(["apt-get", "download", "-q", f"{package}={version}"], cwd=into)
        return next(pathlib.Path(into).glob(f"{package}_*.deb"))

    def download_closure(self, package, suite):
        """A package of a suite and all that it depends on; returns the .debs' paths."""
        archives = self.folder / "cache" / "archives"
        for old in archives.glob("*.deb"):
            old.unlink()
        self._run(["apt-get", "install", "-q", "-y", "--download-only", "--no-install-recommends",
                   "-t", suite, package])
        return sorted(archives.glob("*.deb"))
