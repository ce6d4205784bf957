"""The console in a real browser: everybody can use it, on any screen, with and without scripts, and it stays live."""

import os
from collections.abc import Iterator
from uuid import UUID

import pytest
import redis as redis_client
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from arxos.domain.jobs.job import JobState
from arxos.domain.jobs.operator import Operator
from deploy.local.binaries import MissingProgramError
from deploy.local.programs import find_chromium
from tests.console_life import WIDTHS, Life, browser, life, signed_in
from tests.running import variables, wait_until
from tests.servers import Servers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PAGES = (
    *("sign-in", "overview", "jobs", "job", "dead", "try", "queues", "workers", "schedules", "buildings", "building"),
    *("reports", "quarantine", "log"),
)
REFUSED = "status of 422"  # Chromium mentions it where a form comes back with what is wrong in it
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def lived(
    servers: Servers, database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Life]:
    name, folder = f"arxos_console_{os.getpid()}", tmp_path_factory.mktemp("console")
    with redis_client.Redis.from_url(redis_url) as client:
        client.flushdb()
    url = servers.create_database(name, database_url.rpartition("/")[2])
    with life(variables(url, redis_url, folder), folder) as lived:
        yield lived
    servers.drop_database(name)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    try:
        find_chromium()
    except MissingProgramError as missing:
        pytest.skip(str(missing))
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def page(lived: Life, chromium: Browser) -> Iterator[Page]:
    """Somebody who may do everything."""
    context = chromium.new_context()
    yield signed_in(context, lived.api)
    context.close()


@pytest.fixture(autouse=True)
def complaints(page: Page) -> Iterator[list[str]]:
    """Nothing is ever complained about in the browser's console: no error, nothing that the policy forbids."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield said
    assert [one for one in said if REFUSED not in one] == []


def go(page: Page, lived: Life, name: str) -> None:
    answer = page.goto(f"{lived.api.url}/console/{lived.pages[name]}")
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_it(page: Page, lived: Life, name: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    go(page, lived, name)
    for closed in page.locator("details.ask > summary").all()[:2]:
        closed.click()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_it_fits_every_screen(page: Page, lived: Life, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    go(page, lived, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1280, "height": 900})


def test_the_keyboard_alone_pauses_a_queue_and_lets_it_go_on(page: Page, lived: Life) -> None:
    go(page, lived, "queues")
    row = page.locator("tr", has=page.get_by_role("link", name="geometry", exact=True))
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("the disk is full")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Queue geometry is paused.")
    expect(row).to_contain_text("the disk is full")
    row.get_by_role("button", name="Resume").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Queue geometry goes on.")


def tab_to(page: Page, wanted: Locator) -> None:
    """By the key alone, as somebody without a mouse."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if wanted.evaluate("it => it === document.activeElement"):
            return
    pytest.fail(f"no way leads to {wanted}")


def write(page: Page, text: str) -> None:
    """Over what is there, and on to the next field."""
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Tab")


def dying(lived: Life, submitter: str) -> UUID:
    """A job that is dead. Its queue is one in which nothing runs for long."""
    job_id = lived.stack.submit("probe.fail", times=9, permanent=True, queue="cache", submitted_by=submitter)
    lived.stack.reaches(job_id, JobState.DEAD)
    return job_id


def test_the_keyboard_alone_finds_why_a_job_died_and_sends_it_round_again(page: Page, lived: Life) -> None:
    job_id = dying(lived, "night-shift")
    go(page, lived, "overview")
    page.keyboard.type("gj")
    page.wait_for_url("**/console/jobs")
    page.keyboard.press("/")
    expect(page.get_by_label("Error contains")).to_be_focused()
    page.keyboard.type("of 9 that fail")
    page.keyboard.press("Enter")
    page.wait_for_url("**error=of**")
    tab_to(page, page.locator(f"a[href='/console/jobs/{job_id}']"))
    page.keyboard.press("Enter")
    expect(page.locator(".why")).to_contain_text("dead letter after attempt 1 of 8: PermanentError")
    tab_to(page, page.locator("summary", has_text="Redrive"))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    write(page, '{"times": "none"}')
    page.keyboard.type("it was asked for by mistake\n")
    expect(page.get_by_role("alert")).to_contain_text("times: ")  # what was typed is still there
    expect(page.get_by_role("textbox", name="Payload")).to_have_value('{"times": "none"}')
    tab_to(page, page.get_by_role("textbox", name="Payload"))
    write(page, '{"times": 0}')
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The job goes round again.")
    expect(page.locator("#live .chip.s-succeeded").first).to_be_visible(timeout=20_000)  # by itself


