"""Whatever a GET answers with is bounded: by `limit`, or by what operators, models and rules can make of it."""

from collections.abc import Mapping
from typing import Any

from tests import api_reference

LARGEST = 5_000
# Lists without a `limit`, and what bounds them.
BOUNDED = {
    "/api/buildings/{building_id}/summary": "floors of an index: MOST_FLOORS",
    "/api/buildings/{building_id}/floors": "floors of an index: MOST_FLOORS",
    "/api/buildings/{building_id}/health": "parts of a building's health, and the newest changes",
    "/api/jobs/{job_id}": "attempts by the policy, acts by operators",
    "/api/kinds": "the code",
    "/api/schedules": "administrators",
    "/api/queues": "the code",
    "/api/limits": "administrators",
    "/api/shares": "administrators",
    "/api/workers": "the machines",
    "/api/reports/slo": "the code",
    "/api/reports/jobs": "1,000 buckets, kinds and outcomes",
    "/api/reports/buildings": "400 days",
    "/api/webhooks/{webhook_id}/deliveries": "SCANNED jobs",
}


def lists() -> dict[str, int | None]:
    """Every GET whose answer holds a list: its path and the most that `limit` may ask for."""
    described = api_reference.described()
    found = {}
    for path, operations in described["paths"].items():
        operation = operations.get("get")
        if operation and _has_list(described, operation):
            limits = [one["schema"] for one in operation.get("parameters", []) if one["name"] == "limit"]
            found[path] = limits[0].get("maximum") if limits else None
    return found


def _has_list(described: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    fields = [schema, *schema.get("properties", {}).values()]
    return any(field.get("type") == "array" for field in fields)


def test_every_list_is_bounded() -> None:
    found = lists()
    assert len(found) > 20
    unlimited = {path for path, most in found.items() if most is None}
    assert unlimited == set(BOUNDED) & set(found)
    assert all(most <= LARGEST for most in found.values() if most is not None)
