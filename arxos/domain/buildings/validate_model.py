"""Validate a model file: what its format demands, then the business rules on what it says."""

from pathlib import Path

import arxos.domain.buildings.rules
from arxos.domain.buildings.findings import Finding, RuleOutcome, Severity, ValidationReport, Verdict
from arxos.domain.buildings.model import BuildingModel
from arxos.domain.buildings.model_reader import Progress
from arxos.domain.buildings.rules.rule import judge_by, report_of, rules_in
from arxos.domain.errors import ModelRefusedError, UnsupportedSchemaError
from arxos.domain.ports import ModelReaders

_FORMAL_SHARE = 0.95  # of the whole work, for the progress


def validate_file(
    readers: ModelReaders, path: Path, filename: str, *, express: bool, progress: Progress
) -> ValidationReport:
    """The report on the file at `path`, which its sender called `filename`.

    A file that cannot be read at all makes a report too: one failed rule, whose finding names the place.
    """
    progress(0.0, "syntax")
    try:
        model = readers.reader_for(path, filename).open(path, checked=True)
    except ModelRefusedError as refusal:
        return _refused(refusal)
    formal = model.validate(express=express, progress=lambda done, note: progress(done * _FORMAL_SHARE, note))
    progress(_FORMAL_SHARE, "business rules")
    return joined(formal, judge_business_rules(model.outline()))


def judge_business_rules(model: BuildingModel) -> ValidationReport:
    """The report of the rules on the neutral model."""
    return report_of(model.schema, (judge_by(asked, model) for asked in rules_in(arxos.domain.buildings.rules)))


def joined(first: ValidationReport, second: ValidationReport) -> ValidationReport:
    """One report of two on the same file."""
    return ValidationReport(first.schema, first.rules + second.rules, first.findings + second.findings)


def cut_short(reason: str) -> ValidationReport:
    """The report on a file whose checks came to no end: it took too long or too much memory, or killed its process."""
    outcome = RuleOutcome("LIMITS", "The file can be checked within limits of time and memory", Verdict.INCONCLUSIVE, 1)
    return ValidationReport(None, (outcome,), (Finding(outcome.id, Severity.WARNING, f"cut short: {reason}"),))


def _refused(refusal: ModelRefusedError) -> ValidationReport:
    """The rule that stands for the refusal: buildingSMART's on official versions, or well-formedness."""
    if isinstance(refusal, UnsupportedSchemaError):
        outcome = RuleOutcome("IFC101", "Only official IFC versions allowed", Verdict.FAILED, 1)
    else:
        outcome = RuleOutcome("SYNTAX", "The file is well-formed", Verdict.FAILED, 1)
    return ValidationReport(None, (outcome,), (Finding(outcome.id, Severity.ERROR, str(refusal)),))
