"""Which permission a route needs, read from its dependencies: so it can be checked before a body is read."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute

from arxos.domain.access import Permission

if TYPE_CHECKING:
    import re


def permission_of(dependant: Any) -> Permission | None:
    """Of the dependency that checks it, wherever that lies; None where none does."""
    name = getattr(dependant.call, "__name__", "")
    if name.startswith("may_"):
        return Permission[name.removeprefix("may_").upper()]
    return next(filter(None, map(permission_of, dependant.dependencies)), None)


class RouteRights:
    """Of all routes of an application."""

    def __init__(self, routes: Iterable[APIRoute]) -> None:
        self._fixed: dict[tuple[str, str], Permission] = {}
        self._others: list[tuple[frozenset[str], re.Pattern[str], Permission]] = []
        for route in routes:
            if (permission := permission_of(route.dependant)) is not None:
                self._add(route, permission)

    def needed(self, method: str, path: str) -> Permission | None:
        """For this request; None where no route says, or there is none."""
        if (known := self._fixed.get((method, path))) is not None:
            return known
        fits = (one for methods, pattern, one in self._others if method in methods and pattern.match(path))
        return next(fits, None)

    def _add(self, route: APIRoute, permission: Permission) -> None:
        methods = frozenset(route.methods or ())
        if route.param_convertors:
            self._others.append((methods, route.path_regex, permission))
        else:
            self._fixed |= {(method, route.path): permission for method in methods}
