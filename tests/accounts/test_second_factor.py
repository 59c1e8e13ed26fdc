"""A fresh second factor before changes, none lost on the way, and operators never without one (rule ACC-9)."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import Location, OperatorAssignment, Partner, RoleAssignment, User
from incentives_portal.core.models import AuditEntry, Mail
from profiles.models import PayoutProfile
from tests import factories as make
from tests.architecture.test_matrix import ADDRESSES, Things, own
from tests.attack.test_forms_and_other_sites import addresses
from tests.profiles.conftest import IBAN
from tests.signing_in import app_of, code_now, grow_old, passkey_of

pytestmark = pytest.mark.django_db
__all__ = ["own"]
As = Callable[..., Client]
ASKING = "/accounts/2fa/reauthenticate/"
# What rule ACC-9 is about, written by hand from the product's rules.
ASKED = {
    "gunnar": {
        "invite_person", "role_edit", "role_end", "person_suspend", "person_restore", "person_remove", "team_invitation_withdraw",
        "role_grid", "gap_fill", "role_request_grant", "scim_token_create", "scim_token_rotate", "scim_token_revoke",
        "sign_in_begin", "sign_in_provider", "sign_in_switch", "sign_in_forget", "mail_domain_add", "mail_domain_check",
        "mail_domain_remove", "group_mapping_new", "group_mapping", "group_mapping_remove",
    },
    "ines": {
        "payout_new", "payout_edit", "payout_archive", "payout_reveal", "tax_new", "tax_edit", "tax_archive", "tax_document_upload",
        "tax_document_remove", "defaults",
    },
    "petra": {"rollover_approve", "rollover_start"},
}  # fmt: skip
# Whatever lies below these changes roles, profiles or how a partner signs in, but for the pages that only show something
# or check a number: none may come about unnoticed.
BELOW = ("/people/", "/profiles/")
READING = {
    "people", "person", "locations", "location_people", "role_request", "provisioning", "sign_in_settings",
    "profiles", "payout", "payout_check", "tax", "tax_check", "tax_document",
}  # fmt: skip


def carried(response: Any) -> dict[str, str]:
    """The hidden inputs of the page that asks in between."""
    main = response.content.decode().partition("<main")[2]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', main)
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


@pytest.mark.rule("ACC-9")
def test_no_change_is_forgotten() -> None:
    views = {name: (path, view) for path, name, view in addresses(get_resolver())}
    asking = {name for name, (_path, view) in views.items() if getattr(view, "fresh_second_factor", False)}
    below = {name for name, (path, _view) in views.items() if path.startswith(BELOW)}
    assert set().union(*ASKED.values()) <= asking
    assert below - asking == READING


@pytest.mark.rule("ACC-9")
@pytest.mark.parametrize("role", sorted(ASKED))
def test_reading_the_form_asks_first_and_leads_back(role: str, own: Things, as_: As, request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(role)
    app_of(user)
    client = as_(user, ago=301)
    for name in ASKED[role]:
        if not ADDRESSES[name].post:
            path = own.path(name, user)
            answer = client.get(path)
            assert (answer.status_code, answer.url.partition("?")[0]) == (302, ASKING), name
            assert html.unescape(answer.url).endswith("next=" + path.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D"))


@pytest.mark.rule("ACC-9")
@pytest.mark.parametrize("role", sorted(ASKED))
def test_a_late_post_changes_nothing(role: str, own: Things, as_: As, request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(role)
    app_of(user)
    client = as_(user, ago=301)
    before = AuditEntry.objects.count()
    for name in ASKED[role]:
        answer = client.post(own.path(name, user), {"name": "kept", "expires_on": "2031-01-01"})
        assert answer.status_code == 200 and b"Confirm that it is you" in answer.content, name
        assert carried(answer) == {"name": "kept", "expires_on": "2031-01-01"}
    assert AuditEntry.objects.count() == before


@pytest.mark.rule("ACC-9")
def test_four_minutes_later_nobody_is_asked(as_: As, gunnar: User) -> None:
    assert as_(gunnar, ago=240).get(reverse("invite_person")).status_code == 200


@pytest.mark.rule("ACC-9")
def test_after_the_code_the_page_is_there(as_: As, gunnar: User) -> None:
    secret = app_of(gunnar)
    client = as_(gunnar, ago=3600)
    asked = client.get(reverse("invite_person"))
    key = client.session.session_key
    wrong = client.post(asked.url, {"code": "000000"})
    assert wrong.status_code == 200
    confirmed = client.post(asked.url, {"code": code_now(secret), "next": reverse("invite_person")})
    assert confirmed.url == reverse("invite_person")
    assert client.get(confirmed.url).status_code == 200
    # Who gains rights gets a new key; the old one opens nothing.
    assert client.session.session_key != key and not Session.objects.filter(session_key=key).exists()


@pytest.mark.rule("ACC-9")
@pytest.mark.rule("PAY-5")
def test_bank_details_that_came_late_are_kept_in_the_answer_alone(as_: As, ines: User, caplog: Any) -> None:
    secret = app_of(ines)
    client = as_(ines, ago=301)
    typed = {
        "name": 'New & "bank" <b>',
        "payment_method": "bank_transfer",
        "bank_country": "SE",
        "account_holder": "Norrsken Data AB",
        "iban": IBAN,
    }
    path = reverse("payout_new") + "?next=/notices/"
    late = client.post(path, typed)
    assert carried(late) == typed
    assert "no-store" in late.headers["Cache-Control"]
    wrong = client.post(path, {**carried(late), "second_factor-code": "123"})
    assert carried(wrong) == typed
    assert not PayoutProfile.objects.exists()
    assert IBAN not in str(client.session.items()) + caplog.text
    right = client.post(path, {**carried(wrong), "second_factor-code": code_now(secret)})
    assert (right.status_code, right.headers.get("Location")) == (302, "/notices/")
    assert PayoutProfile.objects.get().name == typed["name"]
    assert IBAN not in str(client.session.items()) + caplog.text


@pytest.mark.rule("ACC-9")
def test_another_country_is_chosen_without_being_asked(as_: As, ines: User) -> None:
    client = as_(ines)
    client.get(reverse("payout_new"))
    grow_old(client)
    given = {"show": "1", "bank_country": "US", "payment_method": "bank_transfer"}
    answer = client.post(reverse("payout_new"), given, headers={"hx-request": "true"})
    assert answer.status_code == 200 and b"routing" in answer.content


@pytest.mark.rule("ACC-9")
@pytest.mark.django_db(transaction=True)
def test_who_has_none_is_led_to_set_one_up_and_back(as_: As, gunnar: User) -> None:
    client = as_(gunnar, second_factor=False)
    answer = client.get(reverse("invite_person"))
    assert answer.url == reverse("mfa_index")
    assert b"Set up a second factor first" in client.get(answer.url).content
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    done = client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert done.url == reverse("mfa_view_recovery_codes")
    back = client.get(done.url).content.decode()
    assert f'href="{reverse("invite_person")}"' in back
    # The code that was just shown counts: nobody is asked twice.
    assert client.get(reverse("invite_person")).status_code == 200
    assert "after_second_factor" not in client.session


@pytest.mark.rule("ACC-9")
def test_a_post_without_any_second_factor_waits_until_there_is_one(as_: As, gunnar: User, ines: User) -> None:
    client = as_(gunnar, second_factor=False)
    path = reverse("person_suspend", args=[ines.memberships.get().pk])
    assert b"You have no second factor yet" in client.post(path, {"why": "kept"}).content
    assert ines.memberships.get().suspended_at is None


@pytest.mark.rule("ACC-9")
def test_a_password_is_no_way_around_the_second_factor(as_: As, gunnar: User) -> None:
    app_of(gunnar)
    client = as_(gunnar, ago=3600)
    assert client.post("/accounts/reauthenticate/", {"password": make.PASSWORD}).url == ASKING
    for name in ("mfa_add_webauthn", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"):
        assert client.get(reverse(name)).url.startswith(ASKING), name
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=gunnar, type="totp").exists()


@pytest.mark.rule("ACC-9")
def test_partial_pages_take_the_whole_page_along(as_: As, gunnar: User) -> None:
    app_of(gunnar)
    client = as_(gunnar, ago=301)
    around = {"hx-request": "true", "hx-current-url": "http://testserver/people/"}
    assert client.get(reverse("invite_person"), headers=around).headers["HX-Redirect"] == f"{ASKING}?next=%2Fpeople%2F"
    late = client.post(reverse("invite_person"), {"email": "a@b.example"}, headers=around)
    assert late.headers["HX-Retarget"] == "body" and carried(late) == {"email": "a@b.example"}


@pytest.mark.rule("ACC-9")
def test_who_may_not_do_it_is_not_asked(as_: As, ulf: User, ines: User) -> None:
    app_of(ulf)
    client = as_(ulf, ago=301)
    assert client.get(reverse("invite_person")).status_code == 403
    assert client.post(reverse("person_suspend", args=[ines.memberships.get().pk])).status_code == 403


@pytest.mark.rule("ACC-9")
def test_what_a_directory_saw_counts_for_who_has_none_here(as_: As, gunnar: User, rita: User) -> None:
    client = as_(gunnar, kind="directory")
    assert client.get(reverse("invite_person")).status_code == 200
    app_of(gunnar)
    assert client.get(reverse("invite_person")).url.startswith(ASKING)
    assert as_(rita, kind="directory").get(reverse("reviews")).url == reverse("mfa_index")


@pytest.mark.rule("ACC-9")
def test_a_session_left_open_by_somebody_without_a_password_gets_no_second_factor(as_: As, gunnar: User) -> None:
    gunnar.set_unusable_password()
    gunnar.save()
    page = reverse("mfa_activate_totp")
    assert as_(gunnar, second_factor=False, ago=60).get(page).status_code == 200
    left_open = as_(gunnar, second_factor=False, ago=900)
    assert left_open.post(page, {"code": "1"}).url == "/accounts/login/?next=/"
    assert left_open.get("/").status_code == 302


# --- Django admin ---------------------------------------------------------------------------------


@pytest.mark.rule("ACC-9")
def test_django_admin_asks_too(as_: As, gunnar: User, ulf: User, location: Location) -> None:
    secret = app_of(gunnar)
    client = as_(gunnar, ago=301)
    held = ulf.memberships.get().roles.get()
    change = reverse("admin:accounts_roleassignment_change", args=[held.pk])
    lists = reverse("admin:accounts_roleassignment_changelist")
    for path in (change, reverse("admin:accounts_roleassignment_add")):
        assert client.get(path).url.startswith(ASKING)
    assert client.get(lists).status_code == 200
    assert client.get(reverse("admin:accounts_location_change", args=[location.pk])).status_code == 200
    ending = {"action": "end_roles", "_selected_action": [str(held.pk)], "apply": "1"}
    typed = {"entire_organization": "on", "expires_on": "2031-01-01", "_save": "Save"}
    for path, given in ((change, typed), (lists, ending)):
        late = client.post(path, given)
        assert late.status_code == 200 and set(carried(late)) == set(given)
    assert RoleAssignment.objects.get(pk=held.pk).ended_at is None
    done = client.post(change, {**carried(client.post(change, typed)), "second_factor-code": code_now(secret)})
    assert done.status_code == 302
    assert ulf.memberships.get().roles.get(ended_at=None).expires_on.isoformat() == "2031-01-01"
    grow_old(client)
    assert client.post(reverse("admin:logout")).status_code in {200, 302}
    assert client.get("/").status_code == 302


# --- Operators ------------------------------------------------------------------------------------


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Root")


@pytest.mark.rule("ACC-9")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", ["rita", "petra", "root"])
def test_operators_reach_nothing_without_one(role: str, own: Things, as_: As, request: pytest.FixtureRequest) -> None:
    user: User = request.getfixturevalue(role)
    client = as_(user, second_factor=False)
    admin = [reverse("admin:index"), reverse("admin:accounts_user_changelist")]
    for path in [*(own.path(name, user) for name in ADDRESSES if name not in {"health", "set_language"}), *admin]:
        for answer in (client.get(path), client.post(path, {"language": "en"})):
            assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("mfa_index")), path
    for path in (reverse("mfa_index"), reverse("mfa_activate_totp"), reverse("account_logout"), "/health"):
        assert client.get(path).status_code == 200, path
    assert client.post(reverse("set_language"), {"language": "sv"}).url == "/"
    client.get(reverse("mfa_activate_totp"))
    client.get(reverse("reviews"))
    assert client.post(reverse("mfa_activate_totp"), {"code": code_now(client.session["mfa.totp.secret"])}).status_code == 302
    assert client.get(reverse("overview")).status_code in {200, 403}


@pytest.mark.rule("ACC-9")
def test_a_session_from_before_it_was_set_up_is_asked(as_: As, rita: User) -> None:
    before = as_(rita, second_factor=False)
    secret = app_of(rita)
    asked = before.get(reverse("reviews"))
    assert asked.url.startswith(ASKING)
    before.post(asked.url, {"code": code_now(secret)})
    assert before.get(reverse("reviews")).status_code == 200


@pytest.mark.rule("ACC-9")
def test_whoever_becomes_an_operator_is_asked_at_once(as_: As, partner: Partner) -> None:
    somebody = make.UserFactory.create(name="Nora", email="nora@operator.example")
    client = as_(somebody, second_factor=False)
    assert client.get("/").status_code == 200
    OperatorAssignment.objects.create(user=somebody, role="reviewer")
    assert client.get("/").url == reverse("mfa_index")


@pytest.mark.rule("ACC-9")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", ["rita", "petra", "root"])
def test_an_operator_who_takes_their_last_one_away_is_led_to_another_in_every_session(
    role: str, as_: As, client: Client, request: pytest.FixtureRequest
) -> None:
    user: User = request.getfixturevalue(role)
    secret = app_of(user)
    client.post(reverse("account_login"), {"login": user.email, "password": make.PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    other = as_(user)
    pages = [reverse("home"), reverse("my_roles")]
    if user.is_superuser:  # Django admin is closed to the others anyway
        pages += [reverse("admin:index"), reverse("admin:accounts_user_change", args=[user.pk])]
    assert [one.get("/").status_code for one in (client, other)] == [200, 200]
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.filter(user=user).exists()
    for session in (client, other):
        for path in pages:
            for answer in (session.get(path), session.post(path, {"name": "Somebody else", "language": "sv"})):
                assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("mfa_index")), path
    assert not AuditEntry.objects.filter(act="user_changed").exists()
    # Another one opens the session that has shown it; the others confirm with it.
    passkey_of(user)
    assert client.get("/").url.startswith("/accounts/2fa/")


@pytest.mark.rule("ACC-9")
@pytest.mark.django_db(transaction=True)
def test_a_second_factor_that_was_taken_away_is_not_fresh(as_: As, client: Client, gunnar: User) -> None:
    secret = app_of(gunnar)
    client.post(reverse("account_login"), {"login": gunnar.email, "password": make.PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert client.get(reverse("invite_person")).status_code == 200
    as_(gunnar).post(reverse("mfa_deactivate_totp"))
    assert client.get(reverse("people")).status_code == 200, "a partner's people need one for changes alone"
    assert client.get(reverse("invite_person")).url == reverse("mfa_index")
    assert b"You have no second factor yet" in client.post(reverse("invite_person"), {"email": "a@b.example"}).content


@pytest.mark.rule("ACC-9")
def test_hours_later_an_operator_still_works(as_: As, rita: User) -> None:
    assert as_(rita, ago=7 * 3600).get(reverse("reviews")).status_code == 200


# --- Mail -----------------------------------------------------------------------------------------


@pytest.mark.rule("ACC-9")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("language", "added", "removed"), [("en", "set up", "taken away"), ("sv", "", "")])
def test_the_person_is_told_by_mail(as_: As, gunnar: User, language: str, added: str, removed: str) -> None:
    User.objects.filter(pk=gunnar.pk).update(language=language)
    client = as_(gunnar)
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    first = Mail.objects.get(to=gunnar.email)
    client.post(reverse("mfa_deactivate_totp"))
    second = Mail.objects.filter(to=gunnar.email).exclude(pk=first.pk).get()
    assert (first.language, second.language) == (language, language)
    assert added in first.text and removed in second.text
    assert secret not in first.text + second.text
    assert "127.0.0.1" in first.text
