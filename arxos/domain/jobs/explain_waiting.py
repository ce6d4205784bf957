"""Why a job that could be due does not start: the first thing that stands in its way, in the order of its way."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from arxos.domain.jobs.explain_hold import held
from arxos.domain.jobs.job import Job
from arxos.domain.jobs.limits import Scope
from arxos.domain.jobs.snapshot import Snapshot

TOO_NEW = "waits for a newer worker"  # how the note of a parked job begins: `Capability.lacking`
SOON = timedelta(minutes=5)


def waiting(seen: Snapshot, pools: Mapping[str, str]) -> str:
    """What a queued or retryable job waits for."""
    nobody = partial(_nobody, pools=pools)
    ways = (_not_due, _paused, nobody, _too_new, _held, _not_published, _published, _in_line)
    reason = next(filter(None, (ask(seen) for ask in ways)))
    return f"{reason}{_deadline(seen)}"


def _not_due(seen: Snapshot) -> str | None:
    job = seen.job
    if job.available_at <= seen.now:
        return None
    when = f"{job.available_at.isoformat(timespec='seconds')}, in {_span(job.available_at - seen.now)}"
    if job.progress_note and job.progress_note.startswith(TOO_NEW):
        return f"it {job.progress_note}; it is tried again at {when}. Deploy the version that it was submitted with."
    failed = f"retry {job.attempt} of {job.max_attempts - 1} after {job.error_type}: {job.error_message}"
    why = failed if job.error_type and not job.redriven_at else "so it was redriven" if job.redriven_at else "as asked"
    return f"it is not due until {when} ({why}): `arxos jobs retry {job.id}` makes it due now."


def _paused(seen: Snapshot) -> str | None:
    pause = seen.paused
    if pause is None:
        return None
    why = f" ({pause.reason})" if pause.reason else ""
    command = "queues" if pause.scope is Scope.QUEUE else "kinds"
    since = _span(seen.now - pause.at)
    way_on = f"`arxos {command} resume {pause.name}`"
    return f"its {pause.scope} {pause.name} is paused by {pause.by} for {since}{why}: {way_on}."


def _nobody(seen: Snapshot, pools: Mapping[str, str]) -> str | None:
    queue = seen.job.queue
    if seen.pool.consumers:
        return None
    return f"no worker consumes its queue {queue}: start one with `arxos worker --pool {pools.get(queue, '…')}`."


def _too_new(seen: Snapshot) -> str | None:
    if seen.pool.able:
        return None
    those = "the worker does" if seen.pool.consumers == 1 else f"all {seen.pool.consumers} workers do"
    return f"{those} not know {seen.job.kind} in the version that it was submitted with: deploy a newer one."


def _held(seen: Snapshot) -> str | None:
    return held(seen.hold) if seen.hold else None


def _not_published(seen: Snapshot) -> str | None:
    return f"it is due, but {seen.relay}." if seen.relay and seen.job.published_at is None else None


def _published(seen: Snapshot) -> str | None:
    published = seen.job.published_at
    if published is None:
        return None
    if seen.untaken:
        return f"it is published, and no worker takes it: {seen.untaken.seen}; {seen.untaken.advice}."
    age = (seen.now - published).total_seconds()
    left = seen.republish_s - age
    again = f"in {left:.0f} s" if left > 0 else "as soon as no message in Redis names it"
    return (
        f"it was published {age:.0f} s ago and not claimed yet; {_work(seen)}."
        f" The relay will publish it again {again}, should its message be lost."
    )


def _in_line(seen: Snapshot) -> str:
    """Nothing is known to stand in its way but others: what was seen is told."""
    crowd, queue = seen.crowd, seen.job.queue
    if not crowd.ahead:
        return (
            f"it is due and next in its queue {queue}: the relay publishes it as soon as a message fits; {_work(seen)}."
        )
    ahead = f"{_due_jobs(crowd.ahead)} ahead of it in {queue}; {_work(seen)}"
    if not crowd.others:
        return f"{ahead}."
    mine = f"{_who(seen.job)} has {crowd.own_in_flight} in flight, {_others(crowd.others)} {crowd.others_in_flight}"
    if crowd.own_in_flight * crowd.others > crowd.others_in_flight:
        return f"its submitter is over its share: {mine}, and whoever has the least goes first; {ahead}."
    return f"{ahead}. Submitters take turns: {mine}."


def _work(seen: Snapshot) -> str:
    workers = "1 worker consumes" if seen.pool.consumers == 1 else f"{seen.pool.consumers} workers consume"
    return f"{workers} {seen.job.queue}, {seen.pool.running} of its jobs run now"


def _who(job: Job) -> str:
    return job.submitted_by or "who gave no name"


def _others(number: int) -> str:
    return "the other one" if number == 1 else f"the {number} others"


def _due_jobs(number: int) -> str:
    return "1 due job is" if number == 1 else f"{number:,} due jobs are"


def _deadline(seen: Snapshot) -> str:
    deadline = seen.job.deadline
    if deadline is None or deadline - seen.now > SOON:
        return ""
    if deadline <= seen.now:
        return " Its deadline has passed: the sweeper cancels it at once."
    return f" Unless it starts within {_span(deadline - seen.now)}, its deadline cancels it."


def _span(span: timedelta) -> str:
    """``40 s``, ``12 min``, ``3 h``, ``2 days``: rounded down, but never to nothing."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((172_800, "days"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds // {'days': 86_400, 'h': 3_600, 'min': 60}[unit]} {unit}"
    return f"{seconds} s"
