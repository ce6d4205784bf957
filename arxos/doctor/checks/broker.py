"""The broker: whether it keeps what it is given."""

from dataclasses import dataclass

from arxos.doctor.finding import Check, Remark, Severity, error, info, ok, skipped, warning
from arxos.workers.broker_check import OLDEST_REDIS
from arxos.workers.redis_facts import Reach, RedisFacts

NOEVICTION = "run `CONFIG SET maxmemory-policy noeviction` on it, and write that into its configuration"
FULL, NEARLY_FULL = 0.9, 0.8  # of maxmemory
SILENT = "INFO is not permitted"
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CacheFacts:
    """The cache beside the broker; None: it does not tell."""

    broker: RedisFacts | None
    cache: RedisFacts | None


def reachable(reach: Reach) -> list[Remark]:
    """Whether it answers."""
    if reach.problem and not reach.refused:
        return error(reach.problem, "start it, or correct ARXOS_BROKER_URL; workers and relay wait for it")
    return ok("the broker answers")


def credentials(reach: Reach) -> list[Remark]:
    """Whether it lets us in."""
    if reach.refused:
        return error(reach.problem or "", "correct name and password in ARXOS_BROKER_URL, or those on the server")
    return skipped("the broker does not answer") if reach.problem else ok("the broker accepts name and password")


def rights(facts: RedisFacts | None) -> list[Remark]:
    """Whether it tells of itself."""
    if facts is None:
        return warning(
            "the broker does not permit this user INFO (NOPERM): version, eviction, memory and persistence are unknown",
            "grant it: `ACL SETUSER … +info`",
        )
    return ok("INFO is permitted")


def version(facts: RedisFacts | None) -> list[Remark]:
    """Whether it is new enough."""
    if facts is None or not facts.version:
        return skipped(SILENT)
    major = facts.version.partition(".")[0]
    if major.isdecimal() and int(major) < OLDEST_REDIS:
        return error(f"Redis {facts.version} is too old", f"use Redis {OLDEST_REDIS} or newer")
    return ok(f"Redis {facts.version}")


def eviction(facts: RedisFacts | None) -> list[Remark]:
    """Whether it drops messages when it is full."""
    if facts is None or not facts.policy:
        return skipped(SILENT)
    if facts.policy.startswith("allkeys-"):
        return error(f"maxmemory-policy {facts.policy}: the broker drops messages when its memory is full", NOEVICTION)
    if facts.policy != "noeviction":
        return warning(
            f"maxmemory-policy {facts.policy}: keys with a time to live are dropped when it is full", NOEVICTION
        )
    return ok("maxmemory-policy noeviction")


def memory(facts: RedisFacts | None) -> list[Remark]:
    """Whether it has room, and an end."""
    if facts is None:
        return skipped(SILENT)
    used = facts.used_bytes / MIB
    if not facts.limit_bytes:
        return warning(
            f"no maxmemory is set, {used:.1f} MiB are used: a flood is ended by the kernel, with the whole server",
            "set maxmemory to what the machine can spare",
        )
    ratio = facts.used_bytes / facts.limit_bytes
    seen = f"{used:.1f} of {facts.limit_bytes / MIB:.1f} MiB are used ({ratio:.0%})"
    advice = "raise maxmemory, or find what fills it (`redis-cli --bigkeys`)"
    if ratio > NEARLY_FULL:
        return error(seen, advice) if ratio > FULL else warning(seen, advice)
    return ok(seen)


def persistence(facts: RedisFacts | None) -> list[Remark]:
    """Whether a restart forgets everything."""
    if facts is None:
        return skipped(SILENT)
    if facts.failing:
        failing = ", ".join(facts.failing)
        return error(
            f"the broker could not write to its disk ({failing}), and may refuse writes", "look at its log and disk"
        )
    if facts.append_only:
        return ok("appendonly yes")
    if facts.snapshots is None:
        return info("appendonly no; whether it saves snapshots it does not tell", "set appendonly yes")
    what = "snapshots only: a crash forgets what came since" if facts.snapshots else "neither AOF nor snapshots"
    return warning(
        f"{what}; jobs are published again, what other services have sent meanwhile is lost",
        "set appendonly yes, appendfsync everysec",
    )


def cache_reachable(reach: Reach) -> list[Remark]:
    """Whether it answers. Without it answers are computed anew, and jobs that warm it wait."""
    if reach.problem:
        seen = reach.problem.replace("the broker", "the cache").replace("ARXOS_BROKER_URL", "ARXOS_CACHE_URL")
        return warning(seen, "start it, or correct ARXOS_CACHE_URL")
    return ok("the cache answers")


def shared(facts: CacheFacts) -> list[Remark]:
    """Whether what fills the cache pushes messages out."""
    if facts.broker is None or facts.cache is None:
        return skipped("one of the two does not tell which server it is")
    if facts.broker.server != facts.cache.server:
        return ok("the cache has a server of its own")
    advice = "give the cache a Redis of its own: ARXOS_CACHE_URL"
    match facts.broker.policy:
        case "noeviction":
            return info("cache and broker share one server: a full cache stops publishing", advice)
        case policy if policy.startswith("allkeys-"):
            return error(f"cache and broker share one server that drops any key when it is full ({policy})", advice)
        case policy:
            return warning(f"cache and broker share one server with maxmemory-policy {policy}", advice)


REACH: tuple[Check[Reach], ...] = (
    Check("redis.reachable", Severity.ERROR, reachable),
    Check("redis.credentials", Severity.ERROR, credentials),
)
CHECKS: tuple[Check[RedisFacts | None], ...] = (
    Check("redis.rights", Severity.WARNING, rights),
    Check("redis.version", Severity.ERROR, version),
    Check("redis.eviction", Severity.ERROR, eviction),
    Check("redis.memory", Severity.ERROR, memory),
    Check("redis.persistence", Severity.ERROR, persistence),
)
CACHE_REACH: tuple[Check[Reach], ...] = (Check("cache.reachable", Severity.WARNING, cache_reachable),)
CACHE: tuple[Check[CacheFacts], ...] = (Check("cache.shared", Severity.ERROR, shared),)
