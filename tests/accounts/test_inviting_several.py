"""Several people are invited at once (rule ACC-5): pasted as a mail client writes them, each with an answer of its own."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.addresses import read
from accounts.models import TeamInvitation, User
from incentives_portal.core.models import Mail
from tests import factories as make

As = Callable[[User], Client]
WHOLE = {"role": make.INCENTIVES_USER, "where": "organization", "language": "en"}


@pytest.mark.parametrize(
    ("pasted", "emails"),
    [
        ("a@x.example\nb@x.example\r\n\r\n c@x.example ", ["a@x.example", "b@x.example", "c@x.example"]),
        ("a@x.example, b@x.example;c@x.example;", ["a@x.example", "b@x.example", "c@x.example"]),
        ('Anna <A@X.example>, "Berg, Bo" <b@x.example>', ["a@x.example", "b@x.example"]),
        ("Lind, Gunnar <g@x.example>; Holm, Astrid <a@x.example>", ["g@x.example", "a@x.example"]),
        ("<mailto:a@x.example>; a@x.example", ["a@x.example"]),
    ],
)
def test_addresses_are_read_as_people_paste_them(pasted: str, emails: list[str]) -> None:
    assert [one.email for one in read(pasted)] == emails


@pytest.mark.parametrize("typed", ["anna", "Anna <anna>", "a@x", "a@\u200bx.example", "a@x.example\x00", "a b@x.example"])
def test_what_is_no_address_stays_with_a_reason(typed: str) -> None:
    good, bad = read(f"b@x.example\n{typed}")
    assert good.email == "b@x.example"
    assert (bad.typed, bad.email) == (typed.strip(), "")
    assert bad.wrong


@pytest.mark.django_db
@pytest.mark.rule("ACC-5")
def test_the_good_ones_are_sent_and_the_others_stay(as_: As, gunnar: User, ulf: User) -> None:
    form = {**WHOLE, "emails": f"Nora <nora@x.example>\nnobody\n{ulf.email}; ola@x.example"}
    page = as_(gunnar).post(reverse("invite_person"), form)
    assert page.status_code == 422
    text = page.content.decode()
    assert "2 people are invited: nora@x.example, ola@x.example" in text
    assert "This is no e-mail address." in text
    assert "This person is a member already" in text
    assert f"nobody\n{ulf.email}</textarea>" in text
    assert set(Mail.objects.values_list("to", flat=True)) == {"nora@x.example", "ola@x.example"}


@pytest.mark.django_db
@pytest.mark.rule("ACC-5")
def test_a_double_press_sends_once(as_: As, gunnar: User) -> None:
    form = {**WHOLE, "emails": "nora@x.example, ola@x.example"}
    for _ in range(2):
        assert as_(gunnar).post(reverse("invite_person"), form).status_code == 302
    assert Mail.objects.count() == 2
    assert TeamInvitation.objects.filter(withdrawn_at=None).count() == 2
    # Other terms are another invitation, which takes the place of the first.
    as_(gunnar).post(reverse("invite_person"), {**form, "role": make.INCENTIVES_ADMIN})
    assert Mail.objects.count() == 4
    assert TeamInvitation.objects.filter(withdrawn_at=None).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("emails", "said"),
    [
        ("", "This field is required"),
        (" ;,\n", "at least one"),
        ("\n".join(f"p{n}@x.example" for n in range(101)), "101 addresses"),
    ],
)
def test_none_and_too_many(as_: As, gunnar: User, emails: str, said: str) -> None:
    page = as_(gunnar).post(reverse("invite_person"), {**WHOLE, "emails": emails})
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not Mail.objects.exists()


@pytest.mark.django_db
@pytest.mark.rule("ACC-3")
def test_an_account_admin_invites_no_admins(as_: As, astrid: User) -> None:
    page = as_(astrid).post(reverse("invite_person"), {**WHOLE, "role": make.GLOBAL_ADMIN, "emails": "nora@x.example"})
    assert page.status_code == 422
    assert not TeamInvitation.objects.exists()
