"""No path and no address of this server's is told."""

import pytest
from fastapi import Request

from arxos.api.disclosure import public, public_failure
from arxos.api.problems import FieldError, Refusal, answer_to
from arxos.domain.errors import ConflictError, InvalidError, NotFoundError, UnavailableError

SECRETS = {
    "blob folder": "blob store '/srv/arxos/.local/blobs': No space left on device",
    "open failed": "[Errno 2] No such file or directory: '/home/ada/models/a.ifc'",
    "traceback": '  File "/opt/arxos/.venv/lib/python3.11/site-packages/arxos/api/main.py", line 3, in serve',
    "database address": "cannot connect to postgresql://arxos:hunter2@db-7.example:5432/arxos",
    "broker address": "kombu: rediss://:hunter2@10.0.0.7:6379/0 refused",
    "path with a blank": "cannot read /mnt/my models/secret/a.ifc",
}
TELLING = ("/srv", "/home", "/opt", "/mnt", ".local", "site-packages", "hunter2", "db-7", "10.0.0.7")


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS.keys())
@pytest.mark.parametrize("kind", [UnavailableError, NotFoundError, InvalidError, ConflictError, ValueError, Refusal])
def test_no_problem_document_tells_of_the_server(text: str, kind: type[Exception]) -> None:
    error = Refusal(422, text, errors=[FieldError(field="a", message=text)]) if kind is Refusal else kind(text)
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "server": ("arxos", 80)}
    told = bytes(answer_to(Request(scope), error).body).decode()
    assert not [word for word in TELLING if word in told], told


@pytest.mark.parametrize(
    "text",
    [
        "no building 'b-17'",
        "needs `GET /api/jobs/{id}`, see /console/overview",
        "must start with https://example.org/a/b",
        "1/2 of it",
        "either/or",
        "payload.model_id: expected a UUID",
    ],
)
def test_what_is_no_path_of_the_server_stays(text: str) -> None:
    assert public(text) == text


def test_of_a_failure_is_told_what_failed_and_not_why() -> None:
    told = 'the database does not answer: connection to server at "db-7.example" (10.0.0.7), port 5432 failed'
    assert public_failure(told) == "the database does not answer"
