"""Counts eligible locations from the files of a feed alone: no database, and nothing of the portal's own code."""

import csv
import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def count(folder: Path, day: str) -> dict[str, dict[str, int]]:
    """Per program code the locations evaluated and eligible on `day` (ISO text, compared as text)."""
    partners = {row["pga_id"]: row for row in _rows(folder / "partners.csv")}
    locations = _rows(folder / "locations.csv")
    owners = {row["partner_id"]: row["pga_id"] for row in locations}
    agreements, designations = _rows(folder / "agreements.csv"), _rows(folder / "designations.csv")

    def lasts(first: str, last: str) -> bool:
        return first <= day and (not last or last >= day)

    def is_met(item: Row, place: Row) -> bool:
        kind = item["kind"]
        if kind == "active_membership":
            return bool(place["membership_active"] == "true")
        if kind == "membership_migrated":
            return "" < partners[place["pga_id"]]["membership_migrated_on"] <= day
        if kind == "country":
            return place["country"] in item["countries"]
        if kind == "agreement":
            mine = [a for a in agreements if a["pga_id"] == place["pga_id"] and a["partner_id"] in ("", place["partner_id"])]
            return any(a["agreement"] == item["agreement"] and lasts(a["signed_on"], a["ends_on"]) for a in mine)
        assert kind == "designation"
        if item.get("held_by") == "any_location":
            held = [d for d in designations if owners[d["partner_id"]] == place["pga_id"]]
        else:
            held = [d for d in designations if d["partner_id"] == place["partner_id"]]
        return any(
            (d["designation"], d["level"]) == (item["designation"], item["level"]) and lasts(d["awarded_on"], d["expires_on"])
            for d in held
        )

    result = {}
    for program in json.loads((folder / "programs.json").read_text(encoding="utf-8")):
        groups = program.get("eligibility", [])
        eligible = sum(all(any(is_met(item, place) for item in group["any_of"]) for group in groups) for place in locations)
        result[program["code"]] = {"evaluated": len(locations), "eligible": eligible}
    return result


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
