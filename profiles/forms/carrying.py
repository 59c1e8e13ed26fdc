"""Numbers that were typed right stay with a form that has to be shown again, without standing in the page.

They travel as an encrypted hidden value, bound to the person and the field; the page shows the last four characters.
"""

import base64
import binascii
import uuid

from incentives_portal.core.secrets import CannotDecryptError, decrypt, encrypt


def _place(person: uuid.UUID, kind: str) -> str:
    return f"form/{kind}/{person}"


def wrap(number: str, *, person: uuid.UUID, kind: str) -> str:
    """The number as a hidden input may hold it."""
    return base64.urlsafe_b64encode(encrypt(number, place=_place(person, kind))).decode()


def unwrap(token: str, *, person: uuid.UUID, kind: str) -> str:
    """The number, or nothing where the token is no token of this person and field."""
    try:
        return decrypt(base64.urlsafe_b64decode(token.encode()), place=_place(person, kind))
    except (binascii.Error, CannotDecryptError, ValueError):
        return ""
