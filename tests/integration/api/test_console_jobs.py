"""The console's pages about jobs: overview, jobs, one job, dead letters."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from arxos.api.console.pages.jobs import inert
from arxos.app.tokens import issue
from arxos.domain.access import Role
from arxos.domain.jobs.job import JobState
from tests.http import SECRET, Api

EVIL = "<script>alert(1)</script>"


def looking(api: Api, role: Role, subject: str = "grace") -> httpx.Client:
    """Somebody who has signed in."""
    client = api._client({})
    answer = client.post("/console/sign-in", data={"token": issue(SECRET, subject, role, 3600)})
    assert answer.status_code == 303
    return client


def proof(client: httpx.Client) -> str:
    found = re.search(r'name="proof" value="([0-9a-f]+)"', client.get("/console/jobs").text)
    assert found
    return found[1]


def acted(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return client.post(path, data={"proof": proof(client), **fields})


def job(api: Api, state: str = "queued", **fields: Any) -> str:
    job_id = str(api.admin.post("/api/jobs", json={"kind": "probe.noop"} | fields).raise_for_status().json()["id"])
    if state == "dead":
        api.world.execute(
            "UPDATE jobs SET state = 'dead', attempt = 1, finished_at = clock_timestamp(), error_type = 'BadError',"
            " error_message = %s, error_fingerprint = 'aaaabbbbcccc' WHERE id = %s",
            EVIL,
            UUID(job_id),
        )
        api.world.execute(
            "INSERT INTO attempts (job_id, attempt, worker, started_at, outcome, error_type, error_message)"
            " VALUES (%s, 1, 'cpu@host:1:aa', clock_timestamp(), 'failed', 'BadError', %s)",
            UUID(job_id),
            EVIL,
        )
    return job_id


@pytest.fixture
def root(api: Api) -> httpx.Client:
    return looking(api, Role.SUPER_ADMIN)


def test_the_overview_says_what_is_wrong_first(api: Api, root: httpx.Client) -> None:
    job(api, "dead")
    page = root.get("/console/overview").text
    assert "No relay is alive" in page
    assert page.index("No relay is alive") < page.index("The last hour")
    assert "alert(1)" in page
    assert EVIL not in page
    assert root.get("/console").headers["location"] == "/console/overview"


def test_jobs_are_filtered_by_the_address(api: Api, root: httpx.Client) -> None:
    mine = job(api, submitted_by="O'Brien")
    other = job(api)
    page = root.get("/console/jobs", params={"submitter": "O'Brien"}).text
    assert mine in page
    assert other not in page
    assert "O&#39;Brien" in page
    wrong = root.get("/console/jobs", params={"state": "lost"})
    assert (wrong.status_code, "filter" in wrong.text) == (422, True)


def test_jobs_come_as_a_file_in_which_nothing_is_computed(api: Api, root: httpx.Client) -> None:
    job(api, submitted_by="=HYPERLINK(1)")
    answer = root.get("/console/jobs/jobs.csv", params={"submitter": "=HYPERLINK(1)"})
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.text.splitlines()
    assert (len(lines), "'=HYPERLINK(1)" in lines[1]) == (2, True)
    assert [inert(cell) for cell in ("=1", "+1", "-1", "@x", "1")] == ["'=1", "'+1", "'-1", "'@x", "1"]


def test_a_job_tells_its_life_and_whatever_was_written_is_inert(api: Api, root: httpx.Client) -> None:
    job_id = job(api, "dead", submitted_by=EVIL)
    page = root.get(f"/console/jobs/{job_id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert EVIL not in page
    assert "cpu@host:1:aa" in page
    assert "it is a dead letter" in page
    assert 'class="timeline"' in page
    drawn = root.get(f"/console/jobs/{job_id}/graph.svg")
    assert "sandbox" in drawn.headers["content-security-policy"]
    assert root.get("/console/jobs/00000000-0000-4000-8000-000000000000").status_code == 404


def test_a_wrong_payload_comes_back_with_what_is_wrong_and_nothing_is_lost(api: Api, root: httpx.Client) -> None:
    job_id = job(api, "dead", kind="probe.fail", payload={"times": 1})
    for typed, says in (('{"times": "many"}', "times"), ("{", "not JSON"), ("[]", "must be a JSON object")):
        answer = acted(root, f"/console/jobs/{job_id}/redrive", payload=typed, reason="try")
        assert answer.status_code == 422
        assert says in answer.text
        assert typed.replace('"', "&#34;") in answer.text
    assert api.world.get(UUID(job_id)).state is JobState.DEAD
    assert acted(root, f"/console/jobs/{job_id}/redrive", payload='{"times": 0}', reason="mended").status_code == 303
    redriven = api.world.get(UUID(job_id))
    assert (redriven.state, redriven.payload["times"]) == (JobState.QUEUED, 0)
    [act] = redriven.acts
    assert (act.actor, act.reason, act.source) == ("grace", "mended", "console@127.0.0.1")


def test_editors_cancel_their_own_jobs_only(api: Api) -> None:
    editor = looking(api, Role.EDITOR, "ada")
    own, others = job(api, submitted_by="ada"), job(api, submitted_by="somebody")
    assert f"/console/jobs/{own}/cancel" in editor.get(f"/console/jobs/{own}").text
    assert f"/console/jobs/{others}/cancel" not in editor.get(f"/console/jobs/{others}").text
    assert acted(editor, f"/console/jobs/{others}/cancel").status_code == 403
    assert acted(editor, f"/console/jobs/{own}/cancel", reason="wrong").status_code == 303
    states = [api.world.get(UUID(one)).state for one in (own, others)]
    assert states == [JobState.CANCELLED, JobState.QUEUED]


def test_no_act_without_the_pages_own_form(api: Api, root: httpx.Client) -> None:
    job_id = job(api, "dead")
    for path in (f"/console/jobs/{job_id}/redrive", f"/console/jobs/{job_id}/discard", "/console/dead/discard"):
        assert root.post(path, data={"reason": "x"}).status_code == 403
    assert api.world.get(UUID(job_id)).state is JobState.DEAD


def test_dead_letters_are_tried_dry_acted_on_and_undone(api: Api, root: httpx.Client) -> None:
    ids = [job(api, "dead", queue="health") for _ in range(3)]
    page = root.get("/console/dead", params={"queue": "health"}).text
    assert "BadError" in page
    assert EVIL not in page
    tried = root.get("/console/dead/try", params={"action": "redrive", "queue": "health"}).text
    assert "Redrive 3 dead letters?" in tried
    assert {api.world.get(UUID(one)).state for one in ids} == {JobState.DEAD}
    assert acted(root, "/console/dead/redrive", queue="health", rate="0.5", reason="fixed").status_code == 303
    assert {api.world.get(UUID(one)).state for one in ids} == {JobState.QUEUED}
    [undo] = re.findall(r"/console/dead/acts/[0-9a-f-]+/undo", root.get("/console/dead").text)[:1]
    acted(root, undo)
    assert {api.world.get(UUID(one)).state for one in ids} == {JobState.DEAD}
    acted(root, "/console/dead/discard", queue="health", reason="old")
    assert {api.world.get(UUID(one)).state for one in ids} == {JobState.CANCELLED}
    wrong = acted(root, "/console/dead/redrive", rate="soon")
    assert wrong.status_code in {303, 422}


def test_viewers_see_and_do_nothing(api: Api) -> None:
    viewer = looking(api, Role.VIEWER, "vera")
    job_id = job(api, "dead")
    for path in ("/console/dead", f"/console/jobs/{job_id}", "/console/overview"):
        page = viewer.get(path)
        assert page.status_code == 200
        assert 'redrive"' not in page.text
    assert acted(viewer, f"/console/jobs/{job_id}/redrive").status_code == 403
    assert acted(viewer, "/console/dead/discard").status_code == 403
