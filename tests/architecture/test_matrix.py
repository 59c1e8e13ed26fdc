"""Every address × every role × own and other partner's objects, from the URL resolver (rules ACC-1, ACC-8).

The table below is written by hand from the product's rules, apart from the code's own tables: an address that is missing
here fails, and so does a view that lets in whom this table keeps out.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Directory, GroupMapping, Location, MailDomain, Partner, RoleRequest, User
from accounts.services import scim_tokens, team_invitations
from enrollment.models import BulkEnrollment, Enrollment, InvitationWave, Notice, Program, ProgramGuide, RolloverPlan, SavedView
from incentives_portal.core import audit, clock
from profiles.models import BankAlarm, PayoutProfile, TaxDocument, TaxDocumentContent, TaxProfile, Validation
from profiles.services import payouts, taxes, validations
from tests import factories as make

PUBLIC, ANYBODY, MEMBER, DOCUMENTS = "public", "anybody signed in", "a partner's people", "documents"
SEE, ENROLL, PROFILES, PEOPLE, REVIEW, AUDIT = "see", "enroll", "profiles", "people", "review", "audit"
# Sign-in and provisioning: global admins alone. SCIM: a bearer token and never a session, whoever's it is.
SIGN_IN, SCIM = "sign-in", "scim"
PROGRAMS, CHECK, OPERATIONS = "programs", "check eligibility", "operations"
# Who may, by role. Written from the table of people and what each may do.
MAY = {
    "gunnar": {ANYBODY, MEMBER, SEE, PEOPLE, AUDIT, SIGN_IN, CHECK},
    "astrid": {ANYBODY, MEMBER, SEE, PEOPLE, AUDIT, CHECK},
    "ines": {ANYBODY, MEMBER, SEE, ENROLL, PROFILES, DOCUMENTS, CHECK},
    "ulf": {ANYBODY, MEMBER, SEE},
    "rita": {ANYBODY, SEE, REVIEW, DOCUMENTS, OPERATIONS},
    "petra": {ANYBODY, SEE, PROGRAMS, CHECK, OPERATIONS},
}


@dataclass(frozen=True)
class Address:
    """Who may open it, what it needs in its path, and whether it only takes POST."""

    who: str
    of: str = ""
    post: bool = False


ADDRESSES = {
    "health": Address(PUBLIC),
    "live": Address(PUBLIC),
    # A machine's page: by token, or from loopback.
    "metrics": Address(PUBLIC),
    "operations": Address(OPERATIONS),
    "mails_requeue": Address(PROGRAMS, post=True),
    "join": Address(PUBLIC, "token"),
    "set_language": Address(PUBLIC, post=True),
    "home": Address(ANYBODY),
    "notices": Address(ANYBODY),
    "notice_open": Address(ANYBODY, "notice", post=True),
    "guide": Address(ANYBODY),
    "switch_partner": Address(ANYBODY, post=True),
    "session_end": Address(ANYBODY, "session", post=True),
    "overview": Address(SEE),
    "overview_export": Address(SEE, "file"),
    "matrix": Address(SEE),
    "saved_views": Address(SEE),
    "saved_view": Address(SEE, "view", post=True),
    "find": Address(SEE),
    "location": Address(SEE, "location"),
    "many": Address(ENROLL),
    "many_jobs": Address(ENROLL),
    "many_job": Address(ENROLL, "job"),
    "program_guide": Address(SEE, "program"),
    "enrollment": Address(SEE, "enrollment"),
    "eligibility": Address(SEE, "enrollment"),
    "accept": Address(ENROLL, "enrollment", post=True),
    "decline": Address(ENROLL, "enrollment", post=True),
    "undo_decline": Address(ENROLL, "enrollment", post=True),
    "enroll": Address(ENROLL, "enrollment"),
    "renewal": Address(SEE),
    "rollovers": Address(PROGRAMS),
    "rollover": Address(PROGRAMS, "plan"),
    "rollover_lines": Address(PROGRAMS, "plan"),
    "rollover_export": Address(PROGRAMS, "plan"),
    "rollover_approve": Address(PROGRAMS, "plan", post=True),
    "rollover_start": Address(PROGRAMS, "plan", post=True),
    "rollover_pause": Address(PROGRAMS, "plan", post=True),
    "programs": Address(PROGRAMS),
    "program_new": Address(PROGRAMS),
    "program": Address(PROGRAMS, "program"),
    "program_edit": Address(PROGRAMS, "program"),
    "program_years": Address(PROGRAMS, "program"),
    "program_discontinue": Address(PROGRAMS, "program"),
    "program_guide_add": Address(PROGRAMS, "program", post=True),
    "program_guide_version": Address(PROGRAMS, "guide"),
    "program_requirements": Address(PROGRAMS, "program"),
    "program_requirements_publish": Address(PROGRAMS, "program", post=True),
    "invitation_resend": Address(PROGRAMS, "enrollment", post=True),
    "invitation_withdraw": Address(PROGRAMS, "enrollment"),
    "invitation_again": Address(PROGRAMS, "enrollment", post=True),
    "eligibility_check": Address(CHECK, "enrollment", post=True),
    "eligibility_changes": Address(PROGRAMS),
    "waves": Address(PROGRAMS),
    "wave_new": Address(PROGRAMS),
    "wave": Address(PROGRAMS, "wave"),
    "wave_start": Address(PROGRAMS, "wave", post=True),
    "wave_pause": Address(PROGRAMS, "wave", post=True),
    "wave_resume": Address(PROGRAMS, "wave", post=True),
    "wave_cancel": Address(PROGRAMS, "wave", post=True),
    "profiles": Address(PROFILES),
    "defaults": Address(PROFILES),
    "payout_new": Address(PROFILES),
    "payout_check": Address(PROFILES, "kind", post=True),
    "payout": Address(PROFILES, "payout"),
    "payout_edit": Address(PROFILES, "payout"),
    "payout_reveal": Address(PROFILES, "payout", post=True),
    "payout_archive": Address(PROFILES, "payout", post=True),
    "tax_new": Address(PROFILES),
    "tax_check": Address(PROFILES, "kind", post=True),
    "tax": Address(PROFILES, "tax"),
    "tax_edit": Address(PROFILES, "tax"),
    "tax_archive": Address(PROFILES, "tax", post=True),
    "tax_document": Address(DOCUMENTS, "document"),
    "tax_document_upload": Address(PROFILES, "tax", post=True),
    "tax_document_remove": Address(PROFILES, "document", post=True),
    "bank_alarm": Address(PUBLIC, "token"),
    "alarm": Address(REVIEW, "alarm"),
    "reviews": Address(REVIEW),
    "review_dashboard": Address(REVIEW),
    "review": Address(REVIEW, "validation"),
    "review_claim": Address(REVIEW, "validation", post=True),
    "review_approve": Address(REVIEW, "validation", post=True),
    "review_reject": Address(REVIEW, "validation", post=True),
    "review_undo": Address(REVIEW, "validation", post=True),
    "audit_log": Address(AUDIT),
    "audit_export": Address(AUDIT),
    "roles_as_of": Address(AUDIT),
    "roles_as_of_export": Address(AUDIT),
    "people": Address(PEOPLE),
    "invite_person": Address(PEOPLE),
    "person": Address(PEOPLE, "membership"),
    "person_suspend": Address(PEOPLE, "membership"),
    "person_restore": Address(PEOPLE, "membership", post=True),
    "person_remove": Address(PEOPLE, "membership"),
    "role_edit": Address(PEOPLE, "membership_role"),
    "role_end": Address(PEOPLE, "membership_role"),
    "role_grid": Address(PEOPLE),
    "locations": Address(PEOPLE),
    "location_people": Address(PEOPLE, "location"),
    "gap_fill": Address(PEOPLE, "gap", post=True),
    "role_request": Address(PEOPLE, "request"),
    "role_request_grant": Address(PEOPLE, "request", post=True),
    "role_request_decline": Address(PEOPLE, "request", post=True),
    "my_roles": Address(ANYBODY),
    "role_ask": Address(MEMBER),
    "role_request_withdraw": Address(MEMBER, "own_request", post=True),
    "team_invitation_withdraw": Address(PEOPLE, "invitation", post=True),
    "provisioning": Address(SIGN_IN),
    "scim_token_create": Address(SIGN_IN, post=True),
    "scim_token_rotate": Address(SIGN_IN, "scim_token", post=True),
    "scim_token_revoke": Address(SIGN_IN, "scim_token", post=True),
    "scim_users": Address(SCIM),
    "scim_user": Address(SCIM, "scim_id"),
    "scim_groups": Address(SCIM),
    "scim_group": Address(SCIM, "scim_id"),
    "scim_config": Address(SCIM),
    "scim_resource_types": Address(SCIM),
    "scim_resource_type": Address(SCIM, "scim_id"),
    "scim_schemas": Address(SCIM),
    "scim_schema": Address(SCIM, "scim_id"),
    "scim_unsupported": Address(SCIM, "scim_id"),
    "scim_root": Address(SCIM),
    "scim_nothing": Address(SCIM, "scim_id"),
    "single_sign_on": Address(PUBLIC),
    "single_sign_on_start": Address(PUBLIC, "key"),
    "single_sign_on_return": Address(PUBLIC, "key"),
    "sign_in_settings": Address(SIGN_IN),
    "sign_in_begin": Address(SIGN_IN, post=True),
    "sign_in_provider": Address(SIGN_IN),
    "sign_in_switch": Address(SIGN_IN, post=True),
    "sign_in_forget": Address(SIGN_IN, post=True),
    "mail_domain_add": Address(SIGN_IN, post=True),
    "mail_domain_check": Address(SIGN_IN, "domain", post=True),
    "mail_domain_remove": Address(SIGN_IN, "domain", post=True),
    "group_mapping_new": Address(SIGN_IN),
    "group_mapping": Address(SIGN_IN, "mapping"),
    "group_mapping_remove": Address(SIGN_IN, "mapping", post=True),
}
# Others' pages, tested by their makers; the demonstration's are installed on loopback only.
FOREIGN = ("None", "account_", "mfa_", "usersessions_", "demo_", "styleguide", "admin:")


def names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.name)


@pytest.mark.rule("ACC-8")
def test_every_address_is_in_the_matrix() -> None:
    ours = {name for name in names(get_resolver()) if not name.startswith(FOREIGN)}
    assert ours == set(ADDRESSES)


@dataclass
class Things:
    """One object of each kind, all of one partner's location."""

    enrollment: Enrollment
    payout: PayoutProfile
    tax: TaxProfile
    validation: Validation
    alarm: BankAlarm
    document: TaxDocument
    member: User
    invitation: Any
    scim_token: Any
    request: RoleRequest
    token: str
    directory: Directory
    guide: ProgramGuide

    def _job_of(self, user: User) -> Any:
        """A job of their own where the things are their partner's; else the member's."""
        mine = user.memberships.filter(partner=self.enrollment.partner_id).exists()
        by = user if mine else self.member
        return BulkEnrollment.objects.get_or_create(started_by=by, partner=self.enrollment.partner, key=uuid.UUID(int=1))[0].pk

    def _view_of(self, user: User) -> Any:
        """A saved view of their own where the things are their partner's; else the member's, shared."""
        partner = self.enrollment.partner
        if user.memberships.filter(partner=partner).exists():
            return SavedView.objects.get_or_create(owner=user, partner=partner, name="Mine")[0].pk
        if not user.memberships.exists():
            return SavedView.objects.get_or_create(owner=user, partner=None, name="Mine")[0].pk
        return SavedView.objects.get_or_create(owner=self.member, partner=partner, name="Theirs", is_shared=True)[0].pk

    def _request_of(self, user: User) -> Any:
        """A request of their own where the things are their partner's; else the one that is there."""
        mine = user.memberships.filter(partner=self.request.partner_id).first()
        if mine is None:
            return self.request.pk
        return RoleRequest.objects.get_or_create(
            membership=mine, partner=mine.partner, role="account_admin", entire_organization=True
        )[0].pk

    def path(self, name: str, user: User) -> str:
        membership = self.member.memberships.get()
        arguments: dict[str, list[Any]] = {
            "": [],
            "token": [self.token],
            "program": [self.enrollment.program.code],
            "job": [self._job_of(user)],
            "plan": [RolloverPlan.objects.get_or_create(fiscal_year=2020)[0].pk],
            "view": [self._view_of(user)],
            "guide": [self.enrollment.program.code, self.guide.pk],
            "wave": [InvitationWave.objects.get_or_create(name="Autumn")[0].pk],
            "enrollment": [self.enrollment.pk],
            "file": ["csv"],
            "kind": ["iban"],
            "payout": [self.payout.pk],
            "tax": [self.tax.pk],
            "validation": [self.validation.pk],
            "alarm": [self.alarm.pk],
            "document": [self.document.pk],
            "membership": [membership.pk],
            "membership_role": [membership.pk, "incentives_user"],
            "invitation": [self.invitation.pk],
            "scim_token": [self.scim_token.pk],
            "scim_id": ["Me"],
            "location": [self.enrollment.location_id],
            "gap": [],
            "request": [self.request.pk],
            "own_request": [self._request_of(user)],
            "key": [self.directory.key],
            "domain": [self.directory.domains.get().pk],
            "mapping": [self.directory.mappings.get().pk],
            "session": [
                UserSession.objects.get_or_create(session_key=f"matrix-{user.pk}"[:40], defaults={"user": user, "ip": "::1"})[0].pk
            ],
            "notice": [
                Notice.objects.get_or_create(user=user, enrollment=self.enrollment, kind="invitation", key=f"matrix-{user.pk}")[
                    0
                ].pk
            ],
        }
        query = f"?location={self.enrollment.location_id}" if name == "tax_new" else ""
        return reverse(name, args=arguments[ADDRESSES[name].of]) + query


