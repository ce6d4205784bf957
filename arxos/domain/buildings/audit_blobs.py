"""Audit the blob store: are every model's bytes there, and the ones they are named after? Who names the rest?"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from arxos.domain.audits.findings import AuditFinding, Place, Repair
from arxos.domain.audits.run_audit import Examined
from arxos.domain.buildings.collect_blobs import batches
from arxos.domain.buildings.repository import ModelRecord
from arxos.domain.errors import NotFoundError
from arxos.domain.ports import HeldBlob, Ports

MODELS = 20  # whose bytes are read before the place is noted: an interrupted audit reads so many again
CHUNK = 1 << 20
COLLECT = Repair("blobs.collect", {})
FIRST = UUID(int=0)


class BlobDamage(StrEnum):
    """The sorts of damage to the store."""

    MISSING = "blob_missing"
    ALTERED = "blob_altered"
    WRONG_SIZE = "blob_wrong_size"
    ORPHAN = "blob_orphan"


@dataclass(frozen=True, slots=True)
class BlobAudit:
    """Reads every byte once, a mebibyte at a time."""

    ports: Ports

    def examine(self, place: Place | None) -> Iterator[Examined]:
        """Models first, then what the store holds, each from the place on."""
        phase, after = (str(place["phase"]), str(place["after"])) if place else ("models", str(FIRST))
        if phase == "models":
            yield from self._models(UUID(after))
        yield from self._held(after if phase == "held" else "")

    def _models(self, after: UUID) -> Iterator[Examined]:
        while True:
            with self.ports.unit_of_work() as uow:
                models = uow.buildings.all_models(after=after, limit=MODELS)
            if not models:
                return
            after = models[-1].id
            yield Examined(len(models), list(self._damaged(models)), {"phase": "models", "after": str(after)})

    def _damaged(self, models: Iterable[ModelRecord]) -> Iterator[AuditFinding]:
        for model in models:
            try:
                with self.ports.blobs.local_copy(model.sha256) as path:
                    yield from _compared(model, path)
            except NotFoundError:
                words = f"its bytes {model.sha256} are not in the store: {model.filename} has to be handed in again"
                yield AuditFinding(BlobDamage.MISSING, f"model {model.id}", words)

    def _held(self, after: str) -> Iterator[Examined]:
        for batch in batches(self.ports.blobs.walk(after)):
            last = batch[-1].sha256
            found = list(self._orphans(batch))
            yield Examined(len(batch), found, {"phase": "held", "after": last}, 0.5 + int(last[:4], 16) / 0x20000)

    def _orphans(self, batch: list[HeldBlob]) -> Iterator[AuditFinding]:
        with self.ports.unit_of_work() as uow:
            named = uow.buildings.named_blobs([blob.sha256 for blob in batch])
        for blob in batch:
            if blob.sha256 not in named:
                words = f"{blob.size_bytes} bytes that no model names, handed in {blob.age_s / 3600:.1f} h ago"
                yield AuditFinding(BlobDamage.ORPHAN, f"blob {blob.sha256}", words, COLLECT)


def _compared(model: ModelRecord, path: Path) -> Iterator[AuditFinding]:
    """A person must look: what the right bytes were nobody here knows."""
    digest, size = _read(path)
    if size != model.size_bytes:
        words = f"its bytes are {size} in the store, and were {model.size_bytes} when they were handed in"
        yield AuditFinding(BlobDamage.WRONG_SIZE, f"model {model.id}", words)
    elif digest != model.sha256:
        words = f"its bytes are not the ones that were handed in: they hash to {digest}, not {model.sha256}"
        yield AuditFinding(BlobDamage.ALTERED, f"model {model.id}", words)


def _read(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
