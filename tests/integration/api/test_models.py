"""Models over HTTP: files that come in, whole or not at all."""

import hashlib
import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid4

import pytest

from tests.http import Api, problem_of, running_api
from tests.running import wait_until

ROOT = Path(__file__).resolve().parents[3]
OFFICE = ROOT / "examples" / "office.ifc"
KINDS = ["building.validate", "building.index_geometry", "building.warm_cache"]


@pytest.fixture
def path(api: Api) -> str:
    """A building's address."""
    body = {"name": "Hall", "address": "1 High St, Bath"}
    return f"/api/buildings/{api.editor.post('/api/buildings', json=body).json()['id']}"


def hand_in(api: Api, path: str, content: Any, filename: str = "tower.ifc", **headers: str) -> Any:
    return api.editor.put(f"{path}/model", params={"filename": filename}, content=content, headers=headers)


def blobs(api: Api) -> Path:
    return Path(unquote(urlsplit(api.world.variables["ARXOS_BLOB_URL"]).path))


def incoming(api: Api) -> list[Path]:
    """Files that are not whole (yet)."""
    return list((blobs(api) / "incoming").glob("*"))


def unique() -> bytes:
    return b"ISO-10303-21;" + uuid4().bytes


def test_a_model_comes_in_and_its_jobs_know_by_which_request(api: Api, path: str) -> None:
    content = OFFICE.read_bytes()
    hook = api.editor.post("/api/webhooks", json={"url": "https://shop.example/"}).json()["id"]
    answer = api.editor.put(
        f"{path}/model",
        params={"webhook_id": hook},
        content=content,
        headers={"Content-Disposition": 'attachment; filename="office.ifc"', "X-Request-ID": "order-17"},
    )

    assert answer.status_code == 202, answer.text
    received, digest = answer.json(), hashlib.sha256(content).hexdigest()
    assert (received["sha256"], received["revision"], received["is_new"]) == (digest, 1, True)
    assert [job["kind"] for job in received["jobs"]] == KINDS
    assert (blobs(api) / digest[:2] / digest[2:4] / digest).read_bytes() == content
    for one in received["jobs"]:
        job = api.world.get(UUID(one["id"]))
        assert (job.request_id, str(job.webhook_id), job.submitted_by) == ("order-17", hook, "test-editor")
    [model] = api.viewer.get(f"{path}/models").json()["items"]
    assert (model["id"], model["filename"], model["indexed"]) == (received["model_id"], "office.ifc", False)


def test_the_same_file_again_is_the_same_model_with_its_jobs(api: Api, path: str) -> None:
    content = unique()
    first = hand_in(api, path, content).json()
    again = hand_in(api, path, content, "other.ifc")
    assert again.status_code == 202
    assert again.json() == {**first, "is_new": False}


def test_other_bytes_are_the_next_revision(api: Api, path: str) -> None:
    first, second = (hand_in(api, path, unique()).json() for _ in range(2))
    assert (first["revision"], second["revision"]) == (1, 2)
    page = api.viewer.get(f"{path}/models", params={"limit": 1})
    rest = api.viewer.get(page.links["next"]["url"]).json()
    assert [one["revision"] for one in (*page.json()["items"], *rest["items"])] == [2, 1]


@pytest.mark.parametrize(
    ("disposition", "kept"),
    [
        ('attachment; filename="../../etc/tower.ifc"', "tower.ifc"),
        ("attachment; filename=tower.ifc", "tower.ifc"),
        ("attachment; filename=\"plain.ifc\"; filename*=UTF-8''T%C3%BCrme%20%E2%82%AC.ifc", "Türme €.ifc"),
        ("attachment; filename*=iso-8859-1'en'T%FCrme.ifc", "Türme.ifc"),
        ('attachment; filename="T\u00fcrme.ifc"', "Türme.ifc"),
        ('attachment; filename="O\'Brien <b>.ifc"', "O'Brien <b>.ifc"),
        ('form-data; name="x"; FileName="a;b.ifc"', "a;b.ifc"),
    ],
)
def test_the_name_comes_from_content_disposition(api: Api, path: str, disposition: str, kept: str) -> None:
    headers = {b"content-disposition": disposition.encode()}
    answer = api.editor.put(f"{path}/model", content=unique(), headers=headers)
    assert answer.status_code == 202, answer.text
    assert api.viewer.get(f"{path}/models").json()["items"][0]["filename"] == kept


@pytest.mark.parametrize("filename", ["tower.dwg", "tower", "", "a\x01.ifc"])
def test_a_name_of_no_format_is_refused(api: Api, path: str, filename: str) -> None:
    problem_of(hand_in(api, path, b"x", filename), 422)


