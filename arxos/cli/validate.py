"""`arxos validate`: the checks of `building.validate`, on files, without a server."""

from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from arxos.cli.output import print_json
from arxos.domain.buildings.findings import Finding, Severity, ValidationReport, Verdict
from arxos.domain.buildings.validate_model import joined, validate_file
from arxos.domain.errors import InvalidError
from arxos.formats.registry import installed_readers

Judge = Callable[[Path], ValidationReport]
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_SHOWN = 3  # findings a rule, for people; --json has them all


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Model files.")],
    *,
    ids: Annotated[Path | None, typer.Option(help="Requirements of your own (IDS), checked besides.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line, one for each file.")] = False,
    express: Annotated[bool, typer.Option("--express", help="Also the schema's own WHERE rules (slower).")] = False,
) -> None:
    """Check model files. Exit 0: all are valid; 1: some are not.

    Example: arxos validate tower.ifc annex.ifc
    Example: arxos validate tower.ifc --ids requirements.ids --express
    """
    for path in files:
        if not path.is_file():
            raise typer.BadParameter(f"no file {str(path)!r}")
    judge = _own_requirements(ids) if ids else None
    valid = True
    for path in files:
        report = _report(path, judge, express=express)
        valid = valid and report.valid
        print_json(as_document(path, report)) if as_json else _print(path, report)
    raise typer.Exit(0 if valid else 1)


def _own_requirements(ids: Path) -> Judge:
    from arxos.formats.ifc import ids_rules  # costs a second: only those who ask for it pay

    try:
        rules = ids_rules.read_ids(ids)
    except InvalidError as error:
        raise typer.BadParameter(str(error)) from error
    return lambda path: ids_rules.judge_ids(rules, path)


def _report(path: Path, judge: Judge | None, *, express: bool) -> ValidationReport:
    report = validate_file(installed_readers(), path, path.name, express=express, progress=lambda _done, _note: None)
    readable = report.schema is not None
    return joined(report, judge(path)) if judge and readable else report


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
    console, counts = Console(highlight=False), report.counts()
    verdict = "[green]valid[/]" if report.valid else "[red]not valid[/]"
    found = ", ".join(f"{count} {name}" for name, count in counts.items())
    console.print(f"[bold]{escape(str(path))}[/]  {report.schema or 'no schema'}  {verdict}  ({found})")
    _print_rules(console, report)
    for rule, group in groupby(report.findings, key=lambda finding: finding.rule):
        findings = list(group)
        for finding in findings[:_SHOWN]:
            console.print(_line(finding), no_wrap=True, overflow="ellipsis")
        if len(findings) > _SHOWN:
            console.print(f"          {escape(rule)}  … and {len(findings) - _SHOWN} more", style="bright_black")


def _print_rules(console: Console, report: ValidationReport) -> None:
    table = Table("rule", "verdict", "findings", box=None, header_style="bold", padding=(0, 2))
    for rule in report.rules:
        if rule.verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE):
            table.add_row(f"{escape(rule.id)} {escape(rule.title)}", rule.verdict.value, str(rule.findings))
    if table.row_count:
        console.print(table)
    passed = sum(rule.verdict is Verdict.PASSED for rule in report.rules)
    apart = sum(rule.verdict is Verdict.NOT_APPLICABLE for rule in report.rules)
    console.print(f"  {passed} rules passed, {apart} do not apply", style="bright_black")


def _line(finding: Finding) -> str:
    colour = _COLOURS[finding.severity]
    subject = f"{finding.subject}: " if finding.subject else ""
    seen = f" (expected {finding.expected}, got {finding.observed})" if finding.expected and finding.observed else ""
    text = "".join(c if c.isprintable() else " " for c in f"{subject}{finding.message}{seen}")
    return f"  [{colour}]{finding.severity.value:7}[/] {escape(finding.rule)}  {escape(text)}"
