"""What becomes a job of what a plain Celery producer sends, and what does not."""

import base64
import importlib.util
import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from hypothesis import given
from hypothesis import strategies as st

from arxos.domain.jobs.signatures import parse_keys, signature
from arxos.tasks.registry import all_kinds
from arxos.workers.ingress_message import NotOursError, Rules, Wanted, read
from tests.moments import REFUSED

KINDS = all_kinds(probes=True)
SECRET = "s" * 32
KEYS = parse_keys(f"shop:{SECRET},desk:{'t' * 40}")
CLIENT = Path(__file__).resolve().parents[2] / "clients" / "celery" / "arxos_celery" / "__init__.py"


def client() -> Any:
    """The package of the producers', which depends on nothing of ours."""
    spec = importlib.util.spec_from_file_location("arxos_celery", CLIENT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sign: Callable[..., dict[str, Any]] = client().sign


def message(**changes: Any) -> dict[str, Any]:
    """As it is written by hand."""
    whole: dict[str, Any] = {
        "body": [[], {"times": 1}, {}],
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": "probe.fail", "id": str(uuid4())},
        "properties": {},
    }
    return whole | changes


def taken(whole: Any, keys: dict[str, bytes] | None = None) -> Wanted:
    raw = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
    return read(raw, Rules(KINDS, keys or {}, ["*"]), time.time())


def refusal(whole: Any, keys: dict[str, bytes] | None = None) -> str:
    with pytest.raises(NotOursError) as refused:
        taken(whole, keys)
    return str(refused.value)


def test_a_message_written_by_hand_becomes_the_job_of_its_id() -> None:
    whole = message()
    job = taken(whole).job
    assert (job.kind, str(job.id), job.idempotency_key) == ("probe.fail", whole["headers"]["id"], str(job.id))
    assert (job.payload["times"], job.submitted_by) == (1, "ingress")


@pytest.mark.parametrize("as_text", [True, False])
def test_what_celery_itself_writes_is_understood(as_text: bool) -> None:
    app = Celery("shop", set_as_current=False)
    job_id = str(uuid4())
    built = app.amqp.as_task_v2(job_id, "probe.fail", kwargs={"times": 2}, countdown=60, expires=120)
    text = json.dumps(built.body)
    body = text if as_text else base64.b64encode(text.encode()).decode()
    properties = {} if as_text else {"body_encoding": "base64"}
    job = taken(message(body=body, headers=built.headers, properties=properties)).job
    assert (str(job.id), job.payload["times"]) == (job_id, 2)
    assert job.run_at is not None
    assert job.deadline is not None
    assert 50 < (job.run_at.timestamp() - time.time()) < 70 < (job.deadline.timestamp() - time.time()) < 130


@pytest.mark.parametrize(
    ("whole", "says"),
    [
        (b"", "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b"[]", "it is no envelope"),
        (b'{"headers": []}', "it is no envelope"),
        (message(**{"content-type": "application/x-python-serialize"}), "application/x-python-serialize, not"),
        (message(headers={"id": str(uuid4())}), "it names no task"),
        (message(headers={"task": "probe.noop", "id": "7"}), "its id is no UUID"),
        (message(headers={"task": "report.render", "id": str(uuid4())}), "no job kind 'report.render'"),
        (message(body=[[], {"times": "x"}, {}]), "payload of probe.fail: times"),
        (message(body=[[1], {}, {}]), "positional arguments"),
        (message(body=[[], {}, {"chain": ["x"]}]), "chains, chords and callbacks"),
        (message(body="{"), "its body is no JSON"),
        (message(body="%%", properties={"body_encoding": "base64"}), "its body cannot be decoded"),
        (message(body={"a": 1}), "is not [args, kwargs, embed]"),
        (message(headers={"task": "probe.noop", "id": str(uuid4()), "eta": "soon"}, body=[[], {}, {}]), "run_at"),
        (message(headers={"task": "probe.noop", "id": str(uuid4()), "eta": 7}, body=[[], {}, {}]), "is no time"),
    ],
)
def test_what_becomes_no_job_says_why(whole: Any, says: str) -> None:
    assert says in refusal(whole)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: (
            st.lists(one)
            | st.dictionaries(
                st.sampled_from(["headers", "body", "properties", "task", "id", "content-type"]) | st.text(), one
            )
        ),
        max_leaves=20,
    )
)
def test_whatever_comes_nothing_but_a_refusal_is_raised(whole: Any) -> None:
    with suppress(NotOursError):
        taken(whole)


def signed(**changes: Any) -> dict[str, Any]:
    job_id = str(uuid4())
    headers = sign("shop", SECRET, job_id, "probe.fail", {"times": 1})
    return message(headers={"task": "probe.fail", "id": job_id, **headers}, **changes)


def test_a_signed_message_is_taken_in_its_signers_name() -> None:
    wanted = taken(signed(), KEYS)
    assert wanted.job.submitted_by == "ingress:shop"
    assert wanted.signed is not None
    assert wanted.signed.key_id == "shop"