def test_an_empty_file_is_refused(api: Api, path: str) -> None:
    assert "empty" in problem_of(hand_in(api, path, b""), 422)["detail"]


@pytest.mark.parametrize("header", ["Content-Digest", "Repr-Digest"])
def test_a_file_that_is_not_what_its_digest_says_is_refused(api: Api, path: str, header: str) -> None:
    content = unique()
    digest = f"sha-512=:AAAA:, sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"

    refused = hand_in(api, path, content + b"!", **{header: digest})

    assert "SHA-256" in problem_of(refused, 422)["detail"]
    assert not (blobs(api) / stored_name(content + b"!")).exists()
    assert (hand_in(api, path, content, **{header: digest}).status_code, incoming(api)) == (202, [])
    problem_of(hand_in(api, path, content, **{header: "sha-256=:short:"}), 422)


def stored_name(content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()
    return f"{name[:2]}/{name[2:4]}/{name}"


@pytest.mark.parametrize(
    ("header", "value", "status"), [("Content-Encoding", "gzip", 415), ("Content-Range", "bytes 0-1/9", 400)]
)
def test_a_file_comes_whole_and_as_it_is(api: Api, path: str, header: str, value: str, status: int) -> None:
    problem_of(hand_in(api, path, b"x", **{header: value}), status)


def test_an_unknown_building_takes_no_file(api: Api) -> None:
    problem_of(hand_in(api, f"/api/buildings/{uuid4()}", b"x"), 404)


def test_a_sender_that_goes_away_leaves_nothing_behind(api: Api, path: str) -> None:
    with connected(api) as sender:
        begin(api, sender, path, 5_000_000)
        sender.sendall(b"x" * 2_000_000)
        wait_until(lambda: incoming(api), "a file that comes in")

    wait_until(lambda: not incoming(api), "nothing is left behind")
    assert api.viewer.get(f"{path}/models").json()["items"] == []


def connected(api: Api) -> socket.socket:
    url = urlsplit(api.url)
    return socket.create_connection((url.hostname, url.port), timeout=20)


def begin(api: Api, sender: socket.socket, path: str, length: int | None) -> None:
    """The head of an upload, by hand; length None: nobody says how much will come."""
    how = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    token = api.editor.headers["authorization"]
    head = f"PUT {path}/model?filename=a.ifc HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n{how}\r\n\r\n"
    sender.sendall(head.encode())


def answered(sender: socket.socket) -> tuple[int, Any]:
    """Status and problem of an answer that came before the request was whole."""
    with sender.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = dict(line.decode().lower().split(": ", 1) for line in iter(stream.readline, b"\r\n"))
        return status, json.loads(stream.read(int(headers["content-length"])))


def test_too_large_a_file_is_refused_before_it_comes(api: Api, path: str) -> None:
    with connected(api) as sender:
        begin(api, sender, path, (1024 << 20) + 1)
        status, problem = answered(sender)
    assert (status, problem["type"]) == (413, "urn:arxos:problem:too-large")


@pytest.fixture(scope="module")
def narrow(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Another door to the same system, which takes little."""
    limits = {"ARXOS_MODEL_LIMIT_MB": "1", "ARXOS_BACKLOG_LIMIT": "100"}
    with running_api({**api.world.variables, **limits}, tmp_path_factory.mktemp("narrow")) as narrow:
        yield narrow


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1])
def test_a_file_of_unknown_length_is_refused_where_it_becomes_too_large(narrow: Api, path: str, size: int) -> None:
    content = iter([b"x" * size])  # sent in chunks: nothing says how many bytes will come

    answer = hand_in(narrow, path, content)

    assert answer.status_code == (202 if size == 1 << 20 else 413), answer.text
    assert incoming(narrow) == []


def test_under_backpressure_no_file_is_taken_in(narrow: Api, path: str) -> None:
    narrow.world.insert(*(narrow.world.job("probe.noop", queue="geometry") for _ in range(100)))
    with connected(narrow) as sender:
        begin(narrow, sender, path, 1 << 20)
        status, problem = answered(sender)

    assert (status, problem["type"]) == (429, "urn:arxos:problem:too-many")
    assert "'geometry'" in problem["detail"]
    answer = hand_in(narrow, path, unique())
    assert int(answer.headers["retry-after"]) >= 1
    narrow.world.execute("UPDATE jobs SET state = 'cancelled' WHERE kind = 'probe.noop'")
    assert hand_in(narrow, path, unique()).status_code == 202
