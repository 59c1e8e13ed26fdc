"""A form whose identifier fields follow from what is chosen in it, such as country and payment method."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms import BoundField
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from incentives_portal.core.secrets import CannotDecryptError
from incentives_portal.core.unreadable import note
from profiles.identifiers.bank import SHOWN_WHOLE, BankField, ways_of
from profiles.identifiers.checking import Finding, mask
from profiles.identifiers.tax import TaxField
from profiles.models import PayoutProfileVersion, TaxProfileVersion, ValidationReason
from profiles.reasons import explained, text_for

from .carrying import unwrap, wrap

Number = BankField | TaxField
# These may be shown, and leaving one empty means that there is none.
PUBLIC = SHOWN_WHOLE


def sentence(finding: Finding) -> str:
    """Why a number isn't accepted, and what was expected where that helps."""
    return explained(finding.code, finding.detail)


def checked_while_typing(url: str, kind: str) -> dict[str, str]:
    """The attributes of an input that is checked a moment after typing; what was found appears below it."""
    return {
        "hx-post": reverse(url, args=[kind]),
        "hx-trigger": "change, keyup changed delay:500ms",
        "hx-target": f"#check-{kind}",
    }


def _must_be_given(number: Number) -> bool:
    """Whether a form can't do without it; where there are several ways, the checks see which one was taken."""
    return number.required and not getattr(number, "way", "")


class NumberInput(forms.TextInput):
    """An input that never shows what was typed into it once it has been sent."""

    def format_value(self, value: Any) -> None:
        return None