def things_of(partner: Partner, location: Location, admin: User) -> Things:
    enrollment = make.EnrollmentFactory.create(location=location, partner=partner)
    payout = payouts.create(
        partner=partner,
        name="Main",
        payment_method="bank_transfer",
        bank_country="SE",
        account_holder=partner.legal_name,
        identifiers={"iban": "SE4550000000058398257466"},
        by=admin,
    )
    residence = taxes.Residence(partner.legal_name, "Storgatan 1", "Göteborg", "SE", "company", "411 01")
    tax = taxes.create(location=location, name="Tax", residence=residence, identifiers={"orgnr": "556056-6258"}, by=admin)
    validation = validations.start(payout_version=payout.latest, paying_entity="Northwind Ireland Operations Ltd", by=admin)
    invitation = team_invitations.invite(
        partner=partner,
        email=f"new@{partner.pga_id}.example",
        role="incentives_user",
        entire_organization=True,
        by=audit.SYSTEM,
    )
    alarm = BankAlarm.objects.create(partner=partner, profile=payout, version=payout.latest, raised_by=admin)
    document = TaxDocument.objects.create(
        partner=partner, profile=tax, name="form.pdf", kind="application/pdf", size=3, digest=b"x" * 32
    )
    TaxDocumentContent.objects.create(document=document, content="eHh4")
    scim_token, _text = scim_tokens.create(partner=partner, name="Directory", by=audit.SYSTEM)
    request = make.RoleRequestFactory.create(membership=admin.memberships.get())
    directory = directory_of(partner)
    return Things(
        enrollment,
        payout,
        tax,
        validation,
        alarm,
        document,
        admin,
        invitation,
        scim_token,
        request,
        "no-such-token",
        directory,
        guide_of(enrollment.program),
    )


