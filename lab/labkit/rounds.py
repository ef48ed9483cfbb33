"""What a pinned guest lives through, and what the pin costs: rounds, resets, a Linux guest, start-up."""

import dataclasses
import json
import re
import shutil
import statistics

from labkit import host, moves, trials

OLD, NEW = "max-6.12", "max-7.3"
CPUS = 8
LINUX = "6.12"  # the guest's kernel
MOST = 1.05  # times what a start takes unpinned


def _told(text):
    print(text, flush=True)
    return 1


def move(folder, count, say=_told):
    """A guest of NEW moves `count` times, to OLD and back; 0, or 1 if a register drifted."""
    model, _ = trials.make_model(folder, NEW, OLD)
    outcome = moves.run(folder / "round-0", trials.job_of(NEW),
                        [moves.Guest("guest", model=model, save=True)])["guest"]
    serial, seen = outcome.serial, {}
    for number in range(1, count + 1):
        if outcome.status != "0" or not outcome.state.exists():
            return say(f"move {number}: the guest was not saved: {outcome.said}")
        place = OLD if number % 2 else NEW
        outcome = moves.run(folder / f"round-{number}", trials.job_of(place),
                            [moves.Guest("guest", model=model, incoming=outcome.state, save=True)]
                            )["guest"]
        wrong = moves.of_pin(outcome)
        if wrong:
            return say(f"move {number}: {wrong[0]}")
        serial += outcome.serial
        seen.setdefault(place, []).append(moves.parse(serial).ticks[-1]["ids"])
    return judge_moves(serial, seen, trials.model_of(model), count, say)


def judge_moves(serial, seen, model, count, say=_told):
    """`seen`: the hashes of the ID registers that the guest read on each host."""
    said = moves.parse(serial)
    wrong = moves.faults(serial) + moves.of_model(model, said)
    if wrong or any(len(set(hashes)) != 1 for hashes in seen.values()):
        return say(f"after {count} moves: {wrong or 'a host showed one guest two CPUs'}")
    changed = moves.changed_fields(said)
    print(f"{count} moves between {NEW} and {OLD}: {len(said.ticks)} ticks, none lost, "
          f"no register drifted" + (f"; tolerated: {', '.join(changed)}" if changed else ""))
    return 0


def reset(folder, count, place=OLD, say=_told):
    """`count` system resets of a pinned guest with 8 vCPUs; 0, or 1 if a register drifted."""
    model, _ = trials.make_model(folder, NEW, OLD)
    job = dataclasses.replace(trials.job_of(place), smp=2)
    folder = folder / "resets"
    outcome = moves.run(folder, job, [moves.Guest("guest", model=model, smp=CPUS, resets=count)],
                        timeout=120 + 4 * count)["guest"]
    return judge_resets(outcome, trials.model_of(model), count, place, say)


def judge_resets(outcome, model, count, place=OLD, say=_told):
    guest = moves.parse(outcome.serial)
    expected = [number for number in range(count + 1)]
    if guest.boots != expected or outcome.status != "0":
        return say(f"{len(guest.boots)} boots instead of {len(expected)}, status {outcome.status}: "
                   f"{outcome.said}")
    if sum(tick["tick"] == 0 for tick in guest.ticks) != len(expected):
        return say(f"{len(guest.ticks)} whole ticks in {len(expected)} boots")
    odd = [tick for tick in guest.ticks if tick["odd"] or tick["others"] != CPUS - 1]
    hashes = {tick["ids"] for tick in guest.ticks}
    if len(guest.ids) != 1 or hashes != {moves.hash_of(guest.ids[0])} or odd:
        return say(f"a register drifted: {len(guest.ids)} sets, {odd[:1]}")
    wrong = moves.of_pin(outcome, CPUS) + moves.not_held(guest.ticks) + moves.of_model(model, guest)
    if wrong or any(tick["late"] for tick in guest.ticks):
        return say(f"after {count} resets: {wrong[:3] or 'a timer interrupt was not as due'}")
    if not outcome.reads():
        return say("the host read no register: the trace is broken")
    print(f"{count} system resets of {CPUS} vCPUs on {place}: {len(guest.ticks)} ticks, every vCPU "
          f"read the same registers each time; the host read {outcome.reads()} values, none drifted")
    return 0


