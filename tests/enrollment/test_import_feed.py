"""A program manager brings in what the membership system exported (rule OPS-1): all of it, or nothing and every fault."""

import codecs
import datetime as dt
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from accounts.models import Location, Membership, Partner, RoleAssignment, User
from enrollment.feed.faults import LISTED, Faults
from enrollment.feed.reading import read
from enrollment.feed.sheets import LOCATIONS
from enrollment.models import Agreement, Designation, Enrollment, Notice, Program
from enrollment.services.invitations import invite_due
from enrollment.services.opening import open_year
from enrollment.status import Reason
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import AuditEntry, Run
from tests.enrollment.feed_files import FeedFiles, Spoil, outcome

pytestmark = [pytest.mark.django_db, pytest.mark.rule("OPS-1")]
FILES = ("partners.csv", "locations.csv", "agreements.csv", "designations.csv", "users.csv", "programs.json")


@pytest.fixture
def feed(tmp_path: Path) -> FeedFiles:
    return FeedFiles(tmp_path)


def contents() -> dict[str, list[Any]]:
    """Every row of what an import can write."""
    models = [*apps.get_app_config("accounts").get_models(), *apps.get_app_config("enrollment").get_models(), AuditEntry]
    return {model._meta.label: sorted(model._base_manager.values_list(), key=str) for model in models}


def test_a_feed_comes_in(feed: FeedFiles) -> None:
    result = feed.import_()

    assert result["error_count"] == 0 and result["errors"] == []
    assert [outcome(result, file) for file in FILES] == [(2, 0, 0), (3, 0, 0), (2, 0, 0), (2, 0, 0), (3, 0, 0), (2, 0, 0)]
    brandt = Partner.objects.get(pga_id="P2")
    assert (brandt.legal_name, brandt.country.code, brandt.membership_migrated_on) == ("Brandt, Systeme GmbH", "DE", None)
    umea = Location.objects.get(mpn_id="L2")
    assert (umea.partner.pga_id, umea.city, umea.membership_active) == ("P1", "Umeå", False)
    whole, one = Agreement.objects.order_by("partner__pga_id")
    assert (whole.location, whole.signed_on, whole.ends_on) == (None, dt.date(2024, 1, 1), None)
    assert one.location and (one.location.mpn_id, one.ends_on) == ("L3", dt.date(2030, 6, 30))
    assert Designation.objects.filter(location__mpn_id="L1", partner__pga_id="P1", level="specialist").exists()


def test_programs_come_in_with_years_window_and_requirements(feed: FeedFiles) -> None:
    feed.import_()

    program = Program.objects.get(code="RESELL")
    assert (program.name_sv, program.response_days, program.rule_version) == ("Återförsäljare", 30, 1)
    assert list(program.offers.order_by("fiscal_year").values_list("fiscal_year", "opens_on", "closes_on")) == [
        (2026, None, None),
        (2027, dt.date(2026, 9, 1), dt.date(2026, 10, 31)),
    ]
    assert [[item.kind for item in group.items.all()] for group in program.groups.all()] == [
        ["active_membership"],
        ["agreement", "designation", "country"],
    ]
    assert Program.objects.get(code="OPEN").open_to_all


def test_people_come_in_with_their_role_and_scope_and_without_a_password(feed: FeedFiles) -> None:
    feed.import_()

    gunnar = User.objects.get(email="gunnar@norrsken.example")
    assert not gunnar.has_usable_password() and (gunnar.language, gunnar.is_staff, gunnar.is_superuser) == ("sv", False, False)
    ines = RoleAssignment.objects.get(membership__user__email="ines@norrsken.example")
    assert (ines.role, ines.entire_organization) == ("incentives_admin", False)
    assert sorted(place.mpn_id for place in ines.locations.all()) == ["L1", "L2"]
    assert RoleAssignment.objects.get(membership__user__email="otto@brandt.example").entire_organization
    entry = AuditEntry.objects.get(object_id=str(ines.pk))
    assert (entry.act, entry.partner_id, entry.after["locations"]) == ("role_assigned", ines.partner_id, ["L1", "L2"])


