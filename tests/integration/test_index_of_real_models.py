"""The spatial index of real models, held against what the models say of themselves."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import shapely

from arxos.domain.buildings.index_model import index_model
from arxos.domain.buildings.model_reader import Limits, no_progress
from arxos.domain.buildings.spatial_index import Element, ModelIndex, Space
from arxos.formats.ifc.reader import IfcReader
from arxos.storage.buildings import PostgresBuildings
from tests.building_builders import a_building, a_model

BUILDING = UUID(int=7)
SLOW = {"Schependomlaan_Linden_kozijnen_Tekla"}  # 2.2 MB of frames that take half a minute
MODELS = [
    "BimWhale_SimpleWall",
    "BimWhale_TallBuilding",
    "Duplex_A_20110907",
    "Duplex_A_20110907_georeferenced",
    "GeometryGym_IFC_Model",
    "Homemaker_courtyard_library_IFC4",
    "Office_model_CV2",
    "PCERT_Building-Architecture_IFC4",
    "PCERT_Building-Architecture_IFC4X3",
    "PCERT_Building-Hvac_IFC4X3",
    "Schependomlaan_houten_kozijnen",
    "Schependomlaan_Linden_kozijnen_Tekla",
    "Schependomlaan_prefab_trappen",
    "Schependomlaan_staal",
    "Vectorworks_wall_with_window",
]
IndexOf = Callable[[str], ModelIndex]


@pytest.fixture(scope="module")
def index_of(shared_data: Path) -> IndexOf:
    """The index of a model by its name, made once."""

    @cache
    def made(name: str) -> ModelIndex:
        model = IfcReader().open(shared_data / "ifc" / f"{name}.ifc", checked=False)
        return index_model(model, BUILDING, Limits(), no_progress)

    return made


@pytest.fixture(scope="module")
def facts(shared_data: Path) -> dict[str, dict[str, Any]]:
    """What was counted in the models by other means."""
    listed = json.loads((shared_data / "ifc" / "facts.json").read_text())
    return {Path(fact["name"]).stem: fact for fact in listed}


@pytest.mark.parametrize(
    "name", [pytest.param(m, marks=[pytest.mark.slow, pytest.mark.timeout(400)] if m in SLOW else []) for m in MODELS]
)
def test_every_floor_space_and_element_of_the_model_is_in_the_index(
    index_of: IndexOf, facts: dict[str, dict[str, Any]], name: str
) -> None:
    index, fact = index_of(name), facts[name]
    assert len(index.floors) == fact["storeys"]
    assert len(index.spaces) == fact["spaces"]
    assert len(index.elements) == fact["elements"] - fact["openings"]
    assert all(shape.is_valid for shape in footprints(index))
    assert all(e.box is not None for e in index.elements if e.state == "done")
    assert not [e for e in index.elements if e.state in ("failed", "timed_out")]


@pytest.mark.parametrize("name", ["Duplex_A_20110907", "Office_model_CV2", "BimWhale_TallBuilding"])
def test_footprints_lie_within_their_boxes_and_spaces_within_their_floors(index_of: IndexOf, name: str) -> None:
    index = index_of(name)
    outline_of = {floor.id: floor.outline for floor in index.floors}
    places: Iterable[Space | Element] = (*index.elements, *index.spaces)
    for place in places:
        if place.footprint is not None:
            assert place.box is not None
            assert shapely.box(place.box.x_min, place.box.y_min, place.box.x_max, place.box.y_max).covers(
                place.footprint
            )
    for space in index.spaces:
        assert space.footprint is not None
        assert space.floor_id is not None
        outline = outline_of[space.floor_id]
        assert outline is not None
        assert space.footprint.difference(outline).area < 1e-3
    for floor in index.floors:
        area = sum(space.area_m2 or 0 for space in index.spaces if space.floor_id == floor.id)
        assert floor.outline is None or area <= floor.outline.area + 1e-3


def test_the_footprints_of_office_spaces_agree_with_their_stated_areas(index_of: IndexOf) -> None:
    spaces = index_of("Office_model_CV2").spaces
    assert agreeing(spaces, "area_m2", "stated_area_m2", 0.001) == 10
    assert agreeing(spaces, "area_m2", "stated_area_m2", 0.01) == 11
    assert len(spaces) == 14


def test_the_meshes_of_duplex_spaces_agree_with_their_stated_volumes(index_of: IndexOf) -> None:
    spaces = index_of("Duplex_A_20110907").spaces
    assert agreeing(spaces, "volume_m3", "stated_volume_m3", 0.001) == len(spaces) == 21


def test_a_point_in_a_space_of_duplex_finds_that_space(index_of: IndexOf, database: str) -> None:
    index = index_of("Duplex_A_20110907")
    with psycopg.connect(database) as connection:
        store, building = PostgresBuildings(connection), a_building()
        store.add(building)
        store.replace_index(store.add_model(a_model(building.id)).id, index)
        for space in index.spaces:
            assert space.footprint is not None
            assert space.box is not None
            at = space.footprint.representative_point()
            found = store.spaces_at(building.id, at.x, at.y, (space.box.z_min + space.box.z_max) / 2)
            assert space.global_id in {other.global_id for other in found}


def test_floors_of_duplex_are_in_order_and_its_stairs_and_partitions_cross_them(index_of: IndexOf) -> None:
    index = index_of("Duplex_A_20110907")
    assert [(f.name, f.z_min) for f in index.floors] == [
        ("T/FDN", -1.25),
        ("Level 1", 0.0),
        ("Level 2", 3.1),
        ("Roof", 6.0),
    ]
    crossing = Counter(element.ifc_class for element in index.elements if element.crosses)
    assert crossing == {"IfcRailing": 4, "IfcWallStandardCase": 2}


def test_one_building_in_two_schemas_has_one_index(index_of: IndexOf) -> None:
    assert geometry(index_of("PCERT_Building-Architecture_IFC4")) == geometry(
        index_of("PCERT_Building-Architecture_IFC4X3")
    )


def test_a_georeference_does_not_move_the_model(index_of: IndexOf) -> None:
    plain, referenced = index_of("Duplex_A_20110907"), index_of("Duplex_A_20110907_georeferenced")
    assert geometry(plain) == geometry(referenced)
    assert plain.georeference != referenced.georeference


def test_frames_that_their_openings_swallow_are_empty(index_of: IndexOf) -> None:
    states = Counter(element.state.value for element in index_of("Schependomlaan_houten_kozijnen").elements)
    assert states == {"done": 100, "empty": 64}


def test_an_index_of_a_real_model_survives_the_store(index_of: IndexOf, database: str) -> None:
    index = index_of("Office_model_CV2")
    with psycopg.connect(database) as connection:
        store, building = PostgresBuildings(connection), a_building()
        building.id = uuid4()
        store.add(building)
        store.replace_index(store.add_model(a_model(building.id)).id, index)
        floors = [None, *(floor.id for floor in store.floors(building.id))]
        assert tuple(replace(floor, geo_outline=None) for floor in store.floors(building.id)) == index.floors
        assert {s for floor in floors for s in store.spaces_on_floor(building.id, floor)} == set(index.spaces)
        assert {e for floor in floors for e in store.elements_on_floor(building.id, floor)} == set(index.elements)


def footprints(index: ModelIndex) -> list[shapely.MultiPolygon]:
    places: Iterable[Space | Element] = (*index.elements, *index.spaces)
    return [place.footprint for place in places if place.footprint is not None]


def agreeing(spaces: Iterable[Space], computed: str, stated: str, tolerance: float) -> int:
    pairs = [(getattr(space, computed), getattr(space, stated)) for space in spaces]
    return sum(None not in pair and abs(pair[0] - pair[1]) <= tolerance * pair[1] for pair in pairs)


def geometry(index: ModelIndex) -> list[tuple[object, ...]]:
    """Everything that does not depend on global ids or on the schema's names, rounded to a tenth of a millimetre."""
    places: Iterable[Space | Element] = (*index.elements, *index.spaces)
    return sorted(
        (
            place.name or "",
            place.state.value,
            ()
            if place.box is None
            else tuple(round(v, 4) for v in (place.box.x_min, place.box.y_min, place.box.z_min)),
            ()
            if place.box is None
            else tuple(round(v, 4) for v in (place.box.x_max, place.box.y_max, place.box.z_max)),
            0 if place.footprint is None else round(place.footprint.area, 4),
        )
        for place in places
    )