def linux(folder, kernel=LINUX, say=_told):
    """A pinned Linux guest moves from NEW to OLD; its program sees the same registers, and goes on."""
    model, tolerated = trials.make_model(folder, NEW, OLD)
    guest = moves.Guest("linux", model=model, linux=kernel, smp=1, wait=120, save=True)
    before = moves.run(folder / "linux-from", trials.job_of(NEW), [guest], timeout=400)["linux"]
    if before.status != "0" or not before.state.exists():
        return say(f"the guest did not start: {before.status} {before.said} {before.serial[-200:]}")
    guest = dataclasses.replace(guest, incoming=before.state, save=False)
    after = moves.run(folder / "linux-to", trials.job_of(OLD), [guest], timeout=400)["linux"]
    # its kernel shows a program less than the model: that it is the same, and that the VM was pinned
    seen = moves.seen(before, after) if after.serial else f"it does not go on: {after.said}"
    wrong = moves.of_pin(before, smp=1) + moves.of_pin(after, smp=1)
    if seen != "same" or wrong:
        return say(f"Linux {kernel}: {seen} {wrong[:1]}")
    ticks = len(moves.parse(before.serial + after.serial).ticks)
    print(f"a Linux {kernel} guest moved from {NEW} to {OLD}: {ticks} ticks, none lost, the same registers "
          f"by MRS (tolerated by the model: {', '.join(tolerated)})")
    return 0


STARTS = """\
start() { # FILE COMMAND...
	file=$1
	shift
	LD_PRELOAD= /in/lab-timed "$file" $((i * 4000000 / COUNT)) "$@" >>"$file.said" 2>&1 || exit 1
}
i=0
qemu="qemu-system-aarch64 -accel kvm -cpu host -M virt-10.0 -smp 2 -m 64 -nodefaults -display none
	-nic none -monitor none -kernel /in/lab-off"
pinned="steadyarm run --model /in/pin.model --library /in/steadyarm-preload.so --"
json="steadyarm run --model /in/MODEL --library /in/steadyarm-preload.so --"
start first $qemu
start first $pinned $qemu
start first $json $qemu
for i in $(seq COUNT); do # over one tick of 4 ms
	start unpinned $qemu
	start pinned $pinned $qemu
	start json $json $qemu
done
export LAB_TRACE=/out/unpinned.trace
LD_PRELOAD=/in/lab-trace.so $qemu
for which in pinned json; do
	export LAB_TRACE=/out/$which.trace
	eval with=\\$$which
	LD_PRELOAD=/in/lab-trace.so ${with% --} --log /out/$which.log -- $qemu
done
"""


def _mean(path):
    """(ms from start to end, ms of CPU time), means of a file of lab-timed's."""
    lines = [line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(statistics.mean(int(line[at]) for line in lines) / 1e6 for at in (0, 1))


def startup(folder, count, place=OLD, say=_told):
    """What a start of QEMU takes, from its exec to the end of a guest that is off at once."""
    folder = folder / "startup"
    folder.mkdir()
    model, _ = trials.make_model(folder, NEW, OLD)
    text, script = folder / "pin.model", folder / "starts"
    text.write_text(trials.text_of(model), encoding="utf-8")
    script.write_text(STARTS.replace("MODEL", model.name).replace("COUNT", str(count)),
                      encoding="utf-8")
    files = [*moves.PROGRAMS, *(moves.BUILT / "lab" / "guest" / name for name in ("lab-off", "lab-timed")),
             model, text, script]
    job = dataclasses.replace(trials.job_of(place), command=["sh", "/in/starts"], icount=True, smp=1,
                              memory=moves.MEMORY, files=list(map(str, files)),
                              guest_qemu="qemu-guest-10", timeout=240 + 60 * count)

    def keep(result):
        shutil.copytree(result.files, folder, dirs_exist_ok=True)
        return result.status, result.stderr.decode(errors="replace")

    status, errors = host.run(job, keep)
    if status:
        return say(f"the starts ended with {status}: {errors}")
    plain, pinned, slow = (_mean(folder / name) for name in ("unpinned", "pinned", "json"))
    calls = [int(re.search(r"^total (\d+)$", (folder / f"{name}.trace").read_text(encoding="utf-8"),
                           flags=re.M)[1]) for name in ("unpinned", "pinned")]
    for name in ("pinned", "json"):
        log = (folder / f"{name}.log").read_text(encoding="utf-8")
        if "vCPU 0 reads back equal" not in log:
            return say(f"what is called {name} was not pinned: {log}")
    ratio, cpu = (pinned[at] / plain[at] for at in (0, 1))
    print(f"{count} starts each on {place}, by instructions, means: unpinned {plain[0]:.1f} ms, "
          f"{plain[1]:.1f} of them at work, and {calls[0]} ioctls; pinned {pinned[0]:.1f} ms, "
          f"{pinned[1]:.1f} at work, and {calls[1]} ioctls; ratio {ratio:.3f}, at work {cpu:.3f}; with "
          f"the model as JSON {slow[0]:.1f} ms")
    return 0 if ratio <= MOST else say(f"the ratio is above {MOST}")
