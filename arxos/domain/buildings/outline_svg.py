"""Draws a building's outline in plan, north up, as a small SVG: numbers only, nothing that a file says."""

from math import hypot

import shapely
from shapely import MultiPolygon, affinity

from arxos.domain.buildings.svg_text import Sheet

MARGIN = 0.06  # of the longer side, on each side


def draw_outline(outline: MultiPolygon | None, true_north_deg: float = 0.0) -> str | None:
    """An SVG element of the class ``outline`` without any style; None where nothing has a shape.

    Turned so that true north (degrees clockwise from the model's y axis) is up. One unit is one millimetre.
    """
    if outline is None or outline.is_empty:
        return None
    turned = affinity.rotate(outline, true_north_deg, origin=(0, 0))
    coarse = shapely.simplify(turned, _longest(turned) / 400)
    x0, y0, x1, y1 = coarse.bounds
    if not hypot(x1 - x0, y1 - y0) > 0:
        return None
    path = Sheet(x0, y1).path([coarse])
    width, height = round((x1 - x0) * 1000), round((y1 - y0) * 1000)
    margin = round(MARGIN * max(width, height))
    box = f"{-margin} {-margin} {width + 2 * margin} {height + 2 * margin}"
    return (
        f'<svg class="outline" xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img"'
        f' aria-label="Outline, {x1 - x0:.1f} by {y1 - y0:.1f} metres, north up">'
        f'<path fill-rule="evenodd" vector-effect="non-scaling-stroke" d="{path}"/></svg>'
    )


def _longest(shape: MultiPolygon) -> float:
    x0, y0, x1, y1 = shape.bounds
    return max(float(x1 - x0), float(y1 - y0))
