"""Text whose every character can be seen: what one person typed has to be what another one reads."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})


def visible_text(value: str) -> None:
    """Refuses control and format characters, direction marks, and what Unicode has not assigned. Raises ValidationError."""
    if any(unicodedata.category(char) in INVISIBLE for char in value):
        raise ValidationError(
            _("This holds characters that can't be seen, as happens when copying. Type it by hand."), code="invisible"
        )