def test_the_same_feed_again_changes_nothing(feed: FeedFiles) -> None:
    first = feed.import_()
    before = contents()
    again = feed.import_()

    assert [outcome(again, file) for file in FILES] == [(0, 0, first["files"][file]["rows"]) for file in FILES]
    assert contents() == before


@pytest.mark.parametrize(
    ("file", "row", "old", "new"),
    [
        ("partners.csv", 2, "Norrsken Data AB", "Norrsken Data & Moln AB"),
        ("partners.csv", 2, "2021-03-01", ""),
        ("locations.csv", 3, "false", "true"),
        ("locations.csv", 2, "Göteborg,SE", "Mölndal,SE"),
        ("agreements.csv", 2, "2024-01-01,", "2024-01-01,2026-12-31"),
        ("designations.csv", 3, "2024-01-01,", "2024-01-01,2025-01-01"),
        ("users.csv", 3, "Ines Duarte", "Inês Duarte"),
        ("users.csv", 3, "L1;L2", "L2"),
        ("users.csv", 3, "L1;L2", ""),
        ("users.csv", 4, "incentives_admin", "global_admin"),
    ],
)
def test_a_changed_row_updates_it_alone(feed: FeedFiles, file: str, row: int, old: str, new: str) -> None:
    first = feed.import_()
    feed.replace(file, row, old, new)
    again = feed.import_()

    rows = {name: first["files"][name]["rows"] for name in FILES}
    assert {name: outcome(again, name) for name in FILES} == {
        name: (0, 1, rows[name] - 1) if name == file else (0, 0, rows[name]) for name in FILES
    }
    assert outcome(feed.import_(), file) == (0, 0, rows[file])


def test_what_a_feed_leaves_out_stays(feed: FeedFiles) -> None:
    feed.import_()
    before = contents()
    for file, lines in feed.lines.items():
        del lines[1 if file not in {"partners.csv", "locations.csv"} else 3 :]
    feed.programs.pop()

    assert feed.import_()["error_count"] == 0
    assert contents() == before


def test_a_feed_without_the_other_files_may_name_what_the_portal_knows(feed: FeedFiles, tmp_path: Path) -> None:
    feed.import_()
    for file in ("agreements.csv", "designations.csv", "users.csv", "programs.json"):
        (tmp_path / file).unlink()
    assert list(feed.import_as_it_is()["files"]) == ["partners.csv", "locations.csv"]

    feed.lines["partners.csv"][1:] = []
    feed.lines["locations.csv"][1:] = []
    feed.lines["designations.csv"].append("L2,security,specialist,2025-05-05,")
    assert outcome(feed.import_(), "designations.csv") == (1, 0, 2)