def test_an_unsigned_one_is_refused_where_keys_are_set() -> None:
    assert refusal(message(), KEYS) == "it is not signed"


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["headers"].update(task="probe.noop"),
        lambda m: m["headers"].update(id=str(uuid4())),
        lambda m: m.update(body=[[], {"times": 2}, {}]),
        lambda m: m["headers"].update(eta="2030-01-01T00:00:00"),
        lambda m: m["headers"].update(expires="2030-01-01T00:00:00"),
        lambda m: m["headers"]["arxos"].update(exp=m["headers"]["arxos"]["exp"] + 1),
        lambda m: m["headers"]["arxos"].update(iat=m["headers"]["arxos"]["iat"] - 1),
        lambda m: m["headers"]["arxos"].update(nonce="n" * 20),
        lambda m: m["headers"]["arxos"].update(key_id="desk"),
        lambda m: m["headers"]["arxos"].update(sig="0" * 64),
        lambda m: m["headers"]["arxos"].update(sig=7),
    ],
)
def test_whatever_is_changed_the_signature_no_longer_fits(change: Callable[[dict[str, Any]], None]) -> None:
    whole = signed()
    change(whole)
    assert refusal(whole, KEYS) == "its signature does not fit"


@pytest.mark.parametrize(
    ("times", "says"),
    [((-600, -300), "has expired"), ((600, 900), "from the future"), ((0, 100_000), "good for longer than")],
)
def test_a_signature_has_its_time(times: tuple[int, int], says: str) -> None:
    now = int(time.time())
    whole = signed()
    known = whole["headers"]["arxos"]
    known |= {"iat": now + times[0], "exp": now + times[1]}
    facts = {"id": whole["headers"]["id"], "kind": "probe.fail", "payload": {"times": 1}, "eta": None, "expires": None}
    known["sig"] = signature(KEYS["shop"], {**facts, **{name: known[name] for name in known if name != "sig"}})
    assert says in refusal(whole, KEYS)


@pytest.mark.parametrize(
    "envelope", [None, 7, [], {}, {"v": 1}, {"v": 1, "key_id": [], "iat": 1, "exp": 2, "nonce": "", "sig": ""}]
)
def test_what_is_no_signature_is_none(envelope: Any) -> None:
    whole = message()
    whole["headers"]["arxos"] = envelope
    assert refusal(whole, KEYS) in {"it is not signed", "nobody knows the key of its signature"}


@pytest.mark.parametrize("listed", ["shop", "shop:short", ":" + "s" * 40, f"a:{'s' * 40},b:x"])
def test_wrong_keys_are_refused_and_not_repeated(listed: str) -> None:
    with pytest.raises(ValueError, match=r"^key \d: needs name:secret") as refused:
        parse_keys(listed)
    assert "short" not in str(refused.value)
    assert "ssss" not in str(refused.value)


HALF = "\ud800"  # of a surrogate pair: JSON can say it, no encoding can
STRANGE = {
    "a body that is no Unicode": {"body": HALF},
    "a payload that is no Unicode": {"body": [[], {"times": HALF}, {}]},
    "a name that is no Unicode": {"body": [[], {HALF: 1}, {}]},
    "a payload that is no number": {"body": [[], {"times": float("nan")}, {}]},
    "a deep payload": {"body": json.loads("[[], " + '{"a":' * 500 + "1" + "}" * 500 + ", {}]")},
    "a task that is no Unicode": {"headers": {"task": HALF, "id": str(uuid4())}},
}


@pytest.mark.parametrize("keys", [{}, KEYS], ids=["unsigned", "signed"])
@pytest.mark.parametrize("changes", STRANGE.values(), ids=STRANGE)
def test_what_no_text_can_hold_is_refused(changes: dict[str, Any], keys: dict[str, bytes]) -> None:
    signature_of_nothing = {"v": 1, "key_id": "shop", "iat": 0, "exp": 1, "nonce": "n" * 16, "sig": HALF}
    whole = message(**changes)
    whole["headers"] |= {"arxos": signature_of_nothing}
    assert refusal(whole, keys)


@pytest.mark.parametrize("field", ["iat", "exp"])
@pytest.mark.parametrize(
    "value", [10**400, -(10**400), -1, 1e308, float("nan"), True, None, "1", 32_535_216_000], ids=lambda v: f"{v!r:.12}"
)
def test_times_of_signatures_lie_in_the_calendar(field: str, value: Any) -> None:
    whole = message()
    now = int(time.time())
    told = {"v": 1, "key_id": "shop", "iat": now, "exp": now + 60, "nonce": "n" * 16} | {field: value}
    facts = {"id": whole["headers"]["id"], "kind": "probe.fail", "payload": {"times": 1}, "eta": None, "expires": None}
    whole["headers"]["arxos"] = told | {"sig": signature(SECRET.encode(), {**facts, **told})}
    assert "signature has no times" in refusal(whole, KEYS)


@pytest.mark.parametrize("field", ["eta", "expires"])
@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_eta_and_expires_lie_in_the_calendar(field: str, text: str) -> None:
    whole = message()
    whole["headers"][field] = text
    if text == "2026-11-25T08:00:00":  # Celery writes times of UTC so
        taken(whole)
    else:
        assert {"eta": "run_at", "expires": "deadline"}[field] in refusal(whole)
