"""What the overview shows leaves as a file, filters included, safe to open in a spreadsheet (rule OPS-4)."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, Partner, User
from enrollment.queries import overview_export
from incentives_portal.core.csv_stream import FORMULA
from incentives_portal.core.models import AuditEntry
from tests import factories as make
from tests.enrollment import stages

pytestmark = pytest.mark.rule("OPS-4")
As = Callable[[User], Client]
URL = "/incentives/export/{}/"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def content(response: Any) -> bytes:
    assert response.status_code == 200 and response["Cache-Control"] == "private, no-store"
    return b"".join(response.streaming_content)


def as_csv(client: Client, **query: str) -> list[list[str]]:
    text = content(client.get(URL.format("csv"), query)).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def as_xlsx(client: Client, **query: str) -> tuple[list[list[str]], str]:
    """The cells, and the sheet as it is stored."""
    book = zipfile.ZipFile(io.BytesIO(content(client.get(URL.format("xlsx"), query))))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    rows = ElementTree.fromstring(sheet).iter(f"{SHEET}row")
    return [["".join(cell.itertext()) for cell in row.iter(f"{SHEET}c")] for row in rows], sheet


@pytest.fixture
def rows(gunnar: User, ines: User, location: Location, second_location: Location) -> None:
    reseller = make.ProgramFactory.create(name_en="Reseller", name_sv="Återförsäljare", code="RES")
    stages.accepted(location, ines, reseller)
    stages.invited(second_location, reseller)
    stages.invited(second_location, make.ProgramFactory.create(name_en="Usage", name_sv="Användning", code="USE"))


def test_both_files_hold_what_the_page_shows(as_: As, gunnar: User, rows: None, location: Location) -> None:
    client = as_(gunnar)
    table = as_csv(client, sort="location")
    assert table[0] == ["Program", "Code", "Fiscal year", "Location", "Partner ID", "City", "Status", "Actions required", "Until"]
    assert len(table) == 4
    first = table[1]
    assert first[:2] == ["Reseller", "RES"] and first[3:7] == ["Norrsken Göteborg", location.mpn_id, "Göteborg", "Enrolling"]
    assert first[7] == "Ines Duarte can do this"
    cells, _sheet = as_xlsx(client, sort="location")
    assert cells[0] == table[0] and cells[1][:8] == first[:8]
    page = client.get("/incentives/", {"sort": "location"}).content.decode()
    assert re.findall(r'<td data-label="Location"><div>([^<]*)<', page) == [row[3] for row in table[1:]]


@pytest.mark.parametrize(
    ("query", "count"), [({"program": "RES"}, 2), ({"status": "invited"}, 2), ({"q": "Umeå usage"}, 1), ({"year": "FY20"}, 0)]
)
def test_filters_are_included(as_: As, gunnar: User, rows: None, query: dict[str, str], count: int) -> None:
    assert len(as_csv(as_(gunnar), **query)) == count + 1
    assert len(as_xlsx(as_(gunnar), **query)[0]) == count + 1


@pytest.mark.rule("ACC-8")
@pytest.mark.rule("ACC-1")
def test_only_what_one_sees_leaves(as_: As, ines: User, otto: User, rows: None, second_location: Location) -> None:
    assert [row[3] for row in as_csv(as_(ines))[1:]] == ["Norrsken Göteborg"]
    assert len(as_csv(as_(otto))) == 1
    assert second_location.mpn_id not in str(as_xlsx(as_(otto), q=second_location.mpn_id))


def test_the_operator_reads_the_partner_too(as_: As, rita: User, rows: None) -> None:
    table = as_csv(as_(rita))
    assert table[0][-1] == "Partner" and {row[-1] for row in table[1:]} == {"Norrsken Data AB"}


def test_in_the_readers_language(as_: As, partner: Partner, rows: None) -> None:
    sven = make.person("Sven Ek", partner, make.INCENTIVES_USER, language="sv")
    table = as_csv(as_(sven), program="USE")
    assert "Användning" in table[1] and "Inbjuden" in table[1]
    cells, _sheet = as_xlsx(as_(sven), program="USE")
    assert "Inbjuden" in cells[1]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "http://x.example", "＝1", "mailto:a@x"])
def test_no_cell_is_calculated(as_: As, gunnar: User, location: Location, name: str) -> None:
    Location.objects.filter(pk=location.pk).update(name=name)
    stages.invited(location)
    table = as_csv(as_(gunnar))
    assert table[1][3].replace("'", "") == name.replace("'", "") and (table[1][3].startswith("'") or name[:4] in {"http", "mail"})
    cells, sheet = as_xlsx(as_(gunnar))
    assert cells[1][3].strip() == name.strip() and "<f>" not in sheet and "hyperlink" not in sheet


@pytest.mark.rule("OPS-3")
@pytest.mark.parametrize("name", ["Kontor;=1+1", 'Kontor; "@SUM(1)', "Kontor\n-1", "Kontor;\t＋1", ";=1;+1;;-1"])
def test_nor_where_semicolons_begin_cells(as_: As, gunnar: User, location: Location, name: str) -> None:
    Location.objects.filter(pk=location.pk).update(name=name)
    stages.invited(location)
    text = content(as_(gunnar).get(URL.format("csv"))).decode()
    cells = [cell.strip(' \t"') for line in text.splitlines() for cell in line.split(";")]
    assert len(cells) > 2 and not [cell for cell in cells if cell.startswith(FORMULA)]


def test_that_it_was_taken_is_recorded(as_: As, gunnar: User, rows: None, partner: Partner) -> None:
    client = as_(gunnar)
    as_csv(client, program="RES")
    entry = AuditEntry.objects.get(act="overview.exported")
    assert entry.after == {"format": "csv", "rows": 2, "filter": "program=RES"} and entry.partner_id == partner.pk
    assert "Enrollments were exported" in client.get(reverse("audit_log")).content.decode()


def test_too_much_is_refused_in_words(as_: As, gunnar: User, rows: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview_export, "MOST", 2)
    response = as_(gunnar).get(URL.format("csv"), follow=True)
    assert "At most 2 rows" in response.content.decode()
    assert len(as_csv(as_(gunnar), program="RES")) == 3


def test_other_kinds_do_not_exist(as_: As, gunnar: User) -> None:
    assert as_(gunnar).get(URL.format("pdf")).status_code == 404