class TestRoles:
    """The feed is heard when it says something new; what people decided in the portal stands."""

    def test_a_new_scope_ends_the_old_role_and_keeps_it_as_history(self, feed: FeedFiles) -> None:
        feed.import_()
        feed.replace("users.csv", 3, "L1;L2", "L2")
        feed.import_()

        held = RoleAssignment.objects.filter(membership__user__email="ines@norrsken.example").order_by("ended_at")
        assert [(role.ended_at is None, sorted(place.mpn_id for place in role.locations.all())) for role in held] == [
            (False, ["L1", "L2"]),
            (True, ["L2"]),
        ]
        assert AuditEntry.objects.filter(act="role_changed").count() == 1

    def test_a_new_role_takes_the_place_of_the_one_before(self, feed: FeedFiles) -> None:
        feed.import_()
        feed.replace("users.csv", 3, "incentives_admin", "incentives_user")
        feed.import_()

        assert list(_roles("ines@norrsken.example")) == ["incentives_user"]
        assert AuditEntry.objects.filter(act="role_ended", object_name="incentives_admin").count() == 1

    def test_a_role_that_an_admin_gave_stays(self, feed: FeedFiles) -> None:
        feed.import_()
        gunnar = User.objects.get(email="gunnar@norrsken.example")
        RoleAssignment.objects.filter(membership__user__email="ines@norrsken.example").update(granted_by=gunnar, origin="hand")
        feed.replace("users.csv", 3, "incentives_admin", "incentives_user")
        feed.import_()

        assert sorted(_roles("ines@norrsken.example")) == ["incentives_admin", "incentives_user"]

    def test_a_role_that_an_admin_ended_does_not_come_back(self, feed: FeedFiles) -> None:
        feed.import_()
        role = RoleAssignment.objects.get(membership__user__email="ines@norrsken.example")
        RoleAssignment.objects.filter(pk=role.pk).update(ended_at=role.granted_at)

        assert outcome(feed.import_(), "users.csv") == (0, 0, 3)
        assert not _roles("ines@norrsken.example")

    @pytest.mark.rule("ACC-4")
    def test_the_last_global_admin_is_not_demoted(self, feed: FeedFiles) -> None:
        feed.import_()
        before = contents()
        feed.replace("users.csv", 2, "global_admin", "account_admin")

        assert feed.errors() == [("users.csv", 2, "role")]
        assert contents() == before

    @pytest.mark.rule("ACC-4")
    def test_a_global_admin_with_a_successor_in_the_feed_is_demoted(self, feed: FeedFiles) -> None:
        feed.import_()
        feed.replace("users.csv", 2, "global_admin", "account_admin")
        feed.lines["users.csv"].append("astrid@norrsken.example,Astrid Holm,P1,global_admin,,sv")

        assert outcome(feed.import_(), "users.csv") == (1, 1, 2)

    def test_who_is_suspended_gets_no_role(self, feed: FeedFiles) -> None:
        feed.import_()
        Membership.objects.filter(user__email="ines@norrsken.example").update(suspended_at=clock.now())
        feed.replace("users.csv", 3, "incentives_admin", "incentives_user")

        assert outcome(feed.import_(), "users.csv") == (0, 0, 3)

    @pytest.mark.rule("INV-2")
    def test_a_new_incentives_admin_gets_the_invitation_that_waits(self, feed: FeedFiles) -> None:
        ines = feed.lines["users.csv"].pop(2)
        feed.programs[0] |= {"fiscal_years": [str(FiscalYear.of(clock.today()))]}
        del feed.programs[0]["enrollment_window"]
        feed.import_()
        call_command("evaluate_eligibility", "--json")
        invite_due(by=SYSTEM)
        feed.lines["users.csv"].append(ines)
        feed.import_()

        assert Notice.objects.filter(user__email="ines@norrsken.example", kind=Notice.Kind.INVITATION).count() == 1

    def test_the_language_is_the_persons_own_choice_from_then_on(self, feed: FeedFiles) -> None:
        feed.import_()
        User.objects.filter(email="gunnar@norrsken.example").update(language="en")

        assert outcome(feed.import_(), "users.csv") == (0, 0, 3)
        assert User.objects.get(email="gunnar@norrsken.example").language == "en"


def _roles(email: str) -> list[str]:
    return list(RoleAssignment.objects.filter(membership__user__email=email, ended_at=None).values_list("role", flat=True))


