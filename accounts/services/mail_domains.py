"""Mail domains of a partner's directory, and proving them by DNS (rule ACC-5)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import dns_records, mail_addresses
from accounts.models import Directory, MailDomain
from accounts.services import authority
from accounts.services.directories import tell
from incentives_portal.core import audit, clock

MOST = 50


@transaction.atomic
def add(*, directory: Directory, domain: str, by: Any) -> MailDomain:
    """Says that `domain` is the partner's. It counts for nothing until it is proven."""
    authority.require_may_configure_sign_in(by, directory.partner)
    plain = mail_addresses.spelled(domain)
    if mail_addresses.is_public(plain):
        raise ValidationError(
            _("Anybody can have an address at %(domain)s, so it can't be a company's.") % {"domain": plain}, code="public"
        )
    Directory.objects.select_for_update(no_key=True).get(pk=directory.pk)
    if directory.domains.filter(domain=plain).exists():
        raise ValidationError(_("This domain is in the list already."), code="twice")
    if directory.domains.count() >= MOST:
        raise ValidationError(_("A directory has at most %(count)s mail domains.") % {"count": MOST}, code="many")
    row = MailDomain.objects.create(directory=directory, domain=plain)
    audit.record("mail_domain_added", row, by=by, partner_id=directory.partner_id, after={"domain": plain})
    return row


def prove(*, domain: MailDomain, by: Any) -> None:
    """Looks for the DNS record now. Raises ValidationError where it isn't there, or another partner has proven the domain."""
    authority.require_may_configure_sign_in(by, domain.directory.partner)
    if domain.proven_at is not None:
        return
    try:
        is_there = dns_records.proves(domain.domain, domain.challenge)
    except dns_records.DnsSilentError:
        raise ValidationError(_("The name servers did not answer. Try again in a little while."), code="dns") from None
    if not is_there:
        raise ValidationError(
            _("There is no such record at %(domain)s yet. A new one can take some hours to be seen everywhere.")
            % {"domain": domain.domain},
            code="no_record",
        )
    _prove(domain, by)


def _prove(domain: MailDomain, by: Any) -> None:
    try:
        with transaction.atomic():
            if MailDomain.objects.filter(pk=domain.pk, proven_at=None).update(proven_at=clock.now()):
                domain.refresh_from_db()
                tell(domain.directory, "mail_domain_proven", by=by, thing=domain, after={"domain": domain.domain})
    except IntegrityError:
        # Whose it is stays unsaid: partners don't learn of each other.
        raise ValidationError(
            _("This domain is proven in another place of this portal already. Contact support."), code="taken"
        ) from None


@transaction.atomic
def remove(*, domain: MailDomain, by: Any) -> None:
    """Nobody signs in under this domain any more. Not the last proven one while single sign-on is on."""
    directory = domain.directory
    authority.require_may_configure_sign_in(by, directory.partner)
    Directory.objects.select_for_update(no_key=True).get(pk=directory.pk)
    others = directory.domains.filter(proven_at__isnull=False).exclude(pk=domain.pk)
    if directory.is_sign_in_on and domain.proven_at and not others.exists():
        raise ValidationError(_("Turn single sign-on off first: nobody could sign in without this domain."), code="last")
    facts = {"domain": domain.domain, "proven": domain.proven_at is not None}
    if domain.proven_at:
        tell(directory, "mail_domain_removed", by=by, thing=domain, before=facts)
    else:
        audit.record("mail_domain_removed", domain, by=by, partner_id=directory.partner_id, before=facts)
    domain.delete()
