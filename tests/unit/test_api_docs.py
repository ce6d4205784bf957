"""docs/api.md and docs/access.md say what the code says."""

from tests import access_page, api_reference


def test_every_call_is_on_the_page() -> None:
    """`python -m tests.api_reference` writes it anew."""
    assert api_reference.PAGE.read_text() == api_reference.page(api_reference.described())


def test_who_may_do_what_is_on_the_page() -> None:
    """`python -m tests.access_page` writes it anew."""
    written = access_page.PAGE.read_text()
    assert written == access_page.page(written)


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
