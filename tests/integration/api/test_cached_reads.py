"""Cached reads over HTTP: fast while nothing changes; right whatever happens to PostgreSQL's notices or to Redis."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import fromstring

import httpx
import pytest
from psycopg import sql

from arxos.domain.buildings.spatial_index import Floor
from tests.building_builders import a_building, a_floor, a_model, a_space, an_element, an_index, plan
from tests.http import Api, problem_of, running_api
from tests.plan_builders import a_finding, a_report
from tests.running import Client, wait_until
from tests.servers import Servers

CRUEL = "<script>alert('O\\'Brien')</script> & SELECT Tower"
NOTICED_S = 3.0  # a notice takes milliseconds; less than it takes until a process trusts nothing any more


def indexed(world: Client, name: str = "Hall", floor: Floor | None = None, **space: Any) -> UUID:
    """A building with one floor, validated and indexed, written behind the interface's back."""
    building, floor = a_building(name), floor or a_floor("Ground", 0.0, outline=plan(0, 0, 10, 5))
    room = a_space((0, 0, 0), (10, 5, 3), floor.id, **space)
    wall = an_element((0, 0, 0), (10, 0.2, 3), floor.id)
    with world.runtime.ports.unit_of_work() as uow:
        uow.buildings.add(building)
        model = uow.buildings.add_model(a_model(building.id))
        uow.buildings.replace_index(model.id, an_index((floor,), (room,), (wall,)))
        uow.buildings.save_report(model.id, a_report(a_finding(room.global_id)))
        uow.commit()
    return building.id


def rename(world: Client, building_id: UUID, name: str) -> None:
    """As anybody who can write to the database might."""
    assert world.execute("UPDATE buildings SET name = %s, version = version + 1 WHERE id = %s", name, building_id) == 1


def name_now(client: httpx.Client, building_id: UUID) -> str:
    answer = client.get(f"/api/buildings/{building_id}/summary")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["name"])


@contextmanager
def held(world: Client, table: str) -> Iterator[None]:
    """Whoever reads the table waits."""
    with world.runtime.database.connection() as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield


def kept(api: Api, building_id: UUID) -> bool:
    """Whether the summary comes from memory: the database could not tell it."""
    name_now(api.viewer, building_id)
    with held(api.world, "buildings"):
        try:
            api.viewer.get(f"/api/buildings/{building_id}/summary", timeout=0.5)
        except httpx.ReadTimeout:
            return False
        return True


