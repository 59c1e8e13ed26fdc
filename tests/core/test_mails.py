"""Every mail says what it must, in both languages, as text and as HTML."""

import datetime as dt
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import Location, Partner, User
from enrollment.models import Enrollment, Program
from incentives_portal.core.fiscal import FiscalYear

KINDS = sorted(path.name.removesuffix(".subject.txt") for path in (settings.BASE_DIR / "templates" / "mail").glob("*.subject.txt"))

YEAR_END_LINE = SimpleNamespace(
    place="Lind & Söner · 5200001", program="Cloud solutions", why="The program isn't offered.", path="/incentives/1/"
)


def context(language: str) -> dict[str, Any]:
    partner = Partner(legal_name="Norrsken Data AB")
    location = Location(name="Lind & Söner", mpn_id="5200001", city="Göteborg", partner=partner)
    program = Program(code="CSR", name_en="Cloud solutions", name_sv="Molnlösningar")
    return {
        "recipient": User(name="Ines Duarte", email="ines@norrsken.example", language=language),
        "portal_url": "https://partners.example",
        "partner_center": "Northwind Partner Center",
        "operator_name": "Northwind",
        "path": "/incentives/1/",
        "partner": partner,
        "location": location,
        "program": program,
        "profile": SimpleNamespace(name="SEB account", partner=partner),
        "expires_on": dt.date(2026, 12, 31),
        "days": 30,
        "changed_at": dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC),
        "changed_by": "Ines Duarte",
        "what": "The address of the directory was changed.",
        "reach": "14 enrollments at 6 locations",
        "in_force": 1,
        "enrollments": [Enrollment(location=location, program=program, fiscal_year=2027) for _ in range(2)],
        "alarm_path": "/bank-alarm/token/",
        "raised_by": "Gunnar Lind",
        "genuine": True,
        "note": "Spoke with Gunnar.",
        "support": "support@partner-center.example",
        "reasons": [{"label": "IBAN", "text": "The account is closed.", "note": "Ask the bank."}],
        "due_at": dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC),
        "enrollment": Enrollment(
            location=location, program=program, fiscal_year=2027, respond_by=dt.date(2026, 12, 21), end_reason="not_offered"
        ),
        "invitation": SimpleNamespace(
            partner=partner,
            get_role_display="Incentives admin",
            email="ulf@x.example",
            expires_at=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
        ),
        "year": FiscalYear(2027),
        "ended_count": 3,
        "ended": [YEAR_END_LINE, YEAR_END_LINE],
        "more_ended": 1,
        "held_count": 1,
        "held": [YEAR_END_LINE],
        "more_held": 0,
        "invited_by": "Gunnar Lind",
        "by": "Gunnar Lind",
        "asker": "Ulf Berg",
        "detail": "norrsken.example",
        "changes": [
            SimpleNamespace(
                what=what,
                role="Incentives admin",
                sentence="Enrolls locations.",
                terms="Lind & Söner",
                label="IBAN",
                before="•••• 7466",
                now="•••• 0003",
            )
            for what in ("assigned", "changed", "ended")
        ],
        "request": SimpleNamespace(get_role_display="Incentives admin", answer="granted", words="For the autumn."),
        "action_url": "https://partners.example/incentives/1/",
        "action_label": "Join",
    }


def rendered(kind: str, language: str, **changes: Any) -> tuple[str, str, str]:
    with translation.override(language):
        values = context(language) | changes
        subject, text, html = (render_to_string(f"mail/{kind}.{end}", values) for end in ("subject.txt", "txt", "html"))
    return " ".join(subject.split()), text, html


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("kind", KINDS)
def test_is_whole(kind: str, language: str) -> None:
    subject, text, html = rendered(kind, language)
    assert 10 < len(subject) < 150
    for body in (text, html):
        assert "Ines Duarte" in body
        assert "Northwind Partner Center" in body
        assert "https://partners.example/incentives/1/" in body
        assert "%(" not in body
    assert "&amp;" not in text + subject
    assert "Lind & Söner" not in html
    assert f'lang="{language}"' in html
    assert "\n\n\n\n" not in text


@pytest.mark.rule("INV-1")
def test_the_invitation_is_the_one_that_the_terms_name() -> None:
    assert rendered("invitation", "en")[0] == "Partner Incentive Enrollment Invitation"
    assert rendered("invitation", "sv")[0] == "Inbjudan till partnerincitamentregistrering"
    _, text, html = rendered("invitation", "en")
    assert ">Get started</a>" in html
    assert "Answer by: 21 December 2026" in text
    assert ">Kom igång</a>" in rendered("invitation", "sv")[2]


@pytest.mark.rule("INV-2")
def test_without_an_incentives_admin_the_invitation_asks_for_one() -> None:
    subject, text, _ = rendered("assign_admin", "en")
    assert subject.startswith("Partner Incentive Enrollment Invitation")
    assert "no incentives admin" in text
    assert "Assign an incentives admin:\nhttps://partners.example/incentives/1/" in text


@pytest.mark.rule("VAL-3")
def test_a_rejection_names_each_field_and_its_reason() -> None:
    _, text, html = rendered("validation_rejected", "en")
    assert "- IBAN: The account is closed.\n  Ask the bank." in text
    assert "<strong>IBAN</strong>: The account is closed." in html


@pytest.mark.rule("FIS-2")
def test_the_years_end_names_what_did_not_simply_go_on_and_why() -> None:
    subject, text, html = rendered("year_end", "en")
    assert subject == "3 enrollments are not continued into FY28"
    line = "- Lind & Söner · 5200001 · Cloud solutions\n  The program isn't offered.\n  https://partners.example/incentives/1/"
    assert f"Not continued into FY28:\n\n{line}\n{line}\n\n- and 1 more" in text
    assert "Continued into FY28, but something is missing" in text
    assert html.count("The program isn&#x27;t offered.") == 3
    assert rendered("year_end", "en", ended_count=0)[0] == "1 enrollment continued into FY28 lacks something"


class Structure(HTMLParser):
    """What a mail client meets: which elements, with which attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.rule("INV-1")
@pytest.mark.parametrize("kind", KINDS)
def test_looks_right_in_common_clients(kind: str) -> None:
    """Tables lay it out, styles stand in the elements, nothing is fetched, and dark screens and Outlook have their part."""
    html = rendered(kind, "en")[2]
    found = Structure(html)
    assert html.startswith("<!DOCTYPE html>")
    tables = found.all("table")
    assert tables and all(table.get("role") == "presentation" and table.get("cellpadding") == "0" for table in tables)
    assert not {"script", "img", "link", "form", "iframe", "video", "svg"} & {tag for tag, _attributes in found.elements}
    assert "url(" not in html and "@import" not in html and "<div" not in html
    assert {"name": "color-scheme", "content": "light dark"} in found.all("meta")
    assert "prefers-color-scheme: dark" in html
    # Outlook for Windows: a fixed width around what has a maximum, closed again.
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->") == 2
    for cell in found.all("td"):
        if "button" in (cell.get("class") or ""):
            assert cell.get("bgcolor"), "a button keeps its colour where styles are dropped"
    for link in found.all("a"):
        assert "color:" in (link.get("style") or "") and (link["href"] or "").startswith("https://")
    assert len(html) < 60_000, "longer mails are cut off by some clients"
