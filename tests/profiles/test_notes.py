"""A note to a partner says whom one spoke with and when, and holds no number (rules PAY-5, VAL-3)."""

import pytest

from profiles.notes import holds_a_number

from .conftest import IBAN, ORGNR

pytestmark = pytest.mark.rule("PAY-5")


@pytest.mark.parametrize(
    "note",
    [
        "Spoke with Gunnar on 2026-11-21.",
        "Spoke with Gunnar on 21/11/2026, at 14:30.",
        "Talade med Gunnar 21.11.2026 kl. 14.30",
        "11/21/2026: spoke with Gunnar",
        "2026/11/21",
        "1.7.2026 and 21/11/26",
        "26-11-21 14:30",
        "On 2026-11-21 14:30 and 2026-11-22 9.15.",
        "Version 2 of 3, between 2026-11-20 and 2026-11-21",
        "The change of 1 July 2026, 45 000 kr",
        "",
    ],
)
def test_when_and_whom_may_be_said(note: str) -> None:
    assert not holds_a_number(note)


@pytest.mark.parametrize(
    "note",
    [
        IBAN,
        "SE45 5000 0000 0583 9825 7466",
        f"not {ORGNR}",
        "556012-5790",
        "account 12 34 56 78",
        "account 5839-8257",
        "58.39.82.57",
        "1234-2026-11-21-5678",
        "1234 2026-11-21 5678",
        "2026-11-21-5678",
        "20261121",
        "2026-13-45-1",
        "on 2026-11-21 to 58398257466",
        "12-11-56 12345678",
    ],
)
def test_a_number_may_not(note: str) -> None:
    assert holds_a_number(note)
