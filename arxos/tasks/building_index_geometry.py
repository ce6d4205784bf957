"""`building.index_geometry`: the spatial index of one uploaded model."""

from uuid import UUID

from arxos.domain.access import Permission
from arxos.domain.buildings.index_model import index_model
from arxos.domain.buildings.model_reader import Limits
from arxos.domain.buildings.repository import ModelRecord
from arxos.domain.buildings.spatial_index import ModelIndex
from arxos.domain.events import ModelIndexed
from arxos.domain.jobs.limits import Allowance
from arxos.domain.ports import UnitOfWork
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind

LIMITS = Limits()
READ, SHAPED = 0.05, 0.95  # shares of the work: until the file is read, until every shape is made
SLACK_S = 900.0  # for reading the file and for the union of outlines, beside the time for shapes


class IndexGeometry(Payload):
    """Which model."""

    model_id: UUID


class Indexed(Result):
    """The index in numbers; `states` counts elements and spaces by what became of their shapes."""

    floors: int
    spaces: int
    elements: int
    elements_with_geometry: int
    states: dict[str, int]


@job_kind(
    "building.index_geometry",
    queue="geometry",
    payload=IndexGeometry,
    submit=Permission.SUBMIT,
    allowed=Allowance(per="building"),  # two of one building would each swap in its own index
    soft_limit_s=LIMITS.model_s + SLACK_S,
    hard_limit_s=LIMITS.model_s + SLACK_S + 60,
)
def index_geometry(payload: IndexGeometry, attempt: Attempt) -> Done:
    """Index a model's geometry: footprints, heights, floors, spaces.

    The index becomes the building's when the attempt is settled, unless a newer revision's is there already.
    """
    with attempt.ports.unit_of_work() as uow:
        model = uow.buildings.model(payload.model_id)
    index = _index(model, attempt)

    def store(uow: UnitOfWork) -> None:
        if uow.buildings.replace_index(model.id, index):
            uow.emit(ModelIndexed(model.building_id, model.id))

    return Done(_result(index), store)


def _index(model: ModelRecord, attempt: Attempt) -> ModelIndex:
    def shaping(done: float, note: str) -> None:
        attempt.progress(READ + done * (SHAPED - READ), note)

    attempt.progress(0.0, "reading the file")
    with attempt.ports.blobs.local_copy(model.sha256) as path:
        opened = attempt.ports.readers.reader_for(path, model.filename).open(path, checked=True)
        index = index_model(opened, model.building_id, LIMITS, shaping)
    attempt.progress(SHAPED, "storing")
    return index


def _result(index: ModelIndex) -> Indexed:
    states = [element.state.value for element in index.elements] + [space.state.value for space in index.spaces]
    return Indexed(
        floors=len(index.floors),
        spaces=len(index.spaces),
        elements=len(index.elements),
        elements_with_geometry=sum(element.box is not None for element in index.elements),
        states={state: states.count(state) for state in sorted(set(states))},
    )
