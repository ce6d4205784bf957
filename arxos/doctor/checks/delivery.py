"""How long the broker waits before it delivers a message again."""

from arxos.doctor.finding import Check, Remark, Severity, error, ok, warning
from arxos.workers.celery_facts import BROKER, CeleryFacts


def visibility_timeout(facts: CeleryFacts) -> list[Remark]:
    """Longer than any job may take, twice: it may wait in a busy worker as long as the job before it runs."""
    longest = f"{facts.longest_kind} may run for {facts.longest_s:g} s"
    said = {place: value for place, value in facts.visibility_s.items() if value != facts.visibility_s[BROKER]}
    if said:
        places = ", ".join(f"{place} {value:g} s" for place, value in sorted(facts.visibility_s.items()))
        return error(
            f"the visibility timeout is not the same everywhere, and the shortest wins: {places}", "make them equal"
        )
    shortest = facts.visibility_s[BROKER]
    advice = f"set {BROKER} to {2 * (facts.longest_s + facts.drain_s):g} or more, for all processes alike"
    if shortest <= facts.longest_s + facts.drain_s:
        return error(f"messages are delivered again after {shortest:g} s, but {longest}", advice)
    if shortest < 2 * (facts.longest_s + facts.drain_s):
        return warning(f"messages are delivered again after {shortest:g} s; {longest}, and wait as long before", advice)
    return ok(f"messages are delivered again after {shortest:g} s; {longest}")


CHECKS: tuple[Check[CeleryFacts], ...] = (Check("celery.visibility_timeout", Severity.ERROR, visibility_timeout),)
