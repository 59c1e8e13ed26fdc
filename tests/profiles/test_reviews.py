"""The reviewers' pages (rules VAL-2…6)."""

import datetime as dt
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Partner, User
from incentives_portal.core import clock
from incentives_portal.core.models import Mail
from profiles.fields import labels_of
from profiles.forms.rejection import RejectionForm
from profiles.models import PayoutProfile, TaxProfile, Validation
from profiles.reasons import REVIEW
from profiles.services import payouts, validations
from tests import factories as make

from .conftest import IBAN, OTHER_IBAN, payout_fields

As = Callable[[User], Client]
Submit = Callable[..., Validation]


def text_of(response: Any) -> str:
    return unescape(response.content.decode())


def url(name: str, validation: Validation) -> str:
    return reverse(name, args=[validation.pk])


@pytest.fixture
def flagged(partner: Partner, ines: User, submitted: Submit) -> Validation:
    profile = payouts.create(partner=partner, by=ines, **payout_fields(name="Foreign holder", account_holder="Somebody Else GmbH"))
    validation = submitted(profile)
    validations.check_due()
    return validation


@pytest.mark.rule("VAL-2")
def test_the_queue_begins_with_the_most_urgent(
    as_: As, rita: User, payout: PayoutProfile, tax: TaxProfile, submitted: Submit, settings: Any
) -> None:
    settings.AUTOMATIC_APPROVAL = False
    submitted(tax)
    clock.move(by=dt.timedelta(hours=47))
    submitted(payout)
    clock.move(by=dt.timedelta(hours=2))
    page = text_of(as_(rita).get(reverse("reviews")))
    assert page.index(">Norrsken<") < page.index(">SEB account<")
    assert page.count(">Overdue by about 1 hour</span>") == 1 and "left" in page


@pytest.mark.rule("VAL-2")
def test_a_review_shows_the_evidence_masked(as_: As, rita: User, flagged: Validation) -> None:
    page = text_of(as_(rita).get(url("review", flagged)))
    for words in ("Somebody Else GmbH", "Norrsken Data AB", "•••• 7466", "The account holder isn't the partner's legal name"):
        assert words in page
    assert IBAN not in page
    flagged.refresh_from_db()
    assert flagged.claimed_by is None


def test_a_review_compares_with_the_version_before(
    as_: As, rita: User, ines: User, payout: PayoutProfile, submitted: Submit
) -> None:
    changed = payouts.change(profile=payout, seen_version=1, by=ines, **payout_fields(identifiers={"iban": OTHER_IBAN}))
    page = text_of(as_(rita).get(url("review", submitted(changed))))
    assert "•••• 7466" in page and "•••• 0003" in page
    assert page.count("<strong>Changed</strong>") == 1
    assert IBAN not in page and OTHER_IBAN not in page


@pytest.mark.rule("VAL-2")
def test_rita_claims_and_roland_reads_so(as_: As, rita: User, roland: User, flagged: Validation) -> None:
    as_(rita).post(url("review_claim", flagged))
    assert "Rita Sand is working on this" in text_of(as_(roland).get(url("review", flagged)))
    assert "Rita Sand" in text_of(as_(roland).get(reverse("reviews")))
    told = as_(roland).post(url("review_approve", flagged), follow=True)
    assert "Another reviewer is working on this" in text_of(told)
    as_(rita).post(url("review_claim", flagged), {"release": "1"})
    as_(roland).post(url("review_approve", flagged))
    flagged.refresh_from_db()
    assert (flagged.decision, flagged.decided_by) == ("approved", roland)


@pytest.mark.rule("VAL-3")
def test_rita_rejects_with_a_reason_per_field(as_: As, rita: User, flagged: Validation) -> None:
    browser = as_(rita)
    empty = browser.post(url("review_reject", flagged), follow=True)
    assert "Choose a reason for at least one field" in text_of(empty)
    typed = {"reason_account_holder": "other", "note_account_holder": f"Not {IBAN}"}
    kept = text_of(browser.post(url("review_reject", flagged), typed))
    assert "can't hold account or tax numbers" in kept
    typed = {"reason_account_holder": "holder_differs_from_legal_name", "note_account_holder": "See the register."}
    done = text_of(browser.post(url("review_reject", flagged), typed, follow=True))
    assert "is rejected" in done
    page = text_of(browser.get(url("review", flagged)))
    assert "Rejected" in page and "See the register." in page and "Rita Sand" in page


@pytest.mark.rule("VAL-5")
def test_a_stale_tab_reads_what_happened(as_: As, rita: User, ines: User, flagged: Validation) -> None:
    browser = as_(rita)
    fields = payout_fields(name="Foreign holder")
    payouts.change(profile=flagged.profile, seen_version=1, by=ines, **fields)  # type: ignore[arg-type]
    told = text_of(browser.post(url("review_approve", flagged), follow=True))
    assert "nothing was decided" in told
    flagged.refresh_from_db()
    assert flagged.decision == "superseded"


