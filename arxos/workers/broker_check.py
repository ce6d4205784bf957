"""Whether the broker is fit to carry jobs: looked at before anything starts, and now and then by the sweeper."""

from dataclasses import dataclass

import structlog
from celery import Celery

from arxos.domain.errors import InvalidError, UnavailableError
from arxos.workers.broker_words import refuses_credentials
from arxos.workers.publisher import Publisher

OLDEST_REDIS = 7

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What Redis tells of itself; empty where it does not tell."""

    version: str
    policy: str


def check_broker(app: Celery) -> None:
    """Refuse what waiting cannot change. Raises InvalidError: one line that says what to change.

    A broker that is away is no reason: whoever needs it waits until it comes.
    """
    publisher = Publisher(app)
    try:
        facts = broker_facts(publisher)
    except UnavailableError as error:
        if refuses_credentials(error):
            raise InvalidError(f"ARXOS_BROKER_URL: {error}") from error
        log.warning("broker_not_checked", reason=str(error))
        return
    finally:
        publisher.close()
    if problem := old(facts) or evicts(facts):
        raise InvalidError(f"ARXOS_BROKER_URL: {problem}")
    if facts.policy.startswith("volatile-"):  # harmless: no key of ours that matters has a time to live
        log.warning("broker_may_evict", policy=facts.policy, advice="noeviction")
    if not facts.policy:
        log.warning("broker_policy_unknown", reason="INFO is not permitted or does not tell maxmemory-policy")


def broker_facts(publisher: Publisher) -> BrokerFacts:
    """Ask Redis. Raises UnavailableError."""
    info = publisher.info()
    return BrokerFacts(str(info.get("redis_version", "")), str(info.get("maxmemory_policy", "")))


def evicts(facts: BrokerFacts) -> str | None:
    """Why this broker would drop messages, and what to do; None where it does not."""
    if not facts.policy.startswith("allkeys-"):
        return None
    return (
        f"the broker drops messages when its memory is full (maxmemory-policy {facts.policy}):"
        " run `CONFIG SET maxmemory-policy noeviction` on it, and write that into its configuration"
    )


def old(facts: BrokerFacts) -> str | None:
    """Why this broker is too old; None where it is not, or does not tell."""
    major = facts.version.partition(".")[0]
    if not major.isdecimal() or int(major) >= OLDEST_REDIS:
        return None
    return f"the broker is Redis {facts.version}; it must be {OLDEST_REDIS} or newer"
