"""Messages as the relay sends them, forgeries, rubbish, and what became of them."""

import base64
import json
import pickle
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

from arxos.workers.admission import LARGEST_BYTES
from tests.faults.system import QUEUE_OF, System
from tests.running import wait_until

WORKERS = pytest.mark.parametrize("worker", sorted(QUEUE_OF))
SLOWER_WITH_IO = pytest.mark.parametrize(
    "worker", ["worker-cpu", pytest.param("worker-io", marks=pytest.mark.faults_slow)]
)


def published(system: System, broker: Any, queue: str = "maintenance") -> list[bytes]:
    """The relay's messages for all jobs that were submitted, while nobody consumes them."""
    wait_until(lambda: system.sql("SELECT count(*) FROM jobs WHERE published_at IS NULL") == [(0,)], "published", 20)
    wait_until(lambda: broker.llen(queue) > 0, "and sent", 5)
    messages: list[bytes] = broker.lrange(queue, 0, -1)
    return messages


def quiet(broker: Any, queue: str) -> bool:
    """Nothing waits, and nothing is taken and not confirmed."""
    return (broker.llen(queue), broker.hlen("unacked")) == (0, 0)


def quarantined(system: Any) -> int:
    return int(system.sql("SELECT count(*) FROM quarantine")[0][0])


def once(system: System, ids: list[UUID]) -> bool:
    """Whether each had one attempt and no other."""
    return bool(system.sql("SELECT DISTINCT attempt, lost FROM jobs WHERE id = ANY(%s)", ids) == [(1, 0)])


def like_the_relays(*ids: UUID, **fields: Any) -> bytes:
    """A message as the relay makes it, from somebody else; `fields` replace those of the envelope or its headers."""
    body = [[[str(job_id) for job_id in ids or (uuid4(),)]], {}, {}]
    envelope = {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"task": "probe.effect", "id": str(uuid4()), "lang": "py"},
        "properties": {
            "body_encoding": "base64",
            "delivery_info": {"exchange": "", "routing_key": "maintenance"},
            "delivery_tag": str(uuid4()),
        },
    }
    own = {name: fields.pop(name) for name in list(fields) if name in envelope}
    return json.dumps({**envelope, "headers": {**envelope["headers"], **fields}, **own}).encode()  # type: ignore[dict-item]


def forged(message: bytes, headers: Mapping[str, Any], embed: Any = None) -> bytes:
    """A message of the relay's with other headers, and other callbacks."""
    envelope = json.loads(message)
    arguments, kwargs, own = json.loads(base64.b64decode(envelope["body"]))
    body = json.dumps([arguments, kwargs, embed or own]).encode()
    return json.dumps(
        {**envelope, "headers": {**envelope["headers"], **headers}, "body": base64.b64encode(body).decode()}
    ).encode()


def with_body(body: object) -> bytes:
    return like_the_relays(body=base64.b64encode(json.dumps(body).encode()).decode())


NOT_IDS = "its arguments are no list of job ids"
NO_ENVELOPE = "no envelope of a message"
UNDECODABLE = "its body cannot be decoded"
# Sort of rubbish → (what lies in the queue, why it is refused)
SORTS: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "no JSON": (lambda: b"secret\xff\x00", "no JSON"),
    "empty": (lambda: b"", "no JSON"),
    "half a message": (lambda: like_the_relays()[:-9], "no JSON"),
    "a huge number": (lambda: b"9" * 100_000, "no JSON"),
    "deep": (lambda: b"[" * 500_000, "nested too deeply"),
    "no envelope": (lambda: b'{"secret": 1}', NO_ENVELOPE),
    "a list": (lambda: b"[1, 2]", NO_ENVELOPE),
    "null": (lambda: b"null", NO_ENVELOPE),
    "no headers": (lambda: like_the_relays(headers=None), NO_ENVELOPE),
    "no properties": (lambda: like_the_relays(properties=7), NO_ENVELOPE),
    "first protocol": (lambda: like_the_relays(headers={}), "names no task"),
    "a name that is none": (lambda: like_the_relays(task="secret \ud800"), "names no task"),
    "a name that is a list": (lambda: like_the_relays(task=["secret"]), "names no task"),
    "pickle": (
        lambda: like_the_relays(
            body=base64.b64encode(pickle.dumps("secret")).decode(), **{"content-type": "application/x-python-serialize"}
        ),
        "its content type is application/x-python-serialize, not application/json",
    ),
    "yaml": (
        lambda: like_the_relays(**{"content-type": "application/x-yaml"}),
        "its content type is application/x-yaml, not application/json",
    ),
    "no content type": (
        lambda: like_the_relays(**{"content-type": None}),
        "its content type is unreadable, not application/json",
    ),
    "no base64": (lambda: like_the_relays(body="secret%"), UNDECODABLE),
    "no body": (lambda: like_the_relays(body=None), UNDECODABLE),
    "a body of garbage": (lambda: like_the_relays(body=base64.b64encode(b"secret\xff").decode()), UNDECODABLE),
    "a deep body": (
        lambda: like_the_relays(body=base64.b64encode(b"[" * 300_000).decode()),
        "its body is nested too deeply",
    ),
    "an id that is no UUID": (lambda: like_the_relays(id="no-uuid"), "its id is no UUID"),
    "no ids": (lambda: with_body([[[]], {}, {}]), NOT_IDS),
    "no arguments": (lambda: with_body([[], {}, {}]), NOT_IDS),
    "ids that are none": (lambda: with_body([[["secret"]], {}, {}]), NOT_IDS),
    "ids and others": (lambda: with_body([[[str(uuid4()), 7]], {}, {}]), NOT_IDS),
    "a text": (lambda: with_body([[str(uuid4())], {}, {}]), NOT_IDS),
    "more arguments": (lambda: with_body([[[str(uuid4())], "secret"], {}, {}]), NOT_IDS),
    "named arguments": (lambda: with_body([[[str(uuid4())]], {"kind": "secret"}, {}]), NOT_IDS),
    "too many ids": (lambda: with_body([[[str(uuid4())] * 2_000], {}, {}]), NOT_IDS),
    "large": (lambda: b" " * (LARGEST_BYTES + 1), f"larger than {LARGEST_BYTES} bytes"),
}
RUBBISH = {sort: make for sort, (make, _) in SORTS.items()}
REASONS = {why: 3 * count for why, count in Counter(why for _, why in SORTS.values()).items()}
