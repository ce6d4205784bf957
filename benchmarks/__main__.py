"""`./run bench [NAME…] [--json]`: run the named benchmarks (default: all), on the servers that ARXOS_… names."""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator

import benchmarks


def names() -> Iterator[str]:
    """Every module here that has a `run` is a benchmark."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if not module.name.startswith("_") and hasattr(importlib.import_module(f"benchmarks.{module.name}"), "run"):
            yield module.name


def main() -> int:
    """Run; print tables, or with --json one document."""
    known = sorted(names())
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one of: {', '.join(known)}")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    wanted = parser.parse_args()
    unknown = set(wanted.name) - set(known)
    if unknown:
        parser.error(f"no benchmark {min(unknown)!r}; there are {', '.join(known)}")
    reports = {}
    for name in wanted.name or known:
        module = importlib.import_module(f"benchmarks.{name}")
        reports[name] = module.run()
        print(module.table(reports[name]), file=sys.stderr if wanted.json else sys.stdout, flush=True)
    if wanted.json:
        print(json.dumps(reports))
    return 0


if __name__ == "__main__":
    sys.exit(main())
