"""`webhook.deliver`: tell somebody outside that a job is over."""

from uuid import UUID

from arxos.domain.errors import NotFoundError, UnavailableError
from arxos.domain.jobs.job import Job, JobState
from arxos.domain.jobs.limits import Allowance
from arxos.domain.jobs.retry import RetryPolicy
from arxos.domain.jobs.webhooks import Webhook, message
from arxos.domain.ports import UnitOfWork
from arxos.tasks.kind import SYSTEM_ONLY, Attempt, Done, Effect, Payload, Result, job_kind
from arxos.tasks.moments import Moment

GONE = 410  # the receiver wants no more of them


class Deliver(Payload):
    """Which job is over, how and when, and whom to tell."""

    webhook_id: UUID
    job_id: UUID
    state: JobState
    at: Moment


class Delivered(Result):
    """What the receiver answered; `status` null: it was not told, for the reason in `note`."""

    status: int | None
    took_ms: float | None = None
    note: str | None = None


@job_kind(
    "webhook.deliver",
    queue="webhooks",
    payload=Deliver,
    submit=SYSTEM_ONLY,
    policy=RetryPolicy(max_attempts=12, base_s=5.0, cap_s=3600.0),  # some hours: receivers are down for so long
    allowed=Allowance(per="payload.webhook_id", per_running=4),  # one that is slow keeps no others waiting
    soft_limit_s=60.0,
    hard_limit_s=90.0,
    keep_days=7,
)
def deliver(payload: Deliver, attempt: Attempt) -> Done:
    """Tell a webhook's receiver that a job is over.

    At least once: an attempt whose answer was lost is repeated under the same `webhook-id`.
    """
    webhook, job = _read(payload, attempt)
    if webhook is None or webhook.disabled_at is not None:
        return Done(Delivered(status=None, note="the webhook is gone or disabled"))
    body = message(payload.model_dump(mode="json"), job, attempt.job_id)
    answer = attempt.ports.courier.deliver(webhook.id, webhook.url, str(attempt.job_id), body)
    if answer.status == GONE:
        return Done(
            Delivered(status=GONE, took_ms=answer.took_ms, note="disabled: it wants no more"), _disable(webhook)
        )
    if not 200 <= answer.status < 300:
        raise UnavailableError(f"the receiver answered {answer.status}")
    return Done(Delivered(status=answer.status, took_ms=answer.took_ms))


def _read(payload: Deliver, attempt: Attempt) -> tuple[Webhook | None, Job | None]:
    with attempt.ports.unit_of_work() as uow:
        job = uow.jobs.get_many([payload.job_id]).get(payload.job_id)
        try:
            return uow.webhooks.get(payload.webhook_id), job
        except NotFoundError:
            return None, job


def _disable(webhook: Webhook) -> Effect:
    def effect(uow: UnitOfWork) -> None:
        uow.webhooks.disable(webhook.id, "receiver: 410 gone")

    return effect
