"""What a mail looks like on the wire."""

from email.utils import formatdate, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.core.mail.message import sanitize_address

from incentives_portal.core.models import Mail


def compose(mail: Mail, connection: Any = None) -> EmailMultiAlternatives:
    """The mail as it is sent: text and HTML, its fixed Message-ID, its language, and a request for no automatic answers."""
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        to=[mail.to],
        connection=connection,
        headers={"Message-ID": mail.message_id, "Content-Language": mail.language, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(mail.html, "text/html")
    return message


def wire_form(mail: Mail) -> bytes | None:
    """The mail's bytes, made once, when it is owed; the date is written when it is sent. None for what can't be composed:
    sending it will say why."""
    try:
        message = compose(mail).message()
    except (BadHeaderError, ValueError):
        return None
    del message["Date"]
    return bytes(message.as_bytes(linesep="\r\n"))  # type: ignore[call-arg]  # of Django, which the stubs do not know


def dated(message: bytes) -> bytes:
    """The bytes with the date of sending."""
    return f"Date: {formatdate(localtime=False)}\r\n".encode() + message


def sender() -> str:
    """The address that answers of mail servers go to."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def envelope_address(address: str) -> str:
    """The address for the mail server. Raises BadHeaderError for one that would say more than an address to it."""
    if "\n" in address or "\r" in address:
        raise BadHeaderError("an address has one line")
    return address if address.isascii() else str(sanitize_address(address, "utf-8"))
