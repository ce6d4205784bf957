"""What can be asked for: the job kinds and their contracts."""

from fastapi import APIRouter

from arxos.api.access import Reader
from arxos.api.schemas.kinds import KindList, KindView
from arxos.api.working import Served

router = APIRouter(prefix="/api/kinds", tags=["jobs"])


@router.get("", summary="The job kinds and their contracts")
async def kinds(runtime: Served, _: Reader) -> KindList:
    """Every kind by name, with the JSON Schema that its payloads are held against."""
    return KindList(items=[KindView.of(kind) for kind in runtime.kinds.values()])
