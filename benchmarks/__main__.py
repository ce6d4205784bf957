"""`./run bench [NAME…] [--json]`: run the named benchmarks, on the servers that ARXOS_… names.

A benchmark is a module with `run` and `table`. It may have `add_options`, and then gets the options; `failures`, which
tell of a report what is wrong with it; `BY_NAME_ONLY`, and then is not among those that run where none is named.
"""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType

import benchmarks


def known() -> Iterator[tuple[str, ModuleType]]:
    """Every module here that has a `run` is a benchmark."""
    for found in pkgutil.iter_modules(benchmarks.__path__):
        if not found.name.startswith("_"):
            module = importlib.import_module(f"benchmarks.{found.name}")
            if hasattr(module, "run"):
                yield found.name.replace("_", "-"), module


def main() -> int:
    """Run; print tables, or with --json one document. Exit 1 where a report has failures."""
    modules = dict(sorted(known()))
    wanted = _arguments(modules)
    reports, failed = {}, False
    for name in wanted.name or [name for name, module in modules.items() if not hasattr(module, "BY_NAME_ONLY")]:
        module = modules[name]
        reports[name] = module.run(wanted) if hasattr(module, "add_options") else module.run()
        print(module.table(reports[name]), file=sys.stderr if wanted.json else sys.stdout, flush=True)
        failed = failed or (hasattr(module, "failures") and bool(module.failures(reports[name])))
    if wanted.json:
        print(json.dumps(reports))
    return int(failed)


def _arguments(modules: Mapping[str, ModuleType]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", allow_abbrev=False)
    parser.add_argument("name", nargs="*", help=f"any of: {', '.join(modules)}")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    for module in modules.values():
        if hasattr(module, "add_options"):
            module.add_options(parser)
    wanted = parser.parse_args()
    if unknown := set(wanted.name) - set(modules):
        parser.error(f"no benchmark {min(unknown)!r}; there are {', '.join(modules)}")
    return wanted


if __name__ == "__main__":
    sys.exit(main())
