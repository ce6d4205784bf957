"""What makes a building ill, one thing at a time."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from arxos.domain.health.judge import PATIENCE_S, WEIGHT, Seen, judge
from arxos.domain.health.report import Ailment, BuildingFacts, HealthStatus, worst

NOW, MODEL = datetime(2026, 11, 25, tzinfo=UTC), uuid4()
RULES = "2026.11.1"
WELL = BuildingFacts(
    uuid4(), NOW, NOW, model_id=MODEL, revision=2, sha256="a" * 64, age_s=60.0, valid=True, readable=True,
    rules=RULES, indexed_id=MODEL, indexed_revision=2, shapes=40,
)  # fmt: skip
SEEN = Seen(bytes_there=True, cache_warm=True)
NEW = replace(WELL, valid=None, readable=None, rules=None, indexed_id=None, indexed_revision=None, shapes=0)
OLDER = UUID(int=1)


def codes(facts: BuildingFacts, seen: Seen = SEEN) -> list[Ailment]:
    return [reason.code for reason in judge(facts, seen, RULES)]


def test_a_building_with_everything_in_place_is_well() -> None:
    assert judge(WELL, SEEN, RULES) == []
    assert worst([]) is HealthStatus.HEALTHY


@pytest.mark.parametrize(
    ("facts", "seen", "ailment", "words"),
    [
        (BuildingFacts(uuid4(), NOW, NOW), SEEN, Ailment.NO_MODEL, "no model was handed in yet"),
        (WELL, Seen(False, True), Ailment.BYTES_MISSING, "the bytes of revision 2 are not in the store"),
        (
            replace(NEW, valid=False, readable=False, rules=RULES),
            Seen(True, False),
            Ailment.UNREADABLE,
            "revision 2 cannot be read as a model",
        ),
        (replace(WELL, valid=None, rules=None), SEEN, Ailment.NOT_VALIDATED, "revision 2 was not validated"),
        (
            replace(WELL, rules=None),
            SEEN,
            Ailment.RULES_OUTDATED,
            "it was validated by rules of before they had a version, now they are 2026.11.1",
        ),
        (
            replace(WELL, rules="2025.1"),
            SEEN,
            Ailment.RULES_OUTDATED,
            "it was validated by rules 2025.1, now they are 2026.11.1",
        ),
        (replace(WELL, valid=False, errors=1), SEEN, Ailment.INVALID, "revision 2 is not valid: 1 error"),
        (replace(WELL, valid=False, errors=3), SEEN, Ailment.INVALID, "revision 2 is not valid: 3 errors"),
        (replace(WELL, indexed_id=None, shapes=0), SEEN, Ailment.NOT_INDEXED, "no model of it is indexed"),
        (
            replace(WELL, indexed_id=OLDER, indexed_revision=1),
            SEEN,
            Ailment.INDEX_OUTDATED,
            "the index is of revision 1, the newest is 2",
        ),
        (replace(WELL, shapes_failed=2), SEEN, Ailment.SHAPES_FAILED, "2 of 40 shapes could not be made"),
        (
            WELL,
            Seen(True, False),
            Ailment.CACHE_COLD,
            "the next reader waits: its answers are not in the cache",
        ),
        (replace(WELL, dead=1), SEEN, Ailment.DEAD_JOBS, "1 of its jobs is a dead letter"),
        (replace(WELL, dead=2), SEEN, Ailment.DEAD_JOBS, "2 of its jobs are dead letters"),
    ],
)
def test_each_ailment_is_told_alone(facts: BuildingFacts, seen: Seen, ailment: Ailment, words: str) -> None:
    [reason] = judge(facts, seen, RULES)
    assert (reason.code, reason.status, reason.message) == (ailment, WEIGHT[ailment], words)


def test_every_ailment_has_a_weight_and_none_weighs_nothing() -> None:
    assert set(WEIGHT) == set(Ailment) - {Ailment.OTHER}  # which is read from a newer version's reports, never judged
    assert HealthStatus.HEALTHY not in WEIGHT.values()


def test_the_worst_reason_decides() -> None:
    ill = replace(WELL, valid=False, errors=1, indexed_id=None, shapes=0)
    reasons = judge(ill, SEEN, RULES)
    assert [one.status for one in reasons] == ["degraded", "unhealthy"]
    assert worst(one.status for one in reasons) is HealthStatus.UNHEALTHY


def test_a_new_model_is_given_time_while_its_jobs_are_going() -> None:
    assert codes(replace(NEW, going=3)) == []
    assert codes(replace(NEW, going=3, age_s=PATIENCE_S + 1)) == [Ailment.NOT_VALIDATED, Ailment.NOT_INDEXED]
    assert codes(NEW) == [Ailment.NOT_VALIDATED, Ailment.NOT_INDEXED]


def test_what_cannot_be_looked_at_makes_nobody_ill() -> None:
    assert codes(WELL, Seen(None, None)) == []


def test_an_unreadable_model_is_not_blamed_for_what_follows_from_it() -> None:
    facts = replace(WELL, valid=False, readable=False, indexed_id=OLDER, indexed_revision=1)
    assert codes(facts) == [Ailment.UNREADABLE]
