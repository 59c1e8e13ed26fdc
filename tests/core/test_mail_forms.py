"""A mail that is filled in is the mail that would be rendered and composed for one person alone (rule INV-6)."""

import datetime as dt
import uuid
from email import message_from_bytes, policy
from typing import Any

import pytest

from accounts.models import User
from enrollment.models import Program
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import Mail
from incentives_portal.core.outbox import Form
from incentives_portal.core.outbox.composing import composed, wire_form
from incentives_portal.core.outbox.rendering import texts

pytestmark = pytest.mark.rule("INV-6")

NAMES = [
    "Office 1",
    "Lind & Söner <b>",
    "",
    "\"'",
    "100 %(place)s {{ x }} \\1",
    "\x01path\x02",
    "two\nlines",
    "two  spaces",
    "\u00a0\u2028",
    "ş" * 200,
    "x" * 1500,
]
LONG_ADDRESS = f"{'a' * 60}@{'b' * 60}.example"


def one(name: str, language: str, email: str = "ines@norrsken.example") -> User:
    return User(name=name, language=language, email=email)


@pytest.mark.parametrize("respond_by", [None, dt.date(2026, 12, 24)])
@pytest.mark.parametrize("kind", ["invitation", "assign_admin"])
@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_texts_are_the_same(kind: str, language: str, respond_by: dt.date | None) -> None:
    program = Program(name_en="Cloud & more", name_sv="Moln & mer")
    common = {"program": program, "enrollment": {"year": FiscalYear(2027), "respond_by": respond_by}}
    form = Form(kind, common, ("path", "location.name", "location.mpn_id"))
    for person in NAMES:
        for place in NAMES:
            own = {"path": "/incentives/1/", "location.name": place, "location.mpn_id": "5200001"}
            alone = common | {"path": "/incentives/1/", "location": {"name": place, "mpn_id": "5200001"}}
            assert form.texts(one(person, language), own) == texts(kind, one(person, language), alone)


def mail(**changes: Any) -> Mail:
    said = {
        "to": "ines@norrsken.example",
        "subject": "You are invited",
        "text": "Hello\n\nFrom us\n",
        "html": "<p>Hello</p>\n<p>you</p>",
    }
    pk = uuid.uuid4()
    return Mail(id=pk, language="sv", message_id=f"<{pk}@x>", **(said | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"text": "Hej på dig"},
        {"html": "<p>Hej på dig</p>"},
        {"text": "på", "html": "på\n"},
        {"text": "one\r\ntwo\rthree\x0bfour\x85five\u2028six"},
        {"html": "x" * 999},
        {"html": "å" * 499 + "\n" + "å" * 499},
        {"html": "å" * 500},
        {"text": ""},
        {"text": ".\n\x01html\x02 \x01boundary\x02"},
        {"subject": "Inbjudan på svenska, och så lång att den måste delas i flera rader för att få plats i ett brev"},
        {"subject": "x" * 150},
        {"subject": "a word " * 28},
        {"subject": "\x01to\x02"},
        {"to": "ines@blåbär.example"},
        {"to": LONG_ADDRESS},
        {"to": '"ines diaz"@norrsken.example'},
    ],
)
def test_the_bytes_are_the_same(changes: dict[str, str]) -> None:
    owed = mail(**changes)
    wired, alone = wire_form(owed), composed(owed, undated=True)
    assert wired is not None
    assert without_boundary(wired) == without_boundary(alone)
    assert message_from_bytes(wired, policy=policy.default)["Message-ID"] == owed.message_id


def without_boundary(message: bytes) -> bytes:
    return message.replace(str(message_from_bytes(message).get_boundary()).encode(), b"BOUNDARY")


def test_a_boundary_belongs_to_one_mail() -> None:
    first, second = (message_from_bytes(wire_form(mail()) or b"").get_boundary() for _ in range(2))
    assert first != second


@pytest.mark.parametrize("changes", [{"to": "ines@x.example\nBcc: all@x.example"}, {"subject": "x\nBcc: all@x.example"}])
def test_what_would_be_another_header_is_not_composed(changes: dict[str, str]) -> None:
    assert wire_form(mail(**changes)) is None
