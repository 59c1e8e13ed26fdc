"""A small feed on disk that a test can spoil: two partners, three locations, three people, two programs."""

import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

SHEETS: dict[str, list[str]] = {
    "partners.csv": [
        "pga_id,legal_name,country,language,membership_migrated_on,contact_email",
        "P1,Norrsken Data AB,SE,sv,2021-03-01,info@norrsken.example",
        'P2,"Brandt, Systeme GmbH",DE,en,,',
    ],
    "locations.csv": [
        "partner_id,pga_id,name,city,country,membership_active",
        "L1,P1,Norrsken Göteborg,Göteborg,SE,true",
        "L2,P1,Norrsken Umeå,Umeå,SE,false",
        "L3,P2,Brandt Köln,Köln,DE,true",
    ],
    "agreements.csv": [
        "pga_id,partner_id,agreement,signed_on,ends_on",
        "P1,,reseller-agreement,2024-01-01,",
        "P2,L3,hosting-agreement,2024-01-01,2030-06-30",
    ],
    "designations.csv": [
        "partner_id,designation,level,awarded_on,expires_on",
        "L1,security,specialist,2024-01-01,2030-01-01",
        "L3,modern-work,solutions-partner,2024-01-01,",
    ],
    "users.csv": [
        "email,name,pga_id,role,partner_ids,language",
        "Gunnar@Norrsken.example,Gunnar Lind,P1,global_admin,,sv",
        "ines@norrsken.example,Ines Duarte,P1,incentives_admin,L1;L2,en",
        "otto@brandt.example,Otto Brandt,P2,incentives_admin,,en",
    ],
}
PROGRAMS: list[dict[str, Any]] = [
    {
        "code": "RESELL",
        "name": {"en": "Reseller", "sv": "Återförsäljare"},
        "paying_entity": "Northwind Ireland Operations Ltd",
        "currencies": ["SEK", "EUR"],
        "payment_methods": ["bank_transfer", "credit_note"],
        "fiscal_years": ["FY26", "FY27"],
        "level": "location",
        "eligibility": [
            {"title": {"en": "Active membership", "sv": "Aktivt medlemskap"}, "any_of": [{"kind": "active_membership"}]},
            {
                "title": {"en": "Proof", "sv": "Bevis"},
                "any_of": [
                    {"kind": "agreement", "agreement": "reseller-agreement"},
                    {"kind": "designation", "designation": "modern-work", "level": "solutions-partner", "held_by": "any_location"},
                    {"kind": "country", "countries": ["NO"]},
                ],
            },
        ],
        "enrollment_window": ["2026-09-01", "2026-10-31"],
        "response_days": 30,
    },
    {
        "code": "OPEN",
        "name": {"en": "For everybody", "sv": "För alla"},
        "paying_entity": "Northwind Corporation",
        "currencies": ["USD"],
        "payment_methods": ["bank_transfer"],
        "fiscal_years": ["FY27"],
        "level": "location",
        "open_to_all": True,
    },
]


class FeedFiles:
    """The folder of a feed. `lines` and `programs` are changed by the test, then `write` puts them on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines = {file: list(lines) for file, lines in SHEETS.items()}
        self.programs = copy.deepcopy(PROGRAMS)

    def replace(self, file: str, row: int, old: str, new: str) -> None:
        """Changes a text in a line; the header is row 1."""
        line = self.lines[file][row - 1]
        assert old in line
        self.lines[file][row - 1] = line.replace(old, new, 1)

    def write(self) -> None:
        for file, lines in self.lines.items():
            (self.folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.folder / "programs.json").write_text(json.dumps(self.programs, ensure_ascii=False, indent=1), encoding="utf-8")

    def write_bytes(self, file: str, content: bytes) -> None:
        (self.folder / file).write_bytes(content)

    def import_(self, *options: str) -> dict[str, Any]:
        """Writes the files and runs the command; its `--json` with the exit code added."""
        self.write()
        return self.import_as_it_is(*options)

    def import_as_it_is(self, *options: str) -> dict[str, Any]:
        result = answer("import_feed", str(self.folder), *options)
        assert result["exit"] == (3 if result["error_count"] else 0)
        return result

    def errors(self) -> list[tuple[str, int | None, str]]:
        """File, row and column of every fault."""
        return [(error["file"], error["row"], error["column"]) for error in self.import_()["errors"]]


def answer(command: str, *arguments: str) -> dict[str, Any]:
    """What a command prints with `--json`; `exit` is its exit code."""
    out = io.StringIO()
    code = 0
    try:
        call_command(command, *arguments, "--json", stdout=out)
    except CommandError as refused:
        code = refused.returncode
    result: dict[str, Any] = json.loads(out.getvalue())
    return result | {"exit": code}


def outcome(result: dict[str, Any], file: str) -> tuple[int, int, int]:
    """Created, updated and unchanged rows of a file."""
    counts = result["files"][file]
    assert counts["rows"] == counts["created"] + counts["updated"] + counts["unchanged"]
    return counts["created"], counts["updated"], counts["unchanged"]


Spoil = Callable[[FeedFiles], None]
