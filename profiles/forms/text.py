"""Names and addresses as people type them."""

from typing import Any

from django import forms

from incentives_portal.core.visible import visible_text


class TextField(forms.CharField):
    """A line of text whose every character can be seen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(visible_text)