def guide_of(program: Program) -> ProgramGuide:
    return ProgramGuide.objects.create(program=program, language="en", version=1, content=b"%PDF-1.4", file_name="guide.pdf")


def directory_of(partner: Partner) -> Directory:
    directory, _made = Directory.objects.get_or_create(partner=partner)
    MailDomain.objects.create(directory=directory, domain=f"{partner.pga_id}.example", proven_at=clock.now())
    GroupMapping.objects.create(directory=directory, group="Readers", role="incentives_user", entire_organization=True)
    return directory


@pytest.fixture
def own(partner: Partner, location: Location, ines: User) -> Things:
    return things_of(partner, location, ines)


@pytest.fixture
def others(other_partner: Partner, other_location: Location, otto: User) -> Things:
    return things_of(other_partner, other_location, otto)


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is rolled back, so that one address doesn't change what the next one meets."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def gap_form(things: Things) -> dict[str, Any]:
    """Makes their member incentives admin of their location."""
    return {"person": things.member.memberships.get().pk, "location": things.enrollment.location_id}


def ask(client: Client, name: str, path: str, user: User, form: dict[str, Any] | None = None) -> int:
    if not ADDRESSES[name].post:
        return client.get(path).status_code
    membership = user.memberships.first()
    partner = {"partner": str(membership.partner_id)} if membership else {}
    return client.post(path, {"language": "en", **partner, **(form or {})}).status_code


