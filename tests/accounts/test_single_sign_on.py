"""Signing in by a partner's own provider (rule ACC-5): who gets in, as whom, and every lie that is refused in words."""

import base64
import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.audit_wording import METHODS
from accounts.models import Directory, DirectoryPerson, GroupMapping, MailDomain, Membership, Partner, RoleAssignment, User
from accounts.roles import PartnerRole
from accounts.services import people
from incentives_portal.core import audit, clock
from incentives_portal.core.models import AuditEntry, Mail
from tests import factories as make
from tests.accounts import openid_provider
from tests.accounts.openid_provider import CURVE, KEYS, STRANGER, Provider
from tests.factories import PASSWORD

pytestmark = [pytest.mark.rule("ACC-5"), pytest.mark.django_db]
SECRET = "the-client-secret-of-this-test"


@pytest.fixture
def provider() -> Iterator[Provider]:
    cache.clear()
    with openid_provider.running() as one:
        yield one


def connected(partner: Partner, provider: Provider, domain: str = "norrsken.example", **fields: Any) -> Directory:
    directory = Directory.objects.create(
        partner=partner, issuer=provider.issuer, client_id=provider.client_id, client_secret=SECRET, is_sign_in_on=True, **fields
    )
    MailDomain.objects.create(directory=directory, domain=domain, proven_at=clock.now())
    return directory


@pytest.fixture
def directory(partner: Partner, provider: Provider, gunnar: User) -> Directory:
    """The partner's, with Gunnar as a global admin who was there before."""
    return connected(partner, provider)


def begun(client: Client, directory: Directory, query: str = "") -> str:
    """The address at the provider to which the browser is sent."""
    answer = client.get(reverse("single_sign_on_start", args=[directory.key]) + query)
    assert answer.status_code == 302, answer.content
    return str(answer.headers["Location"])


def walk(client: Client, directory: Directory, provider: Provider, **changed: str) -> Any:
    """There and back."""
    back = {**provider.authorize(begun(client, directory)), **changed}
    return client.get(reverse("single_sign_on_return", args=[directory.key]), back)


def who(client: Client) -> User | None:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key) if key else None


def mapped(directory: Directory, group: str, role: str) -> GroupMapping:
    return GroupMapping.objects.create(directory=directory, group=group, role=role, entire_organization=True)


def held(user: User) -> set[str]:
    return set(RoleAssignment.objects.filter(membership__user=user, ended_at=None).values_list("role", flat=True))


def test_somebody_new_becomes_a_member_with_the_roles_of_their_groups(
    client: Client, directory: Directory, provider: Provider
) -> None:
    mapped(directory, "Payouts", PartnerRole.INCENTIVES_ADMIN)
    provider.claims = {"groups": ["payouts", "others"], "locale": "sv-SE"}
    answer = walk(client, directory, provider)
    nora = who(client)
    assert answer.status_code == 302 and nora is not None
    assert (nora.email, nora.name, nora.language, nora.has_usable_password()) == ("nora@norrsken.example", "Nora Ny", "sv", False)
    assert held(nora) == {PartnerRole.INCENTIVES_ADMIN}
    joined = AuditEntry.objects.get(act="member_added")
    assert (joined.actor_kind, joined.actor_name) == ("directory", directory.partner.legal_name)
    assert client.get("/").status_code == 200


def test_a_changed_group_changes_the_role_at_the_next_sign_in(client: Client, directory: Directory, provider: Provider) -> None:
    mapped(directory, "Payouts", PartnerRole.INCENTIVES_ADMIN)
    mapped(directory, "Readers", PartnerRole.INCENTIVES_USER)
    provider.claims = {"groups": ["Payouts"]}
    walk(client, directory, provider)
    provider.claims = {"groups": "Readers"}
    walk(Client(), directory, provider)
    nora = who(client)
    assert nora and held(nora) == {PartnerRole.INCENTIVES_USER}
    provider.claims = {}
    walk(Client(), directory, provider)
    assert held(nora) == set()
    assert DirectoryPerson.objects.count() == 1


