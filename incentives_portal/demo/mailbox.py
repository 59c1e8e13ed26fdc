"""Reads the mails that the local SMTP server caught: one file each."""

import datetime as dt
import email.policy
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """A mail as it came over the wire."""

    name: str
    caught_at: dt.datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def sender(self) -> str:
        return str(self.message["From"])

    @property
    def recipient(self) -> str:
        return str(self.message["To"])

    def body(self, kind: str) -> str:
        """The `plain` or `html` part."""
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part else ""


def newest(limit: int = 100) -> list[CaughtMail]:
    """The mails that came last, the newest first."""
    folder: Path = settings.MAIL_CATCHER_FOLDER
    files = sorted(folder.glob("[0-9]*.eml"), key=lambda path: path.name, reverse=True) if folder.is_dir() else []
    return [_read(path) for path in files[:limit]]


def find(name: str) -> CaughtMail | None:
    """The mail of that file name, or None."""
    path = next((path for path in settings.MAIL_CATCHER_FOLDER.glob("[0-9]*.eml") if path.stem == name), None)
    return _read(path) if path else None


def _read(path: Path) -> CaughtMail:
    message = message_from_bytes(path.read_bytes(), policy=email.policy.default)
    caught_at = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)
    return CaughtMail(path.stem, caught_at, message)
