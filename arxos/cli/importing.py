"""Bringing a model file in from the command line, and watching its jobs to their end."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from arxos.app.bootstrap import Runtime
from arxos.app.memory_limits import default_job_memory_mb
from arxos.cli.operator import submitter
from arxos.domain.buildings.address import Address
from arxos.domain.buildings.building import Building
from arxos.domain.buildings.receive_model import Received, checked_name, receive_model
from arxos.domain.buildings.status import BuildingStatus
from arxos.domain.errors import InvalidError, ModelRefusedError, UnavailableError
from arxos.domain.events import Sender
from arxos.domain.jobs.job import FINAL, Job
from arxos.domain.jobs.ledger import JobFilter
from arxos.domain.ports import ModelReaders
from arxos.formats.ifc.isolated_call import CallLimits, CutShortError, isolated_call

CHUNK = 1 << 20
WARM = "building.warm_cache"
READING_S = 900.0


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file says of its building."""

    name: str
    address: str | None


def stated_in(readers: ModelReaders, path: Path) -> Stated:
    """The building's name (else the project's, else the file's stem) and address. Raises ModelRefusedError."""
    tuple(readers)  # imports the formats before the child is forked
    limits = CallLimits(READING_S, default_job_memory_mb(slots=1))
    try:
        return isolated_call(lambda: _stated(readers, path), limits)
    except CutShortError as cut:
        raise ModelRefusedError(f"{path.name}: cannot be read here: {cut}") from cut


def _stated(readers: ModelReaders, path: Path) -> Stated:
    model = readers.reader_for(path, path.name).open(path, checked=False).outline()
    names = (name.strip() for name in (model.building_name, model.project_name) if name)
    return Stated(next(filter(None, names), path.stem), model.address)


def stated_or_stem(readers: ModelReaders, path: Path) -> Stated:
    """As `stated_in`; of a file that cannot be read only its name is known, and its jobs will say why."""
    try:
        return stated_in(readers, path)
    except ModelRefusedError:
        return Stated(path.stem, None)


def add_building(runtime: Runtime, name: str, address: str, status: BuildingStatus = BuildingStatus.DRAFT) -> Building:
    """Store a new building. Raises InvalidBuildingError."""
    building = Building.create(uuid4(), name, Address.parse(address), status)
    with runtime.ports.unit_of_work() as uow:
        uow.buildings.add(building)
        for event in building.take_events():
            uow.emit(event)
        uow.commit()
    return building


def check_file(runtime: Runtime, path: Path) -> None:
    """Refuse what can never be received, before a building is made for it. Raises InvalidError."""
    checked_name(runtime.ports.readers, path.name)
    try:
        if path.stat().st_size == 0:
            raise InvalidError(f"{path.name}: the file is empty")
    except OSError as error:
        raise InvalidError(f"{path}: {error.strerror}") from error


def receive_file(runtime: Runtime, building_id: UUID, path: Path, named: str | None) -> Received:
    """Stream the file in as the building's next model, in that name. Raises InvalidError, NotFoundError."""
    who = submitter(named)
    sender = Sender(who.name, principal=who.principal)
    limit = runtime.settings.model_limit_mb << 20
    with path.open("rb") as file:
        chunks: Iterator[bytes] = iter(lambda: file.read(CHUNK), b"")
        return receive_model(runtime.ports, building_id, chunks, filename=path.name, limit_bytes=limit, sender=sender)


def jobs_of(runtime: Runtime, building_id: UUID, model_id: UUID) -> list[Job]:
    """The jobs that this model's arrival made, oldest first."""
    with runtime.ports.unit_of_work() as uow:
        jobs = uow.jobs.find(JobFilter(building_id=building_id), limit=1000).jobs
    own = [job.id for job in jobs if job.payload.get("model_id") == str(model_id)]
    if not own:
        return []
    first = min(own)  # ids are ordered by time: a later cache job is this model's
    return [job for job in reversed(jobs) if job.id in own or (job.kind == WARM and job.id > first)]


def watch(runtime: Runtime, jobs: list[Job], look: Callable[[list[Job]], None], every_s: float = 0.1) -> list[Job]:
    """Read the jobs again and again until all are final, however long that takes; `look` sees each reading."""
    while True:
        look(jobs)
        if all(job.state in FINAL for job in jobs):
            return jobs
        time.sleep(every_s)
        jobs = _again(runtime, jobs)


def _again(runtime: Runtime, jobs: list[Job]) -> list[Job]:
    try:
        with runtime.ports.unit_of_work() as uow:
            return [uow.jobs.get(job.id) for job in jobs]
    except UnavailableError:  # an outage of the database is waited out
        return jobs
