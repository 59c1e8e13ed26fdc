"""Makes the virtual environment from the hashed lock, after naming what this machine lacks.

    python3 incentives_portal/local/bootstrap.py .venv requirements/dev.txt

Run by whatever `python3` is, so it must parse on the old ones that it turns away: nothing newer than Python 3.6 here.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys

NEEDED = (3, 11)


def main(folder, lock):
    # type: (str, str) -> int
    lacks = lacking()
    if lacks:
        print("This machine can't run the portal yet:", file=sys.stderr)
        for lack in lacks:
            print("  - " + lack, file=sys.stderr)
        return 1
    with open(lock, "rb") as file:
        wanted = "%d.%d %s\n" % (sys.version_info[0], sys.version_info[1], hashlib.sha256(file.read()).hexdigest())
    stamp = os.path.join(folder, "installed-lock")
    installed = _read(stamp)
    if installed == wanted:
        return 0
    print("Setting up %s from %s (once, about a minute) ..." % (folder, lock), file=sys.stderr, flush=True)
    if installed:
        os.remove(stamp)
    if installed.split(" ")[0] != wanted.split(" ")[0]:
        subprocess.check_call([sys.executable, "-m", "venv", "--clear", folder])
    python = os.path.join(folder, "bin", "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    if subprocess.call(pip + ["install", "--only-binary", ":all:", "--require-hashes", "-r", lock]):
        print("pip could not install %s; its words are above. Run the same command again to go on." % lock, file=sys.stderr)
        return 1
    with open(stamp, "w") as file:
        file.write(wanted)
    return 0


def lacking():
    # type: () -> list[str]
    """What must be mended first, each as one sentence that says how. Touches nothing."""
    lacks = []
    if sys.version_info < NEEDED:
        other = _newer_python()
        mend = "run `make PYTHON=%s ...`" % other if other else "install one and run `make PYTHON=/path/to/python3.11 ...`"
        lacks.append("Python %d.%d or newer; %s is %s: %s" % (NEEDED + (sys.executable, platform.python_version(), mend)))
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        lacks.append("Python's venv module; on Debian and Ubuntu: apt install python%d.%d-venv" % sys.version_info[:2])
    system, machine = platform.system(), platform.machine().lower()
    if system not in ("Linux", "Darwin"):
        lacks.append("Linux or macOS; this is %s (on Windows use WSL)" % system)
    elif machine not in ("x86_64", "amd64", "arm64", "aarch64"):
        lacks.append("an x86-64 or ARM64 processor; this is %s" % machine)
    elif system == "Linux" and platform.libc_ver()[0] != "glibc":
        lacks.append("a Linux with glibc; PostgreSQL's wheel is not made for this one (musl)")
    return lacks


def _newer_python():
    # type: () -> str
    for minor in (13, 12, 11, 14):
        name = "python3.%d" % minor
        try:
            if shutil.which(name) and subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL) == 0:
                return name
        except OSError:
            pass
    return ""


def _read(path):
    # type: (str) -> str
    try:
        with open(path) as file:
            return file.read()
    except (IOError, OSError):
        return ""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