class TestPrograms:
    @pytest.mark.rule("ELI-2")
    def test_other_requirements_are_a_new_version_of_the_rule(self, feed: FeedFiles) -> None:
        feed.import_()
        feed.programs[0]["eligibility"][1]["any_of"].pop()
        assert outcome(feed.import_(), "programs.json") == (0, 1, 1)

        program = Program.objects.get(code="RESELL")
        assert program.rule_version == 2 and program.groups.last().items.count() == 2

    def test_other_texts_are_no_new_version(self, feed: FeedFiles) -> None:
        feed.import_()
        feed.programs[0]["name"]["sv"] = "Återförsäljning"
        feed.programs[0]["description"] = {"en": "Pays resellers.", "sv": "Betalar återförsäljare."}
        assert outcome(feed.import_(), "programs.json") == (0, 1, 1)
        assert Program.objects.get(code="RESELL").rule_version == 1

        del feed.programs[0]["description"]
        assert outcome(feed.import_(), "programs.json") == (0, 0, 2), "what the feed does not speak of stays"

    def test_a_changed_offer_reaches_the_enrollments_at_once(self, feed: FeedFiles) -> None:
        feed.import_()
        open_year(fiscal_year=FiscalYear(2027), by=SYSTEM)
        assert set(Enrollment.objects.filter(program__code="OPEN").values_list("reason", flat=True)) != {Reason.DISCONTINUED}
        feed.programs[1]["discontinued_on"] = "2020-06-30"
        feed.import_()

        assert set(Enrollment.objects.filter(program__code="OPEN").values_list("status", "reason")) == {
            ("discontinued", "discontinued")
        }

    def test_a_program_without_a_window_any_more_is_open_throughout(self, feed: FeedFiles) -> None:
        feed.import_()
        del feed.programs[0]["enrollment_window"]
        assert outcome(feed.import_(), "programs.json") == (0, 1, 1)
        assert not Program.objects.get(code="RESELL").offers.exclude(opens_on=None).exists()


CELL_FAULTS = [
    ("partners.csv", 2, "P1", "", "pga_id"),
    ("partners.csv", 2, "P1", "P 1", "pga_id"),
    ("partners.csv", 2, "P1", "P" * 21, "pga_id"),
    ("partners.csv", 3, '"Brandt, Systeme GmbH"', "", "legal_name"),
    ("partners.csv", 3, '"Brandt, Systeme GmbH"', "B" * 201, "legal_name"),
    ("partners.csv", 2, "SE", "XX", "country"),
    ("partners.csv", 2, "SE", "Sverige", "country"),
    ("partners.csv", 2, "sv", "de", "language"),
    ("partners.csv", 2, "2021-03-01", "2021-02-29", "membership_migrated_on"),
    ("partners.csv", 2, "2021-03-01", "01/03/2021", "membership_migrated_on"),
    ("partners.csv", 2, "2021-03-01", "20210301", "membership_migrated_on"),
    ("partners.csv", 2, "info@norrsken.example", "info at norrsken", "contact_email"),
    ("partners.csv", 2, "Norrsken Data AB", "Norrsken\tData", "legal_name"),
    ("partners.csv", 2, "Norrsken Data AB", "Norrsken\0Data", "legal_name"),
    ("partners.csv", 2, "Norrsken Data AB", '"Norrsken\nData"', "legal_name"),
    ("locations.csv", 2, "true", "yes", "membership_active"),
    ("locations.csv", 2, "true", "", "membership_active"),
    ("locations.csv", 2, "Göteborg,SE", "G" * 101 + ",SE", "city"),
    ("locations.csv", 2, "P1", "P9", "pga_id"),
    ("agreements.csv", 2, "P1", "P9", "pga_id"),
    ("agreements.csv", 3, "L3", "L9", "partner_id"),
    ("agreements.csv", 3, "L3", "L1", "partner_id"),
    ("agreements.csv", 3, "2024-01-01", "", "signed_on"),
    ("agreements.csv", 3, "2030-06-30", "2023-12-31", "ends_on"),
    ("agreements.csv", 3, "hosting-agreement", "h" * 61, "agreement"),
    ("designations.csv", 2, "L1", "L9", "partner_id"),
    ("designations.csv", 2, "2030-01-01", "2023-01-01", "expires_on"),
    ("designations.csv", 2, "specialist", "", "level"),
    ("users.csv", 3, "ines@norrsken.example", "ines", "email"),
    ("users.csv", 3, "P1", "P9", "pga_id"),
    ("users.csv", 3, "incentives_admin", "boss", "role"),
    ("users.csv", 3, "L1;L2", "L1;L9", "partner_ids"),
    ("users.csv", 3, "L1;L2", "L1;L3", "partner_ids"),
    ("users.csv", 3, "L1;L2", "L1;;L2", "partner_ids"),
    ("users.csv", 2, "global_admin,", "global_admin,L1", "partner_ids"),
]


