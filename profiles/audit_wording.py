"""What the acts of this floor are called in the audit log."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_countries import countries

from incentives_portal.core.audit_wording import announce, announce_facts, choice
from profiles.fields import PAYOUT, TAX, Label
from profiles.identifiers import bank_countries as bank
from profiles.identifiers import tax_countries as tax
from profiles.models import BankAlarm, FormKind, PaymentMethod, TaxClassification, Validation
from profiles.reasons import text_for

announce(
    "profiles",
    _("Payout and tax profiles"),
    {
        "payout_profile.created": _("The payout profile %(thing)s was created"),
        "payout_profile.changed": _("The payout profile %(thing)s was changed"),
        "payout_profile.frozen": _("The payout profile %(thing)s was frozen: its change wasn't theirs, somebody said"),
        "payout_profile.unfrozen": _("The payout profile %(thing)s was unfrozen: %(outcome)s"),
        "payout_profile.took_place": _("The payout profile %(thing)s took the place of another account at an enrollment"),
        "payout_profile.alarm_moved": _("An earlier change of the payout profile %(thing)s wasn't theirs either, somebody said"),
        "payout_profile.revealed": _("The full numbers of the payout profile %(thing)s were shown"),
        "payout_profile.archived": _("The payout profile %(thing)s was archived"),
        "tax_profile.created": _("The tax profile %(thing)s was created"),
        "tax_profile.changed": _("The tax profile %(thing)s was changed"),
        "tax_profile.archived": _("The tax profile %(thing)s was archived"),
        "tax_document.uploaded": _("The document %(name)s was added to the tax profile %(profile)s"),
        "tax_document.removed": _("The document %(name)s was removed from the tax profile %(profile)s"),
        "tax_document.read": _("The document %(name)s of the tax profile %(profile)s was opened"),
        "default_bank_profile.set": _("%(profile)s became the default bank profile of %(thing)s"),
        "default_bank_profile.cleared": _("%(thing)s has no default bank profile any more"),
    },
    things=(
        "profiles.payoutprofile",
        "profiles.taxprofile",
        "accounts.location",
    ),
)
announce(
    "validations",
    _("Validations"),
    {
        "validation.started": _("The validation of %(thing)s began"),
        "validation.claimed": _("A reviewer took on the validation of %(thing)s"),
        "validation.released": _("A reviewer gave back the validation of %(thing)s"),
        "validation.overdue": _("The validation of %(thing)s is overdue"),
        "validation.first_approved": _("The validation of %(thing)s was approved by the first of two reviewers"),
        "validation.reopened": _("The decision on the validation of %(thing)s was taken back"),
        "validation.escalated": _("The validation of %(thing)s was escalated to the program managers"),
        "validation.approved": _("The validation of %(thing)s was approved"),
        "validation.rejected": _("The validation of %(thing)s was rejected"),
        "validation.superseded": _("The validation of %(thing)s was superseded by a newer version"),
    },
    things=("profiles.validation",),
)
# A kind of number that several countries have is called by its common name.
LABELS: dict[str, Label] = {
    **{field.kind: field.label for fields in (*bank.DOMESTIC.values(), bank.ELSEWHERE) for field in fields},
    **{field.kind: field.label for fields in (*tax.SOLE_TRADERS.values(), *tax.BY_COUNTRY.values()) for field in fields},
    "iban": _("IBAN"),
    "account": bank.ACCOUNT,
    "bank_code": bank.BANK_CODE,
    "branch_code": bank.BRANCH_CODE,
    "account_type": bank.ACCOUNT_TYPE,
    "vat": tax.VAT_LABEL,
    "orgnr": _("Organisation number"),
    "tin": tax.TIN.label,
    **PAYOUT,
    **TAX,
    "form": TAX["form_kind"],
    "version": _("Version"),
    "bank": _("Bank"),
    "profile": _("Profile"),
    "currency": _("Currency"),
    "paying_entity": _("Paying entity"),
    "due_at": _("Due"),
    "reasons": _("Reasons"),
    "outcome": _("Outcome"),
}


def _country(code: Any) -> str:
    return str(countries.name(code) or code)


def _reasons(reasons: dict[str, str]) -> str:
    """Each field with why it was rejected."""
    return "; ".join(f"{LABELS.get(field, field)}: {text_for(code)}" for field, code in reasons.items())


announce_facts(
    # Roles end on a day, too; one word serves both.
    {name: label for name, label in LABELS.items() if name != "expires_on"},
    values={
        "payment_method": choice(PaymentMethod.choices),
        "classification": choice(TaxClassification.choices),
        "form": choice(FormKind.choices),
        "bank_country": _country,
        "country": _country,
        "reasons": _reasons,
        "outcome": choice([*BankAlarm.Outcome.choices, *Validation.Decision.choices]),
    },
    hidden=("profile_id",),
)
