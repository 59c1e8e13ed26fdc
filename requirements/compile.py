"""Compiles requirements/base.txt (what production installs) and requirements/dev.txt (all) from pyproject.toml, with hashes.

Needs uv on the PATH. The locks hold for Python 3.11 and newer on Linux and macOS, and name no package index.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
# One lock for all platforms and versions, without the addresses that it was made from.
FLAGS = ("--universal", "--fork-strategy=fewest", "--python-version=3.11", "--generate-hashes")
FLAGS += ("--no-header", "--no-annotate", "--quiet")


def main() -> int:
    uv = shutil.which("uv")
    if uv is None:
        print("`make lock` needs uv; see its installation guide.", file=sys.stderr)
        return 1
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text())
    production = project["project"]["dependencies"]
    groups = project["dependency-groups"]
    lock(uv, "dev", [*production, *(each for group in groups.values() for each in group)])
    # Production installs the very versions that were tested.
    lock(uv, "base", production, "--constraints", str(HERE / "dev.txt"))
    return 0


def lock(uv: str, name: str, wanted: list[str], *more: str) -> None:
    """Writes requirements/<name>.txt. Versions that it names already stay where they still fit; UPGRADE=1 takes the newest."""
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"{name}.in"
        source.write_text("\n".join(wanted))
        environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        command = [uv, "pip", "compile", *FLAGS, *upgrade, *more, "--python", sys.executable]
        command += [str(source), "--output-file", str(HERE / f"{name}.txt")]
        subprocess.run(command, check=True, env=environment)


if __name__ == "__main__":
    sys.exit(main())