@pytest.fixture(scope="module")
def two(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Another door to the same system, of two processes."""
    with running_api(api.world.variables, tmp_path_factory.mktemp("two"), workers=2) as two:
        yield two


def everybody(api: Api, building_id: UUID) -> set[str]:
    """What is read over many new connections: by every process of the interface."""
    token = {"Authorization": api.viewer.headers["authorization"]}
    names = set()
    for _ in range(24):
        with httpx.Client(base_url=api.url, headers=token) as client:
            names.add(name_now(client, building_id))
    return names


def test_a_change_is_read_by_every_process_whoever_made_it(two: Api) -> None:
    building_id = indexed(two.world)
    wait_until(lambda: kept(two, building_id), "summaries are kept")
    assert everybody(two, building_id) == {"Hall"}

    rename(two.world, building_id, "City hall")
    wait_until(lambda: everybody(two, building_id) == {"City hall"}, "everybody reads the new name", NOTICED_S)

    changed = two.editor.patch(f"/api/buildings/{building_id}", json={"name": "Old city hall"})
    assert changed.status_code == 200
    wait_until(lambda: everybody(two, building_id) == {"Old city hall"}, "everybody reads the newest name", NOTICED_S)


def test_a_process_that_changes_a_building_waits_for_no_notice(api: Api) -> None:
    building_id = indexed(api.world)
    path = f"/api/buildings/{building_id}"
    wait_until(lambda: kept(api, building_id), "summaries are kept")
    with no_notices(api.world):
        assert api.editor.patch(path, json={"name": "City hall"}).status_code == 200
        assert name_now(api.viewer, building_id) == "City hall"
        assert api.admin.delete(path).status_code == 204
        problem_of(api.viewer.get(f"{path}/summary"), 404)


@contextmanager
def no_notices(world: Client) -> Iterator[None]:
    """As if they took for ever."""
    for table in ("buildings", "models"):
        world.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_tell_readers")
    try:
        yield
    finally:
        for table in ("buildings", "models"):
            world.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_tell_readers")


def test_a_new_report_and_a_new_index_are_read_soon(api: Api) -> None:
    building_id = indexed(api.world)
    path = f"/api/buildings/{building_id}/summary"
    wait_until(lambda: kept(api, building_id), "summaries are kept")
    with api.world.runtime.ports.unit_of_work() as uow:
        model = uow.buildings.latest_model(building_id)
        assert model is not None
        uow.buildings.save_report(model.id, a_report())
        uow.commit()
    none = {"error": 0, "warning": 0, "info": 0}
    wait_until(
        lambda: api.viewer.get(path).json()["findings"]["by_severity"] == none, "the new report is read", NOTICED_S
    )
    with api.world.runtime.ports.unit_of_work() as uow:
        uow.buildings.replace_index(model.id, an_index())
        uow.commit()
    wait_until(lambda: api.viewer.get(path).json()["elements"] == 0, "the new index is read", NOTICED_S)


def test_many_first_readers_cost_one_computation(api: Api) -> None:
    building_id = indexed(api.world)
    with ThreadPoolExecutor(30) as threads:
        with held(api.world, "spaces"):
            reads = [threads.submit(name_now, api.viewer, building_id) for _ in range(30)]
            wait_until(lambda: waiting(api) > 0, "the computation has begun")
            spare = api.viewer.get("/api/kinds")  # whoever came before it has been heard by now
            assert (spare.status_code, waiting(api)) == (200, 1)
        assert {read.result() for read in reads} == {"Hall"}


def waiting(api: Api) -> int:
    """How many readers wait for the database."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return int(api.world.sql(query)[0][0])


def test_an_answer_that_is_kept_asks_nobody(api: Api) -> None:
    building_id = indexed(api.world)
    floor = api.viewer.get(f"/api/buildings/{building_id}/floors").json()["items"][0]["id"]
    paths = [f"/api/buildings/{building_id}/{one}" for one in ("summary", "floors", f"floors/{floor}/plan.svg")]
    first = [api.viewer.get(path).content for path in paths]
    with held(api.world, "buildings"):
        assert [api.viewer.get(path, timeout=5).content for path in paths] == first


def test_without_notices_every_answer_is_of_now(servers: Servers, api: Api) -> None:
    building_id = indexed(api.world)
    wait_until(lambda: kept(api, building_id), "summaries are kept")
    database = api.world.runtime.database.url.rpartition("/")[2]
    ear = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name = 'arxos-api' AND query IN ('LISTEN arxos_building', 'SELECT 1')"
    )
    with no_new_connections(servers, database):
        assert api.world.sql(ear)
        rename(api.world, building_id, "Unheard")
        wait_until(lambda: name_now(api.viewer, building_id) == "Unheard", "the loss is noticed", NOTICED_S)
        for number in range(5):
            rename(api.world, building_id, f"Unheard {number}")
            assert name_now(api.viewer, building_id) == f"Unheard {number}"
    wait_until(lambda: kept(api, building_id), "summaries are kept again")


@contextmanager
def no_new_connections(servers: Servers, database: str) -> Iterator[None]:
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    servers._administer(allow.format(sql.Identifier(database), sql.SQL("false")))
    try:
        yield
    finally:
        servers._administer(allow.format(sql.Identifier(database), sql.SQL("true")))


