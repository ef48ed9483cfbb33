"""Moves that are foreseen by migrate-check and then made: the rows of lab/moves.tsv."""

import collections
import dataclasses
import json
import os
import pathlib
import subprocess

from labkit import host, moves, store
from labkit.common import CHECKOUT, LAB, LabError, read_table

NATIVE = os.environ.get("STEADYARM") or CHECKOUT / "build" / "steadyarm"
TABLE = LAB / "moves.tsv"
COLUMNS = ("name", "source", "destination", "vmm", "pinned", "ci", "seen")
HOST_COLUMNS = ("name", "kernel", "qemu", "cpu", "mode", "extra")
PINNED = ("-", "both", "source")


@dataclasses.dataclass
class Trial:
    """A row, and what comes of it."""
    name: str
    source: str
    destination: str
    vmm: str
    pinned: str          # "-": no; "both"; "source": it leaves
    ci: bool
    recorded: str        # what was seen when it was last recorded, or ""
    model: pathlib.Path = None
    tolerated: list = dataclasses.field(default_factory=list)
    foreseen: str = ""
    seen: str = ""
    before: moves.Outcome = None
    after: moves.Outcome = None

    def good(self):
        return moves.agree(self.foreseen, self.seen)

    def works(self):
        """It goes on, and what changes is tolerated by the model by name."""
        words = self.seen.split(" ")
        return words == ["same"] or (words[0] == "changed" and set(words[1:]) <= set(self.tolerated))


def read():
    trials = []
    for row in read_table(TABLE, COLUMNS):
        if row["vmm"] not in moves.QEMUS or row["pinned"] not in PINNED:
            raise LabError(f"{TABLE}: {row['name']}: {row['vmm']} or {row['pinned']} is not known")
        trials.append(Trial(row["name"], row["source"], row["destination"], row["vmm"],
                            row["pinned"], row["ci"] == "yes",
                            "" if row["seen"] == "-" else row["seen"]))
    return trials


def write(trials):
    """Put what was seen into the table."""
    done = {trial.name: trial.seen for trial in trials}
    lines = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if cells[0] in done and not line.startswith("#"):
            line = "\t".join([*cells[:-1], done[cells[0]]])
        lines.append(line + "\n")
    TABLE.write_text("".join(lines), encoding="utf-8")


def profile(name):
    return CHECKOUT / "data" / "profiles" / f"{name}.json"


def _steadyarm(*words):
    done = subprocess.run([str(NATIVE), *(str(word) for word in words)], text=True, check=False,
                          stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode not in (0, 1):
        raise LabError(f"steadyarm {words[0]}: {done.stderr.strip()}")
    return done


def make_model(folder, source, destination):
    """A baseline of two hosts, where fields that no write can level are tolerated: (path, names)"""
    path = folder / f"{source}--{destination}.json"
    hosts = (profile(source), profile(destination))
    first = _steadyarm("baseline", "--json", *hosts)
    names = []
    if first.returncode:
        names = sorted({f"{c['register']}.{c['field']}" if c.get("field") else c["register"]
                        for c in json.loads(first.stdout)["conflicts"]})
    tolerate = [word for name in names for word in ("--tolerate", name)]
    done = _steadyarm("baseline", "--name", path.stem.replace("--", "-to-"), "-o", path, *tolerate,
                      *hosts)
    if done.returncode:
        raise LabError(f"{source} and {destination} have no baseline: {done.stdout}")
    return path, names


def model_of(path):
    """A model's JSON, read; None of None."""
    return json.loads(path.read_text(encoding="utf-8")) if path else None


def text_of(model):
    """A model's canonical text."""
    return _steadyarm("models", "--text", model).stdout


def foresee(trial, folder):
    """What migrate-check says; makes the model if the move is a pinned one."""
    words = ["migrate-check", "--json", "--vmm", trial.vmm]
    if trial.pinned != "-":
        trial.model, trial.tolerated = make_model(folder, trial.source, trial.destination)
        words += ["--model", trial.model]
    if trial.pinned == "source":
        words.append("--unpinned-destination")
    done = _steadyarm(*words, profile(trial.source), profile(trial.destination))
    trial.foreseen = moves.foreseen(json.loads(done.stdout))


def job_of(name):
    """The boot of a host of lab/hosts.tsv."""
    rows = {row["name"]: row for row in read_table(LAB / "hosts.tsv", HOST_COLUMNS)}
    if name not in rows:
        raise LabError(f"lab/hosts.tsv has no host {name}")
    row = rows[name]
    if row["extra"] != "-":
        raise LabError(f"the host {name} takes more options: no guest is moved there")
    return host.Job([], kernel=row["kernel"], qemu=row["qemu"], cpu=row["cpu"], mode=row["mode"])


def needs(trials):
    """What lab/fetch has to have brought."""
    kernels = {job_of(name).kernel for t in trials for name in (t.source, t.destination)}
    return [*sorted(kernels), "qemu", "busybox", *sorted({moves.QEMUS[t.vmm] for t in trials})]


def missing(trials):
    have = [(item, store.about(item) if item in store.QEMUS or item == "busybox"
             else store.about("kernels", item)) for item in needs(trials)]
    return [item for item, about in have if not about]


def _start(trials, folder):
    """Boots every source once, with all guests that leave it."""
    groups = collections.defaultdict(dict)
    for trial in trials:
        name = f"{trial.source}--{trial.destination}" if trial.model else trial.source
        groups[trial.source, trial.vmm].setdefault(name, (trial.model, []))[1].append(trial)
    for (source, vmm), guests in groups.items():
        done = moves.run(folder / f"from-{source}-{vmm}", job_of(source),
                         [moves.Guest(name, model=model, save=True)
                          for name, (model, _) in guests.items()], vmm)
        for name, (_, waiting) in guests.items():
            for trial in waiting:
                trial.before = done[name]


def _go_on(trials, folder):
    groups = collections.defaultdict(list)
    for trial in trials:
        if trial.before.status != "0" or not trial.before.state.exists():
            raise LabError(f"{trial.name}: the guest did not start: status {trial.before.status}, "
                           f"{trial.before.said or 'QEMU said nothing'}")
        groups[trial.destination, trial.vmm].append(trial)
    for (destination, vmm), arriving in groups.items():
        done = moves.run(folder / f"to-{destination}-{vmm}", job_of(destination),
                         [moves.Guest(t.name, incoming=t.before.state,
                                      model=t.model if t.pinned == "both" else None)
                          for t in arriving], vmm)
        for trial in arriving:
            trial.after = done[trial.name]
            trial.seen = moves.seen(trial.before, trial.after, model_of(trial.model),
                                    leaves=trial.pinned == "source")


def run(trials, folder):
    """Foresees all of them, writes that down, and makes them."""
    folder = pathlib.Path(folder)
    for trial in trials:
        foresee(trial, folder)
    (folder / "foreseen.tsv").write_text(
        "".join(f"{t.name}\t{t.foreseen}\n" for t in trials), encoding="utf-8")
    _start(trials, folder)
    _go_on(trials, folder)
