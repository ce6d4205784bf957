"""Which limit holds a job, who has its places, and what changes it."""

from arxos.domain.jobs.limits import Allowance
from arxos.domain.jobs.snapshot import Hold


def held(hold: Hold) -> str:
    """One sentence for a job that a limit had no room for when the relay looked at it last."""
    whole, key, _ = hold.group.partition("/")
    place = whole.replace(":", " ")
    if hold.allowed is None:
        return f"it was held by a limit on {place} that is gone: the relay looks at it again at once."
    ways = (_by_key,) if key else (_by_number, _by_rate)
    reason = next(filter(None, (way(hold, hold.allowed, place) for way in ways)), None)
    if reason is None:
        return f"it was held by the limit on {place}, which has room now: the relay looks at it again at once."
    return f"it is held by {reason}; `arxos limits set {place} …` changes that."


def _by_key(hold: Hold, allowed: Allowance, place: str) -> str | None:
    if hold.in_flight < allowed.per_running:
        return None
    what, key = (allowed.per or "").removeprefix("payload."), hold.group.partition("/")[2]
    number = f"{_at_once(allowed.per_running)} of {place} for each"
    return f"the concurrency key {what}:{key} of {_holders(hold)}: {number}"


def _by_number(hold: Hold, allowed: Allowance, place: str) -> str | None:
    if allowed.running is None or hold.in_flight < allowed.running:
        return None
    filled = f", of which {_holders(hold)} run or are about to" if hold.in_flight else ""
    return f"the limit of {_at_once(allowed.running)} on {place}{filled}"


def _by_rate(hold: Hold, allowed: Allowance, place: str) -> str | None:
    if allowed.rate is None or hold.next_start_s is None:
        return None
    return f"the rate of {allowed.rate:g} a second on {place}: the next may start in {hold.next_start_s:.1f} s"


def _holders(hold: Hold) -> str:
    if not hold.holders:
        return f"{hold.in_flight} jobs"
    more = f" and {hold.in_flight - 1} more" if hold.in_flight > 1 else ""
    return f"job {hold.holders[0]}{more}"


def _at_once(number: int) -> str:
    return "1 job at once" if number == 1 else f"{number} jobs at once"
