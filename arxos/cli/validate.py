"""`arxos validate`: the checks of `building.validate`, on files, without a server."""

from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from arxos.app.memory_limits import default_job_memory_mb
from arxos.cli.output import print_json
from arxos.cli.terminal import console
from arxos.domain.buildings.findings import Finding, Severity, ValidationReport, Verdict
from arxos.domain.buildings.validate_model import cut_short, joined, validate_file
from arxos.domain.errors import InvalidError
from arxos.domain.visible_text import visible
from arxos.formats.ifc.isolated_call import CallLimits, CutShortError, isolated_call
from arxos.formats.registry import installed_readers

Judge = Callable[[Path], ValidationReport]
_SECONDS = 3600.0  # for one file; the job of the same checks has as long
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_SHOWN = 3  # findings a rule, for people; --json has them all


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Model files.")],
    *,
    ids: Annotated[Path | None, typer.Option(help="Requirements of your own (IDS), checked besides.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line, one for each file.")] = False,
    express: Annotated[bool, typer.Option("--express", help="Also the schema's own WHERE rules (slower).")] = False,
    rule_seconds: Annotated[
        float, typer.Option(min=0.1, help="How long one specification of --ids may take; then it is inconclusive.")
    ] = 120.0,
    memory_mb: Annotated[
        int | None,
        typer.Option(min=64, envvar="ARXOS_JOB_MEMORY_MB", help="MiB that a file may take; else 3/4 of what there is."),
    ] = None,
) -> None:
    """Check model files. Exit 0: all are valid; 1: some are not.

    Each file is read in a process of its own, within this machine's memory: one that needs more is inconclusive.

    Example: arxos validate tower.ifc annex.ifc
    Example: arxos validate tower.ifc --ids requirements.ids --express
    """
    for path in files:
        if not path.is_file():
            raise typer.BadParameter(f"no file {str(path)!r}")
    limits = CallLimits(_SECONDS, memory_mb or default_job_memory_mb(slots=1))
    judge = _own_requirements(ids, rule_seconds, limits.memory_mb) if ids else None
    valid = True
    for path in files:
        report = _report(path, judge, limits, express=express)
        valid = valid and report.valid
        print_json(as_document(path, report)) if as_json else _print(path, report)
    raise typer.Exit(0 if valid else 1)


def _own_requirements(ids: Path, rule_seconds: float, memory_mb: int) -> Judge:
    from arxos.formats.ifc import ids_rules  # costs a second: only those who ask for it pay

    try:
        ids_rules.check_ids(ids)
    except InvalidError as error:
        raise typer.BadParameter(str(error)) from error
    limits = ids_rules.IdsLimits(rule_s=rule_seconds, memory_mb=memory_mb)
    return lambda path: ids_rules.judge_ids(ids, path, limits)


def _report(path: Path, judge: Judge | None, limits: CallLimits, *, express: bool) -> ValidationReport:
    readers = installed_readers()
    tuple(readers)  # imports the formats before the child is forked

    def check() -> ValidationReport:
        return validate_file(readers, path, path.name, express=express, progress=lambda _done, _note: None)

    report = _ending(lambda: isolated_call(check, limits))
    if judge is None or report.schema is None:
        return report
    return joined(report, _ending(lambda: judge(path)))


def _ending(work: Callable[[], ValidationReport]) -> ValidationReport:
    """The report, also where the work was cut short: it says so, and that the file is not valid."""
    try:
        return work()
    except CutShortError as cut:
        return cut_short(str(cut))


def as_document(path: Path, report: ValidationReport) -> dict[str, Any]:
    """The report as the contract has it."""
    return {
        "file": str(path),
        "schema": report.schema,
        "valid": report.valid,
        "rules": [{"id": r.id, "verdict": r.verdict.value, "findings": r.findings} for r in report.rules],
        "findings": [{name: getattr(finding, name) for name in Finding.__slots__} for finding in report.findings],
    }


def _print(path: Path, report: ValidationReport) -> None:
    out, counts = console(highlight=False), report.counts()
    verdict = "[green]valid[/]" if report.valid else "[red]not valid[/]"
    found = ", ".join(f"{count} {name}" for name, count in counts.items())
    out.print(f"[bold]{escape(str(path))}[/]  {report.schema or 'no schema'}  {verdict}  ({found})")
    _print_rules(out, report)
    for rule, group in groupby(report.findings, key=lambda finding: finding.rule):
        findings = list(group)
        for finding in findings[:_SHOWN]:
            out.print(_line(finding), no_wrap=True, overflow="ellipsis")
        if len(findings) > _SHOWN:
            out.print(f"          {escape(rule)}  … and {len(findings) - _SHOWN} more", style="bright_black")


def _print_rules(out: Console, report: ValidationReport) -> None:
    table = Table("rule", "verdict", "findings", box=None, header_style="bold", padding=(0, 2))
    for rule in report.rules:
        if rule.verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE):
            table.add_row(f"{escape(rule.id)} {escape(rule.title)}", rule.verdict.value, str(rule.findings))
    if table.row_count:
        out.print(table)
    passed = sum(rule.verdict is Verdict.PASSED for rule in report.rules)
    apart = sum(rule.verdict is Verdict.NOT_APPLICABLE for rule in report.rules)
    out.print(f"  {passed} rules passed, {apart} do not apply", style="bright_black")


def _line(finding: Finding) -> str:
    colour = _COLOURS[finding.severity]
    subject = f"{finding.subject}: " if finding.subject else ""
    seen = f" (expected {finding.expected}, got {finding.observed})" if finding.expected and finding.observed else ""
    text = visible(f"{subject}{finding.message}{seen}")
    return f"  [{colour}]{finding.severity.value:7}[/] {escape(finding.rule)}  {escape(text)}"
