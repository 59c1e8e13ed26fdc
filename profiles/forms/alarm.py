from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .text import TextField

GENUINE, TAKEN_BACK = "genuine", "taken_back"


class SettleForm(forms.Form):
    """How a reported change of bank details is settled, and what the partner reads about it."""

    outcome = forms.ChoiceField(
        label=_("What came of it"),
        choices=[
            (GENUINE, _("The change was genuine: it is validated as usual")),
            (TAKEN_BACK, _("The change wasn't theirs: the version before counts again")),
        ],
        widget=forms.RadioSelect,
    )
    note = TextField(
        label=_("Note to the partner"),
        help_text=_("Whom you spoke with, and when. Sent by mail: no account numbers."),
        max_length=500,
        required=False,
    )

    @property
    def answer(self) -> dict[str, Any]:
        """What the service takes."""
        return {"genuine": self.cleaned_data["outcome"] == GENUINE, "note": self.cleaned_data["note"]}
