"""What people type about people. The rules are the services'; the forms only read and keep what was typed."""

import re
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from accounts import addresses, program_choices
from accounts.models import Location, Partner, TeamInvitation
from accounts.picking import Country, Sought, countries_of
from accounts.roles import INCENTIVES_ROLES, ROLES, PartnerRole
from accounts.services.roles import Terms
from incentives_portal.core.visible import visible_text

ORGANIZATION, LISTED = "organization", "listed"
SAVE = "save"
AT_ONCE = 100


class WhereForm(forms.Form):
    """*Entire organization*, or *one or more locations listed below* (rule ACC-4).

    The list can be searched without losing what is ticked: `do` names the button that was pressed, and every one but *save*
    only shows the form anew.
    """

    where = forms.ChoiceField(
        label=_("Where the role holds"),
        choices=[(ORGANIZATION, _("Entire organization")), (LISTED, _("One or more locations listed below"))],
        widget=forms.RadioSelect,
        initial=ORGANIZATION,
    )
    locations = forms.ModelMultipleChoiceField(
        label=_("Locations"),
        queryset=Location.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("Choose among the locations of this page.")},
    )

    def __init__(self, *args: Any, partner: Partner, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = list(partner.locations.all())
        self._locations.queryset = partner.locations.all()
        self.sought = Sought(self.data.get("q", "").strip()[:100], self.data.get("country", ""))
        self._moved: set[str] | None = None

    @property
    def _locations(self) -> Any:
        return self.fields["locations"]

    @property
    def is_looking(self) -> bool:
        """Whether a button other than *save* was pressed: then nothing is checked and nothing is saved."""
        return str(self.data.get("do", SAVE)) != SAVE

    def full_clean(self) -> None:
        """As Django's, and no word about what is not filled in yet while somebody looks for locations."""
        if self.is_bound and self.is_looking:
            self._errors = ErrorDict()
            self.cleaned_data: dict[str, Any] = {}
            return
        super().full_clean()

    def look(self) -> None:
        """Does what that button says with what is ticked: *tick* or *clear* all that is shown, or all of a country."""
        verb, _colon, what = self.data.get("do", "").partition(":")
        if verb not in {"tick", "clear"}:
            return
        meant = self.sought.among(self.places) if what == "shown" else Sought(country=what or "-").among(self.places)
        keys = {str(place.pk) for place in meant}
        self._moved = self._ticked() | keys if verb == "tick" else self._ticked() - keys

    def _ticked(self) -> set[str]:
        if self._moved is not None:
            return self._moved
        return {str(getattr(value, "pk", value)) for value in self["locations"].value() or ()}

    def grid(self) -> list[tuple[Location, bool]]:
        """The locations that are shown and whether each is ticked, as it was typed or as it is held."""
        ticked = self._ticked()
        return [(place, str(place.pk) in ticked) for place in self.sought.among(self.places)]

    def carried(self) -> list[Location]:
        """The locations that are ticked and not shown."""
        ticked = self._ticked()
        return [place for place in self.places if str(place.pk) in ticked and not self.sought.shows(place)]

    def count(self) -> int:
        """How many are ticked."""
        return len(self._ticked() & {str(place.pk) for place in self.places})

    def countries(self) -> list[Country]:
        return countries_of(self.places)

    @property
    def entire_organization(self) -> bool:
        return bool(self.cleaned_data["where"] == ORGANIZATION)


class RoleForm(WhereForm):
    """The terms on which a member holds a role. Admin roles hold for the entire organization and every program."""

    program_codes = forms.MultipleChoiceField(
        label=_("Programs"),
        help_text=_("Without a choice, the role holds for every program."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    expires_on = forms.DateField(
        label=_("Expiry date"),
        help_text=_("The last day on which the role holds. Leave empty for no end."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    # Which terms the person saw when they began, so that a stale page overwrites nobody's change.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, partner: Partner, role: str, held: Terms | None, **kwargs: Any) -> None:
        super().__init__(*args, partner=partner, **kwargs)
        self._offer_programs(held)
        if role not in INCENTIVES_ROLES:
            for name in ("where", "locations", "program_codes"):
                del self.fields[name]
        elif not self.fields["program_codes"].choices:  # type: ignore[attr-defined]
            del self.fields["program_codes"]

    def _offer_programs(self, held: Terms | None) -> None:
        offered = dict(program_choices.choices())
        for code in held.program_codes if held else ():
            offered.setdefault(code, code)
        self.fields["program_codes"].choices = list(offered.items())  # type: ignore[attr-defined]

    def terms(self) -> dict[str, Any]:
        """The keyword arguments of `services.roles.assign`."""
        given = self.cleaned_data
        return {
            "entire_organization": "where" not in given or self.entire_organization,
            "locations": list(given.get("locations") or ()),
            "program_codes": given.get("program_codes") or (),
            "expires_on": given.get("expires_on"),
        }

    @staticmethod
    def initial_of(held: Terms | None, seen: str) -> dict[str, Any]:
        """What the form shows before anything is typed."""
        if held is None:
            return {"where": LISTED, "seen": seen}
        return {
            "where": ORGANIZATION if held.entire_organization else LISTED,
            "locations": list(held.location_ids),
            "program_codes": list(held.program_codes),
            "expires_on": held.expires_on,
            "seen": seen,
        }


class InviteForm(WhereForm):
    """Whom to invite, and to which role. Several addresses at once, pasted as a mail client writes them."""

    emails = forms.CharField(
        label=_("E-mail addresses"),
        help_text=_("One per line, or with commas or semicolons between. “Name <a@b.example>” is understood, too. At most 100."),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    language = forms.ChoiceField(
        label=_("Language of the invitation"), choices=TeamInvitation._meta.get_field("language").flatchoices
    )
    field_order = ["emails", "role", "where", "locations", "language"]

    def __init__(self, *args: Any, partner: Partner, roles: list[str], **kwargs: Any) -> None:
        super().__init__(*args, partner=partner, **kwargs)
        labels = dict(PartnerRole.choices)
        self.fields["role"].choices = [(role, labels[role]) for role in roles]  # type: ignore[attr-defined]
        self.fields["language"].initial = partner.language

    def clean_emails(self) -> list[addresses.Pasted]:
        """The addresses, each once, those that can't be used among them."""
        pasted = addresses.read(self.cleaned_data["emails"])
        if not pasted:
            raise forms.ValidationError(_("Enter at least one e-mail address."))
        if len(pasted) > AT_ONCE:
            raise forms.ValidationError(
                _("These are %(count)d addresses. Invite at most %(most)d at once.") % {"count": len(pasted), "most": AT_ONCE}
            )
        return pasted


class AskForm(forms.Form):
    """Which role somebody asks for, where, and why. Locations are named by their Partner IDs: who asks need not see them all."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect, initial=PartnerRole.INCENTIVES_ADMIN)
    where = forms.ChoiceField(
        label=_("Where you need it"),
        choices=[(ORGANIZATION, _("Entire organization")), (LISTED, _("The locations with these Partner IDs"))],
        widget=forms.RadioSelect,
        initial=LISTED,
    )
    partner_ids = forms.CharField(
        label=_("Partner IDs"), help_text=_("With commas or spaces between."), required=False, max_length=2000
    )
    program_code = forms.ChoiceField(label=_("Program"), required=False)
    words = forms.CharField(
        label=_("What you need it for"),
        help_text=_("The admins who can grant it read this in their mail. No bank or tax numbers here."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, partner: Partner, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partner = partner
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role, f"{label}\n{ROLES[role].sentence}") for role, label in PartnerRole.choices
        ]
        offered = [("", _("Every program")), *program_choices.choices()]
        self.fields["program_code"].choices = offered  # type: ignore[attr-defined]

    def clean_words(self) -> str:
        text: str = self.cleaned_data["words"]
        for line in text.splitlines():
            visible_text(line.replace("\t", " "))
        return text

    def clean_partner_ids(self) -> list[Location]:
        """The partner's locations with these Partner IDs."""
        wanted = set(re.split(r"[\s,;]+", self.cleaned_data["partner_ids"].strip())) - {""}
        found = list(self.partner.locations.filter(mpn_id__in=wanted))
        unknown = sorted(wanted - {place.mpn_id for place in found})
        if unknown:
            raise forms.ValidationError(_("No location has this Partner ID: %(ids)s") % {"ids": ", ".join(unknown)[:200]})
        return found

    def terms(self) -> dict[str, Any]:
        """The keyword arguments of `services.role_requests.ask`."""
        given = self.cleaned_data
        admin = given["role"] not in INCENTIVES_ROLES
        return {
            "role": given["role"],
            "entire_organization": admin or given["where"] == ORGANIZATION,
            "locations": given.get("partner_ids") or [],
            "program_code": "" if admin else given["program_code"],
            "words": given["words"],
        }


class JoinForm(forms.Form):
    """Who a new person is. Their address is the invitation's."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        validators=[visible_text],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Choose a password"),
        help_text=_("At least 12 characters."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class TokenForm(forms.Form):
    """A new provisioning token."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("Where it will be used, such as Microsoft Entra ID."),
        max_length=100,
        validators=[visible_text],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    expires_on = forms.DateField(
        label=_("Expiry date"),
        help_text=_("The last day on which it works. Leave empty for no end."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
