"""Every call of the HTTP interface, and which permission it needs: read from the application's own routes."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI

from arxos.api.all_routes import all_routes
from arxos.api.route_rights import permission_of
from arxos.domain.access import Permission

SOMETHING = {
    "job_id": "00000000-0000-4000-8000-000000000001",
    "building_id": "00000000-0000-4000-8000-000000000002",
    "floor_id": "00000000-0000-4000-8000-000000000003",
    "act_id": "00000000-0000-4000-8000-000000000004",
    "webhook_id": "00000000-0000-4000-8000-000000000005",
    "audit_id": "00000000-0000-4000-8000-000000000006",
    "scope": "kind",
}


@dataclass(frozen=True, slots=True)
class Call:
    """`template`: as it is documented; `path`: with names that lead to nothing."""

    method: str
    template: str
    path: str
    summary: str
    permission: Permission | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


def calls_of(app: FastAPI) -> list[Call]:
    """Those of the interface; the console's pages are none."""
    return sorted(_calls(app), key=lambda call: (call.template, call.method))


def _calls(app: FastAPI) -> Iterator[Call]:
    for route in all_routes(app.routes):
        if route.include_in_schema:
            names = {name: SOMETHING.get(name, "nothing-of-ours") for name in route.param_convertors}
            path = route.path_format.format(**names)
            for method in sorted(route.methods or ()):
                yield Call(method, route.path_format, path, route.summary or "", permission_of(route.dependant))
