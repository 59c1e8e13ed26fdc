"""A pytest plugin (`-p tests.services`): real PostgreSQL, Redis and SMTP for the tests, thrown away afterwards.

They start before pytest-django reads the settings, in the first process; workers of pytest-xdist inherit their addresses.
DATABASE_URL and REDIS_URL, where set from outside, win. Sockets reach loopback and nothing else.
"""

import email.policy
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from incentives_portal.local.places import Places
from incentives_portal.local.services import Services

_SERVICES = pytest.StashKey[Services]()
MAIL_FOLDER = "TEST_MAIL_FOLDER"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    os.environ["TESTING"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "incentives_portal.settings")
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        # Databases of Redis are numbered: each worker has its own, and the first process has number 0.
        os.environ["REDIS_URL"] = _with_number(os.environ["REDIS_URL"], int(worker.removeprefix("gw")) + 1)
    else:
        _start(early_config)
    _keep_sockets_home()
    return (yield)


def _start(config: pytest.Config) -> None:
    wanted = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL"} - os.environ.keys()
    if not wanted:
        return
    root = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    root.chmod(0o755)
    services = Services(Places(root), throw_away=True)
    config.stash[_SERVICES] = services
    config.add_cleanup(lambda: _stop(services))
    services.start()
    if "DATABASE_URL" in wanted:
        wanted.add("DATABASE_OWNER_URL")
    os.environ.update({name: services.environment[name] for name in wanted})
    os.environ.setdefault(MAIL_FOLDER, str(services.places.mail))


def _stop(services: Services) -> None:
    services.stop()
    shutil.rmtree(services.places.root, ignore_errors=True)


def _with_number(url: str, number: int) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{number}"))


def _keep_sockets_home() -> None:
    """A test that reaches out fails here instead of depending on somebody else's server."""
    connect = socket.socket.connect

    def only_home(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_home(str(address[0])):
            raise OSError(f"a test tried to reach {address[0]}; tests reach loopback only")
        connect(self, address)

    socket.socket.connect = only_home  # type: ignore[method-assign]


def _is_home(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Mailbox:
    """What the SMTP server of the tests has taken since this test began."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._earlier = folder, {file.name for file in folder.glob("*.eml")}

    def mails(self, *, to: str = "") -> list[EmailMessage]:
        """The mails, oldest first; with `to`, those to this address. Each wears its `X-Envelope-To`."""
        files = sorted(file for file in self.folder.glob("*.eml") if file.name not in self._earlier)
        mails: list[EmailMessage] = [message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]  # type: ignore[misc]
        return [mail for mail in mails if to in str(mail["X-Envelope-To"])]


@pytest.fixture
def smtp(settings: Any) -> Mailbox:
    """Sends mails of this test through the real SMTP server, and reads what arrived there.

    With xdist the server is shared: ask for the mails to an address of your own.
    """
    if MAIL_FOLDER not in os.environ:
        pytest.fail("EMAIL_URL was set from outside, so the tests can't read what its server takes; unset it.")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    return Mailbox(Path(os.environ[MAIL_FOLDER]))
