"""What acts on dead letters answer: a document for programs and pipes, sentences for people."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping

from arxos.app.bootstrap import Runtime
from arxos.cli.cells import flat
from arxos.cli.output import print_json
from arxos.cli.times import relative
from arxos.domain.errors import PermanentError
from arxos.domain.jobs.bulk import Done, Undone
from arxos.domain.jobs.desk import Action
from arxos.domain.jobs.ledger import JobFilter
from arxos.storage.dead_preview import DeadPreview, Preview
from arxos.tasks.registry import parse_payload

PAST = {Action.REDRIVE: "redriven", Action.DISCARD: "discarded"}


def print_done(action: Action, done: Done, *, json: bool) -> None:
    """How much was done, until when it becomes due, and how to undo it."""
    act = done.act
    if json or not sys.stdout.isatty():
        print_json(
            {
                "matched": done.matched,
                "done": done.done,
                "act": act and act.id,
                "due_until": done.due_until,
                "undo_until": act and act.undo_until,
            }
        )
        return
    if act is None:
        print("no dead letter fits")
        return
    due = f", the last is due {relative(done.due_until)}" if act.rate and action is Action.REDRIVE else ""
    print(f"{done.done} of {done.matched} dead letters {PAST[action]}{due}")
    if left := done.matched - done.done:
        print(f"{left} left alone: their deadline passes before they are due, or somebody else acted on them")
    print(f"until {act.undo_until:%Y-%m-%d %H:%M:%SZ} this can be undone: arxos dead undo {act.id}")


def print_undone(undone: Undone, *, json: bool) -> None:
    """How much was undone, and how much had gone on."""
    if json or not sys.stdout.isatty():
        print_json(undone)
        return
    print(
        f"{undone.undone} jobs are dead letters again, as they were; {undone.left} had started or were acted on since"
    )


def print_preview(runtime: Runtime, action: Action, which: JobFilter, *, json: bool) -> None:
    """What would match, and what of it could not run again."""
    preview = DeadPreview(runtime.database)
    seen = preview.look(which)
    conflicts = _conflicts(runtime, preview, seen, which) if action is Action.REDRIVE else {}
    if json or not sys.stdout.isatty():
        document = {"matched": seen.matched, "done": 0, "kinds": seen.kinds, "queues": seen.queues}
        more = {"fingerprints": seen.fingerprints, "samples": seen.samples, "conflicts": conflicts}
        print_json(document | more)
        return
    print(f"{seen.matched} dead letters would be {PAST[action]}; nothing is done yet")
    for what, counts in (("kind", seen.kinds), ("queue", seen.queues), ("error", seen.fingerprints)):
        for name, count in list(counts.items())[:10]:
            print(f"  {count:>7}  {what} {flat(name)}")
    for sample in seen.samples:
        print(f"  such as  {sample}")
    for what, count in conflicts.items():
        if count:
            print(f"  {count:>7}  {WORDS[what]}")


WORDS = {
    "concurrency": "would wait for a live job with the same key, by a limit",
    "idempotency": "have an idempotency key that a live job has, too",
    "deadline": "have a deadline that has passed: left alone, or redriven without it by --drop-deadline",
    "unknown_kind": "are of a kind that this version does not know: they would wait for a worker that does",
    "payload": "have a payload that no longer fits its contract: they would die at once",
}


def _conflicts(runtime: Runtime, preview: DeadPreview, seen: Preview, which: JobFilter) -> dict[str, int]:
    return {
        "concurrency": seen.held_up,
        "idempotency": seen.same_key,
        "deadline": seen.late,
        "unknown_kind": sum(count for kind, count in seen.kinds.items() if kind not in runtime.kinds),
        "payload": _misfits(runtime, preview.payloads(which)).total(),
    }


def _misfits(runtime: Runtime, payloads: Iterable[tuple[str, int, Mapping[str, object]]]) -> Counter[str]:
    """By kind. Payloads of a newer contract are for newer workers to judge."""
    found = Counter[str]()
    for name, contract, payload in payloads:
        kind = runtime.kinds.get(name)
        if kind is not None and contract <= kind.contract:
            try:
                parse_payload(kind, payload)
            except PermanentError:
                found[name] += 1
    return found