def test_a_double_click_reads_that_it_is_decided(as_: As, rita: User, flagged: Validation) -> None:
    browser = as_(rita)
    browser.post(url("review_approve", flagged))
    for name in ("review_approve", "review_reject", "review_claim"):
        typed = {"reason_account_holder": "holder_differs_from_legal_name"}
        assert "already decided" in text_of(browser.post(url(name, flagged), typed, follow=True))


@pytest.mark.rule("VAL-2")
def test_a_reviewer_sees_an_own_request_and_cannot_decide_it(as_: As, rita: User, partner: Partner, flagged: Validation) -> None:
    Validation.objects.filter(pk=flagged.pk).update(submitted_by=rita)
    browser = as_(rita)
    page = text_of(browser.get(url("review", flagged)))
    assert "another reviewer decides it" in page and url("review_approve", flagged) not in page
    assert "Not yours to decide" in text_of(browser.get(reverse("reviews")))
    assert "of your own" in text_of(browser.post(url("review_approve", flagged), follow=True))


@pytest.mark.rule("VAL-6")
def test_neither_partner_learns_of_the_other(
    as_: As, rita: User, otto: User, other_partner: Partner, payout: PayoutProfile, submitted: Submit
) -> None:
    theirs = payouts.create(partner=other_partner, by=otto, **payout_fields(account_holder=other_partner.legal_name))
    validation = submitted(theirs, by=otto)
    validations.check_due()
    assert "Another partner uses the same number" in text_of(as_(rita).get(url("review", validation)))
    for name in ("payout", "payout_edit"):
        page = text_of(as_(otto).get(reverse(name, args=[theirs.pk])))
        assert "same number" not in page and "Norrsken" not in page


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("who", ["ines", "otto", "gunnar", "ulf", "petra"])
def test_reviews_are_the_reviewers(as_: As, request: pytest.FixtureRequest, flagged: Validation, who: str) -> None:
    browser = as_(request.getfixturevalue(who))
    assert browser.get(reverse("reviews")).status_code == 403
    assert browser.get(url("review", flagged)).status_code == 403
    for name in ("review_claim", "review_approve", "review_reject"):
        assert browser.post(url(name, flagged)).status_code == 403
        assert browser.get(url(name, flagged)).status_code == 405


def test_the_queue_takes_as_many_queries_for_many_rows(
    as_: As, rita: User, partner: Partner, ines: User, submitted: Submit, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        submitted(payouts.create(partner=partner, by=ines, **payout_fields(name=f"Account {number}")))
    browser = as_(rita)
    with django_assert_max_num_queries(12):
        browser.get(reverse("reviews"))


@pytest.mark.rule("VAL-3")
@pytest.mark.parametrize(
    "typed",
    [
        {"reason_account_holder": "<script>"},
        {"reason_account_holder": "other", "note_account_holder": "\0"},
        {"reason_account_holder": "other", "note_account_holder": "x" * 10_000},
        {"reason_nonsense": "other"},
    ],
)
def test_hostile_rejections_change_nothing(as_: As, rita: User, flagged: Validation, typed: dict[str, str]) -> None:
    assert as_(rita).post(url("review_reject", flagged), typed).status_code == 200
    flagged.refresh_from_db()
    assert flagged.decision == ""


@pytest.mark.rule("OPS-1")
def test_the_command_runs_checks_and_flags(payout: PayoutProfile, submitted: Submit, capsys: pytest.CaptureFixture[str]) -> None:
    submitted(payout)
    call_command("run_validations", "--json")
    assert '"approved": 1' in capsys.readouterr().out


def test_swedish_reviewers_read_swedish_fields(as_: As, flagged: Validation) -> None:
    sture = make.operator("Sture Ek", "reviewer")
    sture.language = "sv"
    sture.save()
    assert as_(sture).get(url("review", flagged)).status_code == 200


def decided(validation: Validation) -> str:
    validation.refresh_from_db()
    return validation.decision


@pytest.mark.rule("VAL-2")
def test_from_one_decision_to_the_next_item(
    as_: As, rita: User, roland: User, partner: Partner, ines: User, submitted: Submit, settings: Any
) -> None:
    settings.AUTOMATIC_APPROVAL = False
    first, second, third = (
        submitted(payouts.create(partner=partner, by=ines, **payout_fields(name=f"Account {number}"))) for number in range(3)
    )
    validations.claim(validation=second, by=roland)
    browser = as_(rita)
    queue = text_of(browser.get(reverse("reviews")))
    assert "Next validation" in queue and url("review", first) in queue
    assert browser.post(url("review_approve", first))["Location"] == url("review", third)
    assert browser.post(url("review_approve", third))["Location"] == reverse("reviews")
    assert ">Next validation</a>" not in text_of(browser.get(reverse("reviews")))


@pytest.mark.rule("VAL-2")
def test_a_decision_is_taken_back_on_the_page(as_: As, rita: User, flagged: Validation) -> None:
    browser = as_(rita)
    page = text_of(browser.post(url("review_approve", flagged), follow=True))
    assert "Take it back" in page and decided(flagged) == "approved"
    page = text_of(browser.post(url("review_undo", flagged), follow=True))
    assert "is taken back" in page and decided(flagged) == ""
    browser.post(url("review_approve", flagged))
    clock.move(by=dt.timedelta(minutes=1))
    assert "Take it back" not in text_of(browser.get(reverse("reviews")))
    assert "can't be taken back any more" in text_of(browser.post(url("review_undo", flagged), follow=True))
    assert decided(flagged) == "approved"


@pytest.mark.rule("VAL-2")
def test_a_second_reviewers_turn_is_shown(as_: As, rita: User, roland: User, flagged: Validation, settings: Any) -> None:
    settings.SECOND_REVIEW_FROM_FLAGS = 1
    told = text_of(as_(rita).post(url("review_approve", flagged), follow=True))
    assert "a second reviewer has to approve it, too" in told and "Waits for a second reviewer" in told
    assert url("review_approve", flagged) not in text_of(as_(rita).get(url("review", flagged)))
    page = text_of(as_(roland).get(url("review", flagged)))
    assert "approved by Rita Sand" in page
    as_(roland).post(url("review_approve", flagged))
    assert decided(flagged) == "approved"


@pytest.mark.rule("VAL-2")
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"SEB account", "Norrsken", "Foreign holder"}),
        ("kind=tax", {"Norrsken"}),
        ("kind=payout", {"SEB account", "Foreign holder"}),
        ("country=SE", {"SEB account", "Norrsken", "Foreign holder"}),
        ("flags=some", {"Foreign holder"}),
        ("flags=none", {"SEB account", "Norrsken"}),
        ("flags=second", set()),
        ("mine=on", {"SEB account"}),
        ("overdue=on", set()),
        ("kind=%00&country=XX&flags='", {"SEB account", "Norrsken", "Foreign holder"}),
    ],
)
def test_the_queue_is_filtered(
    as_: As,
    rita: User,
    payout: PayoutProfile,
    tax: TaxProfile,
    flagged: Validation,
    submitted: Submit,
    settings: Any,
    query: str,
    shown: set[str],
) -> None:
    settings.AUTOMATIC_APPROVAL = False
    validations.claim(validation=submitted(payout), by=rita)
    submitted(tax)
    validations.check_due()
    response = as_(rita).get(f"{reverse('reviews')}?{query}")
    if "%00" in query:
        assert response.status_code == 400
        response = as_(rita).get(f"{reverse('reviews')}?{query.replace('%00', 'x')}")
    page = text_of(response)
    assert {name for name in ("SEB account", "Norrsken", "Foreign holder") if f" data-row>{name}<" in page} == shown