@pytest.mark.parametrize(("file", "row", "old", "new", "column"), CELL_FAULTS)
def test_a_wrong_cell_is_named_and_nothing_comes_in(feed: FeedFiles, file: str, row: int, old: str, new: str, column: str) -> None:
    feed.replace(file, row, old, new)
    errors = feed.import_()["errors"]

    assert (file, row, column) in [(error["file"], error["row"], error["column"]) for error in errors]
    assert all(error["message"] for error in errors)
    assert not Partner.objects.exists() and not User.objects.exists() and not Program.objects.exists()


@pytest.mark.parametrize(
    ("file", "again", "column"),
    [
        ("partners.csv", "P1,Another AB,SE,sv,,", "pga_id"),
        ("locations.csv", "L1,P1,Another,Umeå,SE,true", "partner_id"),
        ("agreements.csv", "P1,,reseller-agreement,2024-01-01,2025-01-01", "pga_id"),
        ("designations.csv", "L1,security,specialist,2024-01-01,", "partner_id"),
        ("users.csv", "INES@norrsken.example,Ines,P1,incentives_user,,en", "email"),
    ],
)
def test_a_repeated_key_is_named_with_the_row_that_has_it_first(feed: FeedFiles, file: str, again: str, column: str) -> None:
    feed.lines[file].append(again)
    (error,) = feed.import_()["errors"]

    first = 3 if file == "users.csv" else 2
    assert (error["file"], error["row"], error["column"]) == (file, len(feed.lines[file]), column)
    assert f"row {first}" in error["message"]


def _header(file: str, old: str, new: str) -> Spoil:
    return lambda feed: feed.replace(file, 1, old, new)


@pytest.mark.parametrize(
    ("spoil", "expected", "says"),
    [
        (_header("partners.csv", ",country", ",land"), [("partners.csv", 1, "country"), ("partners.csv", 1, "land")], "missing"),
        (_header("locations.csv", ",city", ",city,street"), [("locations.csv", 1, "street")], "unknown"),
        (_header("locations.csv", ",city", ",city,city"), [("locations.csv", 1, "city")], "twice"),
        (
            _header("users.csv", "email,name,pga_id,role,partner_ids,language", "email;name;pga_id;role"),
            [("users.csv", 1, "")],
            "comma",
        ),
        (lambda feed: feed.lines["designations.csv"].clear(), [("designations.csv", None, "")], "empty"),
        (lambda feed: feed.replace("agreements.csv", 2, "2024-01-01,", "2024-01-01"), [("agreements.csv", 2, "")], "4 cells"),
        (lambda feed: feed.replace("agreements.csv", 2, "2024-01-01,", "2024-01-01,,,"), [("agreements.csv", 2, "")], "7 cells"),
        (lambda feed: feed.replace("partners.csv", 3, 'GmbH"', 'GmbH"x'), [("partners.csv", 3, "")], "CSV"),
    ],
)
def test_a_wrong_shape_is_named(feed: FeedFiles, spoil: Spoil, expected: list[tuple[str, int | None, str]], says: str) -> None:
    spoil(feed)
    errors = feed.import_()["errors"]

    found = [(error["file"], error["row"], error["column"]) for error in errors]
    assert set(expected) <= set(found)
    assert says in " ".join(error["message"] for error in errors)
    assert not Partner.objects.exists()


