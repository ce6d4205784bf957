"""Buildings over HTTP: added, listed, read, changed, taken away."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.http import Api, problem_of

ADDRESS = "10 Rue de la Paix, 75002 Paris, France"


def add(api: Api, name: str = "Hall", address: Any = ADDRESS, **more: Any) -> Any:
    answer = api.editor.post("/api/buildings", json={"name": name, "address": address, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_an_added_building_is_where_its_location_says(api: Api) -> None:
    answer = api.editor.post("/api/buildings", json={"name": "Hall", "address": ADDRESS, "status": "active"})

    assert (answer.status_code, answer.headers["etag"]) == (201, '"v1"')
    added, found = answer.json(), api.viewer.get(answer.headers["location"])
    assert found.json() == added
    assert (added["name"], added["address"], added["status"], added["version"]) == ("Hall", ADDRESS, "active", 1)
    assert added["created_at"] <= added["updated_at"]


def test_an_address_may_come_in_parts(api: Api) -> None:
    parts = {"street": "12 O'Connell St", "city": "Dublin", "country": "IE"}
    added = add(api, address=parts)
    assert (added["address"], added["address_parts"]) == ("12 O'Connell St, Dublin, IE", parts)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "O'Brien", "SELECT Tower; DROP TABLE", "東京タワー", "ﷺ"]
)
def test_names_are_kept_as_they_came(api: Api, name: str) -> None:
    assert api.viewer.get(f"/api/buildings/{add(api, name)['id']}").json()["name"] == name


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "A", "address": {"street": "1 Main St"}}, "address.city"),
        ({"name": "A", "address": {"street": "1 Main St", "city": ""}}, "address.city"),
        ({"name": "A", "address": {"street": "1 Main St", "city": "Bath", "planet": "Earth"}}, "address.planet"),
        ({"name": "A", "address": {"street": 7, "city": "Bath"}}, "address.street"),
        ({"name": "A", "address": "nowhere"}, "address"),
        ({"name": "A", "address": 7}, "address"),
        ({"name": "A"}, "address"),
        ({"name": " ", "address": ADDRESS}, "name"),
        ({"name": "x" * 201, "address": ADDRESS}, "name"),
        ({"name": "a\nb", "address": ADDRESS}, "name"),
        ({"name": None, "address": ADDRESS}, "name"),
        ({"name": "A", "address": ADDRESS, "status": "ruined"}, "status"),
        ({"name": "A", "address": ADDRESS, "colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_is_named(api: Api, body: dict[str, Any], field: str) -> None:
    problem = problem_of(api.editor.post("/api/buildings", json=body), 422)
    assert [error["field"] for error in problem["errors"]] == [field]


def test_buildings_are_listed_page_by_page_while_others_are_added(api: Api) -> None:
    word = uuid4().hex
    names = [f"{word} {number}" for number in range(5)]
    for name in names:
        add(api, name)

    first = api.viewer.get("/api/buildings", params={"q": word.upper(), "limit": 2})
    add(api, f"{word} later")
    second = api.viewer.get(first.links["next"]["url"])
    third = api.viewer.get("/api/buildings", params={"q": word, "limit": 2, "cursor": second.json()["next_cursor"]})

    pages = [page.json() for page in (first, second, third)]
    assert [one["name"] for page in pages for one in page["items"]] == names[::-1]
    assert pages[2]["next_cursor"] is None
    assert "link" not in third.headers


def test_buildings_are_listed_by_status(api: Api) -> None:
    word = uuid4().hex
    add(api, word)
    archived = add(api, word, status="archived")
    found = api.viewer.get("/api/buildings", params={"q": word, "status": "archived"}).json()["items"]
    assert found == [archived]


@pytest.mark.parametrize(
    "query", [{"cursor": "nonsense"}, {"limit": 0}, {"limit": 1001}, {"status": "ruined"}, {"q": "x" * 201}]
)
def test_a_list_that_makes_no_sense_is_refused(api: Api, query: dict[str, Any]) -> None:
    problem_of(api.viewer.get("/api/buildings", params=query), 422)


def test_an_unknown_building_is_named(api: Api) -> None:
    unknown = uuid4()
    for answer in (
        api.viewer.get(f"/api/buildings/{unknown}"),
        api.editor.patch(f"/api/buildings/{unknown}", json={"name": "A"}),
        api.admin.delete(f"/api/buildings/{unknown}"),
        api.viewer.get(f"/api/buildings/{unknown}/summary"),
        api.viewer.get(f"/api/buildings/{unknown}/models"),
        api.viewer.get(f"/api/buildings/{unknown}/findings"),
    ):
        assert problem_of(answer, 404)["detail"] == f"no building '{unknown}'"
    problem_of(api.viewer.get("/api/buildings/b-17"), 422)


def test_a_reader_that_has_the_version_is_told_no_more(api: Api) -> None:
    path = f"/api/buildings/{add(api)['id']}"
    for tags in ('"v1"', '"v7", W/"v1"', "*"):
        answer = api.viewer.get(path, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"v1"')
    assert api.viewer.get(path, headers={"If-None-Match": '"v2"'}).status_code == 200


def test_a_change_makes_the_next_version(api: Api) -> None:
    before = add(api)
    answer = api.editor.patch(f"/api/buildings/{before['id']}", json={"name": "City hall", "status": "active"})

    assert (answer.status_code, answer.headers["etag"]) == (200, '"v2"')
    changed = answer.json()
    assert (changed["name"], changed["status"], changed["address"]) == ("City hall", "active", before["address"])
    assert api.viewer.get(f"/api/buildings/{before['id']}").json() == changed


def test_a_change_to_what_is_there_already_is_none(api: Api) -> None:
    path = f"/api/buildings/{add(api)['id']}"
    assert api.editor.patch(path, json={"name": "Hall"}).headers["etag"] == '"v1"'
    assert api.editor.patch(path, json={}).headers["etag"] == '"v1"'


def test_only_the_version_that_was_seen_is_changed(api: Api) -> None:
    path = f"/api/buildings/{add(api)['id']}"
    assert api.editor.patch(path, json={"name": "First"}, headers={"If-Match": '"v1"'}).status_code == 200

    stale = api.editor.patch(path, json={"name": "Second"}, headers={"If-Match": '"v1"'})
    foreign = api.editor.patch(path, json={"name": "Second"}, headers={"If-Match": '"abc"'})

    assert problem_of(stale, 412)["type"] == "urn:arxos:problem:precondition-failed"
    problem_of(foreign, 412)
    assert api.viewer.get(path).json()["name"] == "First"
    assert api.editor.patch(path, json={"name": "Second"}, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"address": {"city": "Bath"}}, "address.street"),
        ({"address": None}, "address"),
        ({"status": "ruined"}, "status"),
        ({"version": 7}, "version"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(api: Api, change: dict[str, Any], field: str) -> None:
    path = f"/api/buildings/{add(api)['id']}"
    problem = problem_of(api.editor.patch(path, json={"name": "Renamed", **change}), 422)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert api.viewer.get(path).json()["name"] == "Hall"


def test_a_stage_that_does_not_follow_is_refused_with_those_that_do(api: Api) -> None:
    path = f"/api/buildings/{add(api, status='archived')['id']}"
    problem = problem_of(api.editor.patch(path, json={"status": "active"}), 422)
    assert problem["errors"][0]["field"] == "status"
    assert "under_review" in problem["detail"]


def test_a_deleted_building_is_gone_and_who_did_it_is_recorded(api: Api) -> None:
    added = add(api, "Gone")
    path = f"/api/buildings/{added['id']}"
    job = api.world.submit("building.warm_cache", building_id=added["id"])
    problem_of(api.admin.delete(path, headers={"If-Match": '"v9"'}), 412)

    assert api.admin.delete(path, headers={"If-Match": '"v1"'}).status_code == 204

    problem_of(api.viewer.get(path), 404)
    problem_of(api.admin.delete(path), 404)
    [(actor, source, details)] = api.world.sql(
        "SELECT actor, source, details FROM operator_actions WHERE action = 'delete_building'"
        " AND details->>'building_id' = %s",
        added["id"],
    )
    assert (actor, source, details["name"]) == ("test-admin", "http@127.0.0.1", "Gone")
    ended = api.world.get(job)
    assert (ended.state, ended.cancel_requested_by) == ("cancelled", "test-admin")
    assert ended.cancel_reason == f"building '{UUID(added['id'])}' was deleted"


def test_roles_may_do_what_their_row_says(api: Api) -> None:
    path = f"/api/buildings/{add(api)['id']}"
    problem_of(api.viewer.post("/api/buildings", json={"name": "A", "address": ADDRESS}), 403)
    problem_of(api.viewer.patch(path, json={"name": "A"}), 403)
    problem_of(api.viewer.put(f"{path}/model", params={"filename": "a.ifc"}, content=b"x"), 403)
    problem_of(api.editor.delete(path), 403)
    problem_of(api.nobody.get(path), 401)
