"""Runs one command that ends when whoever holds the leash does.

Started as a script by `children.Child` in a session of its own. Its standard input is a pipe that only the supervisor
can close, and that the kernel closes for it after kill -9. Then, or when told to terminate, the command gets its stop
signal, some grace, and its whole process group SIGKILL: pool children and web workers too. Prints the command's process
id as its only line; the command writes to the leash's standard error, which is a log file.

A supervisor that ends in order says goodbye before it closes the pipe. Where it couldn't, its scratch folder is removed here.

    python leash.py STOP_SIGNAL GRACE_SECONDS USER GROUP SCRATCH COMMAND...      (USER, GROUP: a number, or - for our own)
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

PR_SET_PDEATHSIG = 1


def main(stop_signal: str, grace: str, user: str, group: str, scratch: str, *command: str) -> int:
    wake_up, told = os.pipe()
    for end in (wake_up, told):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    stopping: list[int] = []
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, lambda number, _: stopping.append(number))
    dropped: dict[str, Any] = {"user": int(user), "group": int(group), "extra_groups": []} if user != "-" else {}
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=2, stderr=2, process_group=0, preexec_fn=_die_with_the_leash, **dropped
    )
    print(child.pid, flush=True)
    os.close(1)
    goodbye = b"none needed"
    while child.poll() is None and not stopping:
        ready, _, _ = select.select([0, wake_up], [], [])
        if wake_up in ready:
            os.read(wake_up, 4096)
        if 0 in ready:
            goodbye = os.read(0, 4096)
            break
    code = _end(child, signal.Signals[stop_signal], float(grace))
    if not goodbye and scratch != "-":
        shutil.rmtree(scratch, ignore_errors=True)
    return code


def _end(child: "subprocess.Popen[bytes]", stop_signal: signal.Signals, grace: float) -> int:
    """Stops the command where it still runs, then whatever is left of its process group. Returns its exit code."""
    if child.poll() is None:
        child.send_signal(stop_signal)
        deadline = time.monotonic() + grace
        while child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing is left; macOS says so with PermissionError
        os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _die_with_the_leash() -> None:
    """Linux: kill -9 of the leash itself reaches the command too. Elsewhere the supervisor does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
