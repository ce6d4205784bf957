"""Serves the console's own files."""

from fastapi import Response

from arxos.api.console.files import TYPES, address, content
from arxos.api.console.routing import console_router
from arxos.api.problems import Refusal

FOR_EVER = "public, max-age=31536000, immutable"

router = console_router("/static")


@router.get("/{digest}/{name}")
async def asset(digest: str, name: str) -> Response:
    """Anybody may have these: the sign-in page needs them."""
    if name not in TYPES or address(name) != f"/console/static/{digest}/{name}":
        raise Refusal(404, f"no file {name!r:.60}")
    return Response(content(name), media_type=TYPES[name], headers={"Cache-Control": FOR_EVER})