@pytest.mark.rule("VAL-1")
@pytest.mark.rule("VAL-4")
def test_the_dashboard_shows_the_clock_in_numbers(as_: As, rita: User, partner: Partner, ines: User, submitted: Submit) -> None:
    started = [
        submitted(payouts.create(partner=partner, by=ines, **payout_fields(name=f"Account {number}"))) for number in range(12)
    ]
    for validation in started[:10]:
        clock.move(by=dt.timedelta(hours=4))
        validations.approve(validation=validation, by=rita)
    figures = as_(rita).get(reverse("review_dashboard")).context["figures"]
    assert (figures.waiting, figures.overdue, figures.decided) == (2, 0, 10)
    assert (figures.p50, figures.p90) == ("about 22 hours", "about 36 hours")
    assert figures.days_to_clear == 6.0
    assert [bar.count for bar in figures.by_wait] == [0, 2, 0, 0]
    assert sum(bar.count for bar in figures.by_day) == 10
    clock.move(by=dt.timedelta(hours=9))
    page = text_of(as_(rita).get(reverse("review_dashboard")))
    assert "<svg" in page and "style=" not in page.partition("<main")[2].partition("</main>")[0]
    assert "overdue by" in page


@pytest.mark.rule("VAL-4")
def test_a_day_past_the_48_hours_the_program_managers_hear_of_it_once(
    flagged: Validation, rita: User, petra: User, pelle: User
) -> None:
    for hours, mails in ((48.1, 0), (23.8, 0), (0.2, 2), (30, 2)):
        clock.move(by=dt.timedelta(hours=hours))
        validations.flag_overdue()
        validations.escalate()
        assert Mail.objects.filter(kind="validation_escalated").count() == mails
    assert decided(flagged) == ""


@pytest.mark.rule("VAL-3")
def test_a_field_offers_the_reasons_of_its_kind(payout: PayoutProfile, tax: TaxProfile) -> None:
    def offered(profile: PayoutProfile | TaxProfile) -> dict[str, set[str]]:
        form = RejectionForm(labels=labels_of(profile.latest))
        return {name: {code for code, _text in form.fields[f"reason_{name}"].choices} - {"", "other"} for name in form.labels}

    account, residence = offered(payout), offered(tax)
    assert account["iban"] == {"bank_account_closed"} and account["payment_method"] == set()
    assert account["account_holder"] == {"holder_differs_from_legal_name"}
    assert "tax_number_not_registered" in residence["orgnr"] and "address_incomplete" in residence["street"]
    assert set().union(*account.values(), *residence.values()) == set(REVIEW) - {"other"}