def test_a_reader_that_has_the_answer_is_told_no_more(api: Api) -> None:
    building_id = indexed(api.world)
    floor = api.viewer.get(f"/api/buildings/{building_id}/floors").json()["items"][0]["id"]
    for one in ("summary", "floors", f"floors/{floor}/plan.svg", f"floors/{floor}/plan.geojson"):
        path = f"/api/buildings/{building_id}/{one}"
        answer = api.viewer.get(path)
        assert answer.headers["cache-control"] == "private, no-cache"
        again = api.viewer.get(path, headers={"If-None-Match": f'"other", {answer.headers["etag"]}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
        assert api.viewer.get(path, headers={"If-None-Match": 'W/"other"'}).content == answer.content


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_answers_are_compressed_for_whoever_understands_it(api: Api, coding: str) -> None:
    path = f"/api/buildings/{indexed(api.world)}/summary"
    plain = api.viewer.get(path, headers={"Accept-Encoding": "identity"})
    packed = api.viewer.get(path, headers={"Accept-Encoding": coding})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == coding
    assert packed.headers["vary"].lower() == "accept-encoding"
    if coding == "gzip":  # the client unpacks it
        assert packed.json() == plain.json()


def test_events_and_pages_are_left_as_they_are(api: Api) -> None:
    packed = {"Accept-Encoding": "gzip, br, zstd"}
    with api.viewer.stream("GET", f"/api/buildings/{indexed(api.world)}/events", headers=packed) as events:
        assert (events.status_code, "content-encoding" in events.headers) == (200, False)
        assert next(events.iter_lines()) == "event: building"
    page = api.nobody.get("/console", headers=packed, follow_redirects=True)
    assert page.headers["content-type"].startswith("text/html")
    assert "content-encoding" not in page.headers


def test_names_are_inert_wherever_they_appear(api: Api) -> None:
    floor = a_floor(CRUEL, 0.0, outline=plan(0, 0, 10, 5))
    building_id = indexed(api.world, CRUEL, floor, long_name=CRUEL)
    path = f"/api/buildings/{building_id}"

    assert name_now(api.viewer, building_id) == CRUEL
    assert api.viewer.get(f"{path}/floors").json()["items"][0]["name"] == CRUEL
    drawn = api.viewer.get(f"{path}/floors/{floor.id}/plan.svg")
    assert (drawn.headers["content-type"], b"<script" in drawn.content) == ("image/svg+xml", False)
    assert "sandbox" in drawn.headers["content-security-policy"]
    svg = fromstring(drawn.content)
    assert not [one for one in svg.iter() if one.tag.endswith("script")]
    assert not [name for one in svg.iter() for name in one.attrib if name.startswith("on")]
    assert "<script>" in "".join(svg.itertext())
    data = api.viewer.get(f"{path}/floors/{floor.id}/plan.geojson").json()
    assert CRUEL in {feature["properties"]["name"] for feature in data["features"]}


def test_an_unknown_floor_is_named(api: Api) -> None:
    path = f"/api/buildings/{indexed(api.world)}/floors/Attic/plan.svg"
    assert "'Attic'" in problem_of(api.viewer.get(path), 404)["detail"]


@pytest.mark.parametrize("address", ["redis://127.0.0.1:1/0", "silent"])
def test_without_redis_answers_come_from_postgres(
    api: Api, tmp_path_factory: pytest.TempPathFactory, address: str
) -> None:
    with silent_server() as silent:
        url = silent if address == "silent" else address
        variables = {**api.world.variables, "ARXOS_CACHE_URL": url}
        with running_api(variables, tmp_path_factory.mktemp("no_redis")) as alone:
            buildings = [indexed(alone.world, f"Hall {number}") for number in range(8)]
            began = monotonic()
            assert [name_now(alone.viewer, one) for one in buildings] == [f"Hall {number}" for number in range(8)]
            # Half a second for the first; were it asked each time, to read and to write, it would be eight.
            assert monotonic() - began < 4


@contextmanager
def silent_server() -> Iterator[str]:
    """A Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"
