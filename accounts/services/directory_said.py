"""What a directory says of a person, read for the portal: pure, so that before and after can be compared."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from incentives_portal.core.visible import INVISIBLE


@dataclass(frozen=True, slots=True)
class Said:
    """A person in the directory's own words: `profile` holds what SCIM calls name, displayName, emails, active and so on."""

    user_name: str
    external_id: str = ""
    profile: dict[str, Any] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether they belong. A directory that says nothing means yes."""
        return self.profile.get("active") is not False

    @property
    def name(self) -> str:
        """What to call them, without characters that can't be seen: display name, else given and family name, else nothing."""
        parts = self.profile.get("name") or {}
        spoken = " ".join(filter(None, [parts.get("givenName"), parts.get("familyName")]))
        name = self.profile.get("displayName") or parts.get("formatted") or spoken
        return "".join(char for char in name if unicodedata.category(char) not in INVISIBLE).strip()[:200]

    @property
    def language(self) -> str:
        """The language they prefer, as two letters, or nothing."""
        return str(self.profile.get("preferredLanguage") or "")[:2].lower()

    @property
    def addresses(self) -> list[str]:
        """What could be their address in the portal, the likeliest first: the user name, the primary mail address, the others."""
        mails = sorted(self.profile.get("emails") or [], key=lambda mail: not mail.get("primary"))
        said = [self.user_name, *(str(mail.get("value") or "") for mail in mails)]
        return list(dict.fromkeys(text.strip().lower() for text in said if _is_address(text.strip())))


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254