@pytest.mark.rule("ACC-1")
@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("role", sorted(MAY))
def test_own_objects(role: str, own: Things, as_: Callable[[User], Client], request: Any) -> None:
    user = request.getfixturevalue(role)
    found = {}
    for name, address in ADDRESSES.items():
        with undone():
            status = ask(as_(user), name, own.path(name, user), user, gap_form(own))
        if address.who == PUBLIC:
            good = {200, 302, 404, 410}
        elif address.who == SCIM:
            good = {401}
        elif name == "switch_partner" and role in {"rita", "petra"}:
            good = {404}  # they belong to no partner
        elif address.who in MAY[role]:
            # A POST without what the form asks for is refused in words; that is another test's matter.
            good = {200, 302, 400, 409, 422}
        else:
            good = {403, 404}
        if status not in good:
            found[name] = status
    assert not found


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("role", ["gunnar", "astrid", "ines", "ulf"])
def test_another_partners_objects_do_not_exist(role: str, others: Things, as_: Callable[[User], Client], request: Any) -> None:
    user = request.getfixturevalue(role)
    found = {}
    for name, address in ADDRESSES.items():
        if address.of in {"", "token", "program", "file", "kind", "key", "scim_id"}:
            continue
        with undone():
            status = ask(as_(user), name, others.path(name, others.member), user, gap_form(others))
        if status not in ({404} if address.who in MAY[role] else {403, 404}):
            found[name] = status
    assert not found


@pytest.mark.rule("ACC-8")
def test_signed_out_everything_leads_to_the_sign_in_page(own: Things, client: Client) -> None:
    for name, address in ADDRESSES.items():
        if address.who in {PUBLIC, SCIM}:
            continue
        path = own.path(name, own.member)
        for response in (client.get(path), client.post(path)):
            assert response.status_code in {302, 405}, name
            if response.status_code == 302:
                assert response.headers["Location"].startswith(reverse("account_login")), name


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete", "head", "options"])
def test_no_session_opens_scim_and_no_verb_does_without_a_token(
    verb: str, own: Things, gunnar: User, as_: Callable[[User], Client], client: Client
) -> None:
    for name, address in ADDRESSES.items():
        if address.who == SCIM:
            for who in (as_(gunnar), client):
                assert getattr(who, verb)(own.path(name, gunnar)).status_code == 401, name