class NumberField(forms.CharField):
    """Whatever was typed or pasted goes to the checks, which say what is wrong with it in words of their own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = []
        self.error_messages["required"] = text_for("empty")


class NumbersForm(forms.Form):
    """Two chosen fields decide which numbers are asked for. Without scripts the page is drawn again to show them.

    A saved number is left alone by leaving its field empty, as long as what decides stays as it was.
    """

    deciding: tuple[str, str]
    check_url: str

    def __init__(
        self, *args: Any, person: User, version: PayoutProfileVersion | TaxProfileVersion | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.version = person, version
        self.good: dict[str, str] = {}
        # The saved numbers are there, and nobody can read them: they have to be typed again.
        self.is_unreadable = False
        self.saved = self._saved()
        self.numbers = list(self.numbers_for(*self.chosen))
        for number in self.numbers:
            self._add(number)
        for name in self.deciding:
            self.fields[name].widget.attrs |= {
                "hx-post": "",
                "hx-vals": '{"show": "1"}',
                "hx-trigger": "change",
                "hx-target": "#numbers",
                "hx-swap": "outerHTML",
            }

    def numbers_for(self, first: str, second: str) -> Sequence[Number]:
        """Which numbers to ask for."""
        raise NotImplementedError

    def check(self, values: Mapping[str, str]) -> dict[str, Finding]:
        """A finding per number that was given or is missing."""
        raise NotImplementedError

    @property
    def chosen(self) -> tuple[str, str]:
        """What decides: as posted where that is one of the choices, else as it was."""
        first, second = (self._chosen(name) for name in self.deciding)
        return first, second

    def _chosen(self, name: str) -> str:
        field: Any = self.fields[name]
        posted = str(self.data.get(name, "")) if self.is_bound else ""
        return posted if posted and field.valid_value(posted) else str(self.initial.get(name, ""))

    def _saved(self) -> dict[str, str]:
        """The numbers of the saved version, where what decides is as it was saved."""
        if self.version is None or self.chosen != tuple(str(getattr(self.version, name)) for name in self.deciding):
            return {}
        try:
            return self.version.read_identifiers()
        except CannotDecryptError as error:
            note(error)
            self.is_unreadable = True
            return {}

    def _carried(self, kind: str) -> str:
        """The number that came along: one that was typed right before, or typed into a form that is only drawn again."""
        sent = self.data if self.is_bound else self.initial
        token = str(sent.get(f"carried_{kind}", ""))
        carried = unwrap(token, person=self.person.pk, kind=kind) if token else ""
        return carried if self.is_bound or kind in PUBLIC else self._if_it_fits(kind, str(sent.get(kind, "")).strip() or carried)

    def _if_it_fits(self, kind: str, number: str) -> str:
        """The number where the fields chosen now take it; it stays with the form."""
        finding = self.check({kind: number}).get(kind) if number else None
        if finding is None or not finding.ok:
            return ""
        self.good[kind] = finding.value
        return finding.value

    def _kept(self, kind: str) -> str:
        """The number that an empty field stands for."""
        return self._carried(kind) or ("" if kind in PUBLIC else self.saved.get(kind, ""))

    def _add(self, number: Number) -> None:
        kind = number.kind
        kept = self._kept(kind)
        chosen_from = getattr(number, "choices", ())
        field: Any = self._choice(number) if chosen_from else self._typed(number, kept)
        # "Optional" would be misread where one of several is needed, or where a saved number is kept.
        field.no_optional = bool(kept or chosen_from or getattr(number, "any_of", "") or getattr(number, "way", ""))
        if not chosen_from:
            field.widget.attrs |= {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
            field.widget.attrs |= checked_while_typing(self.check_url, kind)
        self.fields[kind] = field
        if kept and not _must_be_given(number) and kind in self.saved:
            label = _("Remove the saved number: %(label)s") % {"label": number.label}
            self.fields[f"remove_{kind}"] = forms.BooleanField(label=label, required=False)

    def _typed(self, number: Number, kept: str) -> forms.Field:
        public = number.kind in PUBLIC
        return NumberField(
            label=str(number.label),
            required=_must_be_given(number) and not kept,
            help_text=self._hint(number.hint, kept),
            initial=self.saved.get(number.kind, "") if public else None,
            widget=forms.TextInput() if public else NumberInput(),
        )

    def _choice(self, number: Number) -> forms.Field:
        assert isinstance(number, BankField)
        usual = "" if number.required else number.choices[0][0]
        if self.initial.get(number.kind) not in dict(number.choices):
            # Of a country that was chosen before.
            self.initial = {name: value for name, value in self.initial.items() if name != number.kind}
        return forms.ChoiceField(
            label=str(number.label),
            required=_must_be_given(number),
            choices=number.choices,
            initial=self.saved.get(number.kind, usual),
            widget=forms.RadioSelect,
            error_messages={"invalid_choice": text_for("account_type_unknown"), "required": text_for("account_type_missing")},
        )

    def _hint(self, hint: str | Promise, kept: str) -> str:
        return _("%(mask)s – leave empty to keep it") % {"mask": mask(kept)} if kept else str(hint)

    def clean(self) -> dict[str, Any]:
        """Checks all numbers together; those that are right stay with the form."""
        data = super().clean() or self.cleaned_data
        values = {}
        for number in self.numbers:
            removed = data.get(f"remove_{number.kind}")
            values[number.kind] = data.get(number.kind) or ("" if removed else self._kept(number.kind))
        for kind, finding in self.check(values).items():
            if finding.ok:
                self.good[kind] = finding.value
            elif kind in self.fields and kind not in self.errors:
                self.add_error(kind, sentence(finding))
        return data

    def keep_what_is_right(self) -> None:
        """Prepares a form that is shown again: its right numbers are carried along and shown by their last four."""
        for kind, number in self.good.items():
            if kind not in PUBLIC and number != self.saved.get(kind):
                # The bound field has taken its words from the field before the number was known.
                self.fields[kind].help_text = self[kind].help_text = self._hint("", number)

    @property
    def number_fields(self) -> list[BoundField]:
        """The fields of the numbers, in the order to ask."""
        return [self[number.kind] for number in self.numbers]

    @property
    def number_choices(self) -> bool:
        """Whether one of several numbers is enough."""
        return any(getattr(number, "any_of", "") for number in self.numbers)

    @property
    def several_ways(self) -> bool:
        """Whether the account can be named by its domestic numbers or by its IBAN."""
        return bool(ways_of(tuple(number for number in self.numbers if isinstance(number, BankField))))

    @property
    def removing_fields(self) -> list[BoundField]:
        """The boxes that take a saved number away."""
        return [self[name] for name in self.fields if name.startswith("remove_")]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """The hidden inputs of the numbers that were typed right, by name."""
        typed = {kind: number for kind, number in self.good.items() if kind not in PUBLIC and number != self.saved.get(kind)}
        return [(f"carried_{kind}", wrap(number, person=self.person.pk, kind=kind)) for kind, number in typed.items()]

    def show_reasons(self, reasons: Sequence[ValidationReason]) -> None:
        """Puts what a reviewer rejected at its field (rule VAL-3)."""
        for reason in reasons:
            if reason.field in self.fields:
                field: Any = self.fields[reason.field]
                field.rejection = reason
                field.rejection_text = text_for(reason.code)
                described = [f"id_{reason.field}_rejection", *([f"id_{reason.field}_helptext"] if field.help_text else [])]
                field.widget.attrs |= {"aria-describedby": " ".join(described)}