def test_who_has_no_role_reads_who_can_give_one(client: Client, directory: Directory, provider: Provider) -> None:
    walk(client, directory, provider)
    assert "Gunnar Lind" in client.get(reverse("guide")).content.decode()


@pytest.mark.rule("OPS-3")
@pytest.mark.parametrize(
    ("claims", "methods"), [({}, ["directory"]), ({"amr": ["mfa"], "auth_time": 0}, ["directory", "directory_second_factor"])]
)
def test_it_stands_in_the_audit_log_of_this_partner(
    client: Client, directory: Directory, provider: Provider, other_partner: Partner, claims: dict[str, Any], methods: list[str]
) -> None:
    nora = make.UserFactory.create(name="Nora", email="nora@norrsken.example")
    make.give_role(nora, other_partner, make.INCENTIVES_USER)
    provider.claims = {key: value + int(time.time()) if key == "auth_time" else value for key, value in claims.items()}
    walk(client, directory, provider)
    entry = AuditEntry.objects.get(act="signed_in")
    assert (entry.partner_id, entry.actor_id) == (directory.partner_id, nora.pk)
    assert entry.after == {"person": nora.email, "methods": methods}
    assert UserSession.objects.filter(user=nora, session_key=client.session.session_key).exists()
    assert {METHODS[method] for method in methods} <= {"Single sign-on", "Second factor at the company's provider"}


def test_groups_that_are_no_names_are_left_out(client: Client, directory: Directory, provider: Provider) -> None:
    mapped(directory, "Payouts", PartnerRole.INCENTIVES_ADMIN)
    provider.claims = {"groups": ["Payouts", "", 7, None, ["x"], "x" * 300, "a\0b", "\ud800"], "name": "Nora\0"}
    walk(client, directory, provider)
    nora = who(client)
    assert nora and held(nora) == {PartnerRole.INCENTIVES_ADMIN} and nora.name == "nora"
    assert DirectoryPerson.objects.get().claimed_groups == ["Payouts"]


def test_app_roles_by_another_claim(client: Client, directory: Directory, provider: Provider) -> None:
    Directory.objects.update(groups_claim="roles")
    mapped(directory, "payout.admin", PartnerRole.INCENTIVES_ADMIN)
    provider.claims = {"roles": ["payout.admin"]}
    walk(client, directory, provider)
    nora = who(client)
    assert nora and held(nora) == {PartnerRole.INCENTIVES_ADMIN}


def test_too_many_groups_to_list_leave_the_roles_as_they_were(client: Client, directory: Directory, provider: Provider) -> None:
    mapped(directory, "Payouts", PartnerRole.INCENTIVES_ADMIN)
    provider.claims = {"groups": ["Payouts"]}
    walk(client, directory, provider)
    provider.claims = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "http://127.0.0.1:1/"}}}
    walk(client, directory, provider)
    nora = who(client)
    assert nora and held(nora) == {PartnerRole.INCENTIVES_ADMIN}
    assert AuditEntry.objects.filter(act="groups_kept").count() == 1


def test_what_the_token_leaves_out_is_asked_for(client: Client, directory: Directory, provider: Provider) -> None:
    """As the specification has it, address and groups may stand elsewhere than in the token; the token's own word wins."""
    mapped(directory, "Payouts", PartnerRole.INCENTIVES_ADMIN)
    provider.claims = {"email": None}
    provider.discovery = {"scopes_supported": ["openid", "groups"]}
    provider.userinfo = {"sub": "nora", "email": "nora@norrsken.example", "groups": ["Payouts"], "name": "Somebody Else"}
    assert "groups" in begun(Client(), directory)
    walk(client, directory, provider)
    nora = who(client)
    assert nora and (nora.name, held(nora)) == ("Nora Ny", {PartnerRole.INCENTIVES_ADMIN})
    assert ("/userinfo", {}, "Bearer unused") in provider.asked
    provider.userinfo = {**provider.userinfo, "sub": "somebody-else"}
    assert walk(Client(), directory, provider).status_code == 403
    provider.userinfo, provider.userinfo_status = {"error": "x"}, 503
    assert walk(Client(), directory, provider).status_code == 403
    assert held(nora) == {PartnerRole.INCENTIVES_ADMIN}


