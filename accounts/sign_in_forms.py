"""What a global admin types about single sign-on. The rules are the services'."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import program_choices
from accounts.forms import LISTED, ORGANIZATION, WhereForm
from accounts.models import Directory, GroupMapping, Partner
from accounts.roles import ADMIN_ROLES, PartnerRole
from incentives_portal.core.visible import visible_text


class ProviderForm(forms.Form):
    """The OpenID Connect application that was registered at the provider. The secret is never shown again."""

    issuer = forms.URLField(
        label=_("Issuer"),
        max_length=300,
        assume_scheme="https",
        help_text=_("The address from which your provider publishes /.well-known/openid-configuration, without that part."),
    )
    client_id = forms.CharField(label=_("Client ID"), max_length=200, validators=[visible_text])
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=500,
        required=False,
        strip=True,
        validators=[visible_text],
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    groups_claim = forms.CharField(
        label=_("Groups claim"),
        max_length=100,
        initial="groups",
        validators=[visible_text],
        help_text=_("The claim that names a person's groups; “roles” where you use app roles."),
    )

    def __init__(self, *args: Any, directory: Directory, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(directory, name) for name in ("issuer", "client_id", "groups_claim")}
        super().__init__(*args, **kwargs)
        if directory.client_secret is not None:
            self.fields["client_secret"].help_text = _(
                "Leave empty to keep the one that was entered for this issuer and client ID."
            )


class SwitchForm(forms.Form):
    """Whether people sign in by the directory, and whether they must."""

    is_on = forms.BooleanField(label=_("People with an address in a proven mail domain can sign in"), required=False)
    is_required = forms.BooleanField(
        label=_("They must: passwords and passkeys of their own no longer sign them in"),
        help_text=_("Global admins are excepted, so that somebody gets in when the provider is broken."),
        required=False,
    )


class DomainForm(forms.Form):
    """A mail domain to prove."""

    domain = forms.CharField(label=_("Mail domain"), max_length=253, validators=[visible_text])


class ForgetForm(forms.Form):
    """Whose account in the directory was made anew."""

    email = forms.EmailField(label=_("E-mail address"), validators=[visible_text])


class MappingForm(WhereForm):
    """A group of the directory, and the role that it gives."""

    group = forms.CharField(
        label=_("Group or app role"),
        max_length=200,
        validators=[visible_text],
        help_text=_("As the claim spells it: Microsoft Entra sends object IDs of groups, and values of app roles."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=PartnerRole.choices, widget=forms.RadioSelect)
    program_codes = forms.MultipleChoiceField(
        label=_("Programs"),
        help_text=_("Without a choice, the role holds for every program."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ["group", "role", "where", "locations", "program_codes"]

    def __init__(self, *args: Any, partner: Partner, mapping: GroupMapping | None, **kwargs: Any) -> None:
        super().__init__(*args, partner=partner, initial=_initial(mapping), **kwargs)
        offered = dict(program_choices.choices())
        for code in mapping.program_codes if mapping else ():
            offered.setdefault(code, code)
        self.fields["program_codes"].choices = list(offered.items())  # type: ignore[attr-defined]
        if not offered:
            del self.fields["program_codes"]

    def asked(self) -> dict[str, Any]:
        """The keyword arguments of `services.group_mappings.save`. An admin role holds everywhere, whatever is ticked."""
        given = self.cleaned_data
        is_admin = given["role"] in ADMIN_ROLES
        return {
            "group": given["group"],
            "role": given["role"],
            "entire_organization": is_admin or self.entire_organization,
            "locations": list(given["locations"]),
            "program_codes": [] if is_admin else given.get("program_codes") or [],
        }


def _initial(mapping: GroupMapping | None) -> dict[str, Any]:
    if mapping is None:
        return {"role": PartnerRole.INCENTIVES_USER, "where": ORGANIZATION}
    return {
        "group": mapping.group,
        "role": mapping.role,
        "where": ORGANIZATION if mapping.entire_organization else LISTED,
        "locations": [place.pk for place in mapping.locations.all()],
        "program_codes": list(mapping.program_codes),
    }