def test_a_file_that_is_not_utf8_is_named_by_row_and_column(feed: FeedFiles) -> None:
    feed.write()
    feed.write_bytes("locations.csv", "\n".join(feed.lines["locations.csv"]).encode("latin-1"))
    errors = feed.import_as_it_is()["errors"]

    assert {(error["row"], error["column"]) for error in errors} == {
        (2, "name"),
        (2, "city"),
        (3, "name"),
        (3, "city"),
        (4, "name"),
        (4, "city"),
    }
    assert all("UTF-8" in error["message"] for error in errors)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_file_in_another_unicode_is_named(feed: FeedFiles, encoding: str) -> None:
    feed.write()
    feed.write_bytes("locations.csv", "\n".join(feed.lines["locations.csv"]).encode(encoding))

    assert [error["file"] for error in feed.import_as_it_is()["errors"]] == ["locations.csv"], "and nothing else is blamed"


def test_what_spreadsheets_write_is_taken(feed: FeedFiles) -> None:
    feed.write()
    lines = [line.replace(",true", ",TRUE").replace(",false", ",FALSE") for line in feed.lines["locations.csv"]]
    feed.write_bytes("locations.csv", codecs.BOM_UTF8 + ("\r\n".join(lines) + "\r\n\r\n").encode())
    columns = [line.split(",") for line in feed.lines["designations.csv"]]
    feed.write_bytes("designations.csv", "\n".join(",".join(reversed(cells)) for cells in columns).encode())

    assert outcome(feed.import_as_it_is(), "locations.csv") == (3, 0, 0)


@pytest.mark.parametrize("file", ["partners.csv", "locations.csv"])
def test_a_file_that_must_be_there_is_missed_and_nothing_else_is_blamed(feed: FeedFiles, tmp_path: Path, file: str) -> None:
    feed.write()
    (tmp_path / file).unlink()
    (error,) = feed.import_as_it_is()["errors"]

    assert (error["file"], error["row"]) == (file, None) and "missing" in error["message"]


def test_a_location_cannot_move_to_another_partner(feed: FeedFiles) -> None:
    feed.import_()
    feed.replace("locations.csv", 4, "P2", "P1")
    feed.lines["agreements.csv"].pop()

    assert feed.errors() == [("locations.csv", 4, "pga_id")]
    assert Location.objects.get(mpn_id="L3").partner.pga_id == "P2"