@pytest.mark.rule("ACC-4")
def test_the_last_global_admin_stays_one_without_the_group(client: Client, other_partner: Partner, provider: Provider) -> None:
    directory = connected(other_partner, provider)
    mapped(directory, "Bosses", PartnerRole.GLOBAL_ADMIN)
    provider.claims = {"groups": ["Bosses"]}
    walk(client, directory, provider)
    provider.claims = {"groups": []}
    walk(client, directory, provider)
    nora = who(client)
    assert nora and held(nora) == {PartnerRole.GLOBAL_ADMIN}
    assert AuditEntry.objects.filter(act="role_kept").count() == 1
    assert "last active global admin" in client.get(reverse("guide")).content.decode()


# --- What the token says --------------------------------------------------------------------------------

now = time.time
LIES: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "a wrong nonce": (lambda: {"nonce": "of-another-sign-in"}, "belongs to another sign-in"),
    "no nonce": (lambda: {"nonce": None}, "belongs to another sign-in"),
    "a wrong audience": (lambda: {"aud": "another-application"}, "meant for another application"),
    "a wrong party among several": (lambda: {"aud": ["portal", "x"], "azp": "x"}, "meant for another application"),
    "several audiences and no party": (lambda: {"aud": ["portal", "x"]}, "meant for another application"),
    "a wrong issuer": (lambda: {"iss": "https://elsewhere.example"}, "another provider"),
    "expired": (lambda: {"iat": now() - 900, "exp": now() - 300}, "has expired"),
    "no expiry": (lambda: {"exp": None}, "has expired"),
    "an expiry that is no time": (lambda: {"exp": "never"}, "has expired"),
    "from the future": (lambda: {"iat": now() + 600, "exp": now() + 900}, "lies in the future"),
    "not yet": (lambda: {"nbf": now() + 600}, "lies in the future"),
    "nobody": (lambda: {"sub": None}, "does not say who you are"),
    "a number for a person": (lambda: {"sub": 7}, "does not say who you are"),
    "a name that can't be stored": (lambda: {"sub": "a\0b"}, "does not say who you are"),
    "half a letter": (lambda: {"nonce": "\ud800"}, "belongs to another sign-in"),
    "an address that can't be stored": (lambda: {"email": "nora\0\ud800@norrsken.example"}, "an e-mail address that is none"),
    "no address": (lambda: {"email": None}, "did not send your e-mail address"),
    "an address that is none": (lambda: {"email": "nora"}, "an e-mail address that is none"),
    "two addresses": (lambda: {"email": ["nora@norrsken.example"]}, "did not send your e-mail address"),
    "unverified": (lambda: {"email_verified": False}, "has not verified"),
    "unverified in words": (lambda: {"email_verified": "false"}, "has not verified"),
    "a foreign domain": (lambda: {"email": "nora@brandt.example"}, "has not proven the mail domain brandt.example"),
    "a domain that looks alike": (lambda: {"email": "nora@norrsken.example.evil.example"}, "has not proven the mail domain"),
    "a subdomain": (lambda: {"email": "nora@x.norrsken.example"}, "has not proven the mail domain"),
    "two domains": (lambda: {"email": "nora@norrsken.example@brandt.example"}, "an e-mail address that is none"),
}


@pytest.mark.parametrize("lie", LIES)
def test_refused_in_words(client: Client, directory: Directory, provider: Provider, lie: str) -> None:
    claims, words = LIES[lie]
    provider.claims = claims()
    answer = walk(client, directory, provider)
    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert who(client) is None and not User.objects.filter(email__startswith="nora").exists()


def unsigned(provider: Provider) -> None:
    provider.algorithm = "none"


def by_a_stranger(provider: Provider) -> None:
    provider.key = STRANGER


def by_an_unknown_key(provider: Provider) -> None:
    provider.key = KEYS[1]


def with_the_client_secret(provider: Provider) -> None:
    provider.secret, provider.algorithm = SECRET.encode(), "HS256"


def with_the_public_key(provider: Provider) -> None:
    provider.secret, provider.algorithm = KEYS[0].as_pem(private=False), "HS256"


