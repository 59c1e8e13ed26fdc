"""One connection to the mail server, and what its answers mean."""

import enum
import logging
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.mail import BadHeaderError, get_connection

from incentives_portal.core.models import Mail

from .composing import compose, composed, dated, envelope_address, sender

logger = logging.getLogger(__name__)


class Answer(enum.Enum):
    """What became of one mail."""

    TAKEN = enum.auto()
    LATER = enum.auto()  # refused for now: try again
    NEVER = enum.auto()  # refused for good: a dead letter
    BROKEN = enum.auto()  # no answer: the connection is gone, and the mail may or may not have been taken


@dataclass(frozen=True, slots=True)
class Delivery:
    """The answer, and why, in words that hold neither addresses nor content."""

    answer: Answer
    error: str = ""


class MailServer:
    """A connection that is opened when first needed, used for many mails, and opened anew after it broke."""

    def __init__(self) -> None:
        self._connection: Any = None

    def reach(self) -> bool:
        """Whether the connection stands, after opening it where it doesn't."""
        if self._connection is not None:
            return True
        self._connection = get_connection()
        try:
            self._connection.open()
            if smtp := self._smtp:
                smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("The mail server can't be reached: %s", describe(error))
            self.leave()
        return self.stands

    @property
    def stands(self) -> bool:
        """Whether the connection is open and didn't break."""
        return self._connection is not None

    def announce(self, mail: Mail) -> Delivery | None:
        """Tells the server who writes to whom, which it may refuse already; the mail itself is `hand_over`'s."""
        said = self._asked(self._announce, mail)
        return None if said.answer is Answer.TAKEN else said

    def hand_over(self, mail: Mail) -> Delivery:
        """Hands the mail to the server."""
        return self._asked(self._hand_over, mail)

    def forget(self) -> None:
        """Takes back what was announced."""
        if smtp := self._smtp:
            self._asked(lambda _: smtp.rset(), None)

    def _asked(self, ask: Callable[..., object], mail: Mail | None) -> Delivery:
        try:
            ask(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code = max((code for code, _ in error.recipients.values()), default=0)
            return self._refused(code, error)
        except smtplib.SMTPSenderRefused as error:
            # Our own address is refused: a matter of configuration, of which no mail must die.
            return self._refused(min(error.smtp_code, 499), error)
        except smtplib.SMTPResponseException as error:
            return self._refused(error.smtp_code, error)
        except (OSError, smtplib.SMTPException) as error:
            self.leave()
            return Delivery(Answer.BROKEN, describe(error))
        except (BadHeaderError, ValueError) as error:
            self.forget()
            return Delivery(Answer.NEVER, describe(error))
        return Delivery(Answer.TAKEN)

    @property
    def _smtp(self) -> smtplib.SMTP | None:
        """The conversation, where there is one: other backends get a mail whole."""
        smtp = getattr(self._connection, "connection", None)
        return smtp if isinstance(smtp, smtplib.SMTP) else None

    # As smtplib's `sendmail` does it, but in two steps, and without reading addresses that are known to be no more than that.

    def _announce(self, mail: Mail) -> None:
        if (smtp := self._smtp) is None:
            return
        sent_from, to = sender(), envelope_address(mail.to)
        code, answer = smtp.docmd("MAIL", f"FROM:<{sent_from}>")
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, answer, sent_from)
        code, answer = smtp.docmd("RCPT", f"TO:<{to}>")
        if code not in (250, 251):
            raise smtplib.SMTPRecipientsRefused({to: (code, answer)})

    def _hand_over(self, mail: Mail) -> None:
        if (smtp := self._smtp) is None:
            compose(mail, self._connection).send()
            return
        code, answer = smtp.data(dated(bytes(mail.message)) if mail.message else composed(mail))
        if code != 250:
            raise smtplib.SMTPDataError(code, answer)

    def _refused(self, code: int, error: Exception) -> Delivery:
        if code == 421:  # "closing transmission channel"
            self.leave()
            return Delivery(Answer.BROKEN, describe(error, code))
        self.forget()
        return Delivery(Answer.NEVER if code >= 500 else Answer.LATER, describe(error, code))

    def leave(self) -> None:
        """Closes the connection, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except (OSError, smtplib.SMTPException) as error:
            logger.info("The connection to the mail server was gone already: %s", describe(error))


def describe(error: Exception, code: int = 0) -> str:
    """The kind of an error and the server's code; the server's own words may quote an address, so they are left out."""
    return f"{type(error).__name__} {code}" if code else type(error).__name__
