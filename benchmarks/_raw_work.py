"""The bare work on one model, in a fresh process: `python -m benchmarks._raw_work FILE` prints seconds and peak memory.

`ifcopenshell.validate` without express rules, then tessellation of every product on one thread: what a script of ten
lines would do.
"""

import json
import resource
import sys
import time
from typing import Any

import ifcopenshell
import ifcopenshell.geom
import ifcopenshell.validate


def work(path: str) -> int:
    """Validate and tessellate; returns how many products have a shape."""
    model = ifcopenshell.open(path)
    checks: Any = ifcopenshell.validate  # typed only in part
    checks.validate(model, checks.json_logger())
    geometry: Any = ifcopenshell.geom
    shapes = geometry.iterator(geometry.settings(), model, 1)
    return sum(1 for _ in shapes)


def main() -> None:
    """One line of JSON."""
    began = time.perf_counter()
    shapes = work(sys.argv[1])
    seconds = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "shapes": shapes}))


if __name__ == "__main__":
    main()
