"""Program managers run programs in the portal (rule PRG-1)."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from enrollment.derivation import rederive_due
from enrollment.models import Enrollment, FiscalYearOffer, Program, ProgramGuide
from enrollment.services import programs as services
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import AuditEntry
from tests import factories as make
from tests.enrollment import journeys
from tests.profiles.test_tax_documents import pdf as a_pdf

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PRG-1")]
As = Callable[..., Client]
TERMS = {
    "name_en": "Cloud reselling",
    "name_sv": "Molnförsäljning",
    "description_en": "Pays a share.",
    "description_sv": "Betalar en andel.",
    "paying_entity": "Northwind Ireland Operations Ltd",
    "currencies": "sek, EUR",
    "payment_methods": ["bank_transfer"],
    "response_days": "30",
    "inviting": "daily",
}


@pytest.fixture
def program(db: None) -> Program:
    return make.ProgramFactory.create(code="CSR")


def edited(client: Client, program: Program, **changes: Any) -> Any:
    path = reverse("program_edit", args=[program.code])
    return client.post(path, {**TERMS, "seen": client.get(path).context["form"]["seen"].value(), **changes})


@pytest.mark.rule("OPS-3")
def test_a_program_is_added_and_its_terms_changed(as_: As, petra: User) -> None:
    client = as_(petra)
    assert client.post(reverse("program_new"), {**TERMS, "code": "CSR"}).url == "/programs/CSR/"
    program = Program.objects.get()
    assert (program.currencies, program.response_days, program.name_sv) == (["SEK", "EUR"], 30, "Molnförsäljning")
    assert edited(client, program, response_days="", name_sv="Moln").status_code == 302
    program.refresh_from_db()
    assert (program.response_days, program.name_sv) == (None, "Moln")
    entry = AuditEntry.objects.get(act="program.changed")
    assert (entry.before, entry.after) == (
        {"name_sv": "Molnförsäljning", "response_days": 30},
        {"name_sv": "Moln", "response_days": None},
    )
    # The same again is nothing new.
    edited(client, program, response_days="", name_sv="Moln")
    assert AuditEntry.objects.filter(act="program.changed").count() == 1
    assert "Moln" in client.get("/programs/").content.decode() + client.get("/programs/CSR/").content.decode()
    again = client.post(reverse("program_new"), {**TERMS, "code": "CSR"})
    assert again.status_code == 422 and "There is a program with this code already." in again.content.decode()


@pytest.mark.parametrize(
    ("entry", "value", "words"),
    [
        ("name_sv", "", "This field is required"),
        ("currencies", "SEK, XXQ", "No currency is written XXQ"),
        ("response_days", "0", "greater than or equal to 1"),
        ("name_en", "a\u202eb", "seen"),
        ("payment_methods", "gold", "gold"),
    ],
)
def test_what_makes_no_sense_is_refused_and_kept(
    entry: str, value: str, words: str, as_: As, petra: User, program: Program
) -> None:
    answer = edited(as_(petra), program, **{entry: value})
    assert answer.status_code == 422 and words in answer.content.decode()
    assert "Molnförsäljning" in answer.content.decode() or entry == "name_sv"


def test_a_stale_form_is_refused_and_kept(as_: As, petra: User, pelle: User, program: Program) -> None:
    path = reverse("program_edit", args=["CSR"])
    seen = as_(petra).get(path).context["form"]["seen"].value()
    edited(as_(pelle), program, name_sv="Pelles")
    stale = as_(petra).post(path, {**TERMS, "seen": seen, "name_sv": "Petras"})
    page = stale.content.decode()
    assert stale.status_code == 422 and "Somebody else changed this program" in page and 'value="Petras"' in page
    assert Program.objects.get().name_sv == "Pelles"
    # Knowing that, saving again replaces it.
    now = stale.context["form"]["seen"].value()
    assert as_(petra).post(path, {**TERMS, "seen": now, "name_sv": "Petras"}).status_code == 302
    assert Program.objects.get().name_sv == "Petras"


@pytest.mark.rule("VAL-1")
def test_the_paying_entity_stays_once_somebody_submitted(
    as_: As, petra: User, program: Program, location: Location, ines: User
) -> None:
    journeys.submitted(program, location, ines)
    answer = edited(as_(petra), program, paying_entity="Somebody else Ltd")
    assert answer.status_code == 422 and "1 enrollment was submitted to this paying entity" in answer.content.decode()


@pytest.mark.rule("ENR-3")
def test_a_currency_in_use_goes_only_knowingly(
    as_: As, petra: User, program: Program, location: Location, ines: User, rita: User
) -> None:
    row = journeys.enrolled(program, location, ines, rita)
    client = as_(petra)
    asked = edited(client, program, currencies="EUR")
    assert "1 enrollment is paid in SEK" in asked.content.decode()
    program.refresh_from_db()
    assert program.currencies == ["SEK", "EUR"]
    confirmed = asked.context["form"]["confirmed"].value()
    assert edited(client, program, currencies="EUR", confirmed=confirmed).status_code == 302
    row.refresh_from_db()
    assert row.status == "action_required" and row.changes.last().cause == "program_changed"


@pytest.mark.rule("FIS-1")
def test_years_and_windows_move_what_is_open(as_: As, petra: User, program: Program, location: Location) -> None:
    row, client, path = journeys.opened(program, location), as_(petra), reverse("program_years", args=["CSR"])
    year, today = FiscalYear.of(clock.today()), clock.today()
    assert row.reason == "invitation_due"
    seen = client.get(path).context["form"]["seen"].value()
    form = {"seen": seen, f"y{year.ends_in}": "on", f"y{year.ends_in}-opens": str(today + dt.timedelta(days=3))}
    assert client.post(path, form).status_code == 302
    row.refresh_from_db()
    assert row.reason == "not_open"
    assert set(FiscalYearOffer.objects.values_list("fiscal_year", flat=True)) == {year.ends_in}
    # The other tab is stale; a window the wrong way round is refused.
    assert client.post(path, {"seen": seen, f"y{year.ends_in}": "on"}).status_code == 422
    wrong = {**form, f"y{year.ends_in}-closes": str(today), "seen": client.get(path).context["form"]["seen"].value()}
    assert "before the first" in client.post(path, wrong).content.decode()


def test_a_year_in_which_locations_are_invited_stays(
    as_: As, petra: User, program: Program, location: Location, ines: User
) -> None:
    journeys.invited(program, location)
    path = reverse("program_years", args=["CSR"])
    answer = as_(petra).post(path, {"seen": as_(petra).get(path).context["form"]["seen"].value()})
    assert answer.status_code == 422 and "1 location is invited or enrolled in" in answer.content.decode()


@pytest.mark.rule("STA-1")
def test_discontinuing_shows_whom_it_concerns_and_is_confirmed_once(
    as_: As, petra: User, program: Program, location: Location, ines: User
) -> None:
    row, client, path = journeys.submitted(program, location, ines), as_(petra), reverse("program_discontinue", args=["CSR"])
    page = client.get(path)
    assert "1 enrollment is under way" in page.content.decode() and "Norrsken Data AB" in page.content.decode()
    form = {"last_day": str(clock.today()), "confirmed": page.context["concerned"].seal}
    yesterday = {**form, "last_day": str(clock.today() - dt.timedelta(days=1))}
    assert client.post(path, yesterday).status_code == 422
    assert client.post(path, {**form, "confirmed": "else"}).status_code == 422
    assert Program.objects.get().discontinued_on is None
    for _ in range(2):
        assert client.post(path, form).status_code == 302
    assert AuditEntry.objects.filter(act="program.discontinued").count() == 1
    with clock.moved_to(clock.now() + dt.timedelta(days=1)):
        rederive_due()
        row.refresh_from_db()
        assert row.status == "discontinued"
        client.post(path, {"do": "offer_again"})
        row.refresh_from_db()
    assert row.status != "discontinued"


def test_a_whole_base_is_left_to_the_worker(program: Program, location: Location, petra: User, monkeypatch: Any) -> None:
    row = journeys.opened(program, location)
    monkeypatch.setattr(services, "BATCH", 0)
    services.offer(program=program, offers={}, by=petra)
    row.refresh_from_db()
    assert row.reason == "invitation_due" and row.derive_again_at is not None
    rederive_due()
    assert Enrollment.objects.get().reason == "not_open"


def upload(client: Client, data: bytes, name: str = "guide.pdf") -> str:
    file = SimpleUploadedFile(name, data, "application/pdf")
    answer = client.post(reverse("program_guide_add", args=["CSR"]), {"language": "en", "file": file}, follow=True)
    return str(answer.content.decode())


def test_guides_are_versions_judged_by_content(as_: As, petra: User, ulf: User, program: Program) -> None:
    client = as_(petra)
    first, second = a_pdf(), a_pdf(pages=2)
    assert "Version 1 of the guide is saved" in upload(client, first, "C:\\guides\\<b>Guide.pdf")
    assert "Version 1 of the guide is saved" in upload(client, first)
    assert "Version 2 of the guide is saved" in upload(client, second)
    assert "whatever its name says" in upload(client, b"<svg onload=alert(1)>")
    assert "whatever its name says" in upload(client, b"\x89PNG\r\n\x1a\n rest") or ProgramGuide.objects.count() == 2
    old, new = ProgramGuide.objects.order_by("version")
    answer = client.get(reverse("program_guide_version", args=["CSR", old.pk]))
    assert answer.content == first and "attachment" in answer["Content-Disposition"]
    assert as_(ulf).get(reverse("program_guide", args=["CSR"])).content == second
    assert as_(ulf).get(reverse("program_guide_version", args=["CSR", old.pk])).status_code == 403
    assert new.pages == 2


@pytest.mark.rule("ACC-8")
@pytest.mark.parametrize("who", ["gunnar", "ines", "rita"])
def test_nobody_else_comes_near(who: str, as_: As, program: Program, request: pytest.FixtureRequest) -> None:
    client = as_(request.getfixturevalue(who))
    assert edited_without_looking(client) == {403}
    program.refresh_from_db()
    assert program.name_sv != "Molnförsäljning" and not ProgramGuide.objects.exists()


def edited_without_looking(client: Client) -> set[int]:
    names = ("program_edit", "program_years", "program_discontinue", "program_guide_add")
    answers = {client.post(reverse(name, args=["CSR"]), TERMS).status_code for name in names}
    return answers | {client.post(reverse("program_new"), {**TERMS, "code": "X"}).status_code, client.get("/programs/").status_code}


def test_the_list_asks_the_same_number_of_questions(
    as_: As, petra: User, program: Program, django_assert_max_num_queries: Any
) -> None:
    client = as_(petra)
    client.get("/programs/")
    make.ProgramFactory.create_batch(12)
    with django_assert_max_num_queries(9):
        client.get("/programs/")
