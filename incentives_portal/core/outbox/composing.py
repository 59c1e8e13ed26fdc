"""What a mail looks like on the wire."""

import re
from email.utils import formatdate, parseaddr
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.core.mail.message import sanitize_address

from incentives_portal.core.models import Mail

# In octets: a longer line is encoded (RFC 5322), and a header of more than 78 is folded.
LONGEST_LINE, LONGEST_ADDRESS = 998, 70


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
        return _filled_in(mail) if _is_plain(mail) else composed(mail, undated=True)
    except (BadHeaderError, ValueError):
        return None


def composed(mail: Mail, *, undated: bool = False) -> bytes:
    """The mail's bytes, by Django alone. Raises BadHeaderError."""
    message = compose(mail).message()
    if undated:
        del message["Date"]
    return bytes(message.as_bytes(linesep="\r\n"))  # type: ignore[call-arg]  # of Django, which the stubs do not know


def _is_plain(mail: Mail) -> bool:
    """Whether nothing of it need be folded or encoded but the subject."""
    to, bodies = mail.to, (mail.text, mail.html)
    if not (to.isascii() and to.isprintable() and " " not in to and len(to) <= LONGEST_ADDRESS and mail.subject.isprintable()):
        return False
    return all(body and "\r" not in body and max(map(len, body.encode().split(b"\n"))) <= LONGEST_LINE for body in bodies)


def _filled_in(mail: Mail) -> bytes:
    """The same bytes as composed by themselves, at a tenth of the price: mails are alike but for the address and what they say."""
    frame = _frame(settings.DEFAULT_FROM_EMAIL, mail.subject, mail.language, mail.text.isascii(), mail.html.isascii())
    values = {
        b"to": mail.to.encode(),
        b"id": mail.message_id.encode(),
        # A boundary is for one mail alone: who knew it beforehand could end a part with a name.
        b"boundary": b"=" * 15 + mail.id.hex.encode() + b"==",
        b"text": mail.text.encode().replace(b"\n", b"\r\n"),
        b"html": mail.html.encode().replace(b"\n", b"\r\n"),
    }
    return b"".join([values[piece] if number % 2 else piece for number, piece in enumerate(frame)])


@lru_cache(maxsize=256)
def _frame(sent_from: str, subject: str, language: str, *in_ascii: bool) -> list[bytes]:
    """A mail of this subject with gaps in it, in turn what stands between two gaps and the name of the gap.

    How a part is encoded follows from its letters, so what isn't ASCII has a letter in its gap that isn't either.
    """
    text, html = (f"\x01{name}{'' if ascii_ else 'é'}\x02" for name, ascii_ in zip(("text", "html"), in_ascii, strict=True))
    message = compose(
        Mail(subject=subject, to="\x01to\x02", message_id="\x01id\x02", language=language, text=text, html=html)
    ).message()
    del message["Date"]
    whole = bytes(message.as_bytes(linesep="\r\n"))  # type: ignore[call-arg]  # see above
    whole = whole.replace(str(message.get_boundary()).encode(), b"\x01boundary\x02").replace("é".encode(), b"")
    return re.split(b"\x01(\\w+)\x02", whole)


def dated(message: bytes) -> bytes:
    """The bytes with the date of sending."""
    return f"Date: {formatdate(localtime=False)}\r\n".encode() + message


def sender() -> str:
    """The address that answers of mail servers go to."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def envelope_address(address: str) -> str:
    """The address for the mail server. Raises BadHeaderError for one that would say more than an address to it."""
    if any(character in address for character in "\r\n<>"):
        raise BadHeaderError("an address has one line, and no end before its end")
    return address if address.isascii() else str(sanitize_address(address, "utf-8"))
