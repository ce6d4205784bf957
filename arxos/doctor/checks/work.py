"""What is due: whether somebody does it, and in time."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from arxos.doctor.finding import Check, Remark, Severity, error, ok, warning
from arxos.storage.work_facts import DueJobs, WorkFacts
from arxos.tasks.queues import POOL_OF

SLOW_S, LATE_S = 120.0, 300.0
HELD_LONG_S = 3600.0
UNPUBLISHED_S, STUCK_S = 10.0, 60.0


def consumers(facts: WorkFacts) -> list[Remark]:
    """Whether somebody consumes each queue with work."""
    return [
        one
        for queue, due in _by_queue(facts.wanted()).items()
        if not facts.consumers(queue)
        for one in error(
            f"{_jobs(due)} due in queue {queue}, and no living worker consumes it",
            f"start one: `arxos worker --pool {POOL_OF.get(queue, '…')}`",
            queue,
        )
    ] or ok("every queue with due work has a consumer")


def stalled(facts: WorkFacts) -> list[Remark]:
    """Whether workers live, are idle and take nothing: messages do not reach them."""
    return [one for found in facts.untaken for one in error(found.seen, found.advice, found.queue)] or ok(
        "workers start what is due"
    )


def paused(facts: WorkFacts) -> list[Remark]:
    """Whether due work waits for somebody to lift a pause."""
    queues = _paused("queue", facts.paused_queues, facts.due, lambda one: one.queue)
    kinds = _paused("kind", facts.paused_kinds, facts.due, lambda one: one.kind)
    return [*queues, *kinds] or ok("nothing due waits in a pause")


def waiting(facts: WorkFacts) -> list[Remark]:
    """How long the oldest due job of each queue has waited."""
    by_queue = _by_queue(facts.wanted())
    oldest = {queue: max(one.oldest_s for one in due) for queue, due in by_queue.items()}
    advice = "look at `arxos jobs why` of one of them; start more workers if all are busy"
    return [
        one
        for queue, age in oldest.items()
        if age > SLOW_S
        for one in (error if age > LATE_S else warning)(
            f"the oldest due job of queue {queue} waits for {age:.0f} s; {_jobs(by_queue[queue])} due", advice, queue
        )
    ] or ok(f"the oldest due job waits for {max(oldest.values(), default=0.0):.0f} s")


def contracts(facts: WorkFacts) -> list[Remark]:
    """Whether the living workers can read what is due."""
    return [one for due in facts.going() for one in _unread(facts, due)] or ok("living workers can read what is due")


def held(facts: WorkFacts) -> list[Remark]:
    """What limits hold back, and for how long."""
    by_queue = {queue: due for queue, due in _by_queue(facts.going()).items() if any(one.held for one in due)}
    return [_held(queue, due) for queue, due in by_queue.items()] or ok("no limit holds due work back")


def lagging(facts: WorkFacts) -> list[Remark]:
    """Whether due jobs wait to be published while their queue has nothing to do."""
    alive = any(one.role == "relay" for one in facts.living)
    late = {
        queue: max(one.oldest_unpublished_s for one in due)
        for queue, due in _by_queue(facts.wanted()).items()
        if alive and not any(one.oldest_published_s for one in due)
    }
    return [
        one
        for queue, age in late.items()
        if age > UNPUBLISHED_S
        for one in (error if age > STUCK_S else warning)(
            f"jobs due in queue {queue} wait for {age:.0f} s to be published, though a relay is alive",
            "look at the relay's log (relay.trouble); start a second one if it is only slow",
            queue,
        )
    ] or ok("what is due is published")


def _held(queue: str, due: Sequence[DueJobs]) -> Remark:
    age, count = max(one.oldest_held_s for one in due), sum(one.held for one in due)
    seen = (
        f"limits hold {count} due {'job' if count == 1 else 'jobs'} of queue {queue} back, the oldest for {age:.0f} s"
    )
    severity = Severity.WARNING if age > HELD_LONG_S else Severity.INFO
    return Remark(severity, seen, "look at `arxos limits list`; raise what is too narrow", queue)


def _paused(
    scope: str, pauses: Mapping[str, str], due: Sequence[DueJobs], name: Callable[[DueJobs], str]
) -> list[Remark]:
    counts = {paused: sum(one.count + one.held for one in due if name(one) == paused) for paused in pauses}
    return [
        one
        for paused, count in counts.items()
        if count
        for one in warning(
            f"{scope} {paused} is paused by {pauses[paused]}; {count} due {'job waits' if count == 1 else 'jobs wait'}",
            f"`arxos {scope}s resume {paused}` once the reason is gone",
            paused,
        )
    ]


def _unread(facts: WorkFacts, due: DueJobs) -> list[Remark]:
    """Workers of before the first contract announce none; what they know is not known."""
    workers = [one for one in facts.consumers(due.queue) if one.contracts]
    old = [one for one in workers if one.contracts.get(due.kind, 0) < due.contract]
    what = f"{due.near} {due.kind} in queue {due.queue} need contract {due.contract}"
    if not old:
        return []
    if len(old) == len(workers):
        return error(f"{what}, and no living worker there can read it", "start workers of the newer version", due.kind)
    return warning(f"{what}, which {', '.join(one.id for one in old[:3])} cannot read", "replace these", due.kind)


def _by_queue(due: Sequence[DueJobs]) -> dict[str, list[DueJobs]]:
    found = defaultdict[str, list[DueJobs]](list)
    for one in due:
        found[one.queue].append(one)
    return dict(found)


def _jobs(due: Sequence[DueJobs]) -> str:
    count = sum(one.count for one in due)
    return f"{count} {'job is' if count == 1 else 'jobs are'}"


CHECKS: tuple[Check[WorkFacts], ...] = (
    Check("queues.consumers", Severity.ERROR, consumers),
    Check("queues.stalled", Severity.ERROR, stalled),
    Check("queues.paused", Severity.WARNING, paused),
    Check("queues.waiting", Severity.ERROR, waiting),
    Check("queues.held", Severity.WARNING, held),
    Check("queues.contracts", Severity.ERROR, contracts),
    Check("relay.lagging", Severity.ERROR, lagging),
)
