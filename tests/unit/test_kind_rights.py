"""Who may submit what, by the kinds' own words and by what is asked for besides."""

from dataclasses import replace
from typing import Any

import pytest

from arxos.domain.access import PERMISSIONS, Permission, Role
from arxos.domain.errors import ForbiddenError, InvalidPayloadError
from arxos.domain.jobs.submitter import Submitter, command_line, is_own, producer, schedule, user
from arxos.tasks.authorization import OBJECTS, authorized
from arxos.tasks.kind import job_kind
from arxos.tasks.queues import POOL_OF
from arxos.tasks.registry import parse_payload
from arxos.tasks.request import JobRequest
from tests.builders import Anything, job
from tests.kind_rights import KINDS, PAYLOADS

# As it is promised to outsiders: by the first word of the kind, or by the kind.
PROMISED = {
    "building": Permission.SUBMIT,
    "probe": Permission.SUBMIT,
    "health": Permission.ADMINISTER,
    "audit": Permission.ADMINISTER,
    "rollup": Permission.ADMINISTER,
    "ledger": Permission.ADMINISTER,
    "blobs": Permission.ADMINISTER,
    "health.report": None,
    "webhook.deliver": None,
}
EDITOR, ADMIN, ROOT = (user("ada", role) for role in (Role.EDITOR, Role.ADMIN, Role.SUPER_ADMIN))
BOUND_BY_ORDINARY = {"editor": EDITOR, "ingress": producer()}
FREE = {"admin": ADMIN, "super_admin": ROOT, "command line": command_line("root"), "schedule": schedule("nightly")}


def named(ones: dict[str, Submitter]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("by", ones.values(), ids=ones)


def test_every_kind_has_a_payload_here() -> None:
    assert PAYLOADS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_submitted_by_whom_it_was_promised_to(kind: str) -> None:
    parse_payload(KINDS[kind], PAYLOADS[kind])
    assert KINDS[kind].submit == PROMISED.get(kind, PROMISED.get(kind.partition(".")[0], "nothing was promised"))


def test_a_kind_that_does_not_say_who_may_submit_it_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="submit"):
        job_kind("some.kind", queue="maintenance", payload=Anything)  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if OBJECTS.keys() & kind.payload.model_fields])
def test_whoever_may_not_write_buildings_has_no_job_about_one(kind: str) -> None:
    reader = replace(ROOT, permissions=PERMISSIONS[Role.SUPER_ADMIN] - {Permission.WRITE})
    with pytest.raises(ForbiddenError, match=kind):
        authorized(KINDS, JobRequest(kind=kind, payload=dict(PAYLOADS[kind])), reader)


@named(BOUND_BY_ORDINARY)
@pytest.mark.parametrize("queue", POOL_OF)
@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.submit is Permission.SUBMIT])
def test_an_editor_submits_to_the_kinds_own_queue(by: Submitter, kind: str, queue: str) -> None:
    request = JobRequest(kind=kind, payload=dict(PAYLOADS[kind]), queue=queue)
    if queue == KINDS[kind].queue:
        assert authorized(KINDS, request, by).queue == queue
    else:
        with pytest.raises(ForbiddenError, match=f"may submit {kind} to its own queue only") as refused:
            authorized(KINDS, request, by)
        assert refused.value.field == "queue"


@named(BOUND_BY_ORDINARY)
@pytest.mark.parametrize("priority", [-100, -11, -10, 0, 10, 11, 100])
def test_an_editors_priorities_are_ordinary(by: Submitter, priority: int) -> None:
    request = JobRequest(kind="probe.noop", priority=priority)
    if -10 <= priority <= 10:
        assert authorized(KINDS, request, by).priority == priority
    else:
        with pytest.raises(ForbiddenError, match=r"may submit probe\.noop with a priority from -10 to 10") as refused:
            authorized(KINDS, request, by)
        assert refused.value.field == "priority"


@named(FREE)
@pytest.mark.parametrize("priority", [-100, 100])
@pytest.mark.parametrize("queue", POOL_OF)
def test_administrators_name_any_queue_and_priority(by: Submitter, queue: str, priority: int) -> None:
    job = authorized(KINDS, JobRequest(kind="probe.noop", queue=queue, priority=priority), by)
    assert (job.queue, job.priority) == (queue, priority)


@named(BOUND_BY_ORDINARY | FREE)
def test_a_queue_that_does_not_exist_is_a_mistake_whoever_names_it(by: Submitter) -> None:
    with pytest.raises(InvalidPayloadError, match="no queue 'nowhere'"):
        authorized(KINDS, JobRequest(kind="probe.noop", queue="nowhere"), by)


def test_an_editor_cannot_submit_in_anothers_name() -> None:
    with pytest.raises(ForbiddenError, match=r"editor may not submit probe\.noop in another's name"):
        authorized(KINDS, JobRequest(kind="probe.noop", submitted_by="bob"), EDITOR)
    job = authorized(KINDS, JobRequest(kind="probe.noop", submitted_by="bob"), ADMIN)
    assert (job.submitted_by, job.principal) == ("bob", "user:ada")


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("ledger.prune", {"succeeded_days": 0.99}),
        ("ledger.prune", {"cancelled_days": 1e-6}),
        ("ledger.prune", {"history_days": 0.5}),
        ("ledger.prune", {"kinds": {"probe.noop": 0.1}}),
        ("ledger.prune", {"succeeded_days": float("nan")}),
        ("ledger.prune", {"succeeded_days": float("inf")}),
        ("blobs.collect", {"grace_days": 0}),
        ("blobs.collect", {"grace_days": 0.99}),
        ("blobs.collect", {"grace_days": float("inf")}),
    ],
)
def test_nobody_shortens_what_others_rely_on_below_a_day(kind: str, payload: dict[str, Any]) -> None:
    with pytest.raises(InvalidPayloadError, match="payload"):
        parse_payload(KINDS[kind], payload)


NAMES = ["ingress", "ingress:shop", "beat", "schedule", "schedule:nightly", "system", "webhooks", "health.sweep",
         "cli", "cli:root", "user:bob", "user:", "bob"]  # fmt: skip


@pytest.mark.parametrize("subject", NAMES)
def test_no_subject_reaches_what_is_anothers(subject: str) -> None:
    """Whatever a token's `sub` is: it is a user's principal, and no other entry point's."""
    own = user(subject, Role.SUPER_ADMIN)
    others = [producer(), producer("shop"), schedule("nightly"), command_line("root"), command_line("cli")]
    others += [user(name, Role.EDITOR) for name in NAMES if name != subject]
    assert own.principal not in {other.principal for other in others} | {"system"}
    for other in others:
        assert not is_own(job(submitted_by=other.name, principal=other.principal), subject)
    for of_the_system in ("webhooks", "health.sweep", subject):
        assert not is_own(job(submitted_by=of_the_system, principal="system"), subject)
    assert is_own(job(submitted_by=subject, principal=own.principal), subject)


def test_an_operator_acts_in_the_name_of_a_user_where_one_is_named() -> None:
    assert command_line("root", "ada").principal == EDITOR.principal
    assert command_line("root").principal == "cli:root"