@pytest.mark.parametrize("forge", [unsigned, by_a_stranger, by_an_unknown_key, with_the_client_secret, with_the_public_key])
def test_a_forged_signature(
    client: Client, directory: Directory, provider: Provider, forge: Callable[[Provider], None], recwarn: Any
) -> None:
    forge(provider)
    answer = walk(client, directory, provider)
    assert answer.status_code == 403 and "signed with a key" in answer.content.decode()
    assert who(client) is None


def test_a_provider_may_change_its_key(client: Client, directory: Directory, provider: Provider) -> None:
    walk(client, directory, provider)
    provider.key, provider.published = KEYS[1], [KEYS[1]]
    assert walk(Client(), directory, provider).status_code == 302
    asked = [path for path, _form, _head in provider.asked if path == "/keys"]
    assert len(asked) == 2
    by_an_unknown_key(provider)
    provider.key = STRANGER
    provider.published = []
    for _each in range(3):
        walk(Client(), directory, provider)
    assert len([path for path, _form, _head in provider.asked if path == "/keys"]) <= 3


@pytest.mark.parametrize(("key", "algorithm"), [(KEYS[0], "PS256"), (CURVE, "ES256")])
def test_other_signatures_that_are_good(client: Client, directory: Directory, provider: Provider, key: Any, algorithm: str) -> None:
    provider.key, provider.algorithm, provider.published = key, algorithm, [key]
    assert walk(client, directory, provider).status_code == 302 and who(client)


# --- The way there and back -----------------------------------------------------------------------------


def test_an_answer_that_this_browser_did_not_ask_for(client: Client, directory: Directory, provider: Provider) -> None:
    """Somebody else's sign-in, sent to be opened in this browser: signing in another's account unawares."""
    attacker = Client()
    back = provider.authorize(begun(attacker, directory))
    answer = client.get(reverse("single_sign_on_return", args=[directory.key]), back)
    assert answer.status_code == 403 and "Begin anew" in answer.content.decode()
    assert who(client) is None


@pytest.mark.parametrize("changed", [{"state": "guessed"}, {"state": ""}])
def test_a_wrong_state(client: Client, directory: Directory, provider: Provider, changed: dict[str, str]) -> None:
    assert walk(client, directory, provider, **changed).status_code == 403
    assert who(client) is None and not any(path == "/token" for path, _form, _head in provider.asked)


def test_an_answer_is_taken_once(client: Client, directory: Directory, provider: Provider) -> None:
    back = provider.authorize(begun(client, directory))
    address = reverse("single_sign_on_return", args=[directory.key])
    assert client.get(address, back).status_code == 302
    client.logout()
    assert client.get(address, back).status_code == 403
    assert who(client) is None


def test_a_code_of_another_sign_in(client: Client, directory: Directory, provider: Provider) -> None:
    """PKCE: a code that was stolen is worth nothing in another browser's sign-in."""
    stolen = provider.authorize(begun(Client(), directory))["code"]
    answer = walk(client, directory, provider, code=stolen)
    assert answer.status_code == 403 and who(client) is None


def test_too_late(client: Client, directory: Directory, provider: Provider) -> None:
    back = provider.authorize(begun(client, directory))
    session = client.session
    for one in session["single_sign_on"].values():
        one["at"] -= 3600
    session.save()
    assert client.get(reverse("single_sign_on_return", args=[directory.key]), back).status_code == 403


def test_an_answer_for_another_partners_directory(
    client: Client, directory: Directory, provider: Provider, other_partner: Partner
) -> None:
    """The provider of one partner sends its people to the address of another one (mix-up)."""
    with openid_provider.running() as others:
        theirs = connected(other_partner, others, "brandt.example")
        back = others.authorize(begun(client, theirs))
        answer = client.get(reverse("single_sign_on_return", args=[directory.key]), back)
        assert answer.status_code == 403 and who(client) is None
        assert walk(client, theirs, others, iss=provider.issuer).status_code == 403
        others.discovery = {"authorization_response_iss_parameter_supported": True}
        cache.clear()
        assert walk(client, theirs, others).status_code == 403
        others.claims = {"email": "otto@brandt.example"}
        assert walk(client, theirs, others, iss=others.issuer).status_code == 302


