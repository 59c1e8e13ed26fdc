"""The portal's processes, written once: the demonstration runs these commands, and so does docker-compose.yml (a test compares)."""

import sys

MIGRATE = ("python", "manage.py", "migrate", "--noinput")
# The queue's messages only wake workers up, so workers need neither gossip nor each other's state.
WORKER = (
    "celery",
    "-A",
    "incentives_portal",
    "worker",
    "--loglevel=INFO",
    "--concurrency=2",
    "--without-gossip",
    "--without-mingle",
)
# Any number may be started: RedBeat's lock in Redis lets one of them speak.
BEAT = ("celery", "-A", "incentives_portal", "beat", "--loglevel=INFO")


def web(bind: str) -> tuple[str, ...]:
    """The web server on an address like `127.0.0.1:8000`. No access log: addresses of invitations carry secrets."""
    return (
        "gunicorn",
        "incentives_portal.wsgi",
        f"--bind={bind}",
        "--workers=2",
        "--timeout=60",
        "--graceful-timeout=8",
        "--no-control-socket",
    )


def here(command: tuple[str, ...]) -> list[str]:
    """The command with the programs of this very Python, whatever the PATH says."""
    program, *arguments = command
    return [sys.executable, *arguments] if program == "python" else [sys.executable, "-m", program, *arguments]
