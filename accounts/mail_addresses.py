"""Mail addresses and their domains, as single sign-on and provisioning compare them."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
# Providers whose addresses belong to everybody: no partner can speak for them, whatever DNS says.
PUBLIC = frozenset(
    """
    126.com 163.com aol.com bredband.net comcast.net duck.com fastmail.com free.fr gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net
    googlemail.com hey.com home.se hotmail.co.uk hotmail.com hotmail.de hotmail.fr hotmail.se hushmail.com icloud.com laposte.net
    libero.it live.com live.se mac.com mail.com mail.ru mailbox.org me.com msn.com naver.com onmicrosoft.com orange.fr outlook.com
    outlook.de outlook.fr pm.me posteo.de proton.me protonmail.com protonmail.ch qq.com rediffmail.com spray.se swipnet.se
    t-online.de telia.com tutanota.com tuta.io web.de wp.pl yahoo.co.jp yahoo.co.uk yahoo.com yahoo.de yahoo.fr yahoo.se yandex.com
    yandex.ru ymail.com zoho.com
    """.split()  # noqa: SIM905 - a list that is read
)


def domain_of(address: str) -> str:
    """The domain of a mail address in lower case and as DNS spells it; empty where there is none."""
    name, _at, domain = address.strip().rpartition("@")
    try:
        return spelled(domain) if name else ""
    except ValidationError:
        return ""


def spelled(domain: str) -> str:
    """A domain that somebody typed, in lower case and as DNS spells it. Raises ValidationError where it is none."""
    plain = domain.strip().removeprefix("@").rstrip(".").lower()
    try:
        plain = plain.encode("idna").decode()
    except UnicodeError:
        plain = ""
    labels = plain.split(".")
    if len(plain) > 253 or len(labels) < 2 or labels[-1].isdigit() or not all(LABEL.fullmatch(label) for label in labels):
        raise ValidationError(_("Enter a mail domain, such as company.example."), code="domain")
    return plain


def is_public(domain: str) -> bool:
    """Whether anybody can get an address of this domain."""
    return domain in PUBLIC
