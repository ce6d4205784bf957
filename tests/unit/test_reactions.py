"""What follows from what happened."""

from uuid import uuid4

import pytest

from arxos.domain.events import (
    BuildingCreated,
    BuildingUpdated,
    Event,
    ModelIndexed,
    ModelReceived,
    ModelValidated,
    Sender,
)
from arxos.domain.jobs.job import JobState, OnFailure
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.outcome import Outcome, Settlement
from arxos.tasks.reactions import reactions
from arxos.tasks.registry import all_kinds
from tests.builders import delivery
from tests.fakes import FakeDatabase

BUILDING, MODEL, HOOK = uuid4(), uuid4(), uuid4()


def test_a_received_model_is_validated_indexed_and_then_cached() -> None:
    validate, index, warm = reactions(all_kinds())(ModelReceived(BUILDING, MODEL, Sender("ada", "order-17", HOOK)))
    assert [job.kind for job in (validate, index, warm)] == [
        "building.validate",
        "building.index_geometry",
        "building.warm_cache",
    ]
    assert validate.payload["model_id"] == index.payload["model_id"] == str(MODEL)
    assert warm.payload["building_id"] == str(BUILDING)
    assert (validate.after, index.after, warm.after) == ((), (), (validate.id, index.id))
    assert warm.on_failure is OnFailure.RUN
    assert {(job.submitted_by, job.request_id, job.webhook_id) for job in (validate, index, warm)} == {
        ("ada", "order-17", HOOK)
    }


@pytest.mark.parametrize(
    "event",
    [
        BuildingCreated(BUILDING),
        BuildingUpdated(BUILDING),
        ModelValidated(BUILDING, MODEL, valid=True),
        ModelIndexed(BUILDING, MODEL),
    ],
)
def test_nothing_follows_from_other_events(event: Event) -> None:
    assert list(reactions(all_kinds())(event)) == []


def test_follow_ups_are_inserted_by_the_commit_that_caused_them() -> None:
    database = FakeDatabase(react=reactions(all_kinds()))
    with database.unit_of_work() as uow:
        uow.emit(ModelReceived(BUILDING, MODEL))
        assert uow.jobs.find(JobFilter()).jobs == ()
        uow.commit()
    assert len(database.tables.rows) == 3


def test_nothing_follows_from_what_was_rolled_back() -> None:
    database = FakeDatabase(react=reactions(all_kinds()))
    with database.unit_of_work() as uow:
        uow.emit(ModelReceived(BUILDING, MODEL))
    with database.unit_of_work() as uow:
        uow.emit(ModelReceived(BUILDING, MODEL))
        uow.rollback()
        uow.commit()
    assert database.tables.rows == {}


def test_the_cache_is_warmed_however_the_others_end() -> None:
    database = FakeDatabase(react=reactions(all_kinds()))
    with database.unit_of_work() as uow:
        uow.emit(ModelReceived(BUILDING, MODEL))
        uow.commit()
        warm, *first = [job.id for job in uow.jobs.find(JobFilter()).jobs]
        claimed = uow.jobs.claim(first, "worker", delivery())
        ends = [(Outcome.FAILED, JobState.DEAD), (Outcome.SUCCEEDED, JobState.SUCCEEDED)]
        uow.jobs.settle([Settlement(job.id, 1, *end) for job, end in zip(claimed, ends, strict=True)])
        uow.commit()
    assert database.job(warm).state is JobState.QUEUED
