"""The objectives as a picture: how much of each budget is spent. Reads in black and white as well."""

from html import escape

from arxos.domain.rollups.slo import Objective, SloReport

WIDTH, LEFT, BAR, ROW = 640, 150, 300, 44
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:currentColor}.soft{opacity:.7;font-size:11px}"
    ".room{fill:currentColor;opacity:.12}.well{fill:#2e7d32}.near{fill:#b26a00}.over{fill:#c62828}"
)


def draw_slo(report: SloReport) -> str:
    """An SVG document, 640 wide. A full bar is a budget that is spent."""
    height = ROW * len(report.objectives) + 24
    rows = "".join(_row(one, 8 + ROW * place) for place, one in enumerate(report.objectives))
    said = "; ".join(f"{one.name} {words(one)}" for one in report.objectives)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{escape(said)}"><style>{STYLE}</style>{rows}</svg>'
    )


def words(one: Objective) -> str:
    """The value for people: ``12 ms, 4 % of the budget``."""
    if one.value is None:
        return "nothing to measure"
    value = f"{one.value:.3g} {one.unit}" if one.unit != "%" else f"{one.value:.5g} %"
    if one.burn is None:
        return f"{value}, {one.spent} too slow" if one.spent else value
    return f"{value}, {one.burn * 100:.0f} % of the budget spent"


def _row(one: Objective, top: int) -> str:
    look, share = spent(one)
    length = share * BAR
    return (
        f'<text x="0" y="{top + 15}">{escape(one.name)}</text>'
        f'<text class="soft" x="0" y="{top + 30}">{escape(one.target)}</text>'
        f'<rect class="room" x="{LEFT}" y="{top + 5}" width="{BAR}" height="16" rx="3"/>'
        f'<rect class="{look}" x="{LEFT}" y="{top + 5}" width="{length:.1f}" height="16" rx="3"/>'
        f'<text class="soft" x="{LEFT}" y="{top + 34}">{escape(words(one))}</text>'
        f'<text x="{LEFT + BAR + 12}" y="{top + 18}">{_verdict(one)}</text>'
    )


def spent(one: Objective) -> tuple[str, float]:
    """`well`, `near` or `over`, and the budget's share that is spent. Where nothing may be bad, anything is all."""
    burn = one.burn if one.burn is not None else 2.0 * bool(one.spent)
    return ("well" if burn < 0.5 else "near" if burn <= 1 else "over"), min(burn, 1.0)


def _verdict(one: Objective) -> str:
    return {None: "–", True: "met", False: "missed"}[one.met]