def test_a_partners_provider_speaks_for_nobody_of_another_partner(
    client: Client, directory: Directory, other_partner: Partner, otto: User
) -> None:
    with openid_provider.running() as others:
        theirs = connected(other_partner, others, "brandt.example")
        MailDomain.objects.create(directory=theirs, domain="norrsken.example")
        others.claims = {"email": "gunnar@norrsken.example"}
        answer = walk(client, theirs, others)
    assert answer.status_code == 403 and "has not proven" in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "words"),
    [("access_denied", "declined"), ("server_error", "little while"), ("<script>", "did not complete"), ("", "did not complete")],
)
def test_the_provider_says_no(client: Client, directory: Directory, provider: Provider, error: str, words: str) -> None:
    answer = walk(client, directory, provider, code="", error=error, error_description="Call 555-FAKE")
    assert answer.status_code == 403 and words in answer.content.decode()
    assert "FAKE" not in answer.content.decode()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((401, {"error": "invalid_client"}), "client secret"),
        ((400, {"error": "invalid_grant"}), "code"),
        ((200, {}), "did not complete"),
        ((200, {"id_token": "a.b.c"}), "signed"),
        ((200, {"id_token": ["x"]}), "did not complete"),
        ((200, {"id_token": f"{base64.urlsafe_b64encode(b'[' * 60_000).decode()}.e30.e30"}), "signed"),
    ],
)
def test_the_provider_answers_nonsense(
    client: Client, directory: Directory, provider: Provider, said: tuple[int, dict[str, Any]], words: str
) -> None:
    provider.token_answer = said
    answer = walk(client, directory, provider)
    assert answer.status_code == 403 and words in answer.content.decode()


def test_a_provider_that_is_away(client: Client, directory: Directory, provider: Provider) -> None:
    back = provider.authorize(begun(client, directory))
    provider.huge = True
    answer = client.get(reverse("single_sign_on_return", args=[directory.key]), back)
    assert answer.status_code == 403 and "be reached" in answer.content.decode()
    provider.huge, provider.nested = False, True
    back = provider.authorize(begun(client, directory))
    answer = client.get(reverse("single_sign_on_return", args=[directory.key]), back)
    assert answer.status_code == 403 and "be reached" in answer.content.decode()
    Directory.objects.update(issuer="http://127.0.0.1:9")
    assert "be reached" in client.get(reverse("single_sign_on_start", args=[directory.key])).content.decode()


def test_swedish_refusals_are_swedish(client: Client, directory: Directory, provider: Provider) -> None:
    client.cookies.load({"django_language": "sv"})
    provider.claims = {"nonce": "x"}
    assert 'lang="sv"' in walk(client, directory, provider).content.decode()


# --- Who may come in ------------------------------------------------------------------------------------


def test_an_existing_member_is_known_by_their_address_and_then_by_their_account(
    client: Client, directory: Directory, provider: Provider, ulf: User
) -> None:
    User.objects.filter(pk=ulf.pk).update(email="ulf@norrsken.example")
    provider.claims = {"email": "Ulf@Norrsken.example", "sub": "ulf-1"}
    walk(client, directory, provider)
    assert who(client) == ulf and held(ulf) == {PartnerRole.INCENTIVES_USER}
    provider.claims = {"email": "ulf.berg@norrsken.example", "sub": "ulf-1"}
    again = Client()
    walk(again, directory, provider)
    assert who(again) == ulf and User.objects.filter(email__startswith="ulf").count() == 1
    provider.claims = {"email": "ulf@norrsken.example", "sub": "somebody-who-got-his-address"}
    answer = walk(Client(), directory, provider)
    assert answer.status_code == 403 and "another account of your directory" in answer.content.decode()


def test_the_operators_people_do_not_come_by_a_partners_provider(
    client: Client, directory: Directory, provider: Provider, rita: User
) -> None:
    User.objects.create_superuser("root@norrsken.example", PASSWORD, name="Root")
    User.objects.filter(pk=rita.pk).update(email="rita@norrsken.example")
    for name in ("root", "rita"):
        provider.claims = {"email": f"{name}@norrsken.example", "sub": name}
        answer = walk(client, directory, provider)
        assert answer.status_code == 403 and "belongs to the operator" in answer.content.decode()
    assert not Membership.objects.filter(user=rita).exists()


