"""docs/api.md, docs/access.md and docs/schedules.md say what the code says."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests import access_page, api_reference, schedules_page
from tests.marked_page import MarkedPage
from tests.openapi_fields import fields_of, is_described, models_of, shows_itself, wrong_examples


def test_every_call_is_on_the_page() -> None:
    """`python -m tests.api_reference` writes it anew."""
    assert api_reference.PAGE.read_text() == api_reference.page(api_reference.described())


@pytest.mark.parametrize("page", [access_page.PAGE, schedules_page.PAGE], ids=lambda page: page.name)
def test_what_is_made_from_the_code_is_on_the_page(page: MarkedPage) -> None:
    """`python -m tests.access_page` and `python -m tests.schedules_page` write it anew."""
    assert page.written == page.right


def test_every_call_is_described() -> None:
    for name, operation in _operations():
        assert operation.get("summary"), name
        assert operation.get("description"), name
        for parameter in operation.get("parameters", ()):
            described = parameter.get("description") or parameter["schema"].get("description")
            assert described, f"{name}: {parameter['name']}"


def test_every_answer_is_described() -> None:
    """In words of ours: not in those that stand there of themselves."""
    for name, operation in _operations():
        for status, answer in operation["responses"].items():
            assert answer.get("description") not in {None, "", "Successful Response"}, f"{name}: {status}"
            for header, one in answer.get("headers", {}).items():
                assert one.get("description"), f"{name}: {status}: {header}"


def test_every_model_and_field_is_described() -> None:
    """By a description of its own, or that of the one model that the field refers to."""
    document = api_reference.described()
    models = [name for name, schema in models_of(document).items() if not schema.get("description", "").strip()]
    fields = [field.place for field in fields_of(document) if not is_described(document, field.schema)]
    assert models + fields == []


def test_every_field_has_an_example() -> None:
    """Its own, or that of its whole model. Flags, and what other models tell of, need none."""
    fields = fields_of(api_reference.described())
    assert [one.place for one in fields if not one.in_example and not shows_itself(one.schema)] == []


def test_examples_are_what_their_schemas_say() -> None:
    assert list(wrong_examples(api_reference.described())) == []


def _operations() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, methods in api_reference.described()["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation
