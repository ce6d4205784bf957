"""Jobs over HTTP: submitted, read, listed, acted on. Nothing executes them here, unless a test says so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from arxos.domain.access import Role
from arxos.domain.jobs.job import JobState
from tests.http import Api, problem_of

NOOP = {"kind": "probe.noop"}
SLEEP = {"kind": "probe.sleep", "payload": {"seconds": 0}}


def submitted(client: httpx.Client, **fields: Any) -> str:
    answer = client.post("/api/jobs", json=NOOP | fields)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def dead(api: Api, **fields: Any) -> str:
    """A dead letter."""
    job_id = submitted(api.admin if "queue" in fields else api.editor, **fields)
    api.world.execute(
        "UPDATE jobs SET state = 'dead', attempt = 1, finished_at = clock_timestamp(), error_type = 'PermanentError',"
        " error_message = 'no such model', error_fingerprint = 'aaaabbbbcccc' WHERE id = %s",
        UUID(job_id),
    )
    return job_id


def test_a_job_is_accepted_and_can_be_read(api: Api) -> None:
    answer = api.editor.post("/api/jobs", json=NOOP | {"priority": 3}, headers={"X-Request-ID": "order-1"})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    job = api.viewer.get(answer.headers["location"]).json()
    assert job["id"] == answer.json()["id"]
    expected = {
        "kind": "probe.noop", "queue": "maintenance", "state": "queued", "attempt": 0, "payload": {}, "result": None,
        "error": None, "progress": None, "attempts": [], "priority": 3, "submitted_by": "test-editor",
        "request_id": "order-1", "acts": [],
    }  # fmt: skip
    assert {name: job[name] for name in expected} == expected


def test_a_repeated_key_is_the_same_job(api: Api) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = api.editor.post("/api/jobs", json=NOOP, headers=key)
    again = api.editor.post("/api/jobs", json=NOOP, headers=key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    other = api.editor.post("/api/jobs", json={"kind": "probe.fail", "payload": {"times": 1}}, headers=key)
    assert "was used before, for another request" in problem_of(other, 409)["detail"]


def test_a_repeated_key_tells_the_state_that_the_job_is_in_by_now(api: Api) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    job_id = api.editor.post("/api/jobs", json=NOOP, headers=key).json()["id"]
    api.admin.post(f"/api/jobs/{job_id}/cancel").raise_for_status()
    assert api.editor.post("/api/jobs", json=NOOP, headers=key).json() == {"id": job_id, "state": "cancelled"}


def test_an_id_of_ones_own_is_kept_and_repeated(api: Api) -> None:
    own = {"id": str(uuid4())}
    assert submitted(api.editor, **own) == own["id"]
    again = api.editor.post("/api/jobs", json=NOOP | own)
    assert (again.status_code, again.json()["id"]) == (200, own["id"])


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"kind": "building.validate", "payload": {}}, "payload.model_id"),
        ({"kind": "building.validate", "payload": {"model_id": "7"}}, "payload.model_id"),
        ({"kind": "building.validate", "payload": {"model_id": str(uuid4()), "more": 1}}, "payload.more"),
        ({"kind": "nothing.known"}, "kind"),
        ({"kind": "probe.noop", "queue": "nowhere"}, "queue"),
        ({"kind": "probe.noop", "run_at": "2026-01-01T00:00:00"}, "run_at"),
        ({"kind": "probe.noop", "run_at": 0}, "run_at"),
        ({"kind": "probe.noop", "priority": 101}, "priority"),
        ({"kind": "probe.noop", "surprise": True}, "surprise"),
        ({"payload": {}}, "kind"),
    ],
)
def test_what_is_wrong_is_named(api: Api, request_: dict[str, Any], field: str) -> None:
    problem = problem_of(api.editor.post("/api/jobs", json=request_), 422)
    assert field in [one["field"] for one in problem["errors"]]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_request_is_refused(api: Api, body: bytes) -> None:
    answer = api.editor.post("/api/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    problem_of(answer, answer.status_code)


def test_a_batch_is_all_or_nothing_and_keeps_its_order(api: Api) -> None:
    first = str(uuid4())
    jobs = [NOOP | {"id": first}, NOOP | {"after": [first]}, *[NOOP] * 5]
    ids = api.editor.post("/api/jobs/batch", json={"jobs": jobs}).json()["ids"]
    assert (len(ids), ids[0]) == (7, first)
    assert api.viewer.get(f"/api/jobs/{ids[1]}").json()["state"] == "blocked"
    before = api.world.sql("SELECT count(*) FROM jobs")
    wrong = [NOOP, NOOP, {"kind": "building.validate", "payload": {"model_id": 7}}]
    problem = problem_of(api.editor.post("/api/jobs/batch", json={"jobs": wrong}), 422)
    assert [one["field"] for one in problem["errors"]] == ["jobs.2.payload.model_id"]
    wrong[0] = {"kind": "no.such"}
    problem = problem_of(api.editor.post("/api/jobs/batch", json={"jobs": wrong}), 422)
    assert [one["field"] for one in problem["errors"]] == ["jobs.0.kind", "jobs.2.payload.model_id"]
    assert api.world.sql("SELECT count(*) FROM jobs") == before


def test_what_the_ledger_refuses_of_a_batch_names_the_job(api: Api) -> None:
    api.editor.post("/api/jobs", json=NOOP | {"id": (taken := str(uuid4())), "idempotency_key": "held"})
    nobody, one, other = (str(uuid4()) for _ in range(3))
    for jobs, status, field in (
        ([NOOP, NOOP | {"after": [nobody]}], 404, "jobs.1.after"),
        ([NOOP, SLEEP | {"id": taken}], 409, "jobs.1.id"),
        ([NOOP, NOOP | {"webhook_id": nobody}], 422, "jobs.1.webhook_id"),
        ([SLEEP | {"idempotency_key": "held"}], 409, "jobs.0.idempotency_key"),
        ([NOOP, NOOP | {"id": one, "after": [other]}, NOOP | {"id": other, "after": [one]}], 422, "after"),
    ):
        problem = problem_of(api.editor.post("/api/jobs/batch", json={"jobs": jobs}), status)
        assert field in problem["errors"][0]["field"]
        assert problem["detail"].startswith("jobs.")


def test_text_that_no_database_can_hold_is_refused_by_name(api: Api) -> None:
    body = {"kind": "probe.effect", "payload": {"key": ["a", {"b": "x\x00y"}]}, "submitted_by": "a\x00"}
    problem = problem_of(api.admin.post("/api/jobs", json=body), 422)
    assert {one["field"] for one in problem["errors"]} == {"payload", "submitted_by"}
    assert "'key.1.b' has a nul character" in problem["detail"]


@pytest.mark.parametrize("count", [0, 10_001])
def test_a_batch_has_one_to_ten_thousand_jobs(api: Api, count: int) -> None:
    problem_of(api.editor.post("/api/jobs/batch", json={"jobs": [NOOP] * count}), 422)


def test_requests_at_the_same_moment_are_committed_together(api: Api) -> None:
    """Told by the rows themselves: each bears its transaction. The server's own count of commits comes late."""
    submitter = api.as_(Role.EDITOR, f"crowd-{uuid4()}")
    name = api.viewer.get(f"/api/jobs/{submitted(submitter)}").json()["submitted_by"]
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: submitted(submitter), range(200)))
    of_them = f"FROM jobs WHERE submitted_by = '{name}'"
    assert api.world.sql(f"SELECT count(*) {of_them}") == [(201,)]
    assert api.world.sql(f"SELECT count(DISTINCT xmin::text) {of_them}")[0][0] < 100


def test_who_is_refused_keeps_no_other_out(api: Api) -> None:
    stranger = {"after": [str(uuid4())]}
    before = api.world.sql("SELECT count(*) FROM jobs")[0][0]

    def ask(number: int) -> int:
        return api.editor.post("/api/jobs", json=NOOP | (stranger if number % 50 == 0 else {})).status_code

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(200)))
    assert (answers.count(202), answers.count(404)) == (196, 4)
    assert api.world.sql("SELECT count(*) FROM jobs")[0][0] - before == 196


def test_the_trace_that_a_request_belongs_to_is_on_the_job(api: Api) -> None:
    trace = f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"
    job = api.editor.post("/api/jobs", json=NOOP, headers={"traceparent": trace}).json()
    assert api.world.sql(f"SELECT trace FROM jobs WHERE id = '{job['id']}'") == [(trace,)]
    other = api.editor.post("/api/jobs", json=NOOP, headers={"traceparent": "of no form that we know"}).json()
    assert api.world.sql(f"SELECT trace FROM jobs WHERE id = '{other['id']}'") == [(None,)]


def test_jobs_are_listed_by_what_they_are(api: Api) -> None:
    mine = submitted(api.as_(Role.EDITOR, "lister"), priority=1)
    others = [submitted(api.editor) for _ in range(3)]
    listed = api.viewer.get("/api/jobs", params={"submitted_by": "lister"}).json()["items"]
    assert [job["id"] for job in listed] == [mine]
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert api.viewer.get("/api/jobs", params={"since": soon}).json() == {"items": [], "next_cursor": None}
    states = api.viewer.get("/api/jobs", params={"state": "queued", "kind": "probe.noop", "limit": 1000}).json()[
        "items"
    ]
    assert {mine, *others} <= {job["id"] for job in states}


def test_pages_stay_right_while_jobs_come_in(api: Api) -> None:
    lister = api.as_(Role.EDITOR, f"pager-{uuid4()}")
    subject = lister.post("/api/jobs", json=NOOP).json()["id"]
    name = api.viewer.get(f"/api/jobs/{subject}").json()["submitted_by"]
    wanted = [subject, *[submitted(lister) for _ in range(6)]]
    found: list[str] = []
    params: dict[str, Any] = {"submitted_by": name, "limit": 3}
    while True:
        answer = api.viewer.get("/api/jobs", params=params)
        page = answer.json()
        found += [job["id"] for job in page["items"]]
        if page["next_cursor"] is None:
            break
        assert 'rel="next"' in answer.headers["link"]
        params["cursor"] = page["next_cursor"]
        submitted(lister)  # newer than any page that follows
    assert found == wanted[::-1]


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WzEsMl0", "A" * 500])
def test_a_cursor_that_is_none_of_ours_is_refused(api: Api, cursor: str) -> None:
    problem = problem_of(api.viewer.get("/api/jobs", params={"cursor": cursor}), 422)
    assert problem["errors"][0]["field"] == "query.cursor"


def test_who_is_not_there_is_not_found(api: Api) -> None:
    missing = uuid4()
    for path in ("", "/why", "/graph", "/graph.svg", "/events"):
        assert str(missing) in problem_of(api.viewer.get(f"/api/jobs/{missing}{path}"), 404)["detail"]
    problem_of(api.viewer.get("/api/jobs/7"), 404)


def test_a_job_says_why_and_shows_what_it_waits_for(api: Api) -> None:
    first = submitted(api.editor)
    second = submitted(api.editor, after=[first])
    why = api.viewer.get(f"/api/jobs/{second}/why").json()
    assert (why["state"], "waits for" in why["why"]) == ("blocked", True)
    graph = api.viewer.get(f"/api/jobs/{second}/graph").json()
    assert graph["edges"] == [{"after": first, "job": second, "on_failure": "cancel", "released": False}]
    drawn = api.viewer.get(f"/api/jobs/{second}/graph.svg")
    assert (drawn.headers["content-type"].partition(";")[0], drawn.text[:4]) == ("image/svg+xml", "<svg")


def test_editors_cancel_their_own_jobs_only(api: Api) -> None:
    own, others = submitted(api.editor), submitted(api.as_(Role.EDITOR, "somebody"))
    assert api.editor.post(f"/api/jobs/{own}/cancel", json={"reason": "wrong"}).json()["state"] == "cancelled"
    problem_of(api.editor.post(f"/api/jobs/{others}/cancel"), 403)
    assert api.viewer.get(f"/api/jobs/{others}").json()["state"] == "queued"
    assert api.admin.post(f"/api/jobs/{others}/cancel").json()["state"] == "cancelled"
    problem_of(api.admin.post(f"/api/jobs/{others}/cancel"), 409)
    assert api.viewer.get(f"/api/jobs/{own}").json()["cancel_reason"] == "wrong"


def test_only_who_acts_for_anybody_submits_in_anothers_name(api: Api) -> None:
    problem_of(api.editor.post("/api/jobs", json=NOOP | {"submitted_by": "ada"}), 403)
    job_id = submitted(api.admin, submitted_by="ada")
    assert api.viewer.get(f"/api/jobs/{job_id}").json()["submitted_by"] == "ada"


def test_a_dead_job_goes_round_again_with_another_payload(api: Api) -> None:
    job_id = dead(api, kind="probe.fail", payload={"times": 1})
    problem = problem_of(api.admin.post(f"/api/jobs/{job_id}/redrive", json={"payload": {"times": "x"}}), 422)
    assert problem["errors"][0]["field"] == "payload.times"
    assert api.viewer.get(f"/api/jobs/{job_id}").json()["error"]["type"] == "PermanentError"
    answer = api.admin.post(f"/api/jobs/{job_id}/redrive", json={"payload": {"times": 0}, "reason": "mended"})
    assert answer.json() == {"id": job_id, "state": "queued"}
    job = api.viewer.get(f"/api/jobs/{job_id}").json()
    assert (job["payload"], job["original_payload"]["times"]) == ({"times": 0, "permanent": False}, 1)
    [act] = job["acts"]
    assert (act["actor"], act["action"], act["reason"], act["source"]) == (
        "test-admin", "redrive", "mended", "http@127.0.0.1",
    )  # fmt: skip


def test_a_dead_job_is_discarded(api: Api) -> None:
    job_id = dead(api)
    problem_of(api.editor.post(f"/api/jobs/{job_id}/discard"), 403)
    assert api.admin.post(f"/api/jobs/{job_id}/discard", json={"reason": "old"}).json()["state"] == "cancelled"
    problem_of(api.admin.post(f"/api/jobs/{job_id}/redrive"), 409)


def test_a_job_that_waits_for_its_time_is_tried_now(api: Api) -> None:
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    job_id = submitted(api.editor, run_at=later)
    api.editor.post(f"/api/jobs/{job_id}/retry").raise_for_status()
    assert api.viewer.get(f"/api/jobs/{job_id}").json()["run_at"] < later
    problem_of(api.as_(Role.EDITOR, "somebody").post(f"/api/jobs/{job_id}/retry"), 403)