PROGRAM_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"code": "with space"}, "code"),
    ({"code": 7}, "code"),
    ({"code": "OPEN"}, "code"),
    ({"name": {"en": "Only"}}, "name.sv"),
    ({"name": "Reseller"}, "name"),
    ({"name": {"en": "A", "sv": "\ud800"}}, "name.sv"),
    ({"description": {"en": "x", "sv": ""}}, "description.sv"),
    ({"paying_entity": ""}, "paying_entity"),
    ({"currencies": []}, "currencies"),
    ({"currencies": ["EUR", "EURO"]}, "currencies[1]"),
    ({"currencies": ["EUR", "EUR"]}, "currencies[1]"),
    ({"payment_methods": ["cash"]}, "payment_methods[0]"),
    ({"fiscal_years": ["27/28"]}, "fiscal_years[0]"),
    ({"fiscal_years": [2027]}, "fiscal_years[0]"),
    ({"fiscal_years": ["1999"]}, "fiscal_years[0]"),
    ({"level": "country"}, "level"),
    ({"open_to_all": True}, "eligibility"),
    ({"open_to_all": "yes"}, "open_to_all"),
    ({"enrollment_window": ["2026-10-01"]}, "enrollment_window"),
    ({"enrollment_window": ["2026-10-01", "2026-09-01"]}, "enrollment_window"),
    ({"enrollment_window": ["2029-10-01", "2029-11-01"]}, "enrollment_window"),
    ({"enrollment_window": ["2026-13-01", "2026-11-01"]}, "enrollment_window[0]"),
    ({"response_days": 0}, "response_days"),
    ({"response_days": True}, "response_days"),
    ({"discontinued_on": "30 June"}, "discontinued_on"),
    ({"enrolment_window": None}, "enrolment_window"),
    ({"eligibility": []}, "eligibility"),
    ({"eligibility": [{"title": {"en": "A", "sv": "B"}, "any_of": []}]}, "eligibility[0].any_of"),
    ({"eligibility": [{"title": {"en": "A"}, "any_of": [{"kind": "active_membership"}]}]}, "eligibility[0].title.sv"),
    ({"eligibility": [{"title": {"en": "A", "sv": "B"}, "any_of": [{"kind": "luck"}]}]}, "eligibility[0].any_of[0].kind"),
    ({"eligibility": [{"title": {"en": "A", "sv": "B"}, "any_of": [{"kind": []}]}]}, "eligibility[0].any_of[0].kind"),
    ({"eligibility": [{"title": {"en": "A", "sv": "B"}, "any_of": [{"kind": "agreement"}]}]}, "eligibility[0].any_of[0].agreement"),
    (
        {"eligibility": [{"title": {"en": "A", "sv": "B"}, "any_of": [{"kind": "country", "countries": ["SE", "EU"]}]}]},
        "eligibility[0].any_of[0].countries[1]",
    ),
    (
        {
            "eligibility": [
                {
                    "title": {"en": "A", "sv": "B"},
                    "any_of": [{"kind": "designation", "designation": "x", "level": "y", "held_by": "anybody"}],
                }
            ]
        },
        "eligibility[0].any_of[0].held_by",
    ),
]


@pytest.mark.parametrize(("changes", "column"), PROGRAM_FAULTS)
@pytest.mark.rule("PRG-1")
def test_a_wrong_program_is_named_by_its_place(feed: FeedFiles, changes: dict[str, Any], column: str) -> None:
    feed.write()
    feed.programs.reverse()
    feed.programs[1] |= changes
    feed.write_bytes("programs.json", json.dumps(feed.programs, indent=1).encode())
    errors = feed.import_as_it_is()["errors"]
    first_line = json.dumps(feed.programs, indent=1).splitlines().index(" {", 2) + 1

    assert column in [error["column"] for error in errors]
    assert {(error["file"], error["row"]) for error in errors} == {("programs.json", first_line)}
    assert not Program.objects.exists() and not Partner.objects.exists()


@pytest.mark.parametrize(
    "name", ["code", "name", "paying_entity", "currencies", "payment_methods", "fiscal_years", "level", "eligibility"]
)
def test_a_program_that_says_too_little_is_named(feed: FeedFiles, name: str) -> None:
    del feed.programs[0][name]

    assert feed.errors() == [("programs.json", 2, name)] or (name == "fiscal_years" and ("programs.json", 2, name) in feed.errors())


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (b'[\n {"code": "A",}\n]', 2),
        (b"", 1),
        (b"{}", 1),
        (b"[1, 2", 1),
        (b"[] []", 1),
        (b"[\n\n7]", 3),
        ('[\n {"code": "Åre"}]'.encode("latin-1"), 2),
        (b"[" * 100_000, 1),
    ],
)
def test_programs_that_are_no_json_list_are_named_by_row(feed: FeedFiles, content: bytes, row: int) -> None:
    feed.write()
    feed.write_bytes("programs.json", content)
    errors = feed.import_as_it_is()["errors"]

    assert {error["file"] for error in errors} == {"programs.json"}
    assert errors[0]["row"] in {row, None}
    assert not Partner.objects.exists()


