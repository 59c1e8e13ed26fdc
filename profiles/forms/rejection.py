from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from profiles.fields import Label
from profiles.reasons import FITTING, OF_A_TAX_NUMBER, OF_AN_ACCOUNT, REASONS

from .text import TextField


class RejectionForm(forms.Form):
    """Per field of a profile a coded reason, and a note where that says more (rule VAL-3)."""

    def __init__(self, *args: Any, labels: Mapping[str, Label], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.labels = labels
        of_numbers = OF_AN_ACCOUNT if "bank_country" in labels else OF_A_TAX_NUMBER
        for name, label in labels.items():
            codes = (*FITTING.get(name, of_numbers), "other")
            choices = [("", _("Nothing to correct")), *((code, REASONS[code].text) for code in codes)]
            self.fields[f"reason_{name}"] = forms.ChoiceField(label=str(label), choices=choices, required=False)
            self.fields[f"note_{name}"] = TextField(label=_("Note to the partner"), required=False, max_length=500)

    @property
    def rows(self) -> list[tuple[BoundField, BoundField]]:
        """Reason and note of each field."""
        return [(self[f"reason_{name}"], self[f"note_{name}"]) for name in self.labels]

    @property
    def reasons(self) -> list[tuple[str, str, str]]:
        """What the service takes: field, code and note of what is rejected."""
        data = self.cleaned_data
        return [(name, data[f"reason_{name}"], data[f"note_{name}"]) for name in self.labels if data[f"reason_{name}"]]
