"""What operators did and what was refused, read over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.domain.jobs.bulk import act_on_all, undo
from arxos.domain.jobs.desk import Action, Order
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.jobs.operator import Operator
from arxos.storage.quarantine import QuarantineTable, Refused
from tests.http import Api, problem_of

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def nothing_on_record(api: Api) -> None:
    for table in ("quarantine", "operator_actions", "bulk_acts", "jobs"):
        api.world.execute(f"DELETE FROM {table}")


def items(api: Api, path: str, **which: Any) -> Any:
    answer = api.viewer.get(path, params=which)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def pages(api: Api, path: str, **which: Any) -> Iterator[Any]:
    """All items, page after page."""
    cursor: str | None = None
    while True:
        page = api.viewer.get(path, params=which | ({"cursor": cursor} if cursor else {})).json()
        yield from page["items"]
        if (cursor := page["next_cursor"]) is None:
            return


def refuse(api: Api, *reasons: str, queue: str = "ingress") -> None:
    QuarantineTable(api.world.runtime.database).add([Refused(queue, reason, 7, task=SCRIPT) for reason in reasons])


def pause(api: Api, name: str, by: str, reason: str | None = None) -> None:
    api.world.do(lambda ledger: ledger.pause(name, Operator(by, reason)))


def dead_jobs(api: Api, count: int) -> list[UUID]:
    ids = [api.world.submit("probe.noop") for _ in range(count)]
    died = "UPDATE jobs SET state = 'dead', finished_at = clock_timestamp() WHERE id = ANY(%s)"
    api.world.execute(died, ids)
    return ids


def test_refused_messages_are_listed_latest_first_as_they_came(api: Api) -> None:
    refuse(api, "not JSON", SCRIPT)
    assert [one["reason"] for one in items(api, "/api/quarantine")] == [SCRIPT, "not JSON"]
    assert items(api, "/api/quarantine")[0]["task"] == SCRIPT


def test_refused_messages_are_filtered(api: Api) -> None:
    refuse(api, "not JSON")
    refuse(api, "too large", queue="cache")
    assert [one["reason"] for one in items(api, "/api/quarantine", queue="cache")] == ["too large"]
    assert [one["reason"] for one in items(api, "/api/quarantine", reason="json")] == ["not JSON"]
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert items(api, "/api/quarantine", since=later) == []


@pytest.mark.parametrize("path", ["/api/quarantine", "/api/acts"])
def test_pages_stay_right_while_rows_are_added(api: Api, path: str) -> None:
    def add(name: str) -> None:
        refuse(api, name) if path == "/api/quarantine" else pause(api, "cache", name)

    for n in range(5):
        add(f"old {n}")
    seen = []
    for one in pages(api, path, limit=2):
        add("new")
        seen.append(one.get("reason") or one["actor"])
    assert seen == [f"old {n}" for n in reversed(range(5))]


@pytest.mark.parametrize("path", ["/api/quarantine", "/api/acts"])
@pytest.mark.parametrize("cursor", ["x", "WzFd" * 9, "WyJhIiwgImIiXQ"])
def test_a_cursor_that_is_none_of_ours_is_refused(api: Api, path: str, cursor: str) -> None:
    assert "cursor" in problem_of(api.viewer.get(path, params={"cursor": cursor}), 422)["detail"]


def test_a_time_without_its_zone_is_refused(api: Api) -> None:
    assert "since" in problem_of(api.viewer.get("/api/acts?since=2026-11-25T08:00:00"), 422)["detail"]


def test_acts_are_listed_with_who_when_why_and_from_where(api: Api) -> None:
    pause(api, "cache", "ada", SCRIPT)
    [act] = items(api, "/api/acts")
    assert (act["actor"], act["action"], act["reason"], act["jobs"]) == ("ada", "pause_queue", SCRIPT, None)
    assert act["details"] == {"queue": "cache"}
    assert act["source"]


def test_acts_are_filtered(api: Api) -> None:
    pause(api, "cache", "ada")
    pause(api, "health", "bob")
    api.world.do(lambda ledger: ledger.resume("cache", Operator("bob")))
    assert [one["actor"] for one in items(api, "/api/acts", action="pause_queue")] == ["bob", "ada"]
    assert [one["action"] for one in items(api, "/api/acts", actor="bob")] == ["resume_queue", "pause_queue"]
    assert items(api, "/api/acts", actor="bob", action="discard") == []
    assert items(api, "/api/acts", since=(datetime.now(UTC) + timedelta(minutes=1)).isoformat()) == []


def test_an_act_on_many_is_one_line_and_its_parts_are_found(api: Api) -> None:
    ids, act_id = dead_jobs(api, 3), uuid4()
    order = Order(Action.REDRIVE, JobFilter(kind="probe.noop"), Operator("ada", "fixed", "cli@host"), 600)
    unit_of_work = api.world.runtime.ports.unit_of_work
    act_on_all(unit_of_work, order, act_id, lambda _: None)
    pause(api, "cache", "bob")

    latest, act = items(api, "/api/acts")
    assert latest["action"] == "pause_queue"
    assert (act["action"], act["jobs"], act["act_id"], act["source"]) == ("redrive", 3, str(act_id), "cli@host")
    assert act["details"]["filter"] == {"kind": "probe.noop"}
    assert {one["job_id"] for one in items(api, "/api/acts", act_id=act_id)} == set(map(str, ids))
    [mine] = items(api, "/api/acts", job_id=ids[0])
    assert (mine["act_id"], mine["reason"], mine["details"]) == (str(act_id), "fixed", {})

    undo(unit_of_work, act_id, Operator("eve", "too early", "http@host"))
    latest = items(api, "/api/acts")[0]
    assert (latest["actor"], latest["action"], latest["jobs"]) == ("eve", "undo", 3)
    assert (latest["reason"], latest["source"]) == ("too early", "http@host")
    assert [one["action"] for one in items(api, "/api/acts", job_id=ids[0])] == ["undo", "redrive"]


def test_an_act_on_one_job_links_to_it(api: Api) -> None:
    [job_id] = dead_jobs(api, 1)
    with api.world.runtime.ports.unit_of_work() as uow:
        uow.desk.discard(job_id, Operator("ada", "gone", "cli@host"))
        uow.commit()
    [act] = items(api, "/api/acts")
    assert (act["action"], act["job_id"], act["act_id"]) == ("discard", str(job_id), None)
