"""The processes that live: their clocks and versions, and the relay's and beat's troubles."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from arxos.doctor.checks.server import skew
from arxos.doctor.finding import Check, Remark, Severity, error, info, ok, warning
from arxos.domain.jobs.relay import RelayState, complaint
from arxos.storage.process_facts import LivingProcess

DEPLOY_S = 1800.0  # how long versions may differ
Living = Sequence[LivingProcess]


@dataclass(frozen=True, slots=True)
class DutyFacts:
    """Who publishes and who ticks. `schedules`: entries that are not paused."""

    relays: RelayState
    beats: int
    beat_silent_s: float | None  # since anything was heard of any; None: none was ever there, or long ago
    schedules: int


def clocks(living: Living) -> list[Remark]:
    """Whether their clocks go as the database's does."""
    told = [one for one in living if one.skew_s is not None]
    if not told:
        return info("no living process tells its clock")
    return [remark for one in told for remark in skew(f"the clock of {one.id}", one.skew_s or 0.0, one.id)] or ok(
        f"the clocks of {len(told)} processes are at most {max(abs(one.skew_s or 0.0) for one in told):.1f} s off"
    )


def versions(living: Living) -> list[Remark]:
    """Whether all are of one version, but for the time of a deploy."""
    by_version = defaultdict[str, list[LivingProcess]](list)
    for one in living:
        by_version[one.version].append(one)
    if not by_version:
        return info("no process is alive")
    if len(by_version) == 1:
        return ok(f"{len(living)} processes of version {living[0].version}")
    seen = "versions side by side: " + "; ".join(
        f"{version}: {', '.join(one.id for one in some)}" for version, some in sorted(by_version.items())
    )
    lasting = sorted(min(one.lives_s for one in some) for some in by_version.values())
    if lasting[0] < DEPLOY_S:
        return info(seen, "fine during a deploy")
    return warning(seen, "finish the deploy: restart what is older")


def relay_alive(facts: DutyFacts) -> list[Remark]:
    """Whether anybody publishes."""
    relays = facts.relays
    if relays.alive:
        return ok(f"{relays.alive} {'relay is' if relays.alive == 1 else 'relays are'} alive")
    seen = complaint(relays) or "no relay is alive"
    return error(seen, "start `arxos relay`") if relays.waiting else warning(seen, "start `arxos relay`")


def relay_trouble(facts: DutyFacts) -> list[Remark]:
    """Whether they can."""
    if facts.relays.alive and (wrong := complaint(facts.relays)):
        return error(wrong, "the relay goes on by itself once that is repaired")
    return ok("no relay is in trouble")


def beat_alive(facts: DutyFacts) -> list[Remark]:
    """Whether anybody ticks."""
    if facts.beats:
        return ok(f"{facts.beats} {'beat is' if facts.beats == 1 else 'beats are'} alive")
    if not facts.schedules:
        return info("no beat is alive, and there are no schedules")
    heard = f", the last was heard {facts.beat_silent_s:.0f} s ago" if facts.beat_silent_s is not None else ""
    return error(f"no beat is alive{heard}: {facts.schedules} schedules submit nothing", "start `arxos beat`")


PROCESSES: tuple[Check[Living], ...] = (
    Check("processes.clocks", Severity.ERROR, clocks),
    Check("processes.versions", Severity.WARNING, versions),
)
DUTIES: tuple[Check[DutyFacts], ...] = (
    Check("relay.alive", Severity.ERROR, relay_alive),
    Check("relay.trouble", Severity.ERROR, relay_trouble),
    Check("beat.alive", Severity.ERROR, beat_alive),
)