def test_many_are_discarded_after_a_dry_run_and_brought_back(page: Page, lived: Life) -> None:
    dead = [dying(lived, "bulk") for _ in range(3)]
    go(page, lived, "dead")
    page.get_by_label("Submitted by").fill("bulk")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Discard all of these…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Discard 3 dead letters?")
    page.get_by_role("button", name="Discard 3").click()  # not without a reason
    expect(page.get_by_role("heading", level=1)).to_have_text("Discard 3 dead letters?")
    page.get_by_label("Reason").fill("never wanted")
    page.get_by_role("button", name="Discard 3").click()
    expect(page.get_by_role("status")).to_have_text("3 of 3 dead letters are discarded. It can be undone below.")
    lived.stack.all_reach(dead, JobState.CANCELLED)
    page.get_by_role("button", name="Undo discard").first.click()
    expect(page.get_by_role("status")).to_contain_text("3 jobs are dead letters again")
    lived.stack.all_reach(dead, JobState.DEAD)


def test_a_page_shows_what_changes_by_itself(page: Page, lived: Life) -> None:
    go(page, lived, "queues")
    row = page.locator("tr", has=page.get_by_role("link", name="cache", exact=True))
    expect(row).not_to_contain_text("paused")
    lived.stack.do(lambda ledger: ledger.pause("cache", Operator("ada", "seen at once")))
    expect(row).to_contain_text("seen at once", timeout=15_000)
    lived.stack.do(lambda ledger: ledger.resume("cache", Operator("ada")))
    expect(row).not_to_contain_text("paused", timeout=15_000)


def test_a_page_does_not_change_under_whoever_is_about_to_act(page: Page, lived: Life) -> None:
    go(page, lived, "queues")
    row = page.locator("tr", has=page.get_by_role("link", name="geometry", exact=True))
    row.locator("summary").click()
    row.get_by_label("Reason").fill("half a thou")
    lived.stack.do(lambda ledger: ledger.pause("cache", Operator("ada", "behind the form")))
    page.wait_for_timeout(4_500)  # longer than the page waits between looks
    expect(row.get_by_label("Reason")).to_have_value("half a thou")
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Queues").click()  # leaves the table
    expect(page.locator("body")).to_contain_text("behind the form", timeout=15_000)
    lived.stack.do(lambda ledger: ledger.resume("cache", Operator("ada")))


def test_a_refused_act_says_why_on_its_page(page: Page, lived: Life) -> None:
    go(page, lived, "queues")
    form = page.locator("form[action='/console/limits']")
    form.get_by_label("Burst").fill("3")
    form.get_by_role("button", name="Set limit").click()
    expect(page.get_by_role("status")).to_have_text("burst: needs a rate")


def test_plans_are_drawn_in_the_page(page: Page, lived: Life) -> None:
    go(page, lived, "building")
    plans = page.locator(".plans img")
    expect(plans).to_have_count(3)
    for plan in plans.all():
        plan.scroll_into_view_if_needed()
        wait_until(lambda plan=plan: plan.evaluate("img => img.complete && img.naturalWidth > 0"), "a plan", 15)  # type: ignore[misc]


def test_everything_can_be_read_and_done_without_scripts(lived: Life, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = signed_in(context, lived.api)
    for name in PAGES:
        go(page, lived, name)
        expect(page.locator("h1")).to_be_visible()
    go(page, lived, "schedules")
    page.get_by_role("button", name="Run now ledger-prune").click()
    expect(page.get_by_role("status")).to_contain_text("of ledger-prune is submitted")
    context.close()


def test_a_worker_is_drained_from_its_card(page: Page, lived: Life) -> None:
    [(worker, pid)] = lived.stack.sql("SELECT id, pid FROM workers WHERE pool = 'io'")
    go(page, lived, "workers")
    card = page.get_by_role("article", name=worker)
    card.locator("summary").click()
    card.get_by_label("Reason").fill("it leaks")
    card.get_by_role("button", name="Drain").click()
    expect(page.get_by_role("status")).to_contain_text("finishes what runs, and goes")
    expect(page.get_by_role("article", name=worker)).to_have_count(0, timeout=30_000)
    gone = "SELECT count(*) FROM workers WHERE pid = %s"
    assert lived.stack.sql(gone, pid) == [(0,)]
    source = "SELECT actor, reason, source FROM operator_actions WHERE action = 'drain_worker'"
    assert lived.stack.sql(source) == [("grace", "it leaks", "console@127.0.0.1")]
