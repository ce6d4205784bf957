"""The OpenAPI document: FastAPI's, with what it cannot know by itself."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from arxos.api.problems import Problem, documented

Document = dict[str, Any]
ANYWHERE = documented(400, 422, 429, 431, 500, 503)  # what any call may be answered with
WITH_TOKEN = documented(401, 403)
UNTOLD = "Successful Response"  # what FastAPI says where nobody said anything


def describe(app: FastAPI) -> None:
    """Have the application tell our document; it is made once, when first asked for."""
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]


def _described(app: FastAPI) -> Document:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        _describe_problems(document)
        for operation in _operations(document):
            _describe_answers(operation, document["components"]["schemas"])
            if operation.get("security"):
                operation["responses"] |= WITH_TOKEN
        app.openapi_schema = document
    return app.openapi_schema


def _describe_problems(document: Document) -> None:
    """In place of FastAPI's own errors, which nobody is answered with."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}


def _describe_answers(operation: Document, schemas: Document) -> None:
    """What an answer is, says its model."""
    for answer in operation["responses"].values():
        if answer["description"] != UNTOLD:
            continue
        if "content" not in answer:
            answer["description"] = "Done; there is nothing more to say"
        elif name := answer["content"].get("application/json", {}).get("schema", {}).get("$ref"):
            answer["description"] = schemas[name.rpartition("/")[2]]["description"]


def _operations(document: Document) -> Iterator[Document]:
    for methods in document["paths"].values():
        yield from methods.values()
