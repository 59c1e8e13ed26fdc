"""What the audit log is asked for. It is asked by GET, so every filter stands in the address."""

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from incentives_portal.core import audit_wording

NO_DAY = _("This is no day. Write it like 2026-07-01.")
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2199, 12, 31)


class DayInput(forms.DateInput):
    """A calendar; what was typed in the address and is no day stays to be read and mended, as text."""

    input_type = "date"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        try:
            dt.date.fromisoformat(context["widget"]["value"] or "2000-01-01")
        except ValueError:
            context["widget"]["type"] = "text"
        return context


class DayField(forms.DateField):
    """A day that an entry can be of."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=DayInput(format="%Y-%m-%d"),
            error_messages={"invalid": NO_DAY},
            validators=[MinValueValidator(FIRST_DAY, NO_DAY), MaxValueValidator(LAST_DAY, NO_DAY)],
            **kwargs,
        )


class By(forms.ChoiceField):
    """Whose acts: the partner's people, the operator, the directory or the portal itself."""

    PEOPLE, OPERATOR, DIRECTORY, SYSTEM = "people", "operator", "directory", "system"


class AuditForm(forms.Form):
    """The filters of the audit log; none of them is needed."""

    from_day = DayField(label=_("From"), required=False)
    to_day = DayField(label=_("To"), required=False)
    group = forms.ChoiceField(label=_("Kind of act"), required=False)
    thing = forms.ChoiceField(label=_("Done to"), required=False)
    by = By(label=_("Done by"), required=False)
    who = forms.CharField(label=_("Name or e-mail address of who did it"), required=False, max_length=200)
    text = forms.CharField(label=_("Text"), required=False, max_length=200)
    # All entries of one act, such as an import.
    request = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("group", _("All acts"), audit_wording.groups())
        self._offer("thing", _("Everything"), audit_wording.things())
        kinds = [
            (By.PEOPLE, _("Your people")),
            (By.OPERATOR, settings.OPERATOR_NAME),
            (By.DIRECTORY, _("Your directory")),
            (By.SYSTEM, _("The portal by itself")),
        ]
        self._offer("by", _("Anybody"), kinds)

    def _offer(self, name: str, everything: Any, choices: list[Any]) -> None:
        self.fields[name].choices = [("", everything), *choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("from_day"), given.get("to_day")
        if first and last and first > last:
            raise ValidationError(_("The first day is later than the last one."))
        return given

    def query(self) -> dict[str, str]:
        """The filters that are set, as they stand in the address."""
        return {name: str(self.data[name]) for name in self.fields if self.data.get(name)}


class DayForm(forms.Form):
    """The day whose roles are asked for."""

    on = DayField(label=_("Day"))

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["on"]
        if day > self.today:
            raise ValidationError(_("Nobody knows who will hold which role then. Choose today or an earlier day."))
        return day
