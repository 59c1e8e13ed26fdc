"""The automatic checks of a validation (rules VAL-2, VAL-6)."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.checks import CHECKS, LABELS, CheckResult, Subject, label_for, run, verdict
from profiles.company_names import same_company

TODAY = dt.date(2026, 11, 21)
PAYOUT = Subject(
    kind="payout",
    country="SE",
    legal_name="Tallvik Informatik AB",
    identifiers={"iban": "SE4550000000058398257466", "bic": "ESSESESS"},
    day=TODAY,
    payment_method="bank_transfer",
    account_holder="TALLVIK INFORMATIK AKTIEBOLAG",
)
TAX = Subject(
    kind="tax",
    country="SE",
    legal_name="Tallvik Informatik AB",
    identifiers={"orgnr": "1234567897", "vat": "SE123456789701"},
    day=TODAY,
    classification="company",
    form_kind="local",
    expires_on=TODAY,
)
CREDIT_NOTE = replace(PAYOUT, payment_method="credit_note", identifiers={}, account_holder="")


def not_passed(subject: Subject) -> list[tuple[str, str, str]]:
    return [(result.code, result.outcome, result.field) for result in run(subject) if result.outcome != "passed"]


@pytest.mark.rule("VAL-2")
@pytest.mark.parametrize("subject", [PAYOUT, TAX, CREDIT_NOTE])
def test_a_profile_without_fault_or_risk_is_approved(subject: Subject) -> None:
    assert not_passed(subject) == []
    assert verdict(run(subject)) == "approve"


@pytest.mark.rule("VAL-2")
@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (replace(PAYOUT, identifiers={"iban": "SE4550000000058398257467"}), ("iban_checksum", "failed", "iban")),
        (replace(PAYOUT, identifiers={}), ("empty", "failed", "iban")),
        (replace(PAYOUT, identifiers={**PAYOUT.identifiers, "bic": "DABAIE2D"}), ("bic_country_differs", "flagged", "bic")),
        (replace(PAYOUT, account_holder="Gunnar Lind"), ("holder_name_differs", "flagged", "account_holder")),
        (replace(PAYOUT, account_holder="AB"), ("holder_name_differs", "flagged", "account_holder")),
        (replace(PAYOUT, bank_changed_recently=True), ("bank_changed_recently", "flagged", "")),
        (replace(TAX, identifiers={"orgnr": "1234567891"}), ("orgnr_checksum", "failed", "orgnr")),
        (replace(TAX, form_kind="W-9", has_document=True), ("form_kind_unfit", "failed", "form_kind")),
        (
            replace(TAX, form_kind="W-8BEN-E", paying_entity_is_us=True, country="SE"),
            ("form_document_missing", "flagged", ""),
        ),
        (replace(TAX, paying_entity_is_us=True), ("form_kind_unfit", "failed", "form_kind")),
        (replace(TAX, expires_on=TODAY - dt.timedelta(days=1)), ("form_expired", "failed", "expires_on")),
    ],
)
def test_each_fault_and_risk_waits_for_a_person(subject: Subject, expected: tuple[str, str, str]) -> None:
    assert not_passed(subject) == [expected]
    assert verdict(run(subject)) == "wait"


@pytest.mark.rule("VAL-6")
@pytest.mark.parametrize("subject", [PAYOUT, TAX])
def test_the_same_number_at_another_partner_is_a_risk(subject: Subject) -> None:
    assert not_passed(replace(subject, duplicate_elsewhere=True)) == [("used_elsewhere", "flagged", "")]
    assert verdict(run(replace(subject, duplicate_elsewhere=True))) == "wait"


@pytest.mark.rule("VAL-2")
@given(st.lists(st.sampled_from(["passed", "flagged", "failed"])))
def test_only_all_passed_approves_and_nothing_rejects(outcomes: list[str]) -> None:
    results = [CheckResult("number_valid", outcome) for outcome in outcomes]  # type: ignore[arg-type]
    assert verdict(results) == ("approve" if outcomes and set(outcomes) == {"passed"} else "wait")


@pytest.mark.rule("VAL-2")
def test_each_finding_is_stored_once_and_has_a_label() -> None:
    for subject in (PAYOUT, TAX, CREDIT_NOTE, replace(PAYOUT, identifiers={}, duplicate_elsewhere=True)):
        results = run(subject)
        assert len({(result.code, result.field) for result in results}) == len(results)
        assert all(len(result.code) <= 40 and label_for(result.code) != result.code for result in results)
    assert len(CHECKS) == len(set(CHECKS)) and label_for("iban_checksum") not in LABELS.values()


@pytest.mark.rule("PAY-3")
def test_a_subject_does_not_print_its_numbers() -> None:
    assert "SE45" not in repr(PAYOUT)


@pytest.mark.rule("VAL-2")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tallvik Informatik AB", "tallvik  informatik"),
        ("Kobolt B.V.", "Kobolt BV"),
        ("Møller & Søn A/S", "MØLLER SØN AS"),
        ("Oy Revontuli Ab", "Revontuli Oy"),
        ("Zagroda Sp. z o.o.", "ZAGRODA SP Z OO"),
        ("Brandt GmbH & Co. KG", "Brandt"),
        ("Altamira, S.A. de C.V.", "ALTAMIRA SA DE CV"),
        ("株式会社青葉", "青葉株式会社"),
        ("Quiet Harbor, Inc.", "QUIET HARBOR"),
    ],
)
def test_spellings_of_one_company(one: str, other: str) -> None:
    assert same_company(one, other) and same_company(other, one)


@pytest.mark.rule("VAL-2")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tallvik Informatik AB", "Tallvik Information AB"),
        ("AB", "Inc."),
        ("", ""),
        ("Tаllvik Informatik AB", "Tallvik Informatik AB"),  # a Cyrillic а
        ("Kobolt Nord B.V.", "Kobolt B.V."),
        ("की", "का"),
    ],
)
def test_different_companies(one: str, other: str) -> None:
    assert not same_company(one, other)
