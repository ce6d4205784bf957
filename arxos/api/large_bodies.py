"""Large JSON bodies are parsed and checked in a thread: the process answers others meanwhile."""

from collections.abc import Callable, Coroutine
from json import loads
from typing import Any

from anyio import to_thread
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from arxos.api.bodies import LARGE_BYTES

MOST_TOLD = 100  # of what does not fit


class _UnfitError(HTTPException):
    """Passes through FastAPI's reading of a body, which takes other errors for broken connections."""

    def __init__(self, errors: list[Any]) -> None:
        super().__init__(422)
        self.errors = errors


class _ReadInThread(Request):
    """A request whose large body is parsed elsewhere. FastAPI takes a model that is one already as it is."""

    model: type[BaseModel]

    async def json(self) -> Any:
        """The body's value; of a large body the model itself."""
        raw = await self.body()
        if len(raw) <= LARGE_BYTES:
            return await super().json()
        return await to_thread.run_sync(_parsed, self.model, raw, limiter=self.app.state.parsing)


def _parsed(model: type[BaseModel], raw: bytes) -> BaseModel:
    """Raises JSONDecodeError, _UnfitError."""
    value = loads(raw)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False, include_input=False)[:MOST_TOLD]
    raise _UnfitError([{**one, "loc": ("body", *one["loc"])} for one in errors])


class LargeBodyRoute(APIRoute):
    """A route whose body is a model, and may be large."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's, on a request that reads large bodies in a thread."""
        answer = super().get_route_handler()
        model = self.body_field.field_info.annotation if self.body_field is not None else None
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return answer

        async def handler(request: Request) -> Response:
            patient = _ReadInThread(request.scope, request.receive)
            patient.model = model
            try:
                return await answer(patient)
            except _UnfitError as unfit:
                raise RequestValidationError(unfit.errors) from None

        return handler
