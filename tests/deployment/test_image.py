import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from incentives_portal.local import processes
from incentives_portal.local.places import CLONE

DOCKERFILE = (CLONE / "Dockerfile").read_text().replace("\\\n", " ")
STEPS = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if re.match(r"[A-Z]+ ", line)]


def steps(kind: str) -> list[str]:
    return [what for name, what in STEPS if name == kind]


def pins(name: str) -> dict[str, str]:
    text = (CLONE / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", text, re.MULTILINE))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """An empty folder with what the image copies, and nothing else."""
    for step in steps("COPY"):
        *sources, target = step.split()
        for source in sources:
            at = tmp_path / target / (Path(source).name if target.endswith("/") else "")
            at.parent.mkdir(parents=True, exist_ok=True)
            if (CLONE / source).is_dir():
                shutil.copytree(CLONE / source, at, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(CLONE / source, at)
    return tmp_path


def test_what_it_collects_comes_out_of_an_empty_folder(copied: Path) -> None:
    (step,) = [step for step in steps("RUN") if "collectstatic" in step]
    words = shlex.split(step)
    given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    command = [word for word in words if not re.match(r"[A-Z_]+=", word)]
    assert command[0] == "python"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run([sys.executable, *command[1:]], cwd=copied, env=kept | given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (copied / "var" / "static" / "staticfiles.json").exists()


def test_the_context_that_is_sent_holds_all_that_is_copied() -> None:
    allowed = {line.removeprefix("!") for line in (CLONE / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source for step in steps("COPY") for source in step.split()[:-1]}
    assert copied == allowed


def test_it_installs_the_versions_that_are_tested() -> None:
    (step,) = [step for step in steps("RUN") if "pip install" in step]
    assert "--require-hashes -r requirements/base.txt" in step
    production, tested = pins("base"), pins("dev")
    assert production.items() <= tested.items()
    installed = {name: metadata.version(name) for name in ("django", "celery", "psycopg", "gunicorn")}
    assert installed.items() <= production.items()


def test_nobody_in_it_is_root() -> None:
    assert steps("USER") == ["portal"]


def test_it_runs_the_web_server_of_the_demonstration() -> None:
    assert steps("CMD") == ["[" + ", ".join(f'"{word}"' for word in processes.web("0.0.0.0:8000")) + "]"]


def test_the_locks_name_no_package_index() -> None:
    for lock in (CLONE / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text()
