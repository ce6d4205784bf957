"""Jobs as people name them: by id, or by the beginning of one."""

import re
from contextlib import closing
from typing import Annotated
from uuid import UUID

import typer

from arxos.cli.session import session
from arxos.domain.errors import ConflictError, NotFoundError

_BEGINNING = re.compile(r"[0-9a-f]{8,31}")


def job_id(text: str) -> UUID:
    """The id, or that of the only job whose id begins so. Raises BadParameter, NotFoundError, ConflictError."""
    try:
        return UUID(text)
    except ValueError:
        digits = text.lower().replace("-", "")
    if not _BEGINNING.fullmatch(digits):
        raise typer.BadParameter(f"{text!r} is no id, nor the first 8 or more characters of one")
    first, last = (UUID(digits.ljust(32, end)) for end in "0f")
    runtime = session()
    with closing(runtime.database), runtime.ports.unit_of_work() as uow:
        found = uow.jobs.ids_between(first, last, 2)
    if not found:
        raise NotFoundError(f"no job's id begins with {text!r}")
    if len(found) > 1:
        raise ConflictError(f"several jobs' ids begin with {text!r}, such as {found[0]} and {found[1]}: type more")
    return found[0]


JobId = Annotated[UUID, typer.Argument(metavar="JOB", parser=job_id, help="Its id, or the beginning of it.")]
