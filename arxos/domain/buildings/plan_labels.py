"""Where a plan's labels go: inside their space, clear of each other, as large as fits. Metres. Pure geometry."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.affinity import scale
from shapely.geometry.base import BaseGeometry

from arxos.domain.buildings.geometry import only_polygons
from arxos.domain.buildings.spatial_index import Space

# Widths in ems of bold DejaVu Sans, the widest face that the style names: what fits in it fits in all of them.
NARROW, WIDE = frozenset("iIjl.,:;'|!()[] f-"), frozenset("mwMW@%—…")
NARROW_EM, WIDE_EM, UPPER_EM, LOWER_EM = 0.42, 1.06, 0.80, 0.69
LINE_EM = 1.22
SIZES = (1.0, 0.86, 0.74, 0.62, 0.52, 0.44)  # of the sheet's text size, tried in this order


Text = tuple[tuple[str, ...], bool]  # lines, and whether the last one is the area


@dataclass(frozen=True, slots=True)
class Label:
    """Lines of text, centred on `at`; `size`: text height in metres. The last line is an area where `has_area`."""

    lines: tuple[str, ...]
    at: Point
    size: float
    has_area: bool

    @property
    def box(self) -> Polygon:
        """What the text covers."""
        return _box(self.lines, self.at, self.size)


def labels(spaces: Iterable[Space], obstacles: BaseGeometry, text_m: float) -> dict[str, Label]:
    """A label by global id for each space with room for one; small spaces choose last. `text_m`: text height.

    `obstacles` (furniture, stairs) are avoided where that costs no size below 3/4 of the usual.
    """
    placed: dict[str, Label] = {}
    taken: list[Polygon] = []
    shapely.prepare(obstacles)
    shown = [space for space in spaces if space.footprint is not None and not space.footprint.is_empty]
    for space in sorted(shown, key=lambda s: (-(s.area_m2 or 0.0), s.global_id)):
        label = _place(space, obstacles, text_m, taken)
        if label is not None:
            placed[space.global_id] = label
            taken.append(label.box)
    return placed


def _place(space: Space, obstacles: BaseGeometry, text_m: float, taken: Sequence[Polygon]) -> Label | None:
    assert space.footprint is not None
    whole = _without(space.footprint, [box for box in taken if box.intersects(space.footprint)])
    clear = _without(whole, [obstacles] if obstacles.intersects(whole) else [])
    full, *shorter = _texts(space)
    attempts = [(clear, SIZES[:3], full), (whole, SIZES, full), *((whole, SIZES, texts) for texts in shorter)]
    return next(filter(None, (_fit(region, sizes, texts, text_m) for region, sizes, texts in attempts)), None)


def _without(region: MultiPolygon, others: Sequence[BaseGeometry]) -> MultiPolygon:
    return only_polygons(region.difference(shapely.union_all(others))) if others else region


def _fit(region: MultiPolygon, sizes: Sequence[float], texts: Sequence[Text], text_m: float) -> Label | None:
    """The largest text that fits the region, of equally large ones the first."""
    if region.is_empty:
        return None
    shapely.prepare(region)
    centred = [(lines, has_area, _centre(region, lines)) for lines, has_area in texts]
    labels = (Label(lines, at, size * text_m, has_area) for size in sizes for lines, has_area, at in centred)
    return next((label for label in labels if region.contains(label.box)), None)


def _texts(space: Space) -> list[list[Text]]:
    """What a label may say, best first: number, name, area; without the number; without the area; the number alone."""
    names = [one.strip() for one in (space.long_name, space.name) if one and one.strip()]
    if not names:
        return [[]]
    title, number = names[0][:40], tuple(names[1:]) if names[1:] != names[:1] else ()
    titles = list(dict.fromkeys(((title,), tuple(_broken(title)))))
    area = () if space.area_m2 is None else (f"{space.area_m2:.1f} m²",)
    stages = [[((*number, *lines, *area), bool(area)) for lines in titles]]
    if number:
        stages.append([((*lines, *area), bool(area)) for lines in titles])
    stages.append([(lines, False) for lines in titles])
    return [*stages, [(number, False)]] if number else stages


def _broken(title: str) -> Iterator[str]:
    """The title on two lines, broken at the space nearest to its middle."""
    gaps = [i for i, char in enumerate(title) if char == " "]
    if not gaps:
        yield title
        return
    middle = min(gaps, key=lambda i: abs(i - len(title) / 2))
    yield title[:middle]
    yield title[middle + 1 :]


def _centre(region: MultiPolygon, lines: Sequence[str]) -> Point:
    """The middle of the largest ellipse, of the text's proportions, within the region: a pole of inaccessibility."""
    box = _box(lines, Point(0, 0), 1.0).bounds
    squeeze = (box[2] - box[0]) / (box[3] - box[1])
    circle = shapely.maximum_inscribed_circle(scale(region, 1.0, squeeze, origin=(0, 0)), tolerance=0.05)
    x, y = shapely.get_coordinates(circle)[0]
    return Point(float(x), float(y) / squeeze)


def _box(lines: Sequence[str], at: Point, size: float) -> Polygon:
    half_width = max(map(_width_em, lines)) * size / 2
    half_height = (len(lines) * LINE_EM + 0.1) * size / 2
    return shapely.box(at.x - half_width, at.y - half_height, at.x + half_width, at.y + half_height)


def _width_em(line: str) -> float:
    return sum(
        NARROW_EM if c in NARROW else WIDE_EM if c in WIDE or ord(c) > 0x2E7F else UPPER_EM if c.isupper() else LOWER_EM
        for c in line
    )
