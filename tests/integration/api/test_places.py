"""Where things stand: floors, spaces and elements over HTTP, of the sample that went through the pipeline."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.buildings.index_model import index_model
from arxos.domain.buildings.model_reader import Limits, no_progress
from tests.http import Api, problem_of

OFFICE = Path(__file__).resolve().parents[3] / "examples" / "office.ifc"


@pytest.fixture(scope="module")
def office(api: Api) -> str:
    """The path of a building whose model is indexed."""
    added = api.editor.post("/api/buildings", json={"name": "Office", "address": "Am Ufer 5, Berlin"})
    path = added.headers["location"]
    model = api.editor.put(f"{path}/model", params={"filename": "office.ifc"}, content=OFFICE.read_bytes()).json()
    readers = api.world.runtime.ports.readers
    opened = readers.reader_for(OFFICE, OFFICE.name).open(OFFICE, checked=False)
    with api.world.runtime.ports.unit_of_work() as uow:
        building_id = UUID(path.rpartition("/")[2])
        uow.buildings.replace_index(UUID(model["model_id"]), index_model(opened, building_id, Limits(), no_progress))
        uow.commit()
    return str(path)


def asked(api: Api, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = api.viewer.get(path, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_floors_are_listed_lowest_first(api: Api, office: str) -> None:
    floors = asked(api, f"{office}/floors")
    assert [floor["name"] for floor in floors] == ["Ground floor", "First floor", "Second floor"]
    assert floors[0]["outline"]["type"] == "MultiPolygon"


def test_spaces_come_in_pages_and_by_floor(api: Api, office: str) -> None:
    every = asked(api, f"{office}/spaces", limit=1000)
    page = api.viewer.get(f"{office}/spaces", params={"limit": 10}).json()
    rest = asked(api, f"{office}/spaces", limit=1000, cursor=page["next_cursor"])
    assert [space["id"] for space in (*page["items"], *rest)] == [space["id"] for space in every]
    ground = asked(api, f"{office}/floors")[0]["id"]
    assert {space["floor_id"] for space in asked(api, f"{office}/spaces", floor_id=ground)} == {ground}


def test_elements_have_what_the_contract_names(api: Api, office: str) -> None:
    doors = asked(api, f"{office}/elements", ifc_class="IfcDoor", limit=1000)
    assert doors
    wanted = {"global_id", "ifc_class", "name", "floor_id", "z_min", "z_max", "footprint"}
    assert all(wanted <= set(door) for door in doors)
    assert {door["ifc_class"] for door in doors} == {"IfcDoor"}
    assert all(door["footprint"] is None or door["footprint"]["type"] == "MultiPolygon" for door in doors)


def test_elements_come_in_pages(api: Api, office: str) -> None:
    found: list[str] = []
    params: dict[str, Any] = {"limit": 100}
    while True:
        page = api.viewer.get(f"{office}/elements", params=params).json()
        found += [element["id"] for element in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert len(found) == len(set(found)) == 355


def test_what_is_here_and_what_is_near(api: Api, office: str) -> None:
    near = asked(api, f"{office}/elements", near="0,0,0", limit=5)
    assert len(near) == 5
    everything = {element["id"] for element in asked(api, f"{office}/elements", limit=1000)}
    boxed = {element["id"] for element in asked(api, f"{office}/elements", bbox="-1,-1,2,2", limit=1000)}
    assert near[0]["id"] in boxed < everything
    low = {e["id"] for e in asked(api, f"{office}/elements", bbox="-1,-1,-1,2,2,1", limit=1000)}
    assert low <= boxed
    here = asked(api, f"{office}/elements", at="1,1", limit=1000)
    assert {element["id"] for element in here} <= boxed


@pytest.mark.parametrize(
    ("name", "value"),
    [("at", "1"), ("at", "1,2,3,4"), ("at", "a,b"), ("at", "nan,1"), ("at", "inf,1"), ("at", ""), ("bbox", "0,0,1"),
     ("bbox", "2,2,1,1"), ("bbox", "0,0,0,0,0"), ("near", "0,0"), ("near", "1,2,x"), ("limit", "0"), ("limit", "x")],
)  # fmt: skip
def test_numbers_that_are_none_are_refused_naming_the_parameter(api: Api, office: str, name: str, value: str) -> None:
    problem = problem_of(api.viewer.get(f"{office}/elements", params={name: value}), 422)
    assert problem["errors"][0]["field"] == f"query.{name}"


def test_a_building_that_is_not_there_has_no_places(api: Api) -> None:
    for what in ("floors", "spaces", "elements", "events"):
        problem_of(api.viewer.get(f"/api/buildings/{uuid4()}/{what}"), 404)


def test_a_building_is_followed_until_it_is_removed(api: Api) -> None:
    path = api.editor.post("/api/buildings", json={"name": "Hall", "address": "1 High St, Bath"}).headers["location"]
    seen: list[tuple[str, Any]] = []
    with api.viewer.stream("GET", f"{path}/events") as stream:
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                seen.append((name, json.loads(line.removeprefix("data: "))))
                if len(seen) == 1:
                    api.editor.patch(path, json={"name": "Great Hall"}).raise_for_status()
                if len(seen) == 2:
                    api.admin.delete(path).raise_for_status()
    assert [(name, data.get("version")) for name, data in seen] == [("building", 1), ("building", 2), ("removed", None)]
