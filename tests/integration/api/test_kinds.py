"""`GET /api/kinds`, and what all calls have in common."""

import pytest

from tests.http import Api, problem_of


def test_kinds_come_with_their_contracts(api: Api) -> None:
    kinds = {kind["name"]: kind for kind in api.viewer.get("/api/kinds").json()["items"]}
    assert kinds["building.validate"]["queue"] == "validation"
    assert kinds["building.validate"]["payload"]["required"] == ["model_id"]


def test_nobody_gets_in_without_a_token(api: Api) -> None:
    answer = api.nobody.get("/api/kinds")
    assert problem_of(answer, 401)["type"] == "urn:arxos:problem:unauthenticated"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("path", "status"), [("/api/nothing", 404), ("/health/live/", 404)])
def test_what_is_not_there_is_a_problem_too(api: Api, path: str, status: int) -> None:
    assert problem_of(api.viewer.get(path), status)["instance"] == path


def test_a_request_keeps_the_id_it_came_with(api: Api) -> None:
    assert api.viewer.get("/api/kinds", headers={"X-Request-ID": "order-17"}).headers["x-request-id"] == "order-17"


@pytest.mark.parametrize("wrong", ["", "two words", "<script>", "x" * 101])
def test_an_id_that_is_none_is_replaced(api: Api, wrong: str) -> None:
    answer = api.viewer.get("/api/kinds", headers={"X-Request-ID": wrong})
    assert len(answer.headers["x-request-id"]) == 16
