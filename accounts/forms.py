"""What people type about people. The rules are the services'; the forms only read and keep what was typed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import program_choices
from accounts.models import Location, Partner, TeamInvitation
from accounts.roles import INCENTIVES_ROLES, PartnerRole
from accounts.services.roles import Terms
from incentives_portal.core.visible import visible_text

ORGANIZATION, LISTED = "organization", "listed"


class WhereForm(forms.Form):
    """*Entire organization*, or *one or more locations listed below* (rule ACC-4)."""

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

    @property
    def _locations(self) -> Any:
        return self.fields["locations"]

    def grid(self) -> list[tuple[Location, bool]]:
        """Every location of the partner and whether it is ticked, as it was typed or as it is held."""
        ticked = {str(getattr(value, "pk", value)) for value in self["locations"].value() or ()}
        return [(place, str(place.pk) in ticked) for place in self.places]

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
    """Whom to invite, and to which role."""

    email = forms.EmailField(
        label=_("E-mail address"), validators=[visible_text], widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    language = forms.ChoiceField(
        label=_("Language of the invitation"), choices=TeamInvitation._meta.get_field("language").flatchoices
    )
    field_order = ["email", "role", "where", "locations", "language"]

    def __init__(self, *args: Any, partner: Partner, roles: list[str], **kwargs: Any) -> None:
        super().__init__(*args, partner=partner, **kwargs)
        labels = dict(PartnerRole.choices)
        self.fields["role"].choices = [(role, labels[role]) for role in roles]  # type: ignore[attr-defined]
        self.fields["language"].initial = partner.language


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
