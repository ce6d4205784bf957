"""What this process gathers: submissions, and questions after jobs."""

from uuid import UUID

from anyio import CapacityLimiter
from fastapi import FastAPI, Request

from arxos.api.together import Together
from arxos.app.bootstrap import Runtime
from arxos.app.submitting import Asked, Submitted, read_each, submit_each
from arxos.domain.jobs.job import Job


def gather(app: FastAPI, runtime: Runtime, limiter: CapacityLimiter) -> None:
    """Begin, for this application."""
    app.state.submitting = Together[Asked, Submitted](lambda asked: submit_each(runtime, asked), limiter)
    app.state.reading = Together[UUID, Job](lambda ids: read_each(runtime, ids), limiter)


async def submitted(request: Request, asked: Asked) -> Submitted:
    """The job that stands for the request. Raises what the ledger refuses it for."""
    gathered: Together[Asked, Submitted] = request.app.state.submitting
    return await gathered.ask(asked)


async def read(request: Request, job_id: UUID) -> Job:
    """The job. Raises NotFoundError."""
    gathered: Together[UUID, Job] = request.app.state.reading
    return await gathered.ask(job_id)
