"""Attacks on signing in, each of them tried: guessing, finding out who has an account, fixed and stolen sessions, replays."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import OperatorAssignment, Partner, User
from accounts.services import team_invitations
from accounts.services.people import suspend
from incentives_portal.core.models import Mail
from tests import factories as make
from tests.side_by_side import at_once
from tests.signing_in import app_of, code_now, passkey_of, sign_in

pytestmark = pytest.mark.django_db
As = Callable[..., Client]
LOGIN = "/accounts/login/"
TOO_MANY = "Too many"


def guess(email: str, password: str = "wrong", *, address: str = "10.9.8.7", **headers: str) -> Any:
    return Client(REMOTE_ADDR=address).post(LOGIN, {"login": email, "password": password}, headers=headers)


def is_refused(answer: Any) -> bool:
    return answer.status_code == 429 or TOO_MANY in answer.content.decode()


# --- Credential stuffing ----------------------------------------------------------------------------


@pytest.mark.rule("ACC-5")
def test_one_address_tries_few_accounts(ulf: User) -> None:
    answers = [guess(f"person{number}@people.example") for number in range(12)]
    assert [is_refused(answer) for answer in answers] == [False] * 10 + [True] * 2
    assert is_refused(guess(ulf.email, make.PASSWORD))
    assert guess(ulf.email, make.PASSWORD, address="10.9.8.8").status_code == 302


@pytest.mark.rule("ACC-5")
def test_one_account_is_tried_from_few_addresses(ulf: User, ines: User) -> None:
    answers = [guess(ulf.email, address=f"10.1.{number}.1") for number in range(7)]
    assert [is_refused(answer) for answer in answers] == [False] * 5 + [True] * 2
    assert is_refused(guess(ulf.email.upper(), make.PASSWORD, address="10.2.0.1"))
    assert guess(ines.email, make.PASSWORD, address="10.2.0.2").status_code == 302


@pytest.mark.rule("ACC-5")
def test_right_passwords_in_between_do_not_reset_the_count(ulf: User, ines: User) -> None:
    for number in range(10):
        guess(f"person{number}@people.example")
        if number % 3 == 0:
            guess(ines.email, make.PASSWORD)
    assert is_refused(guess(ulf.email))


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize("proxies", [0, 1])
def test_a_made_up_origin_counts_for_nothing(ulf: User, settings: Any, proxies: int) -> None:
    """Behind one proxy its own entry is the last one; what the client wrote before it is not believed."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    answers = [guess(f"p{n}@x.example", **{"x-forwarded-for": f"10.3.{n}.1, 192.0.2.7"}) for n in range(12)]
    assert is_refused(answers[-1])


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_counted_together() -> None:
    """In every process and thread alike: the count stands in Redis."""
    answers = at_once(*(lambda number=number: guess(f"p{number}@x.example") for number in range(16)))
    assert sum(not is_refused(answer) for answer in answers) <= 10


