"""The demonstration's own feed: whole, and with something to see for everybody."""

import csv
import json
from pathlib import Path

import pytest

from incentives_portal import demo
from incentives_portal.demo.cast import CAST

FEED = Path(demo.__file__).parent / "feed"


def rows(name: str) -> list[dict[str, str]]:
    with (FEED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_everything_refers_to_something_that_is_there() -> None:
    partners = {row["pga_id"] for row in rows("partners.csv")}
    partner_of = {row["partner_id"]: row["pga_id"] for row in rows("locations.csv")}
    assert set(partner_of.values()) == partners
    assert all(row["partner_id"] in partner_of for row in rows("designations.csv"))
    for row in rows("agreements.csv"):
        assert row["pga_id"] in partners and partner_of.get(row["partner_id"], row["pga_id"]) == row["pga_id"]
    for row in rows("users.csv"):
        listed = row["partner_ids"].split(";") if row["partner_ids"] else []
        assert all(partner_of[location] == row["pga_id"] for location in listed)


@pytest.mark.rule("ACC-4")
def test_every_partner_has_a_global_admin_and_everybody_is_made_up() -> None:
    users = rows("users.csv")
    assert {row["pga_id"] for row in users if row["role"] == "global_admin"} == {row["pga_id"] for row in rows("partners.csv")}
    assert all(row["email"].endswith(".example") for row in users)


def test_the_cast_is_in_the_feed_or_of_the_operator() -> None:
    known = {row["email"] for row in rows("users.csv")}
    assert all(figure.email in known or figure.email.endswith("@operator.example") for figure in CAST)


@pytest.mark.rule("ACC-2")
def test_some_location_has_no_incentives_admin() -> None:
    covered: set[str] = set()
    for row in rows("users.csv"):
        if row["role"] == "incentives_admin":
            own = [place["partner_id"] for place in rows("locations.csv") if place["pga_id"] == row["pga_id"]]
            covered.update(row["partner_ids"].split(";") if row["partner_ids"] else own)
    assert {row["partner_id"] for row in rows("locations.csv")} - covered


@pytest.mark.rule("PRG-1")
def test_the_programs_speak_both_languages_and_last_for_years() -> None:
    programs = json.loads((FEED / "programs.json").read_text(encoding="utf-8"))
    offered = [program for program in programs if "discontinued_on" not in program]
    assert len(programs) == 9 and all("FY31" in program["fiscal_years"] for program in offered)
    for program in programs:
        assert program["name"]["en"] and program["name"]["sv"] and program["description"]["en"] and program["description"]["sv"]
        assert ("eligibility" in program) != bool(program.get("open_to_all"))
