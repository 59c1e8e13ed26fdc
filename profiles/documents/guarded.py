"""Judges a file in a process of its own, with limits to memory and time and an empty environment: a hostile file
harms nobody else, and is handed no key.

The process reads the file from stdin, and answers with one line of JSON followed by the bytes to keep.
"""

import contextlib
import json
import resource
import subprocess
import sys

from django.conf import settings

from .judging import Judged, RefusedFileError, judge

MEMORY = 768 * 1024 * 1024
SECONDS = 15


def judge_safely(data: bytes) -> Judged:
    """As `judging.judge`. Raises RefusedFileError, also where the file takes more than it may."""
    try:
        answer = subprocess.run(
            [sys.executable, "-I", "-c", _START, str(settings.BASE_DIR)],
            input=data,
            capture_output=True,
            timeout=SECONDS * 2,
            check=False,
            # Keys and passwords stand in ours.
            env={"LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise RefusedFileError("took_too_long") from None
    if answer.returncode != 0:
        raise RefusedFileError("took_too_long")
    head, _newline, content = answer.stdout.partition(b"\n")
    said = json.loads(head)
    if "refused" in said:
        raise RefusedFileError(said["refused"])
    return Judged(said["kind"], said["pages"], content)


# What it is told is where the code lies; it reads no settings.
_START = "import sys; sys.path.insert(0, sys.argv[1]); from profiles.documents.guarded import main; main()"


def main() -> None:
    """The guarded process."""
    for what, limit in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_FSIZE, 0)):
        with contextlib.suppress(ValueError):  # macOS knows no limit to the address space
            resource.setrlimit(what, (limit, limit))
    try:
        judged = judge(sys.stdin.buffer.read())
    except RefusedFileError as refused:
        sys.stdout.write(json.dumps({"refused": refused.code}))
        return
    except MemoryError:
        sys.exit(1)
    sys.stdout.write(json.dumps({"kind": judged.kind, "pages": judged.pages}) + "\n")
    sys.stdout.flush()
    sys.stdout.buffer.write(judged.content)
