"""Points and boxes as people type them."""

from math import isfinite

import typer


def point(text: str, option: str, sizes: tuple[int, ...] = (2, 3)) -> tuple[float, ...]:
    """Numbers between commas: ``12.5,3`` or ``12.5,3,1``. Raises BadParameter naming the option."""
    parts = text.split(",")
    if len(parts) not in sizes:
        wanted = " or ".join(map(str, sizes))
        raise typer.BadParameter(f"{option}: expected {wanted} numbers with commas between them, got {text!r}")
    return tuple(_number(part, option) for part in parts)


def box(text: str) -> tuple[float, ...]:
    """``x0,y0,x1,y1`` or ``x0,y0,z0,x1,y1,z1``, low corner first. Raises BadParameter."""
    corners = point(text, "--bbox", (4, 6))
    half = len(corners) // 2
    if any(low > high for low, high in zip(corners[:half], corners[half:], strict=True)):
        raise typer.BadParameter(f"--bbox: the low corner comes first, got {text!r}")
    return corners


def near(text: str) -> tuple[float, float, float]:
    """``x,y,z``. Raises BadParameter."""
    x, y, z = point(text, "--near", (3,))
    return x, y, z


def _number(text: str, option: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option}: {text.strip()!r} is not a number") from error
    if not isfinite(value):
        raise typer.BadParameter(f"{option}: {text.strip()!r} is not finite")
    return value