def test_every_fault_of_every_file_stands_in_one_report(feed: FeedFiles) -> None:
    feed.import_()
    before = contents()
    feed.replace("partners.csv", 2, "SE", "XX")
    feed.replace("partners.csv", 2, "2021-03-01", "someday")
    feed.lines["partners.csv"].append("P1,Again AB,SE,sv,,")
    feed.replace("locations.csv", 3, "P1", "P9")
    feed.replace("agreements.csv", 3, "2030-06-30", "2020-06-30")
    feed.replace("designations.csv", 2, "L1", "L9")
    feed.replace("users.csv", 4, "incentives_admin", "king")
    feed.programs[1]["currencies"] = ["DOLLAR"]

    assert feed.errors() == [
        ("agreements.csv", 3, "ends_on"),
        ("designations.csv", 2, "partner_id"),
        ("locations.csv", 3, "pga_id"),
        ("partners.csv", 2, "country"),
        ("partners.csv", 2, "membership_migrated_on"),
        ("partners.csv", 4, "pga_id"),
        ("programs.json", 65, "currencies[0]"),
        ("users.csv", 4, "role"),
    ]
    assert contents() == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(feed: FeedFiles) -> None:
    result = feed.import_("--dry-run")

    assert result["dry_run"] and outcome(result, "partners.csv") == (2, 0, 0)
    assert not Partner.objects.exists() and not User.objects.exists() and not Program.objects.exists()
    assert outcome(feed.import_(), "partners.csv") == (2, 0, 0)


def test_the_ledger_keeps_runs_and_refusals(feed: FeedFiles) -> None:
    feed.import_()
    feed.replace("partners.csv", 2, "SE", "XX")
    feed.import_()

    assert list(Run.objects.order_by("pk").values_list("command", "outcome")) == [
        ("import_feed", "done"),
        ("import_feed", "failed"),
    ]


def test_people_read_tables(feed: FeedFiles, capsys: pytest.CaptureFixture[str]) -> None:
    feed.write()
    call_command("import_feed", str(feed.folder))
    assert "users.csv" in capsys.readouterr().out
    feed.replace("partners.csv", 2, "SE", "[bold]X")
    feed.write()
    with pytest.raises(CommandError, match=r"1 error in the feed\. Nothing was imported"):
        call_command("import_feed", str(feed.folder))
    assert "[bold]X" in capsys.readouterr().out


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no folder"):
        call_command("import_feed", str(tmp_path / "nowhere"))


class TestLarge:
    """A hundred thousand rows: in time, in memory that does not grow, and with every fault counted."""

    NUMBER = 100_000

    def _locations(self, feed: FeedFiles, ending: str) -> None:
        feed.lines["locations.csv"][4:] = [f"X{number},P1,Kontor {number},Umeå,SE,{ending}" for number in range(self.NUMBER)]

    def test_they_come_in_and_once_more_change_nothing(self, feed: FeedFiles) -> None:
        self._locations(feed, "true")
        begun = time.monotonic()
        assert outcome(feed.import_(), "locations.csv") == (self.NUMBER + 3, 0, 0)
        assert outcome(feed.import_(), "locations.csv") == (0, 0, self.NUMBER + 3)
        assert time.monotonic() - begun < 60

    def test_all_faults_are_counted_and_the_first_are_listed(self, feed: FeedFiles) -> None:
        self._locations(feed, "perhaps")
        feed.replace("users.csv", 4, "incentives_admin", "king")
        result = feed.import_()

        assert result["error_count"] == self.NUMBER + 1
        listed = [error["file"] for error in result["errors"]]
        assert (listed.count("locations.csv"), listed.count("users.csv")) == (LISTED, 1)
        assert not Location.objects.exists()

    def test_reading_holds_no_more_than_a_row(self, feed: FeedFiles) -> None:
        self._locations(feed, "true")
        del feed.lines["locations.csv"][20_001:]
        feed.write()
        tracemalloc.start()
        try:
            number = sum(1 for _row in read(LOCATIONS, feed.folder / "locations.csv", Faults()))
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert number == 20_000 and peak < 300_000, "the file has a megabyte"
