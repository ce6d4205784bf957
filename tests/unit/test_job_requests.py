"""What a door hands in: requests, payloads and queues are held against their contracts, or refused naming the place."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.errors import InvalidPayloadError, UnknownKindError
from arxos.domain.jobs.job import OnFailure
from arxos.tasks.queues import INGRESS, POOL_OF, Pool, known_queue, queues_of
from arxos.tasks.registry import all_kinds, find_kind, parse_payload
from arxos.tasks.request import JobRequest, new_job, parse_request

KINDS = all_kinds(probes=True)
PRODUCT_KINDS = all_kinds(probes=False)


def test_a_request_with_only_a_kind_is_ordinary() -> None:
    request = parse_request('{"kind": "probe.noop"}')
    assert (request.payload, request.priority, request.after, request.on_failure) == ({}, 0, (), OnFailure.CANCEL)
    assert (request.queue, request.idempotency_key, request.run_at, request.deadline) == (None, None, None, None)


def test_a_request_keeps_what_it_says() -> None:
    before = uuid4()
    request = parse_request(
        {
            "kind": "probe.effect",
            "payload": {"key": "k"},
            "queue": "cache",
            "idempotency_key": "k-1",
            "run_at": "2026-01-01T00:00:00+01:00",
            "priority": 5,
            "after": [str(before)],
            "on_failure": "run",
            "submitted_by": "ada",
        }
    )
    job = new_job(KINDS, request)
    assert (job.kind, job.payload["key"], job.queue, job.idempotency_key) == ("probe.effect", "k", "cache", "k-1")
    assert job.run_at == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert (job.priority, job.after, job.on_failure, job.submitted_by) == (5, (before,), OnFailure.RUN, "ada")


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ("", "job: "),
        ("{", "job: "),
        ("[]", "job: "),
        ("7", "job: "),
        ("{}", "kind: "),
        ('{"kind": ""}', "kind: "),
        ('{"kind": 7}', "kind: "),
        ('{"kind": "probe.noop", "payload": []}', "payload: "),
        ('{"kind": "probe.noop", "colour": "red"}', "colour: "),
        ('{"kind": "probe.noop", "priority": 101}', "priority: "),
        ('{"kind": "probe.noop", "priority": "high"}', "priority: "),
        ('{"kind": "probe.noop", "run_at": "2026-01-01T00:00:00"}', "run_at: "),
        ('{"kind": "probe.noop", "run_at": "soon"}', "run_at: "),
        ('{"kind": "probe.noop", "after": ["no uuid"]}', "after.0.id: "),
        ('{"kind": "probe.noop", "after": [{"on_failure": "run"}]}', "after.0.edge.id: "),
        (f'{{"kind": "probe.noop", "after": [{{"id": "{UUID(int=7)}", "on_failure": "wait"}}]}}', "edge.on_failure: "),
        (f'{{"kind": "probe.noop", "after": [{{"id": "{UUID(int=7)}", "how": "run"}}]}}', "after.0.edge.how: "),
        ('{"kind": "probe.noop", "id": "7"}', "id: "),
        ('{"kind": "probe.noop", "on_failure": "panic"}', "on_failure: "),
        ('{"kind": "probe.noop", "idempotency_key": ""}', "idempotency_key: "),
        ('{"kind": "probe.noop", "deadline": "yesterday"}', "deadline: "),
    ],
)
def test_a_request_that_does_not_fit_names_the_place(raw: str, place: str) -> None:
    with pytest.raises(InvalidPayloadError) as refusal:
        parse_request(raw)
    assert place in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(InvalidPayloadError) as refusal:
        parse_request({"kind": "probe.noop", "priority": "hunter2", "run_at": "hunter2", "after": ["hunter2"]})
    assert "hunter2" not in str(refusal.value)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(UnknownKindError, match=r"no job kind 'building\.paint'"):
        new_job(KINDS, JobRequest(kind="building.paint"))


def test_an_unknown_queue_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidPayloadError, match=r"no queue 'chache'; there are cache, geometry, health"):
        new_job(KINDS, JobRequest(kind="probe.noop", queue="chache"))


def test_each_edge_may_have_a_policy_of_its_own() -> None:
    plain, run, cancel = uuid4(), uuid4(), uuid4()
    after = [str(plain), {"id": str(run), "on_failure": "run"}, {"id": str(cancel), "on_failure": "cancel"}]
    for default in OnFailure:
        request = parse_request({"kind": "probe.noop", "after": after, "on_failure": default})
        policies = {plain: default, run: OnFailure.RUN, cancel: OnFailure.CANCEL}
        assert new_job(KINDS, request).predecessors == policies


def test_two_policies_for_one_edge_are_refused() -> None:
    after = [str(UUID(int=7)), {"id": str(UUID(int=7)), "on_failure": "run"}]
    with pytest.raises(InvalidPayloadError, match=f"after: .*job {UUID(int=7)} is named twice"):
        parse_request({"kind": "probe.noop", "after": after})


def test_a_client_may_choose_a_jobs_id() -> None:
    mine = uuid4()
    assert new_job(KINDS, parse_request({"kind": "probe.noop", "id": str(mine)})).id == mine


def test_jobs_never_travel_in_the_ingress_queue() -> None:
    with pytest.raises(InvalidPayloadError):
        known_queue(INGRESS)


@pytest.mark.parametrize(
    ("kind", "payload", "place"),
    [
        ("probe.effect", {}, "payload of probe.effect: key: "),
        ("probe.effect", {"key": ""}, "payload of probe.effect: key: "),
        ("probe.effect", {"key": "k", "seconds": -1}, "payload of probe.effect: seconds: "),
        ("probe.sleep", {"seconds": "long"}, "payload of probe.sleep: seconds: "),
        ("probe.crash", {"how": "gently", "times": 1}, "payload of probe.crash: how: "),
        ("probe.noop", {"colour": "red"}, "payload of probe.noop: colour: "),
        ("building.validate", {}, "payload of building.validate: model_id: "),
        ("building.validate", {"model_id": "m-1"}, "payload of building.validate: model_id: "),
        ("building.warm_cache", {"building_id": None}, "payload of building.warm_cache: building_id: "),
    ],
)
def test_a_payload_that_does_not_fit_names_kind_and_field(kind: str, payload: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidPayloadError) as refusal:
        parse_payload(find_kind(KINDS, kind), payload)
    assert str(refusal.value).startswith(place)


def test_a_refusal_names_every_field_that_does_not_fit() -> None:
    with pytest.raises(InvalidPayloadError) as refusal:
        parse_payload(find_kind(KINDS, "probe.crash"), {"times": -1, "colour": "red"})
    assert all(f"{field}: " in str(refusal.value) for field in ("how", "times", "colour"))


def test_payloads_are_stored_as_json() -> None:
    model = uuid4()
    job = new_job(KINDS, JobRequest(kind="building.validate", payload={"model_id": str(model)}))
    assert job.payload["model_id"] == str(model)


def test_each_job_has_an_id_and_ids_are_ordered_by_time() -> None:
    ids = [new_job(KINDS, JobRequest(kind="probe.noop")).id for _ in range(50)]
    assert ids == sorted(set(ids))
    assert new_job(KINDS, JobRequest(kind="probe.noop"), job_id=UUID(int=7)).id == UUID(int=7)


def test_light_jobs_share_messages_and_slow_ones_of_the_same_kind_do_not() -> None:
    light = new_job(KINDS, JobRequest(kind="probe.effect", payload={"key": "k"}))
    slow = new_job(KINDS, JobRequest(kind="probe.effect", payload={"key": "k", "seconds": 2}))
    heavy = new_job(KINDS, JobRequest(kind="probe.sleep", payload={"seconds": 0}))
    assert (light.batch > 1, slow.batch, heavy.batch) == (True, 1, 1)


def test_the_policy_of_the_kind_travels_with_the_job() -> None:
    job = new_job(KINDS, JobRequest(kind="probe.fail", payload={"times": 1}))
    assert job.policy == KINDS["probe.fail"].policy


# The registry


def test_kinds_are_found_in_the_files_beside_the_registry() -> None:
    assert {"building.validate", "building.index_geometry", "building.warm_cache"} <= set(PRODUCT_KINDS)


def test_probes_are_hidden_unless_asked_for() -> None:
    assert not [name for name in PRODUCT_KINDS if name.startswith("probe.")]
    assert {f"probe.{name}" for name in ("noop", "sleep", "effect", "fail", "crash", "progress")} <= set(KINDS)


def test_kinds_are_listed_by_name_and_cannot_be_changed() -> None:
    assert list(KINDS) == sorted(KINDS)
    with pytest.raises(TypeError):
        KINDS["x"] = KINDS["probe.noop"]  # type: ignore[index]


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_whole(name: str) -> None:
    kind = KINDS[name]
    assert kind.name == name
    assert kind.queue in POOL_OF
    assert kind.title.endswith(".")
    assert "." in name
    assert 0 < kind.soft_limit_s < kind.hard_limit_s
    assert 1 <= kind.batch <= 1000
    assert kind.payload.model_json_schema()["additionalProperties"] is False
    assert kind.probe == name.startswith("probe.")


# The queues


def test_every_queue_is_consumed_by_one_pool() -> None:
    consumed = [queue for pool in Pool for queue in queues_of(pool)]
    assert sorted(consumed) == sorted(POOL_OF)


def test_the_queues_are_those_that_others_rely_on() -> None:
    known = {"validation", "geometry", "cache", "health", "maintenance", "webhooks", "ingress"}
    assert {*POOL_OF, INGRESS} == known
