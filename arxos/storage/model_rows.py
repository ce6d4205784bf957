"""Uploaded source files and the reports on them as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb
from uuid6 import uuid7

from arxos.domain.buildings.findings import Finding, RuleOutcome, Severity, ValidationReport, Verdict
from arxos.domain.buildings.repository import FindingPage, ModelRecord, NewModel
from arxos.domain.buildings.rules import RULES_VERSION
from arxos.domain.errors import NotFoundError
from arxos.storage.database import Connection
from arxos.storage.geometry_columns import storable
from arxos.storage.stored_json import as_objects, fields_of, known

MODEL_COLUMNS: Final = (
    "id, building_id, revision, sha256, size_bytes, filename, format, submitted_by, received_at, schema"
)
FINDING_COLUMNS: Final = "rule, severity, message, global_id, subject, expected, observed"

FINDINGS: Final = f"""
SELECT position, {FINDING_COLUMNS} FROM findings
WHERE model_id = %(model)s AND (%(severity)s::text IS NULL OR severity = %(severity)s)
    AND (%(rule)s::text IS NULL OR rule = %(rule)s) AND (%(after)s::int IS NULL OR position > %(after)s)
ORDER BY position LIMIT %(limit)s
"""


class ModelRows:
    """See `BuildingRepository`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_model(self, model: NewModel) -> ModelRecord:
        """The next revision, or the newest where it has these bytes already. Raises NotFoundError."""
        building = "SELECT id FROM buildings WHERE id = %s FOR UPDATE"  # uploads to one building take turns
        if self._connection.execute(building, (model.building_id,)).fetchone() is None:
            raise NotFoundError(f"no building '{model.building_id}'")
        newest = self.latest_model(model.building_id)
        if newest is not None and newest.sha256 == model.sha256:
            return newest
        return replace(self._insert(model, 1 if newest is None else newest.revision + 1), is_new=True)

    def model(self, model_id: UUID) -> ModelRecord:
        """Raises NotFoundError."""
        record = self._one(f"SELECT {MODEL_COLUMNS} FROM models WHERE id = %s", (model_id,))
        if record is None:
            raise NotFoundError(f"no model '{model_id}'")
        return record

    def latest_model(self, building_id: UUID) -> ModelRecord | None:
        """The newest revision."""
        return self._one(
            f"SELECT {MODEL_COLUMNS} FROM models WHERE building_id = %s ORDER BY revision DESC LIMIT 1", (building_id,)
        )

    def models(self, building_id: UUID, *, before: int | None = None, limit: int = 50) -> tuple[ModelRecord, ...]:
        """The revisions, newest first."""
        rows = self._connection.execute(
            f"SELECT {MODEL_COLUMNS} FROM models WHERE building_id = %s AND (%s::int IS NULL OR revision < %s)"
            " ORDER BY revision DESC LIMIT %s",
            (building_id, before, before, limit),
        )
        return tuple(ModelRecord(*row) for row in rows)

    def findings(
        self,
        model_id: UUID,
        *,
        severity: Severity | None = None,
        rule: str | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> FindingPage:
        """A part of a report."""
        values = {"model": model_id, "severity": severity, "rule": rule, "after": after, "limit": limit + 1}
        rows = self._connection.execute(FINDINGS, values).fetchall()
        items = tuple(_finding(row[1:]) for row in rows[:limit])
        return FindingPage(items, rows[limit - 1][0] if len(rows) > limit else None)

    def _insert(self, model: NewModel, revision: int) -> ModelRecord:
        record = self._one(
            "INSERT INTO models (id, building_id, revision, sha256, size_bytes, filename, format, submitted_by)"
            f" VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING {MODEL_COLUMNS}",
            (uuid7(), model.building_id, revision, model.sha256, model.size_bytes, storable(model.filename),
             model.format, model.submitted_by),
        )  # fmt: skip
        assert record is not None
        return record

    def _one(self, statement: str, parameters: tuple[Any, ...]) -> ModelRecord | None:
        row = self._connection.execute(statement, parameters).fetchone()
        return None if row is None else ModelRecord(*row)

    def named_blobs(self, names: Sequence[str]) -> set[str]:
        """Those of the bytes that some model names."""
        rows = self._connection.execute("SELECT DISTINCT sha256 FROM models WHERE sha256 = ANY(%s)", [list(names)])
        return {row[0] for row in rows}

    def save_report(self, model_id: UUID, report: ValidationReport) -> None:
        """Store the report in place of an earlier one. Raises NotFoundError."""
        rules = Jsonb([asdict(rule) for rule in report.rules])
        known = self._connection.execute(
            "UPDATE models SET schema = coalesce(%s, schema) WHERE id = %s", (storable(report.schema), model_id)
        )
        if not known.rowcount:
            raise NotFoundError(f"no model '{model_id}'")
        self._connection.execute("DELETE FROM validation_reports WHERE model_id = %s", (model_id,))
        self._connection.execute(
            "INSERT INTO validation_reports (model_id, schema, valid, rules, rules_version)"
            " VALUES (%s, %s, %s, %s, %s)",
            (model_id, storable(report.schema), report.valid, rules, RULES_VERSION),
        )
        self._copy_findings(model_id, report)

    def _copy_findings(self, model_id: UUID, report: ValidationReport) -> None:
        copy = f"COPY findings (model_id, position, {FINDING_COLUMNS}) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(copy) as rows:
            for position, f in enumerate(report.findings):
                texts = (f.message, f.global_id, f.subject, f.expected, f.observed)
                rows.write_row((model_id, position, f.rule, f.severity.value, *map(storable, texts)))

    def report(self, model_id: UUID) -> ValidationReport | None:
        """The report on this model, findings in the order of the report."""
        head = "SELECT schema, rules FROM validation_reports WHERE model_id = %s"
        row = self._connection.execute(head, (model_id,)).fetchone()
        if row is None:
            return None
        findings = self._connection.execute(
            f"SELECT {FINDING_COLUMNS} FROM findings WHERE model_id = %s ORDER BY position", (model_id,)
        ).fetchall()
        return ValidationReport(row[0], tuple(map(_outcome, as_objects(row[1]))), tuple(map(_finding, findings)))


def _outcome(stored: Mapping[str, Any]) -> RuleOutcome:
    verdict = known(Verdict, stored.get("verdict"), Verdict.INCONCLUSIVE)
    return RuleOutcome(**({"id": "?", "title": "?"} | fields_of(RuleOutcome, stored) | {"verdict": verdict}))


def _finding(row: tuple[Any, ...]) -> Finding:
    rule, severity, *rest = row
    return Finding(rule, known(Severity, severity, Severity.ERROR), *rest)
