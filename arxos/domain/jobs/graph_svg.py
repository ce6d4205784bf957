"""A workflow as a picture: layers from above, a box for each job or many alike, edges by their policy."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from arxos.domain.jobs.graph import TOLD, Graph, Group, arrange
from arxos.domain.jobs.graph_layout import DROP, HEIGHT, WIDTH, Layout, Point, lay_out
from arxos.domain.jobs.job import JobState, OnFailure
from arxos.domain.markup import safe

MOST_BOXES = 400  # more are no picture any longer
MARGIN, HEAD = 24.0, 92.0  # around the drawing; above it, with title and legend
LEAST_WIDTH = 640.0
FITS = 34  # characters in a box
COLOURS: Mapping[JobState, str] = {
    JobState.BLOCKED: "#8795ab",
    JobState.QUEUED: "#2f6fc1",
    JobState.RUNNING: "#0f9fb8",
    JobState.RETRYABLE: "#dd9a1c",
    JobState.SUCCEEDED: "#2a9d62",
    JobState.DEAD: "#c0392b",
    JobState.CANCELLED: "#6b6b6b",
    JobState.UNREADABLE: "#7d3cb5",
}
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.title{font-size:16px;font-weight:600}.soft{fill:#666}"
    ".kind{font-weight:600}.id{font:10px ui-monospace,monospace;fill:#555}.paper{fill:#fff}"
    ".box{fill:#fff;stroke-width:1.5}.asked{stroke-width:3.5}.edge{fill:none;stroke:#999;stroke-width:1.3}"
    ".open{stroke:#333}.run{stroke-dasharray:5 4}"
)


def draw(graph: Graph) -> str:
    """The SVG document. Of very large workflows the upper layers, with a remark."""
    groups = arrange(graph)
    drawn = groups[:MOST_BOXES]
    remark = "there is more than is drawn here" if graph.cut or len(drawn) < len(groups) else ""
    return "".join(_document(graph, drawn, remark)) + "\n"


def _document(graph: Graph, groups: Sequence[Group], remark: str) -> Iterator[str]:
    layout = lay_out(groups)
    width, height = max(layout.width, LEAST_WIDTH) + 2 * MARGIN, layout.height + HEAD + MARGIN
    left = (width - layout.width) / 2
    title = f"Workflow of job {graph.job_id}"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
        f' height="{height:.0f}" role="img"><title>{title}</title><style>{STYLE}</style>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8Z" fill="#555"/></marker></defs>'
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>'
    )
    yield _text(MARGIN, 30, title, "title")
    yield from _legend(graph, remark)
    yield f'<g transform="translate({left:.1f} {HEAD:.0f})">'
    yield from _edges(groups, layout)
    for group in groups:
        yield from _box(group, layout.boxes[group.number], asked=group.jobs[0].id == graph.job_id)
    yield "</g></svg>"


def _legend(graph: Graph, remark: str) -> Iterator[str]:
    counted, x = Counter(node.state for node in graph.nodes), MARGIN
    for state in (state for state in TOLD if counted[state]):
        words = f"{counted[state]:,} {state}"
        yield f'<rect x="{x:.0f}" y="42" width="11" height="11" rx="2" fill="{COLOURS[state]}"/>'
        yield _text(x + 16, 52, words)
        x += 34 + 6.6 * len(words)
    x = MARGIN
    edges = (("edge open", "waits"), ("edge", "released"), ("edge open run", "waits, and runs also if it fails"))
    for style, words in edges:
        yield f'<path class="{style}" d="M{x:.0f} 68h26" marker-end="url(#tip)"/>' + _text(x + 33, 72, words)
        x += 54 + 6.4 * len(words)
    yield _text(x, 72, remark, "soft")


def _edges(groups: Sequence[Group], layout: Layout) -> Iterator[str]:
    for group in groups:
        for link in group.after:
            style = f"edge{' open' if link.waiting else ''}{' run' if link.on_failure is OnFailure.RUN else ''}"
            path = _path(layout.ways[link.before, group.number])
            yield f'<path class="{style}" d="{path}" marker-end="url(#tip)"/>'


def _path(way: Sequence[Point]) -> str:
    """Curves from layer to layer, straight where the edge passes through one."""
    (x, y), steps = way[0], []
    for to_x, to_y in way[1:]:
        bend = DROP / 2
        curve = f"C{x:.1f} {y + bend:.1f} {to_x:.1f} {to_y - bend:.1f} {to_x:.1f} {to_y:.1f}"
        steps.append(f"V{to_y:.1f}" if to_x == x else curve)
        x, y = to_x, to_y
    return f"M{way[0][0]:.1f} {way[0][1]:.1f}{''.join(steps)}"


def _box(group: Group, corner: Point, *, asked: bool) -> Iterator[str]:
    (x, y), many = corner, len(group.jobs)
    colour = COLOURS[_worst(group)]
    size = f'width="{WIDTH:.0f}" height="{HEIGHT:.0f}" rx="6" stroke="{colour}"'
    for shift in (6, 3) if many > 1 else ():  # sheets below this one
        yield f'<rect class="box" x="{x + shift:.1f}" y="{y + shift:.1f}" {size}/>'
    yield f'<rect class="box{" asked" if asked else ""}" x="{x:.1f}" y="{y:.1f}" {size}/>'
    yield _text(x + 10, y + 18, f"{many:,} × {group.kind}" if many > 1 else group.kind, "kind", FITS)
    if many == 1:
        yield _text(x + 10, y + 33, str(group.jobs[0].id), "id")
        waits = f" · {group.waits}" if group.waits else ""
        yield f'<circle cx="{x + 14:.1f}" cy="{y + 45.5:.1f}" r="4" fill="{colour}"/>'
        yield _text(x + 23, y + 50, f"{group.jobs[0].state}{waits}")
    else:
        yield _text(x + 10, y + 35, _counts(group))
        yield from _bar(group, x + 10, y + 44)


def _counts(group: Group) -> str:
    """Jobs by state, as many states as fit; the bar shows them all."""
    told = ""
    for state, count in group.states.items():
        more = f"{told}, {count:,} {state}" if told else f"{count:,} {state}"
        if len(more) > FITS:
            return f"{told} …"
        told = more
    return told


def _bar(group: Group, x: float, y: float) -> Iterator[str]:
    """How its jobs are shared out between the states; the rarest is still seen."""
    room = WIDTH - 20 - 3 * len(group.states)
    for state, count in group.states.items():
        width = 3 + room * count / len(group.jobs)
        yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="6" fill="{COLOURS[state]}"/>'
        x += width


def _worst(group: Group) -> JobState:
    """The state that a box is coloured by: the one that somebody should look at, else where most are."""
    states = group.states
    return JobState.DEAD if JobState.DEAD in states else max(states, key=lambda state: states[state])


def _text(x: float, y: float, words: str, style: str = "", limit: int = 80) -> str:
    kind = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}>{safe(words, limit)}</text>' if words else ""
