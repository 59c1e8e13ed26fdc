"""The enrollment guide and the programs' guides."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from accounts.models import Partner, User
from enrollment.guide import GUIDE
from enrollment.models import ProgramGuide
from enrollment.queries.standing import GUIDE_PART
from tests import factories as make

As = Callable[[User], Client]


@pytest.mark.rule("PRG-2")
def test_is_read_and_downloaded_signed_in(client: Client, as_: As, ulf: User) -> None:
    assert client.get("/guide/").status_code == 302
    html = as_(ulf).get("/guide/").content.decode()
    assert all(f'id="{step.anchor}"' in html for step in GUIDE)
    for kind, start in (("html", b"<!DOCTYPE html>"), ("txt", b"Northwind Partner Center")):
        response = as_(ulf).get("/guide/", {"download": kind})
        assert response["Content-Disposition"] == f'attachment; filename="enrollment-guide-en.{kind}"'
        assert response.content.startswith(start) and b"{operator}" not in response.content


@pytest.mark.rule("PRG-2")
def test_every_link_into_the_guide_names_a_part_of_it() -> None:
    anchors = {step.anchor for step in GUIDE}
    assert set(GUIDE_PART.values()) <= anchors
    for template in Path("templates").rglob("*.html"):
        for named in re.findall(r"url 'guide' %}#([a-z]+)", template.read_text()):
            assert named in anchors, template


@pytest.mark.rule("PRG-1")
def test_a_programs_newest_guide_in_the_readers_language(
    as_: As, partner: Partner, ulf: User, settings: object, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    program = make.ProgramFactory.create()
    for language, version in (("en", 1), ("en", 2), ("sv", 1)):
        guide = ProgramGuide(program=program, language=language, version=version, file_name=f"guide-{language}-{version}.pdf")
        guide.file.save(guide.file_name, ContentFile(b"%PDF"), save=True)
    sven = make.person("Sven Ek", partner, make.INCENTIVES_USER, language="sv")
    url = reverse("program_guide", args=[program.code])
    for viewer, name in ((ulf, "guide-en-2.pdf"), (sven, "guide-sv-1.pdf")):
        response = as_(viewer).get(url)
        assert name in response["Content-Disposition"]
        assert b"".join(response) == b"%PDF"


@pytest.mark.rule("PRG-1")
def test_without_a_file_a_guide_is_made_of_what_is_known(client: Client, as_: As, ulf: User) -> None:
    asks = [
        [{"kind": "active_membership"}],
        [
            {"kind": "agreement", "agreement": "cloud-reseller-agreement"},
            {"kind": "designation", "designation": "modern-work", "level": "expert", "held_by": "any_location"},
        ],
        [{"kind": "country", "countries": ["SE", "NO"]}],
    ]
    program = make.ProgramFactory.create(name_en="Reseller", asks=asks)
    url = reverse("program_guide", args=[program.code])
    assert client.get(url).status_code == 302
    html = as_(ulf).get(url).content.decode()
    for words in ("Reseller", "Cloud reseller agreement in force", "Modern work, Expert", "Norway, Sweden", "SEK, EUR"):
        assert words in html
    assert as_(ulf).get(reverse("program_guide", args=["NO-SUCH"])).status_code == 404