@pytest.mark.parametrize(
    ("act", "words"), [(people.suspend, "You are suspended"), (people.remove, "You were removed"), (None, "account here is closed")]
)
def test_who_was_put_out_stays_out(
    client: Client, directory: Directory, provider: Provider, gunnar: User, act: Any, words: str
) -> None:
    mapped(directory, "Payouts", PartnerRole.INCENTIVES_ADMIN)
    provider.claims = {"groups": ["Payouts"]}
    walk(client, directory, provider)
    nora = who(client)
    assert nora
    if act:
        act(membership=nora.memberships.get(), by=gunnar)
    else:
        User.objects.filter(pk=nora.pk).update(is_active=False)
    again = Client()
    answer = walk(again, directory, provider)
    assert answer.status_code == 403 and words in answer.content.decode() and who(again) is None
    refusal = AuditEntry.objects.filter(act="sign_in_refused").latest("id")
    assert refusal.partner_id == directory.partner_id and refusal.after == {"reason": refusal.after["reason"], "person": nora.email}


def test_off_is_off(client: Client, directory: Directory) -> None:
    Directory.objects.update(is_sign_in_on=False)
    assert client.get(reverse("single_sign_on_start", args=[directory.key])).status_code == 404
    answer = client.post(reverse("single_sign_on"), {"email": "nora@norrsken.example"})
    assert "There is no single sign-on for this address" in answer.content.decode()


@pytest.mark.rule("ACC-6")
def test_a_directory_acts_for_its_own_partner_alone(
    client: Client, directory: Directory, provider: Provider, other_partner: Partner
) -> None:
    """Whoever runs one partner's directory can sign in as its people; that must open no other partner's doors."""
    gloria = make.person("Gloria Zwei", other_partner, make.GLOBAL_ADMIN)
    User.objects.filter(pk=gloria.pk).update(email="gloria@norrsken.example")
    provider.claims = {"email": "gloria@norrsken.example"}
    walk(client, directory, provider)
    assert who(client) == gloria
    assert client.get(reverse("people")).status_code == 403
    assert client.post(reverse("switch_partner"), {"partner": other_partner.pk}).status_code == 404
    session = client.session
    session["partner_id"] = str(other_partner.pk)
    session.save()
    assert client.get(reverse("people")).status_code == 403
    assert client.get(reverse("admin:index")).status_code in {302, 403}
    for name in ("account_set_password", "account_change_password", "mfa_activate_totp", "mfa_index"):
        answer = client.get(reverse(name))
        assert answer.status_code == 403 and "One company" in answer.content.decode(), name
    own = Client()
    own.force_login(gloria, backend="django.contrib.auth.backends.ModelBackend")
    own.post(reverse("switch_partner"), {"partner": other_partner.pk})
    assert own.get(reverse("people")).status_code == 200


@pytest.mark.rule("ACC-6")
@pytest.mark.parametrize("left", [False, True])
def test_a_directory_plants_no_password_for_where_somebody_is_let_in_again(
    client: Client, directory: Directory, provider: Provider, other_partner: Partner, left: bool
) -> None:
    gloria = make.person("Gloria Zwei", other_partner, make.INCENTIVES_USER)
    User.objects.filter(pk=gloria.pk).update(email="gloria@norrsken.example", password="!")
    gone = {"suspended_at": clock.now()} | ({"removed_at": clock.now()} if left else {})
    Membership.objects.filter(user=gloria).update(**gone)
    provider.claims = {"email": "gloria@norrsken.example"}
    walk(client, directory, provider)
    assert who(client) == gloria
    planted = {"password1": "planted-by-the-idp-1", "password2": "planted-by-the-idp-1"}
    for name in ("account_set_password", "account_change_password", "mfa_activate_totp", "mfa_index"):
        assert client.get(reverse(name)).status_code == client.post(reverse(name), planted).status_code == 403, name
    gloria.refresh_from_db()
    assert not gloria.has_usable_password()


