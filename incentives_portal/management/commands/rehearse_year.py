import time
from typing import Any

from django.core.management.base import CommandParser

from incentives_portal.core import waking
from incentives_portal.core.commands import PortalCommand, UsageError
from incentives_portal.rehearsal.database import of_its_own
from incentives_portal.rehearsal.year import Year


class Command(PortalCommand):
    help = (
        "Rehearses a whole fiscal year on made-up data under a moved clock (rule OPS-2): nine programs, evaluated, invited, answered, "
        "validated, planned, approved, applied, and the next year begun. At every stop the numbers are compared with independent "
        "counts, and every stored status with its facts; exit code 3 where any differ. Works in a database of its own, which it "
        "makes beside the portal's and drops afterwards; the portal's own is never touched."
    )
    exclusive = False  # each in its own database

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--locations", type=int, default=1000, metavar="N", help="how many locations (default: 1000)")
        parser.add_argument(
            "--one-by-one", type=int, default=100, metavar="N", help="so many answers go the way of the pages (default: 100)"
        )
        parser.add_argument("--keep", action="store_true", help="keep the database, to look at")

    def run(self, **options: Any) -> dict[str, Any]:
        if options["locations"] < 1:
            raise UsageError("--locations wants a number above zero.")
        begun = time.monotonic()
        with of_its_own(keep=options["keep"]) as name, waking.nobody():
            year = Year(locations=options["locations"], one_by_one=options["one_by_one"], progress=self.progress)
            stops = year.rehearse()
        return {
            "locations": options["locations"],
            "fiscal_year": str(year.year),
            "database": name if options["keep"] else None,
            "seconds": round(time.monotonic() - begun, 1),
            "differences": sum(not one.agrees for stop in stops for one in stop.compared),
            "stops": [stop.as_json() for stop in stops],
        }

    def show(self, result: dict[str, Any]) -> None:
        for stop in result["stops"]:
            self.stdout.write(f"{stop['clock']}  {stop['name']:<22}{stop['seconds']:>9.1f} s  {_told(stop['did'])}")
            for one in stop["compared"]:
                if not one["agrees"]:
                    self.stdout.write(f"    {one['what']}: {one['portal']}, and must be {one['expected']}")
        compared = sum(len(stop["compared"]) for stop in result["stops"])
        self.stdout.write(
            f"{result['fiscal_year']} with {result['locations']} locations: {compared} comparisons, {result['seconds']} s"
        )
        if result["database"]:
            self.stdout.write(f"Kept: {result['database']}")

    def complaint(self, result: dict[str, Any]) -> str:
        return f"{result['differences']} numbers are not what they must be." if result["differences"] else ""


def _told(did: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in did.items())