# --- Finding out who has an account -------------------------------------------------------------------


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a password was hashed: the work by which the clock would tell."""
    count, encode = [0], MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        count[0] += 1
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return count


def told(answer: Any) -> tuple[int, str | None, str]:
    """What a stranger can tell answers apart by, without what every answer has of its own."""
    body = answer.content.decode().partition("<main")[2].partition("</main")[0]
    for own in ("csrfmiddlewaretoken", 'name="login"', "who@"):
        body = "\n".join(line for line in body.splitlines() if own not in line)
    return answer.status_code, answer.headers.get("Location"), body


@pytest.mark.rule("ACC-5")
def test_a_wrong_password_tells_nobody_who_has_an_account(ulf: User, ines: User, astrid: User, hashes: list[int]) -> None:
    User.objects.filter(pk=ines.pk).update(is_active=False)
    astrid.set_unusable_password()
    astrid.save()
    app_of(ulf)
    answers, work = [], []
    for number, email in enumerate(["nobody@people.example", ulf.email, ines.email, astrid.email]):
        hashes[0] = 0
        answers.append(told(guess(email, address=f"10.4.0.{number}")))
        work.append(hashes[0])
    assert len(set(answers)) == 1
    assert len(set(work)) == 1 and work[0] > 0


@pytest.mark.rule("ACC-5")
def test_a_forgotten_password_tells_nobody_either(ulf: User, ines: User, hashes: list[int]) -> None:
    User.objects.filter(pk=ines.pk).update(is_active=False)
    found = set()
    for number, email in enumerate([ulf.email, ines.email, "nobody@people.example"]):
        hashes[0] = 0
        answer = Client(REMOTE_ADDR=f"10.5.0.{number}").post("/accounts/password/reset/", {"email": email})
        found.add((told(answer), hashes[0], Mail.objects.filter(to=email).count()))
    assert len(found) == 1


@pytest.mark.rule("ACC-5")
def test_links_to_join_that_lead_nowhere_are_alike(partner: Partner, gunnar: User, ulf: User, hashes: list[int]) -> None:
    """Whether the address of a withdrawn invitation has an account is told to nobody, by words or by work."""
    terms = {"partner": partner, "role": make.INCENTIVES_USER, "entire_organization": True, "by": gunnar}
    make.UserFactory.create(email="known@x.example")
    links = ["nothing"]
    for email in ("known@x.example", "unknown@x.example"):
        invitation = team_invitations.invite(email=email, language="en", **terms)
        links.append(Mail.objects.get(to=email).text.partition("/join/")[2].partition("/")[0])
        team_invitations.withdraw(invitation=invitation, by=gunnar)
    hashes[0] = 0
    answers = [Client().post(f"/join/{link}/", {"name": "N", "password": "tortoise-umbrella-94"}) for link in links]
    assert {answer.status_code for answer in answers} == {410}
    assert told(answers[1]) == told(answers[2])
    assert hashes[0] == 0


@pytest.mark.rule("ACC-9")
def test_the_sign_in_by_passkey_names_nobodys_passkeys(ulf: User) -> None:
    options = Client().get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
    assert not options["request_options"]["publicKey"].get("allowCredentials")


NONSENSE = [
    "",
    "x",
    "1",
    "[]",
    "null",
    '"x"',
    "{}",
    '{"response": 1}',
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {}}',
]
ANSWER = '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "e30", %s}}'
NONSENSE += [
    ANSWER % '"authenticatorData": "eA", "signature": "eA", "userHandle": "eA"',
    ANSWER % '"attestationObject": "oA"',
    ANSWER % '"userHandle": null',
    "9" * 5_000,
    "[" * 200_000,
    ANSWER % ('"userHandle": ' + "9" * 5_000),
]


@pytest.mark.rule("ACC-9")
@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_instead_of_a_passkey_is_refused_in_words(nonsense: str, as_: As, ulf: User) -> None:
    passkey_of(ulf)
    signed_in, stranger = as_(ulf, kind="webauthn"), Client()
    stranger.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    assert stranger.post(reverse("mfa_login_webauthn"), {"credential": nonsense}).url == LOGIN
    for name in ("mfa_reauthenticate_webauthn", "mfa_add_webauthn"):
        signed_in.get(reverse(name))
        assert signed_in.post(reverse(name), {"credential": nonsense, "name": "x"}).status_code in {200, 302}
    second_step = Client()
    second_step.post(LOGIN, {"login": ulf.email, "password": make.PASSWORD})
    assert second_step.post(reverse("mfa_authenticate"), {"credential": nonsense}).status_code in {200, 302}
    assert second_step.get("/").status_code == 302
    assert Authenticator.objects.count() == 1


@pytest.mark.rule("ACC-5")
def test_links_to_join_are_not_tried_one_after_the_other() -> None:
    client = Client(REMOTE_ADDR="10.6.0.1")
    answers = [client.get(f"/join/{number}/", headers={"x-forwarded-for": f"10.7.0.{number}"}) for number in range(64)]
    assert [answer.status_code for answer in answers] == [410] * 60 + [429] * 4
    assert "Too many attempts" in answers[-1].content.decode()
    assert Client(REMOTE_ADDR="10.6.0.2").get("/join/64/").status_code == 410


# --- Sessions -------------------------------------------------------------------------------------------


@pytest.mark.rule("ACC-5")
def test_a_session_key_that_somebody_planted_is_not_signed_in(ulf: User) -> None:
    planted = Client()
    planted.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"})
    key = planted.session.session_key
    assert key
    victim = Client()
    victim.cookies["sessionid"] = key
    assert victim.post(LOGIN, {"login": ulf.email, "password": make.PASSWORD}).url == "/"
    assert victim.session.session_key != key
    assert planted.get("/").status_code == 302
    assert not Session.objects.filter(session_key=key).exists()


@pytest.mark.rule("ACC-9")
def test_the_second_step_changes_the_key_too(ulf: User) -> None:
    secret = app_of(ulf)
    victim = Client()
    assert victim.post(LOGIN, {"login": ulf.email, "password": make.PASSWORD}).url == reverse("mfa_authenticate")
    halfway = victim.session.session_key
    watching = Client()
    watching.cookies["sessionid"] = halfway
    assert watching.get("/").status_code == 302
    assert victim.post(reverse("mfa_authenticate"), {"code": code_now(secret)}).url == "/"
    assert victim.session.session_key != halfway
    assert victim.get("/").status_code == 200
    assert watching.get("/").status_code == 302


@pytest.mark.rule("ACC-9")
def test_half_signed_in_is_not_signed_in(ulf: User) -> None:
    app_of(ulf)
    client = Client()
    client.post(LOGIN, {"login": ulf.email, "password": make.PASSWORD})
    for path in ("/", "/incentives/", reverse("mfa_index"), reverse("mfa_activate_totp"), "/accounts/password/change/"):
        assert client.get(path).status_code == 302, path
    assert "_auth_user_id" not in client.session


@pytest.mark.rule("ACC-5")
def test_a_role_that_ends_is_gone_at_the_next_click(as_: As, gunnar: User, astrid: User, rita: User, ulf: User) -> None:
    make.person("Gloria Zwei", gunnar.memberships.get().partner, make.GLOBAL_ADMIN)
    people, reviews, admins = as_(gunnar), as_(rita), as_(astrid)
    assert [people.get("/people/").status_code, reviews.get("/reviews/").status_code] == [200, 200]
    suspend(membership=gunnar.memberships.get(), by=gunnar)
    assert people.get("/people/").status_code in {403, 404}
    assert people.get("/admin/").status_code != 200
    OperatorAssignment.objects.filter(user=rita).delete()
    assert reviews.get("/reviews/").status_code == 403
    User.objects.filter(pk=astrid.pk).update(is_active=False)
    assert admins.get("/people/").url.startswith(LOGIN)


@pytest.mark.rule("ACC-5")
@pytest.mark.parametrize("language", ["en", "sv"])
def test_sessions_are_listed_and_end_at_once(ulf: User, language: str) -> None:
    User.objects.filter(pk=ulf.pk).update(language=language)
    mine, stolen = Client(headers={"user-agent": "Mine"}), Client(headers={"user-agent": "Stolen"}, REMOTE_ADDR="10.8.0.1")
    for client in (mine, stolen):
        client.post(LOGIN, {"login": ulf.email, "password": make.PASSWORD})
        assert client.get("/").status_code == 200
    page = mine.get(reverse("usersessions_list")).content.decode()
    assert "Mine" in page and "Stolen" in page and "10.8.0.1" in page
    assert page.count({"en": "This one", "sv": "Den här"}[language]) == 1
    mine.post(reverse("usersessions_list"))
    assert stolen.get("/").status_code == 302
    assert stolen.post(reverse("set_language"), {"language": "sv"}).status_code == 302
    assert mine.get("/").status_code == 200
    assert UserSession.objects.filter(user=ulf).count() == 1


@pytest.mark.rule("ACC-5")
def test_one_session_is_ended_alone(ulf: User) -> None:
    clients = [Client(headers={"user-agent": name}) for name in ("Mine", "Phone", "Library")]
    for client in clients:
        client.post(LOGIN, {"login": ulf.email, "password": make.PASSWORD})
    mine, phone = clients[:2]
    row = UserSession.objects.get(user_agent="Library")
    assert mine.post(reverse("session_end", args=[row.pk])).url == reverse("usersessions_list")
    assert [client.get("/").status_code for client in clients] == [200, 200, 302]
    other = Client()
    stranger = make.UserFactory.create()
    sign_in(other, stranger)
    row = UserSession.objects.get(user_agent="Phone")
    assert other.post(reverse("session_end", args=[row.pk])).status_code == 404
    assert phone.get("/").status_code == 200


@pytest.mark.rule("ACC-5")
def test_a_new_password_ends_the_other_sessions(as_: As, ulf: User) -> None:
    stolen, mine = as_(ulf), as_(ulf)
    new = "tortoise-umbrella-94-quay"
    given = {"oldpassword": make.PASSWORD, "password1": new, "password2": new}
    assert mine.post("/accounts/password/change/", given).status_code == 302
    assert stolen.get("/").status_code == 302
    assert mine.get("/").status_code == 200


# --- Redirects -------------------------------------------------------------------------------------------

EVIL = [
    "//evil.example", "https://evil.example", "http:evil.example", "/\\evil.example", "\\\\evil.example", "///evil.example",
    "javascript:alert(1)", "https:/evil.example", "/\t/evil.example", "data:text/html,x", "https://testserver@evil.example",
]  # fmt: skip


def is_ours(address: str) -> bool:
    return address.startswith("/") and not address.startswith(("//", "/\\", "/\t")) and "evil" not in address.partition("?")[0]


@pytest.mark.rule("INV-5")
@pytest.mark.parametrize("word", ["9" * 20, "people", "admin:index", "x:y", "people/", "?a=/", "http:/people/"])
def test_a_word_that_is_no_address_leads_home(word: str, as_: As, gunnar: User) -> None:
    """Nor is it taken for the name of a page."""
    client = as_(gunnar)
    assert Client().post(reverse("set_language"), {"language": "en", "next": word}).headers["Location"] == "/"
    assert client.post(reverse("set_language"), {"language": "en", "next": word}).headers["Location"] == "/"
    assert Client().get(reverse("admin:login"), {"next": word}).headers["Location"] == "/accounts/login/?next=/admin/"


@pytest.mark.rule("INV-5")
@pytest.mark.parametrize("evil", EVIL)
def test_nobody_is_led_elsewhere(evil: str, as_: As, ulf: User, gunnar: User) -> None:
    secret = app_of(gunnar)
    client, stale = as_(ulf), as_(gunnar, ago=900)
    answers = [
        Client().post(LOGIN, {"login": ulf.email, "password": make.PASSWORD, "next": evil}),
        client.get(LOGIN, {"next": evil}),
        client.post(reverse("set_language"), {"language": "en", "next": evil}),
        stale.post(reverse("mfa_reauthenticate"), {"code": code_now(secret), "next": evil}),
        as_(gunnar).get(reverse("admin:login"), {"next": evil}),
        Client().get(reverse("admin:login"), {"next": evil}),
        client.post(reverse("account_logout"), {"next": evil}),
    ]
    assert [answer.status_code for answer in answers] == [302] * len(answers)
    assert [answer.headers["Location"] for answer in answers if not is_ours(answer.headers["Location"])] == []


# --- Replays ---------------------------------------------------------------------------------------------


def halfway(user: User, number: int) -> Client:
    client = Client(REMOTE_ADDR=f"10.10.0.{number}")
    assert client.post(LOGIN, {"login": user.email, "password": make.PASSWORD}).url == reverse("mfa_authenticate")
    return client


def signed_in_with(code: str, clients: list[Client]) -> int:
    answers = at_once(*(lambda client=client: client.post(reverse("mfa_authenticate"), {"code": code}) for client in clients))
    return sum(answer.status_code == 302 and answer.url == "/" for answer in answers)


@pytest.mark.rule("ACC-9")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cache", ["shared", "forgets"])
def test_a_code_signs_in_once(ulf: User, settings: Any, cache: str) -> None:
    """Also where Redis is wiped, or forgets what was used, between one request and the next."""
    secret = app_of(ulf)
    clients = [halfway(ulf, number) for number in range(4)]
    if cache == "forgets":
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    code = code_now(secret)
    assert signed_in_with(code, clients) == 1
    assert signed_in_with(code, [halfway(ulf, 9)]) == 0


@pytest.mark.rule("ACC-9")
@pytest.mark.django_db(transaction=True)
def test_a_code_confirms_once(ulf: User) -> None:
    secret = app_of(ulf)
    clients = [sign_in(Client(), ulf, ago=900) for _ in range(4)]
    code, page = code_now(secret), reverse("mfa_reauthenticate")
    answers = at_once(*(lambda client=client: client.post(page, {"code": code}) for client in clients))
    assert [answer.status_code for answer in answers].count(302) == 1


@pytest.mark.rule("ACC-9")
@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_signs_in_once(ulf: User) -> None:
    app_of(ulf)
    codes = Authenticator.objects.get(user=ulf, type="recovery_codes").wrap()
    code = codes.get_unused_codes()[3]
    clients = [halfway(ulf, number) for number in range(4)]
    assert signed_in_with(code, clients) == 1
    left = Authenticator.objects.get(user=ulf, type="recovery_codes").wrap().get_unused_codes()
    assert len(left) == 9 and code not in left


@pytest.mark.rule("ACC-9")
def test_codes_are_not_guessed(ulf: User) -> None:
    secret = app_of(ulf)
    client = halfway(ulf, 1)
    answers = [client.post(reverse("mfa_authenticate"), {"code": f"{number:06}"}) for number in range(6)]
    assert TOO_MANY in answers[-1].content.decode()
    elsewhere = halfway(ulf, 2)
    assert TOO_MANY in elsewhere.post(reverse("mfa_authenticate"), {"code": code_now(secret)}).content.decode()
