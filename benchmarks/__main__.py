"""Runs every benchmark, or those named: each module here has a `main()` that prints its own few lines.

Compare ratios within one run; milliseconds depend on the machine.
"""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module

import benchmarks


def main(wanted: list[str]) -> None:
    names = sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name[0] != "_"
    )
    unknown = [name for name in wanted if name not in names]
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there is {', '.join(names)}")
    for name in wanted or names:
        module = import_module(f"benchmarks.{name}")
        print(f"## {name}: {(module.__doc__ or '').splitlines()[0]}")
        module.main()
        print()


if __name__ == "__main__":
    main(sys.argv[1:])
