"""`docs/api.md`: written from the OpenAPI document. `python -m tests.api_reference` writes it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from arxos.api.main import create_app
from arxos.api.problems import NAMES, TITLES, status_of
from tests.api_app import unconnected

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"
HEAD = """\
# HTTP

JSON in and out, under `/api`. The whole description, with every field, is `/api/openapi.json` (OpenAPI 3.1) of any
running interface; this page is made from it. How to get a token and what it opens: [access.md](access.md). A walk
through it: [producers.md](producers.md).

- **Refusals** are problem documents (RFC 9457, `application/problem+json`): `type` is stable, `detail` is one line that
  names the thing, `errors` names each field that is wrong, `request_id` is the answer's `X-Request-ID`, which is on the
  job and in the logs as well.
- **Lists** have `items` and `next_cursor`: give it as `?cursor=` for the next page. A page stays right while rows are
  added.
- **429 and 503** carry `Retry-After` (seconds). With an `Idempotency-Key` a submission may be repeated without a second
  thought: the same key with the same kind and payload is the same job ([access.md](access.md#idempotency-keys)).
- **Times** are RFC 3339 with a zone and lie in the years 1970 to 3000 (UTC); any other is 422 and names its field, in
  bodies, queries and cursors alike. Lengths are metres, areas m².
- **Payloads** are JSON objects, at most 32 deep, without NUL, half surrogate pairs, `NaN` or `Infinity`, integers of at
  most 1,000 digits; 422 names the place.
- **What this version cannot read** of a stored job (a newer version wrote it, or the row is damaged) is listed in the
  job's `unreadable`: `[{"field": "policy", "reason": "…"}]`, else null; in that field something of its type stands in,
  for a state `unreadable`, and `?state=unreadable` lists such jobs. Claimed by a worker of this version, a job whose
  payload or policy cannot be read becomes a dead letter (`UnreadableJobError`). Unknown parts of a policy are kept, and
  ignored.

| `type` | status | |
|---|---|---|
"""


def page(document: Mapping[str, Any]) -> str:
    """The page as Markdown."""
    types = [(status, *told) for status, told in TITLES.items()]
    types += [(status_of(error("")), *told) for error, told in NAMES.items()]
    problems = [f"| `urn:arxos:problem:{name}` | {status} | {title} |" for status, name, title in sorted(types)]
    return "\n".join([HEAD + "\n".join(problems), *_groups(document)]) + "\n"


def _groups(document: Mapping[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    for tag, calls in by_tag.items():
        yield f"\n## {tag.capitalize()}\n\n| call | does | answers |\n|---|---|---|"
        yield from (_row(*call) for call in calls)


def _row(method: str, path: str, operation: Mapping[str, Any]) -> str:
    names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    query = f" `?{'&'.join(names)}`" if names else ""
    answers = ", ".join(
        str(status) for status in operation["responses"] if status not in {"400", "422", "429", "431", "500", "503"}
    )
    return f"| `{method} {path}`{query} | {operation['summary']} | {answers} |"


def described() -> Mapping[str, Any]:
    """The OpenAPI document of this code."""
    return create_app(unconnected()).openapi()


if __name__ == "__main__":
    PAGE.write_text(page(described()))
