"""Receive a source file for a building: its bytes into the blob store, its record into the building's history."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from uuid import UUID

from arxos.domain.buildings.repository import ModelRecord, NewModel
from arxos.domain.errors import InvalidError
from arxos.domain.events import ModelReceived, Sender
from arxos.domain.ports import ModelReaders, Ports, StoredBlob

NAME_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an upload. `is_new`: no such bytes were the building's newest model before, so jobs were made."""

    model_id: UUID
    sha256: str
    size_bytes: int
    revision: int
    is_new: bool


def receive_model(
    ports: Ports,
    building_id: UUID,
    chunks: Iterable[bytes],
    *,
    filename: str,
    limit_bytes: int,
    sender: Sender = Sender(),  # noqa: B008 - a value
) -> Received:
    """Store the stream and record it as the building's next revision; its jobs follow in the same transaction.

    The bytes of the newest revision again are that revision: nothing is recorded, no job is made.
    Raises InvalidError naming the file name, for zero bytes and beyond `limit_bytes`; NotFoundError for the building.
    """
    name, announced = checked_name(ports.readers, filename)
    with ports.unit_of_work() as uow:
        uow.buildings.get(building_id)  # before, not after, a gigabyte has been taken in
    blob = ports.blobs.put(chunks, limit_bytes=limit_bytes)
    new = NewModel(building_id, blob.sha256, blob.size_bytes, name, announced, sender.subject)
    with ports.unit_of_work() as uow:
        record = uow.buildings.add_model(new)
        if record.is_new:
            uow.emit(ModelReceived(building_id, record.id, sender))
        uow.commit()
    return _received(record, blob)


def _received(record: ModelRecord, blob: StoredBlob) -> Received:
    return Received(record.id, blob.sha256, blob.size_bytes, record.revision, record.is_new)


def checked_name(readers: ModelReaders, filename: str) -> tuple[str, str]:
    """(the name without any folders, the format that its suffix announces). Raises InvalidError."""
    name = PurePath(filename.replace("\\", "/")).name.strip()
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise InvalidError(f"file name: expected 1 to {NAME_LIMIT} printable characters, got {filename[:40]!r}")
    for reader in readers:
        if name.lower().endswith(reader.suffixes):
            return name, reader.name
    known = ", ".join(suffix for reader in readers for suffix in reader.suffixes)
    raise InvalidError(f"file name: {name[:80]!r} has none of the suffixes {known}")
