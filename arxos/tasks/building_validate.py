"""`building.validate`: the report on one uploaded model."""

from uuid import UUID

from arxos.domain.access import Permission
from arxos.domain.buildings.validate_model import validate_file
from arxos.domain.events import ModelValidated
from arxos.domain.ports import UnitOfWork
from arxos.tasks.kind import Attempt, Done, Payload, Result, job_kind


class ValidateModel(Payload):
    """Which model; `express` adds the schema's own WHERE rules, which take twice as long again."""

    model_id: UUID
    express: bool = False


class Validated(Result):
    """The verdict and the findings in numbers."""

    valid: bool
    schema_name: str | None
    findings: dict[str, int]
    rules: dict[str, int]


@job_kind(
    "building.validate",
    queue="validation",
    payload=ValidateModel,
    submit=Permission.SUBMIT,
    soft_limit_s=3600.0,
    hard_limit_s=3660.0,
)
def validate_model(payload: ValidateModel, attempt: Attempt) -> Done:
    """Check an uploaded model: syntax, header, schema, normative and business rules.

    A file that cannot be read is no failed job: the report says why, and that it is not valid.
    """
    with attempt.ports.unit_of_work() as uow:
        model = uow.buildings.model(payload.model_id)
    with attempt.ports.blobs.local_copy(model.sha256) as path:
        readers, name = attempt.ports.readers, model.filename
        report = validate_file(readers, path, name, express=payload.express, progress=attempt.progress)

    def store(uow: UnitOfWork) -> None:
        uow.buildings.save_report(model.id, report)
        uow.emit(ModelValidated(model.building_id, model.id, report.valid))

    verdicts = [rule.verdict.value for rule in report.rules]
    rules = {verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))}
    return Done(Validated(valid=report.valid, schema_name=report.schema, findings=report.counts(), rules=rules), store)
