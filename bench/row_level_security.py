"""What the wall costs (docs/decisions/0006-the-database-belt.md): pages and queries with and without row-level security.

    python -m bench.row_level_security            # prints a table and the plans; needs `make setup` and five minutes

One throw-away PostgreSQL, one partner of 4,800 enrollments among 109,000. Without it, the policies are disabled and PostgreSQL
is told nothing. The two alternate; each figure is the median of the rounds, CPU in milliseconds of this process (Django) and
of its PostgreSQL backend, per request.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.portal import AS_TESTED, services

ROUNDS, REQUESTS = 9, 12
OTHER_PARTNERS, PLACES, PROGRAMS, BIG = 150, 58, 12, 400


def main() -> int:
    with services(throw_away=True) as own:
        os.environ.update(own.environment, ALLOWED_HOSTS="testserver", **AS_TESTED)
        import django

        django.setup()
        measure()
    return 0


def measure() -> None:
    from django.core.management import call_command

    from incentives_portal.core import database_roles

    call_command("migrate", verbosity=0)
    people = populate()
    with database_roles.as_owner():
        run("VACUUM ANALYZE")
    counts = {table: ask(f"SELECT count(*) FROM {table}") for table in ("enrollment_enrollment", "profiles_payoutprofileversion")}
    print(json.dumps(counts | {"postgresql": ask("SHOW server_version"), "python": sys.version.split()[0]}))
    cases = cases_of(people)
    figures: dict[str, dict[bool, list[tuple[float, float, float]]]] = {name: {False: [], True: []} for name in cases}
    for round_number in range(ROUNDS + 1):
        for walled in (False, True) if round_number % 2 else (True, False):
            with the_wall(walled):
                for name, case in cases.items():
                    taken = timed(case)
                    if round_number:  # the first round warms up
                        figures[name][walled].append(taken)
    show(figures)
    plans(people)


@contextmanager
def the_wall(up: bool) -> Iterator[None]:
    """The policies on or off, and PostgreSQL told who looks or not."""
    from django.db import connection

    from incentives_portal.core import database_roles

    with database_roles.as_owner():
        for table in ask("SELECT array_agg(polrelid::regclass::text) FROM pg_policy WHERE polname = 'wall'"):
            run(f"ALTER TABLE {table} {'ENABLE' if up else 'DISABLE'} ROW LEVEL SECURITY")
    run("SELECT 1")
    if up:
        yield
        return
    tell = connection._tell_first  # type: ignore[attr-defined]
    connection.execute_wrappers.remove(tell)
    try:
        yield
    finally:
        connection.execute_wrappers.append(tell)


def timed(case: Callable[[], None]) -> tuple[float, float, float]:
    """CPU of this process, CPU of the backend and time on the wall, in milliseconds per call."""
    backend = ask("SELECT pg_backend_pid()")
    case()
    before = time.process_time(), _cpu(backend), time.perf_counter()
    for _ in range(REQUESTS):
        case()
    after = time.process_time(), _cpu(backend), time.perf_counter()
    return tuple((b - a) * 1000 / REQUESTS for a, b in zip(before, after, strict=True))  # type: ignore[return-value]


def _cpu(pid: int) -> float:
    """Seconds that a process has run, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def cases_of(people: dict[str, Any]) -> dict[str, Callable[[], None]]:
    from django.db.models import Count
    from django.test import Client

    from accounts.actor import Actor, actor_for
    from accounts.middleware import seen_by
    from enrollment.models import Enrollment
    from enrollment.queries.overview import overview
    from enrollment.queries.wish import Wish
    from incentives_portal.core import wall
    from profiles.models import PayoutProfileVersion

    def page(person: str, address: str) -> Callable[[], None]:
        browser = Client()
        browser.force_login(people[person], backend="django.contrib.auth.backends.ModelBackend")

        def ask_for_it() -> None:
            response = browser.get(address)
            assert response.status_code == 200, response.status_code

        return ask_for_it

    def query(person: str, question: Callable[[Actor], Any]) -> Callable[[], None]:
        actor = actor_for(people[person])

        def ask_it() -> None:
            with wall.looking(seen_by(actor)):
                question(actor)

        return ask_it

    return {
        "signed-in page without such tables": page("ines", "/guide/"),
        "overview, 50 of 4,800 rows": page("ines", "/incentives/"),
        "overview, search": page("ines", "/incentives/?q=Kontor"),
        "overview, one location": page("lena", "/incentives/"),
        "payout and tax profiles": page("ines", "/profiles/"),
        "overview, operator, 109,000 rows": page("petra", "/incentives/"),
        "query: list and counts, 4,800 rows": query("ines", lambda a: overview(a, Wish.read({}, this_year=people["year"]))),
        "query: 4,800 rows by partner": query(
            "ines", lambda a: list(Enrollment.objects.filter(partner=a.partner).values_list("pk", "status"))
        ),
        "query: all versions of payout profiles": query(
            "ines", lambda a: list(PayoutProfileVersion.objects.filter(profile__partner=a.partner).values_list("pk", flat=True))
        ),
        "query: worker counts all by status": query(
            "petra", lambda a: list(Enrollment.objects.values_list("status").annotate(n=Count("pk")))
        ),
        "query: worker locks 9,100 rows": query("petra", lambda a: locked()),
    }


