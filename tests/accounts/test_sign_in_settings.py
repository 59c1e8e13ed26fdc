"""Setting up single sign-on (rule ACC-5): the provider is asked first, domains are proven by DNS, groups give roles."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import Directory, DirectoryPerson, GroupMapping, Location, MailDomain, Partner, RoleAssignment, User
from accounts.policy import NotAllowedError
from accounts.roles import PartnerRole
from accounts.services import directories, directory_roles, directory_sign_in, group_mappings, mail_domains
from accounts.sso import fetching
from accounts.sso import provider as providers
from incentives_portal.core import clock
from incentives_portal.core.models import AuditEntry, Mail
from tests import factories as make
from tests.accounts import name_server, openid_provider
from tests.accounts.name_server import NameServer
from tests.accounts.openid_provider import Provider

pytestmark = [pytest.mark.rule("ACC-5"), pytest.mark.django_db]
As = Callable[[User], Client]
SECRET = "another-client-secret"


@pytest.fixture
def provider() -> Iterator[Provider]:
    cache.clear()
    with openid_provider.running() as one:
        yield one


@pytest.fixture
def names(settings: Any) -> Iterator[NameServer]:
    with name_server.running() as server:
        settings.DNS_SERVERS = [server.address]
        yield server


@pytest.fixture
def directory(partner: Partner, gunnar: User) -> Directory:
    return directories.begin(partner=partner, by=gunnar)


def connect(directory: Directory, provider: Provider, by: User, **changed: str) -> None:
    fields = {"issuer": provider.issuer, "client_id": "portal", "client_secret": SECRET, **changed}
    directories.connect(directory=directory, **fields, by=by)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(ValidationError) as refusal:
        act()
    return str(getattr(refusal.value, "code", "") or "")


# --- The provider ---------------------------------------------------------------------------------------


def test_the_provider_is_asked_and_the_secret_kept_out_of_sight(
    directory: Directory, provider: Provider, gunnar: User, as_: As
) -> None:
    second = make.person("Greta Lund", directory.partner, make.GLOBAL_ADMIN)
    client = as_(gunnar)
    fields = {"issuer": f"{provider.issuer}/", "client_id": "portal", "client_secret": SECRET, "groups_claim": "groups"}
    said = client.post(reverse("sign_in_provider"), fields, follow=True).content.decode()
    directory.refresh_from_db()
    assert f"It calls itself {provider.issuer}" in said
    assert directory.issuer == provider.issuer and directory.client_secret.reveal() == SECRET
    for page in (said, client.get(reverse("sign_in_provider")).content.decode()):
        assert SECRET not in page
    entry = AuditEntry.objects.get(act="sign_in_connected")
    assert SECRET not in str(entry.after) and entry.after["client_secret"] == "••••"
    assert {mail.to for mail in Mail.objects.filter(kind="sign_in_settings")} == {gunnar.email, second.email}
    client.post(reverse("sign_in_provider"), {**fields, "client_secret": "", "groups_claim": "roles"})
    directory.refresh_from_db()
    assert directory.client_secret.reveal() == SECRET and directory.groups_claim == "roles"


def test_the_same_again_tells_nobody(directory: Directory, provider: Provider, gunnar: User) -> None:
    connect(directory, provider, gunnar)
    mails = Mail.objects.count()
    connect(directory, provider, gunnar, client_secret="")
    assert Mail.objects.count() == mails


@pytest.mark.parametrize("another", ["issuer", "client_id"])
def test_another_issuer_or_client_is_never_sent_the_secret_of_the_one_before(
    directory: Directory, provider: Provider, gunnar: User, as_: As, another: str
) -> None:
    connect(directory, provider, gunnar)
    with openid_provider.running() as elsewhere:
        fields = {"issuer": provider.issuer, "client_id": "portal", "client_secret": "", "groups_claim": "groups"}
        fields[another] = elsewhere.issuer if another == "issuer" else "another"
        answer = as_(gunnar).post(reverse("sign_in_provider"), fields)
        assert answer.status_code == 422 and "Enter the client secret." in answer.content.decode()
        directory.refresh_from_db()
        assert (directory.issuer, directory.client_id) == (provider.issuer, "portal")
        connect(directory, provider, gunnar, **{another: fields[another], "client_secret": "entered-anew"})
    directory.refresh_from_db()
    assert directory.client_secret is not None and directory.client_secret.reveal() == "entered-anew"


@pytest.mark.parametrize(
    ("discovery", "words"),
    [
        ({"issuer": "https://elsewhere.example"}, "calls itself https://elsewhere.example"),
        ({"issuer": None}, "no OpenID Connect provider"),
        ({"token_endpoint": "http://elsewhere.example/token"}, "begins with https"),
        ({"jwks_uri": "file:///etc/passwd"}, "begins with https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "begins with https"),
        ({"token_endpoint": None}, "begins with https"),
        ({"token_endpoint": "https://user:word@elsewhere.example/"}, "begins with https"),
    ],
)
def test_what_is_no_provider(
    directory: Directory, provider: Provider, gunnar: User, as_: As, discovery: dict[str, Any], words: str
) -> None:
    provider.discovery = discovery
    fields = {"issuer": provider.issuer, "client_id": "portal", "client_secret": SECRET, "groups_claim": "groups"}
    answer = as_(gunnar).post(reverse("sign_in_provider"), fields)
    assert answer.status_code == 422 and words in answer.content.decode()
    directory.refresh_from_db()
    assert directory.issuer == ""


def test_another_client_knows_nobody_by_their_old_number(directory: Directory, provider: Provider, gunnar: User) -> None:
    connect(directory, provider, gunnar)
    member = make.MembershipFactory.create(partner=directory.partner)
    person = DirectoryPerson.objects.create(directory=directory, membership=member, subject="nils")
    connect(directory, provider, gunnar, groups_claim="roles")
    person.refresh_from_db()
    assert person.subject == "nils"
    connect(directory, provider, gunnar, client_id="another")
    person.refresh_from_db()
    assert person.subject == ""


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.7", "127.0.0.1", "169.254.169.254", "192.168.1.1", "172.16.0.1", "0.0.0.0", "100.64.0.1", "224.0.0.1"),
        *("::1", "fe80::1", "fd00::1", "::ffff:10.0.0.7", "64:ff9b::a00:7", "2002:a00:7::1"),
    ],
)
def test_the_portal_asks_nobody_of_its_own_network(address: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a name resolves to is looked at, and the connection goes to what was looked at."""
    settings.THROW_AWAY = False
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(socket.AF_INET, 1, 6, "", ("93.184.215.14", 443)), (kind, 1, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    assert code_of(lambda: providers.discover("https://login.evil.example")) == "inner"


@pytest.mark.parametrize("address", ["http://login.example", "ftp://login.example", "https://", "https://a@b", "//x", "https://[x"])
def test_addresses_that_are_not_asked(address: str, settings: Any) -> None:
    settings.THROW_AWAY = False
    assert code_of(lambda: fetching.require_outside(address)) == "address"


def test_a_provider_that_answers_too_much(provider: Provider) -> None:
    provider.huge = True
    assert code_of(lambda: providers.discover(provider.issuer)) == "unreachable"


def test_a_provider_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte after byte keeps a connection open, but not for longer than a page may take."""
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", 1)
    door = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        visitor, _from = door.accept()
        with visitor, contextlib.suppress(OSError):
            visitor.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while True:
                visitor.sendall(b"x")
                time.sleep(0.05)

    dripping = threading.Thread(target=drip)
    dripping.start()
    began = time.monotonic()
    assert code_of(lambda: providers.discover(f"http://127.0.0.1:{door.getsockname()[1]}")) == "unreachable"
    assert time.monotonic() - began < 30
    dripping.join()
    door.close()


@pytest.mark.parametrize("who", ["astrid", "ines", "ulf", "otto"])
def test_global_admins_alone(who: str, directory: Directory, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(who)
    domain = MailDomain.objects.create(directory=directory, domain="norrsken.example")
    for act in (
        lambda: directories.connect(directory=directory, issuer="https://x.example", client_id="x", client_secret="x", by=user),
        lambda: directories.switch(directory=directory, is_on=False, is_required=False, by=user),
        lambda: mail_domains.add(directory=directory, domain="x.example", by=user),
        lambda: mail_domains.prove(domain=domain, by=user),
        lambda: mail_domains.remove(domain=domain, by=user),
        lambda: mapping(directory, "X", user),
        lambda: directory_sign_in.forget(directory=directory, email="x@x.example", by=user),
    ):
        with pytest.raises(NotAllowedError):
            act()


def test_on_only_when_somebody_could_sign_in(directory: Directory, provider: Provider, gunnar: User) -> None:
    def switch(is_required: bool = False) -> None:
        directories.switch(directory=directory, is_on=True, is_required=is_required, by=gunnar)

    assert code_of(switch) == "provider"
    connect(directory, provider, gunnar)
    assert code_of(switch) == "domain"
    domain = MailDomain.objects.create(directory=directory, domain="norrsken.example", proven_at=clock.now())
    switch(is_required=True)
    assert code_of(lambda: mail_domains.remove(domain=domain, by=gunnar)) == "last"
    directories.switch(directory=directory, is_on=False, is_required=True, by=gunnar)
    directory.refresh_from_db()
    assert not directory.is_sign_in_required
    mail_domains.remove(domain=domain, by=gunnar)
    assert not directory.domains.exists()


# --- Mail domains ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["_incentives-portal.norrsken.example", "norrsken.example"])
def test_a_domain_is_proven_by_its_record(directory: Directory, names: NameServer, gunnar: User, as_: As, place: str) -> None:
    client = as_(gunnar)
    client.post(reverse("mail_domain_add"), {"domain": " @Norrsken.Example "})
    domain = MailDomain.objects.get()
    record = f"incentives-portal={domain.challenge}"
    assert record in client.get(reverse("sign_in_settings")).content.decode()
    check = reverse("mail_domain_check", args=[domain.pk])
    names.texts["norrsken.example"] = ["v=spf1 -all", "incentives-portal=somebody-else"]
    assert "no such record" in client.post(check, follow=True).content.decode()
    names.texts[place] = ["v=spf1 -all", record]
    assert "norrsken.example is proven" in client.post(check, follow=True).content.decode()
    domain.refresh_from_db()
    assert domain.proven_at and AuditEntry.objects.filter(act="mail_domain_proven").count() == 1
    assert Mail.objects.filter(kind="sign_in_settings", to=gunnar.email).count() == 1


def test_name_servers_that_are_silent_prove_nothing(
    directory: Directory, names: NameServer, gunnar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.dns_records.SECONDS", 0.5)
    domain = mail_domains.add(directory=directory, domain="norrsken.example", by=gunnar)
    names.silent = True
    assert code_of(lambda: mail_domains.prove(domain=domain, by=gunnar)) == "dns"


def test_what_one_partner_has_proven_no_other_can(
    directory: Directory, names: NameServer, gunnar: User, other_partner: Partner
) -> None:
    otto = make.person("Olga Brandt", other_partner, make.GLOBAL_ADMIN)
    theirs = directories.begin(partner=other_partner, by=otto)
    rows = [mail_domains.add(directory=one, domain="norrsken.example", by=by) for one, by in ((directory, gunnar), (theirs, otto))]
    names.texts["norrsken.example"] = [f"incentives-portal={row.challenge}" for row in rows]
    mail_domains.prove(domain=rows[0], by=gunnar)
    with pytest.raises(ValidationError) as refusal:
        mail_domains.prove(domain=rows[1], by=otto)
    assert refusal.value.code == "taken" and "Norrsken" not in refusal.value.message


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("gmail.com", "public"),
        ("HOTMAIL.com", "public"),
        ("proton.me", "public"),
        ("localhost", "domain"),
        ("10.0.0.1", "domain"),
        ("a b.example", "domain"),
        ("-x.example", "domain"),
        ("x..example", "domain"),
        ("", "domain"),
        ("x" * 64 + ".example", "domain"),
    ],
)
def test_domains_that_can_be_nobodys(directory: Directory, gunnar: User, typed: str, code: str) -> None:
    assert code_of(lambda: mail_domains.add(directory=directory, domain=typed, by=gunnar)) == code


def test_a_domain_in_other_letters(directory: Directory, gunnar: User) -> None:
    assert mail_domains.add(directory=directory, domain="fjällglim.example", by=gunnar).domain == "xn--fjllglim-1za.example"
    assert code_of(lambda: mail_domains.add(directory=directory, domain="Fjällglim.example", by=gunnar)) == "twice"


# --- Groups ---------------------------------------------------------------------------------------------


def mapping(directory: Directory, group: str, by: User, *places: Location, role: str = "", **fields: Any) -> GroupMapping:
    return group_mappings.save(
        directory=directory,
        group=group,
        role=role or PartnerRole.INCENTIVES_ADMIN,
        entire_organization=not places,
        locations=places,
        by=by,
        **fields,
    )


def known(directory: Directory, *groups: str) -> DirectoryPerson:
    member = make.MembershipFactory.create(partner=directory.partner)
    return DirectoryPerson.objects.create(
        directory=directory, membership=member, subject=str(member.pk), claimed_groups=list(groups)
    )


def held(person: DirectoryPerson) -> set[str]:
    return set(RoleAssignment.objects.filter(membership=person.membership, ended_at=None).values_list("role", flat=True))


def test_a_mapping_reaches_who_is_known_at_once(directory: Directory, gunnar: User, location: Location) -> None:
    nils = known(directory, "Payouts")
    row = mapping(directory, "Payouts", gunnar, location)
    assert held(nils) == {PartnerRole.INCENTIVES_ADMIN}
    mapping(directory, "Others", gunnar, location, mapping=row)
    assert held(nils) == set()
    mapping(directory, "Payouts", gunnar, location, mapping=row)
    group_mappings.remove(mapping=row, by=gunnar)
    assert held(nils) == set()
    assert AuditEntry.objects.filter(act__startswith="group_mapping").count() == 4


def test_many_people_are_reached_by_the_sweep(directory: Directory, gunnar: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_roles, "AT_ONCE", 2)
    people = [known(directory, "Payouts") for _each in range(3)]
    mapping(directory, "Payouts", gunnar)
    assert [held(person) for person in people] == [set()] * 3
    assert directory_roles.realign_due() == 3
    assert [held(person) for person in people] == [{PartnerRole.INCENTIVES_ADMIN}] * 3
    assert directory_roles.realign_due() == 0


def test_all_groups_of_a_role_name_the_same_programs(directory: Directory, gunnar: User) -> None:
    first = mapping(directory, "A", gunnar, program_codes=["X", "Y"])
    mapping(directory, "B", gunnar, program_codes=["Y", "X"])
    assert code_of(lambda: mapping(directory, "C", gunnar)) == "programs"
    assert code_of(lambda: mapping(directory, "C", gunnar, program_codes=["X"])) == "programs"
    assert code_of(lambda: mapping(directory, "A", gunnar, mapping=first)) == "programs"
    mapping(directory, "C", gunnar, role=PartnerRole.INCENTIVES_USER)
    assert code_of(lambda: mapping(directory, "a", gunnar, program_codes=["X", "Y"])) == "twice"


def test_a_mapping_by_the_page(directory: Directory, gunnar: User, location: Location, other_location: Location, as_: As) -> None:
    make.ProgramFactory.create(code="CLOUD")
    client, page = as_(gunnar), reverse("group_mapping_new")
    asked = {
        "group": "Payouts",
        "role": "incentives_admin",
        "where": "listed",
        "locations": [location.pk],
        "program_codes": "CLOUD",
    }
    assert client.post(page, asked).status_code == 302
    row = GroupMapping.objects.get()
    assert list(row.locations.all()) == [location] and row.program_codes == ["CLOUD"]
    shown = client.get(reverse("sign_in_settings")).content.decode()
    assert "Payouts" in shown and location.name in shown
    for changed in ({"locations": []}, {"locations": [other_location.pk]}, {"group": ""}, {}, {"group": "X", "program_codes": []}):
        assert client.post(page, {**asked, **changed}).status_code == 422
    edit = reverse("group_mapping", args=[row.pk])
    assert client.post(edit, {**asked, "role": "global_admin"}).status_code == 302
    row.refresh_from_db()
    assert (row.role, row.entire_organization, row.program_codes, row.locations.count()) == ("global_admin", True, [], 0)
    client.post(reverse("group_mapping_remove", args=[row.pk]))
    assert not GroupMapping.objects.exists()


# --- The pages ------------------------------------------------------------------------------------------


def test_another_partners_settings_are_not_there(directory: Directory, other_partner: Partner, as_: As) -> None:
    olga = make.person("Olga Brandt", other_partner, make.GLOBAL_ADMIN)
    directories.begin(partner=other_partner, by=olga)
    domain = MailDomain.objects.create(directory=directory, domain="norrsken.example")
    row = GroupMapping.objects.create(directory=directory, group="X", role="incentives_user", entire_organization=True)
    client = as_(olga)
    assert "norrsken" not in client.get(reverse("sign_in_settings")).content.decode()
    for name, pk in (("mail_domain_check", domain.pk), ("mail_domain_remove", domain.pk), ("group_mapping_remove", row.pk)):
        assert client.post(reverse(name, args=[pk])).status_code == 404
    assert client.get(reverse("group_mapping", args=[row.pk])).status_code == 404


def test_before_the_beginning(gunnar: User, as_: As) -> None:
    client = as_(gunnar)
    assert reverse("sign_in_settings") in client.get(reverse("people")).content.decode()
    assert client.get(reverse("sign_in_provider")).status_code == 404
    client.get(reverse("sign_in_settings"))
    assert not Directory.objects.exists()
    client.post(reverse("sign_in_begin"))
    directory = Directory.objects.get()
    assert f"/accounts/sso/{directory.key}/return/" in client.get(reverse("sign_in_settings")).content.decode()


def test_the_switch_says_why_not(directory: Directory, gunnar: User, as_: As) -> None:
    answer = as_(gunnar).post(reverse("sign_in_switch"), {"is_on": "on"}, follow=True)
    assert "Connect your identity provider first" in answer.content.decode()


def test_an_account_that_was_made_anew(directory: Directory, gunnar: User, as_: As) -> None:
    nils = known(directory)
    client = as_(gunnar)
    for email, words in (("nobody@x.example", "Nobody with this address"), (nils.membership.user.email, "with their new account")):
        assert words in client.post(reverse("sign_in_forget"), {"email": email}, follow=True).content.decode()
    nils.refresh_from_db()
    assert nils.subject == ""
