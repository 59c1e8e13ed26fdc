"""Names and addresses as people type them."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})


def visible_text(value: str) -> None:
    """Refuses characters that can't be seen: what a reviewer compares has to be what is stored."""
    if any(unicodedata.category(char) in INVISIBLE for char in value):
        raise ValidationError(
            _("This holds characters that can't be seen, as happens when copying. Type it by hand."), code="invisible"
        )


class TextField(forms.CharField):
    """A line of text whose every character can be seen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(visible_text)