def test_a_suspended_member_sees_nothing_more_in_an_open_session(
    client: Client, directory: Directory, provider: Provider, gunnar: User
) -> None:
    mapped(directory, "Payouts", PartnerRole.INCENTIVES_ADMIN)
    provider.claims = {"groups": ["Payouts"]}
    walk(client, directory, provider)
    nora = who(client)
    assert nora and client.get(reverse("overview")).status_code == 200
    people.suspend(membership=nora.memberships.get(), by=gunnar)
    assert client.get(reverse("overview")).status_code == 403


# --- Required -------------------------------------------------------------------------------------------


@pytest.fixture
def required(directory: Directory, ulf: User, gunnar: User) -> Directory:
    for user in (ulf, gunnar):
        User.objects.filter(pk=user.pk).update(email=f"{user.email.partition('@')[0]}@norrsken.example")
        user.refresh_from_db()
    Directory.objects.update(is_sign_in_required=True)
    return directory


def by_password(client: Client, user: User) -> Any:
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def test_where_it_is_required_a_password_signs_nobody_in(client: Client, required: Directory, ulf: User, gunnar: User) -> None:
    answer = by_password(client, ulf)
    assert answer.status_code == 403 and "requires its own sign-in" in answer.content.decode()
    assert who(client) is None
    assert by_password(client, gunnar).status_code == 302 and who(client) == gunnar


def test_a_wrong_password_learns_nothing_of_it(client: Client, required: Directory, ulf: User) -> None:
    answer = client.post(reverse("account_login"), {"login": ulf.email, "password": "wrong-wrong-wrong"})
    assert answer.status_code == 200 and "requires its own" not in answer.content.decode()


def test_where_it_is_required_no_password_is_reset(client: Client, required: Directory, ulf: User, gunnar: User) -> None:
    for user in (ulf, gunnar):
        client.post(reverse("account_reset_password"), {"email": user.email})
    assert "/password/reset/key/" not in Mail.objects.get(to=ulf.email).text
    assert "/password/reset/key/" in Mail.objects.get(to=gunnar.email, is_secret=True).text


def test_sessions_that_began_by_password_close_for_the_partner(client: Client, required: Directory, ulf: User) -> None:
    Directory.objects.update(is_sign_in_required=False)
    by_password(client, ulf)
    assert client.get(reverse("overview")).status_code == 200
    Directory.objects.update(is_sign_in_required=True)
    assert client.get(reverse("overview")).status_code == 403


@pytest.mark.rule("ACC-6")
def test_required_by_one_partner_the_password_still_opens_the_other(
    client: Client, required: Directory, ulf: User, other_partner: Partner
) -> None:
    make.give_role(ulf, other_partner, make.INCENTIVES_USER)
    assert by_password(client, ulf).status_code == 302
    assert client.get(reverse("overview")).status_code == 200
    assert client.post(reverse("switch_partner"), {"partner": required.partner_id}).status_code == 404


def test_an_address_elsewhere_keeps_its_password(client: Client, required: Directory, ines: User) -> None:
    assert by_password(client, ines).status_code == 302 and who(client) == ines


# --- What is kept and what is not -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({"amr": ["pwd", "mfa"], "auth_time": 0}, True),
        ({"amr": ["pwd"], "auth_time": 0}, False),
        ({"amr": ["mfa"], "auth_time": -3600}, False),
        ({"amr": ["mfa"], "auth_time": None}, False),
        ({"amr": "mfa", "auth_time": 0}, False),
    ],
)
def test_a_second_factor_counts_where_the_provider_saw_one_just_now(
    client: Client, directory: Directory, provider: Provider, said: dict[str, Any], counts: bool
) -> None:
    at = said["auth_time"]
    provider.claims = {**said, "auth_time": None if at is None else int(now()) + at}
    walk(client, directory, provider)
    records = client.session["account_authentication_methods"]
    assert [record["method"] for record in records] == (["directory", "mfa"] if counts else ["directory"])