def test_many_dead_letters_are_tried_dry_redriven_and_undone(api: Api) -> None:
    for _ in range(3):
        dead(api, payload={}, queue="health")
    order: dict[str, Any] = {"filter": {"queue": "health"}, "dry_run": True}
    dry = api.admin.post("/api/dead-letters/redrive", json=order).json()
    assert (dry["matched"], dry["done"], dry["kinds"]) == (3, 0, {"probe.noop": 3})
    [group] = api.viewer.get("/api/dead-letters/groups", params={"queue": "health"}).json()["items"]
    assert (group["count"], group["fingerprint"]) == (3, "aaaabbbbcccc")
    order |= {"dry_run": False, "rate_per_second": 0.5, "reason": "fixed"}
    done = api.admin.post("/api/dead-letters/redrive", json=order).json()
    assert (done["matched"], done["done"]) == (3, 3)
    [act] = [act for act in api.viewer.get("/api/dead-letters/acts").json()["items"] if act["id"] == done["act_id"]]
    assert (act["actor"], act["reason"], act["rate"], act["source"]) == ("test-admin", "fixed", 0.5, "http@127.0.0.1")
    undone = api.admin.post(f"/api/dead-letters/acts/{done['act_id']}/undo").json()
    assert (undone["undone"], undone["left"]) == (3, 0)
    gone = api.admin.post("/api/dead-letters/discard", json={"filter": {"queue": "health"}, "reason": "old"}).json()
    assert gone["done"] == 3
    problem_of(api.editor.post("/api/dead-letters/discard", json={"filter": {}}), 403)


@pytest.mark.parametrize("order", [{}, {"filter": {"colour": "red"}}, {"filter": {}, "rate_per_second": 0}])
def test_an_order_that_says_nothing_or_nonsense_is_refused(api: Api, order: dict[str, Any]) -> None:
    problem_of(api.admin.post("/api/dead-letters/redrive", json=order), 422)


def test_too_much_is_refused_with_a_time_to_come_again(api: Api) -> None:
    api.world.execute(
        "INSERT INTO backlogs (queue, due, per_s) VALUES ('cache', 5000000, 100)"
        " ON CONFLICT (queue) DO UPDATE SET due = excluded.due"
    )
    answer = api.admin.post("/api/jobs", json=NOOP | {"queue": "cache"})
    assert "'cache' has 5,000,000 due jobs" in problem_of(answer, 429)["detail"]
    assert int(answer.headers["retry-after"]) >= 1
    assert submitted(api.editor)


def test_schedules_are_added_changed_run_and_removed(api: Api) -> None:
    new = {"name": "canary", "kind": "probe.noop", "cron": "30 2 * * *", "timezone": "Europe/Berlin"}
    problem_of(api.editor.post("/api/schedules", json=new), 403)
    added = api.admin.post("/api/schedules", json=new)
    assert (added.status_code, added.headers["location"]) == (201, "/api/schedules/canary")
    problem_of(api.admin.post("/api/schedules", json=new), 409)
    assert "canary" in [one["name"] for one in api.viewer.get("/api/schedules").json()["items"]]
    changed = api.admin.patch("/api/schedules/canary", json={"every_s": 60}).json()
    assert (changed["cron"], changed["every_s"]) == (None, 60)
    job = api.admin.post("/api/schedules/canary/run").json()["job_id"]
    assert api.world.get(UUID(job)).state is JobState.QUEUED
    assert api.admin.post("/api/schedules/canary/pause").json()["paused_by"] == "test-admin"
    assert api.admin.post("/api/schedules/canary/resume").json()["paused"] is False
    assert api.admin.delete("/api/schedules/canary").status_code == 204
    problem_of(api.viewer.get("/api/schedules/canary"), 404)
    problem_of(api.admin.delete("/api/schedules/ledger-prune"), 404)  # no beat has adopted the code's own yet


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ({"name": "x", "kind": "probe.noop"}, "cron"),
        ({"name": "x", "kind": "probe.noop", "cron": "soon"}, "cron"),
        ({"name": "x", "kind": "probe.noop", "cron": "0 0 * * *", "timezone": "Mars/Base"}, "Mars"),
        ({"name": "-x", "kind": "probe.noop", "every_s": 60}, "name"),
        ({"name": "x", "kind": "no.kind", "every_s": 60}, "no.kind"),
        ({"name": "x", "kind": "building.validate", "every_s": 60}, "model_id"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(api: Api, new: dict[str, Any], says: str) -> None:
    assert says in problem_of(api.admin.post("/api/schedules", json=new), 422)["detail"]
