"""docs/api.md, docs/access.md and docs/schedules.md say what the code says."""

import pytest

from tests import access_page, api_reference, schedules_page
from tests.marked_page import MarkedPage


def test_every_call_is_on_the_page() -> None:
    """`python -m tests.api_reference` writes it anew."""
    assert api_reference.PAGE.read_text() == api_reference.page(api_reference.described())


@pytest.mark.parametrize("page", [access_page.PAGE, schedules_page.PAGE], ids=lambda page: page.name)
def test_what_is_made_from_the_code_is_on_the_page(page: MarkedPage) -> None:
    """`python -m tests.access_page` and `python -m tests.schedules_page` write it anew."""
    assert page.written == page.right


def test_every_call_is_described() -> None:
    document = api_reference.described()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method} {path}"
            assert operation.get("summary"), name
            assert operation.get("description"), name
            for parameter in operation.get("parameters", ()):
                described = parameter.get("description") or parameter["schema"].get("description")
                assert described, f"{name}: {parameter['name']}"
