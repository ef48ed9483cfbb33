"""One pinned guest for a long time: moved to and fro, and reset again and again."""

import dataclasses

from labkit import moves, trials
from labkit.common import LabError

OLD, NEW = "max-6.12", "max-7.3"
CPUS = 8


def _told(text):
    print(text, flush=True)
    return 1


def move(folder, count, say=_told):
    """A guest of NEW moves `count` times, to OLD and back; 0, or 1 if a register drifted."""
    model, tolerated = trials.make_model(folder, NEW, OLD)
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
        if outcome.said or outcome.drifted():
            return say(f"move {number}: {outcome.said} {outcome.drifted()}")
        serial += outcome.serial
        seen.setdefault(place, []).append(moves.parse(serial).ticks[-1]["ids"])
    return _judge(serial, seen, tolerated, count, say)


def _judge(serial, seen, tolerated, count, say):
    wrong = moves.faults(serial)
    sets = [ids for ids in moves.parse(serial).ids if len(ids) == len(moves.CORE)]
    changed = {name for ids in sets for name in moves.differing_fields(sets[0], ids)}
    if wrong or any(len(set(hashes)) != 1 for hashes in seen.values()):
        return say(f"after {count} moves: {wrong or 'a host showed one guest two CPUs'}")
    if not changed <= set(tolerated):
        return say(f"{', '.join(sorted(changed - set(tolerated)))} changed")
    print(f"{count} moves between {NEW} and {OLD}: {len(moves.parse(serial).ticks)} ticks, none lost, "
          f"no register drifted" + (f"; tolerated: {', '.join(sorted(changed))}" if changed else ""))
    return 0


def reset(folder, count, place=OLD, say=_told):
    """`count` system resets of a pinned guest with 8 vCPUs; 0, or 1 if a register drifted."""
    model, _ = trials.make_model(folder, NEW, OLD)
    job = dataclasses.replace(trials.job_of(place), smp=2)
    folder = folder / "resets"
    outcome = moves.run(folder, job, [moves.Guest("guest", model=model, smp=CPUS, resets=count)],
                        timeout=120 + 4 * count)["guest"]
    guest = moves.parse(outcome.serial)
    expected = [number for number in range(count + 1)]
    if guest.boots != expected or outcome.status != "0":
        return say(f"{len(guest.boots)} boots instead of {len(expected)}, status {outcome.status}: "
                   f"{outcome.said}")
    odd = [tick for tick in guest.ticks if tick["odd"] or tick["others"] != CPUS - 1]
    hashes = {tick["ids"] for tick in guest.ticks}
    if len(guest.ids) != 1 or hashes != {moves.hash_of(guest.ids[0])} or odd or outcome.drifted():
        return say(f"a register drifted: {len(guest.ids)} sets, {odd[:1]} {outcome.drifted()[:3]}")
    if not outcome.reads():
        raise LabError("the host read no register: the trace is broken")
    print(f"{count} system resets of {CPUS} vCPUs on {place}: {len(guest.ticks)} ticks, every vCPU "
          f"read the same registers each time; the host read {outcome.reads()} values, none drifted")
    return 0
