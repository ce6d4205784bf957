"""Webhooks: addresses that are told when jobs are over."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from uuid6 import uuid7

from arxos.api.access import Reader, Submitter
from arxos.api.paging import Cursor, Limit, cursor_at, link_next, place_of
from arxos.api.problems import documented
from arxos.api.schemas.jobs import Accepted, JobList, JobView
from arxos.api.schemas.webhooks import NewWebhook, WebhookList, WebhookView, WebhookWithSecret
from arxos.api.working import Served, in_thread
from arxos.app.access import Caller
from arxos.app.bootstrap import Runtime
from arxos.domain.access import Permission
from arxos.domain.errors import ConflictError, NotFoundError
from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.webhooks import Webhook
from arxos.domain.url_policy import checked_url
from arxos.tasks.endings import KIND
from arxos.tasks.request import JobRequest, new_job

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])

WebhookId = Annotated[UUID, Path(description="the webhook's id")]
SCANNED = 500


@router.post(
    "",
    status_code=201,
    summary="Add a webhook",
    responses={201: {"headers": {"Location": {"description": "the new webhook", "schema": {"type": "string"}}}}},
)
async def add(
    new: NewWebhook, request: Request, response: Response, runtime: Served, caller: Submitter
) -> WebhookWithSecret:
    """A job that names it in `webhook_id` tells it when it is over: docs/webhooks.md says what, and signed how."""
    webhook = Webhook(uuid7(), checked_url(new.url), caller.subject, new.description)
    secret = runtime.ports.courier.secret(webhook.id)

    def work() -> Webhook:
        with runtime.ports.unit_of_work() as uow:
            added = uow.webhooks.add(webhook)
            uow.commit()
        return added

    added = await in_thread(request, work)
    response.headers["Location"] = f"{router.prefix}/{added.id}"
    return WebhookWithSecret(**WebhookView.of(added).model_dump(), secret=secret)


@router.get("", summary="List webhooks")
async def list_(
    request: Request, response: Response, runtime: Served, caller: Reader, cursor: Cursor = None, limit: Limit = 50
) -> WebhookList:
    """One's own; with the permission to administer, everybody's."""
    [before] = place_of(cursor, UUID) or [None]
    owner = None if caller.may(Permission.ADMINISTER) else caller.subject

    def work() -> list[Webhook]:
        with runtime.ports.unit_of_work() as uow:
            return list(uow.webhooks.list(owner=owner, before=before, limit=limit + 1))

    found = await in_thread(request, work)
    following = cursor_at(found[limit - 1].id) if len(found) > limit else None
    link_next(request, response, following)
    return WebhookList(items=[WebhookView.of(one) for one in found[:limit]], next_cursor=following)


@router.get("/{webhook_id}", summary="Read a webhook", responses=documented(404))
async def get(webhook_id: WebhookId, request: Request, runtime: Served, caller: Submitter) -> WebhookWithSecret:
    """With its secret: for its owner, and for whoever administers."""
    webhook = await in_thread(request, own, runtime, webhook_id, caller)
    return WebhookWithSecret(**WebhookView.of(webhook).model_dump(), secret=runtime.ports.courier.secret(webhook.id))


@router.delete("/{webhook_id}", status_code=204, summary="Remove a webhook", responses=documented(404))
async def remove(webhook_id: WebhookId, request: Request, runtime: Served, caller: Submitter) -> None:
    """Nobody is told there any more."""

    def work() -> None:
        own(runtime, webhook_id, caller)
        with runtime.ports.unit_of_work() as uow:
            uow.webhooks.remove(webhook_id)
            uow.commit()

    await in_thread(request, work)


@router.post("/{webhook_id}/test", status_code=202, summary="Tell it something now", responses=documented(404, 409))
async def test(webhook_id: WebhookId, request: Request, runtime: Served, caller: Submitter) -> Accepted:
    """A delivery about a job that does not exist: to see whether it arrives."""

    def work() -> UUID:
        if own(runtime, webhook_id, caller).disabled_at is not None:
            raise ConflictError(f"webhook '{webhook_id}' is disabled")
        now = datetime.now(UTC).isoformat()
        payload = {"webhook_id": str(webhook_id), "job_id": str(uuid7()), "state": "succeeded", "at": now}
        asked = JobRequest(kind=KIND, payload=payload, submitted_by=caller.subject)
        with runtime.ports.unit_of_work() as uow:
            [job_id] = uow.jobs.insert([new_job(runtime.kinds, asked)])
            uow.commit()
        return job_id

    return Accepted(id=await in_thread(request, work), state=JobState.QUEUED)


@router.get("/{webhook_id}/deliveries", summary="Its latest deliveries", responses=documented(404))
async def deliveries(webhook_id: WebhookId, request: Request, runtime: Served, caller: Submitter) -> JobList:
    """Jobs of kind `webhook.deliver`, the newest first, among the latest 500 of all webhooks."""

    def work() -> JobList:
        own(runtime, webhook_id, caller)
        with runtime.ports.unit_of_work() as uow:
            found = uow.jobs.find(JobFilter(kind=KIND), limit=SCANNED).jobs
        items = [JobView.of(job) for job in found if job.payload["webhook_id"] == str(webhook_id)]
        return JobList.model_construct(items=items, next_cursor=None)

    return await in_thread(request, work)


def own(runtime: Runtime, webhook_id: UUID, caller: Caller) -> Webhook:
    """The caller's webhook. Another's does not exist for them. Raises NotFoundError."""
    with runtime.ports.unit_of_work() as uow:
        webhook = uow.webhooks.get(webhook_id)
    if webhook.owner != caller.subject and not caller.may(Permission.ADMINISTER):
        raise NotFoundError(f"no webhook '{webhook_id}'")
    return webhook
