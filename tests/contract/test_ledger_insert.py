"""Submitting jobs to any ledger: ids, idempotency keys, refusals."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from arxos.domain.errors import ConflictError, KeyReusedError, NotFoundError
from arxos.domain.jobs.desk import Edit
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.operator import Operator
from arxos.domain.jobs.retry import RetryPolicy
from tests.builders import new_job
from tests.worlds import World

SOMETIME = datetime(2100, 1, 1, tzinfo=UTC)


def test_ids_come_back_in_the_order_of_the_jobs(world: World) -> None:
    jobs = [new_job() for _ in range(5)][::-1]
    assert world.insert(*jobs) == [job.id for job in jobs]


def test_inserting_nothing_is_nothing(world: World) -> None:
    assert world.insert() == []


def test_a_job_comes_back_as_it_was_submitted(world: World) -> None:
    building = uuid4()
    new = new_job(
        "building.warm_cache",
        queue="cache",
        payload={"building_id": str(building), "größe": [1, 2.5, None, "ü"]},
        policy=RetryPolicy(max_attempts=3),
        priority=7,
        idempotency_key="k",
        submitted_by="ada",
    )
    world.insert(new)

    job = world.get(new.id)

    assert (job.id, job.kind, job.queue, job.state) == (new.id, new.kind, "cache", JobState.QUEUED)
    assert (job.payload, job.priority, job.max_attempts, job.attempt) == (new.payload, 7, 3, 0)
    assert (job.idempotency_key, job.submitted_by, job.building_id) == ("k", "ada", building)
    assert (job.attempts, job.result, job.error_type, job.worker) == ((), None, None, None)


def test_the_same_key_is_the_same_job(world: World) -> None:
    first = new_job(idempotency_key="k")
    world.insert(first)
    other = new_job()
    assert world.insert(new_job(idempotency_key="k"), other) == [first.id, other.id]


def test_the_same_key_twice_in_one_request_is_one_job(world: World) -> None:
    first, second = new_job(idempotency_key="k"), new_job(idempotency_key="k")
    assert world.insert(first, second) == [first.id, first.id]
    with pytest.raises(NotFoundError):
        world.get(second.id)


def test_a_key_outlives_its_job(world: World) -> None:
    first = new_job(idempotency_key="k")
    world.insert(first)
    world.succeed(first.id)
    assert world.insert(new_job(idempotency_key="k")) == [first.id]


@pytest.mark.parametrize("other", [{"kind": "probe.sleep"}, {"payload": {"n": 2}}])
def test_a_key_for_another_request_is_a_conflict_that_tells_nothing_of_the_first(
    world: World, other: dict[str, Any]
) -> None:
    first = new_job("probe.noop", payload={"n": 1}, idempotency_key="k")
    world.insert(first)
    repeated: dict[str, Any] = {"kind": first.kind, "payload": first.payload, "idempotency_key": "k"}
    with pytest.raises(KeyReusedError) as refused:
        world.insert(new_job(**(repeated | other)))
    assert str(refused.value) == "idempotency key 'k' was used before, for another request"


@pytest.mark.parametrize("other", [{"queue": "cache"}, {"priority": 7}, {"run_at": SOMETIME}, {"deadline": SOMETIME}])
def test_when_and_where_it_runs_is_no_part_of_a_request(world: World, other: dict[str, Any]) -> None:
    world.insert(first := new_job(idempotency_key="k"))
    assert world.insert(new_job(idempotency_key="k", **other)) == [first.id]


OLD: dict[str, Any] = {"contract": 1, "payload": {"n": 1}}
NEW: dict[str, Any] = {"contract": 2, "payload": {"n": 1, "added": False}}


@pytest.mark.parametrize(("first", "second"), [(OLD, NEW), (NEW, OLD)], ids=["after an upgrade", "by an older version"])
def test_what_another_version_fills_in_by_default_makes_no_other_request(
    world: World, first: dict[str, Any], second: dict[str, Any]
) -> None:
    world.insert(one := new_job(idempotency_key="k", defaulted=frozenset({"added"}), **first))
    assert world.insert(new_job(idempotency_key="k", defaulted=frozenset({"added"}), **second)) == [one.id]


@pytest.mark.parametrize(
    "second",
    [NEW | {"payload": {"n": 2, "added": False}}, NEW | {"defaulted": frozenset()}, NEW | {"contract": 1}],
    ids=["another value", "named by the request", "of the same version"],
)
def test_fields_that_another_version_did_not_know_hide_no_other_request(world: World, second: dict[str, Any]) -> None:
    world.insert(new_job(idempotency_key="k", **OLD))
    with pytest.raises(KeyReusedError):
        world.insert(new_job(idempotency_key="k", **{"defaulted": frozenset({"added"})} | second))


def test_a_job_whose_payload_was_edited_still_stands_for_the_request_that_made_it(world: World) -> None:
    world.insert(first := new_job(payload={"n": 1}, idempotency_key="k"))
    world.bury(first.id)
    world.at_desk(lambda desk: desk.redrive(first.id, Operator("ada"), edit=Edit({"n": 2})))
    assert world.insert(new_job(payload={"n": 1}, idempotency_key="k")) == [first.id]
    with pytest.raises(KeyReusedError):
        world.insert(new_job(payload={"n": 2}, idempotency_key="k"))


def test_a_key_belongs_to_its_principal(world: World) -> None:
    ada, bob = (new_job(idempotency_key="k", principal=f"user:{name}", payload={"n": name}) for name in ("ada", "bob"))
    assert world.insert(ada, bob) == [ada.id, bob.id]
    again = [replace(one, id=uuid4()) for one in (bob, ada)]
    assert world.insert(*again) == [bob.id, ada.id]


def test_one_key_for_two_requests_of_one_submission_is_a_conflict(world: World) -> None:
    first, second = (new_job(idempotency_key="k", payload={"n": n}) for n in (1, 2))
    with pytest.raises(KeyReusedError) as refused:
        world.insert(first, second)
    assert refused.value.job_id == second.id
    with pytest.raises(NotFoundError):
        world.get(first.id)


def test_known_keys_are_those_of_the_same_principal(world: World) -> None:
    world.insert(new_job(idempotency_key="k", principal="user:ada"))
    asked = {("user:ada", "k"), ("user:bob", "k"), ("user:ada", "l"), ("ingress", "k")}
    assert world.do(lambda ledger: ledger.known_keys(asked)) == {("user:ada", "k")}


def test_a_conflict_beside_a_repetition_is_still_a_conflict(world: World) -> None:
    world.insert(new_job("probe.noop", idempotency_key="k"))
    with pytest.raises(ConflictError):
        world.insert(new_job("probe.sleep", idempotency_key="k"), new_job("probe.noop", idempotency_key="k"))


def test_a_refused_request_leaves_nothing(world: World) -> None:
    good = new_job()
    with pytest.raises(NotFoundError):
        world.insert(good, new_job(after=(uuid4(),)))
    with pytest.raises(NotFoundError):
        world.get(good.id)


def test_leaving_without_commit_leaves_nothing(world: World) -> None:
    new = new_job()
    with world.unit_of_work() as uow:
        uow.jobs.insert([new])
    with pytest.raises(NotFoundError):
        world.get(new.id)


def test_rolling_back_forgets_what_was_done_before_it_only(world: World) -> None:
    lost, kept = new_job(), new_job()
    with world.unit_of_work() as uow:
        uow.jobs.insert([lost])
        uow.rollback()
        uow.jobs.insert([kept])
        uow.commit()
    assert world.state(kept.id) is JobState.QUEUED
    with pytest.raises(NotFoundError):
        world.get(lost.id)


@pytest.mark.parametrize(
    "other", [{"kind": "probe.sleep"}, {"payload": {"n": 1}}, {"principal": "user:bob"}, {"idempotency_key": "k"}]
)
def test_an_id_of_another_job_is_a_conflict(world: World, other: dict[str, Any]) -> None:
    world.insert(first := new_job())
    same: dict[str, Any] = {"kind": first.kind, "id": first.id}
    with pytest.raises(ConflictError, match=f"the id {first.id} belongs to another job$"):
        world.insert(new_job(), new_job(**(same | other)))


def test_the_same_id_and_request_is_the_same_job(world: World) -> None:
    world.insert(first := new_job())
    world.succeed(first.id)
    assert world.insert(first, first) == [first.id, first.id]
    assert world.state(first.id) is JobState.SUCCEEDED


def test_two_jobs_of_one_submission_cannot_share_an_id(world: World) -> None:
    first = new_job()
    with pytest.raises(ConflictError, match=f"two jobs of one submission have the id {first.id}"):
        world.insert(first, new_job(id=first.id, priority=1))