def test_who_sets_up_a_second_factor_proves_anew_who_they_are(client: Client, directory: Directory, provider: Provider) -> None:
    query = f"?next={reverse('mfa_activate_totp')}"
    assert "prompt=login&max_age=0" in begun(client, directory, query) and "prompt" not in begun(client, directory)
    back = reverse("single_sign_on_return", args=[directory.key])
    for auth_time in (None, int(now()) - 3600, "now"):
        provider.claims = {"auth_time": auth_time}
        answer = client.get(back, provider.authorize(begun(client, directory, query)))
        assert answer.status_code == 403 and "auth_time" in answer.content.decode()
    provider.claims = {"auth_time": int(now())}
    answer = client.get(back, provider.authorize(begun(client, directory, query)))
    assert answer.headers["Location"] == reverse("mfa_activate_totp")
    assert client.session["account_authentication_methods"][0]["at"] == provider.claims["auth_time"]


def test_an_old_session_at_the_provider_is_no_fresh_sign_in(client: Client, directory: Directory, provider: Provider) -> None:
    for auth_time, recorded in ((None, 0), (1_700_000_000, 1_700_000_000)):
        provider.claims = {"auth_time": auth_time}
        walk(client, directory, provider)
        assert client.session["account_authentication_methods"][-1]["at"] == recorded


def test_no_secret_in_logs_addresses_or_the_audit_log(
    client: Client, directory: Directory, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = begun(client, directory)
    back = provider.authorize(address)
    answer = client.get(reverse("single_sign_on_return", args=[directory.key]), back)
    token_form = next(form for path, form, _head in provider.asked if path == "/token")
    said = caplog.text + address + answer.headers["Location"] + str(list(AuditEntry.objects.values_list("before", "after")))
    for secret in (SECRET, back["code"], token_form["code_verifier"]):
        assert secret not in said
    assert back["code"] not in client.get("/").content.decode()


def test_the_secret_goes_as_the_provider_wants_it(client: Client, directory: Directory, provider: Provider) -> None:
    walk(client, directory, provider)
    provider.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    cache.clear()
    walk(client, directory, provider)
    (_path, basic, head), (_other, post, no_head) = [asked for asked in provider.asked if asked[0] == "/token"]
    assert head.startswith("Basic ") and "client_secret" not in basic
    assert post["client_secret"] == SECRET and not no_head


@pytest.mark.parametrize(
    ("target", "lands"), [("/people/", "/people/"), ("https://evil.example/", "/"), ("//evil.example", "/"), ("", "/")]
)
def test_it_leads_on_to_our_own_pages_alone(
    client: Client, directory: Directory, provider: Provider, target: str, lands: str
) -> None:
    back = provider.authorize(begun(client, directory, f"?next={target}"))
    answer = client.get(reverse("single_sign_on_return", args=[directory.key]), back)
    assert answer.headers["Location"] == lands


def test_the_session_is_a_new_one(client: Client, directory: Directory, provider: Provider) -> None:
    address = begun(client, directory)
    before = client.session.session_key
    client.get(reverse("single_sign_on_return", args=[directory.key]), provider.authorize(address))
    assert before and client.session.session_key != before


def test_another_clock_of_the_demonstration_expires_no_token(client: Client, directory: Directory, provider: Provider) -> None:
    clock.move(by=dt.timedelta(days=300))
    assert walk(client, directory, provider).status_code == 302
    assert audit.is_directory(audit.directory("x"))


def test_the_page_that_asks_for_the_address(client: Client, directory: Directory, provider: Provider) -> None:
    known = client.post(reverse("single_sign_on"), {"email": "nora@norrsken.example", "next": "/people/"})
    start = reverse("single_sign_on_start", args=[directory.key])
    assert f"url={start}?next=%2Fpeople%2F" in known.content.decode() and "nora@" not in known.content.decode()
    assert "login_hint=nora%40norrsken.example" in client.get(start).headers["Location"]
    unknown = client.post(reverse("single_sign_on"), {"email": "ulf@elsewhere.example"})
    assert unknown.status_code == 422 and "Sign in with your password" in unknown.content.decode()


def test_a_signed_out_person_finds_the_way(client: Client) -> None:
    assert reverse("single_sign_on") in client.get(reverse("account_login")).content.decode()
    assert client.get("/accounts/3rdparty/").status_code == 404