def locked() -> None:
    """What a sweep does first: a program's rows, locked in the order of their ids."""
    from django.db import transaction

    from enrollment.models import Enrollment

    with transaction.atomic():
        list(Enrollment.objects.filter(program__code="PROG0").select_for_update(of=("self",)).order_by("pk").values_list("pk"))


def populate() -> dict[str, Any]:
    """A partner of 400 locations whose statuses are derived as ever, and 150 others filled in with SQL."""
    from django.conf import settings

    from accounts.models import Location, Partner
    from accounts.roles import OperatorRole
    from enrollment.services.invitations import invite_due
    from enrollment.services.opening import open_year
    from incentives_portal.core import clock
    from incentives_portal.core.audit import SYSTEM
    from incentives_portal.core.fiscal import FiscalYear
    from profiles.services import payouts, taxes
    from profiles.services.taxes import Residence
    from tests import factories as make

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    year = FiscalYear.of(clock.today())
    for _ in range(PROGRAMS):
        make.ProgramFactory.create()
    others = make.PartnerFactory.create_batch(OTHER_PARTNERS)
    places = [make.LocationFactory.build(partner=partner) for partner in others for _ in range(PLACES)]
    Location.objects.bulk_create(places)
    run(
        "INSERT INTO enrollment_enrollment (id, partner_id, location_id, program_id, fiscal_year, currency, end_reason, status, reason,"
        " requirements) SELECT gen_random_uuid(), l.partner_id, l.id, p.id, %s, '', '', 'inactive', 'not_eligible', '[]'"
        " FROM accounts_location l, enrollment_program p",
        [year.ends_in],
    )
    partner: Partner = make.PartnerFactory.create(legal_name="Norrsken Data AB")
    Location.objects.bulk_create(make.LocationFactory.build(partner=partner, membership_active=n % 3 > 0) for n in range(BIG))
    own = list(Location.objects.filter(partner=partner))
    ines = make.person("Ines Duarte", partner, make.INCENTIVES_ADMIN)
    lena = make.person("Lena Dahl", partner, make.INCENTIVES_ADMIN, own[0])
    open_year(fiscal_year=year, by=SYSTEM)
    invite_due(by=SYSTEM)
    for owner, places_of_it, person in ((partner, own[:100], ines), *((one, places[:2], ines) for one in others[:40])):
        for n in range(60 if owner == partner else 5):
            payouts.create(
                partner=owner,
                name=f"Account {n}",
                payment_method="bank_transfer",
                bank_country="SE",
                account_holder="Norrsken Data AB",
                identifiers={"iban": "SE4550000000058398257466"},
                by=person,
            )
        if owner == partner:
            home = Residence("Norrsken Data AB", "Storgatan 1", "Göteborg", "SE", "company", "411 01")
            for place in places_of_it:
                taxes.create(location=place, name="Norrsken", residence=home, identifiers={"orgnr": "5560125790"}, by=person)
    return {"ines": ines, "lena": lena, "petra": make.operator("Petra Wall", OperatorRole.PROGRAM_MANAGER), "year": year}


def show(figures: dict[str, dict[bool, list[tuple[float, float, float]]]]) -> None:
    print("| milliseconds per call | Django CPU | with | PostgreSQL CPU | with | both | wall | with |")
    print("|---|---|---|---|---|---|---|---|")
    for name, found in figures.items():
        off, on = ([statistics.median(one[i] for one in found[walled]) for i in range(3)] for walled in (False, True))
        both = (on[0] + on[1]) / (off[0] + off[1]) - 1
        print(
            f"| {name} | {off[0]:.2f} | {on[0]:.2f} | {off[1]:.2f} | {on[1]:.2f} | {both:+.1%} | {off[2]:.2f} | {on[2]:.2f} |",
            flush=True,
        )


def plans(people: dict[str, Any]) -> None:
    """The plans of the list's query, for a partner and for the operator, without and with the wall."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from accounts.actor import actor_for
    from accounts.middleware import seen_by
    from enrollment.queries.overview import overview
    from enrollment.queries.wish import Wish
    from incentives_portal.core import wall

    for person in ("ines", "petra"):
        actor = actor_for(people[person])
        for walled in (False, True):
            with the_wall(walled), wall.looking(seen_by(actor)):
                with CaptureQueriesContext(connection) as captured:
                    list(overview(actor, Wish.read({}, this_year=people["year"])).page)
                print(f"\n--- the list's page for {person}, {'with' if walled else 'without'} the wall")
                with connection.cursor() as cursor:
                    sql = captured.captured_queries[-1]["sql"].replace("%", "%%")
                    cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF) {sql}", [])
                    print("\n".join(line[:160] for (line,) in cursor.fetchall()))


def run(sql: str, parameters: Any = None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def ask(sql: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


if __name__ == "__main__":
    sys.exit(main())
