"""A partner's admins read and export their part of the audit log, and nobody else's (rule OPS-3)."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import Location, Membership, Partner, RoleAssignment, User
from accounts.services import people, roles
from incentives_portal.core import audit, clock, request_ids
from incentives_portal.core.models import AuditEntry
from profiles.services import payouts
from tests import factories as make

As = Callable[[User], Client]
pytestmark = pytest.mark.rule("OPS-3")
IBAN, NEW_IBAN = make.GOOD_IBANS[:2]


def titles(response: Any) -> list[str]:
    return [line.title for line in response.context["lines"]]


def read_csv(response: Any) -> list[list[str]]:
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


@pytest.fixture
def happened(partner: Partner, location: Location, gunnar: User, ines: User, rita: User) -> None:
    """A little of everything."""
    member = people.add_member(partner=partner, email="nora@norrsken.example", name="Nora Ny", language="sv", by=gunnar)
    roles.assign(membership=member, role="incentives_user", entire_organization=True, by=gunnar)
    roles.assign(
        membership=member,
        role="incentives_user",
        entire_organization=False,
        locations=[location],
        expires_on=clock.today(),
        by=gunnar,
    )
    profile = payouts.create(
        partner=partner,
        name="=Main",
        payment_method="bank_transfer",
        bank_country="SE",
        account_holder=partner.legal_name,
        identifiers={"iban": IBAN},
        by=ines,
    )
    audit.record("validation.claimed", profile, by=rita, partner_id=partner.pk)
    audit.record(
        "enrollment.ended",
        profile,
        by=audit.command("apply_rollover (petra)"),
        partner_id=partner.pk,
        after={"reason": "year_ended"},
    )
    audit.record("rollover.applied", partner, by=audit.SYSTEM)
    audit.record("something_new", profile, by=audit.By("directory", "Entra ID"), partner_id=partner.pk)


@pytest.mark.usefixtures("happened")
def test_admins_read_what_happened_in_words(as_: As, gunnar: User, astrid: User) -> None:
    for admin in (gunnar, astrid):
        page = as_(admin).get("/audit/")
        assert "The role Incentives user of nora@norrsken.example was changed" in titles(page)
        assert "nora@norrsken.example got the role Incentives user" in titles(page)
        assert "The payout profile =Main was created" in titles(page)
        assert "something new" in titles(page), "an act that nobody announced reads as it is called"


@pytest.mark.usefixtures("happened")
def test_in_swedish_too(as_: As, gunnar: User) -> None:
    User.objects.filter(pk=gunnar.pk).update(language="sv")
    gunnar.refresh_from_db()
    page = as_(gunnar).get("/audit/").content.decode()
    with translation.override("sv"):
        assert str(roles.PartnerRole.INCENTIVES_USER.label) in page


@pytest.mark.usefixtures("happened")
def test_before_and_after_can_be_compared(as_: As, gunnar: User, location: Location) -> None:
    page = as_(gunnar).get("/audit/?group=people")
    line = next(line for line in page.context["lines"] if line.entry.act == "role_changed")
    facts = {fact.label: (fact.before, fact.after, fact.changed) for fact in line.facts}
    assert facts["Entire organization"] == ("Yes", "No", True)
    assert facts["Locations"] == ("–", location.mpn_id, True)
    assert facts["Role"] == ("Incentives user", "Incentives user", False)
    assert "Member" not in facts
    assert "<del>Yes</del> → <ins>No</ins>" in page.content.decode()


@pytest.mark.usefixtures("happened")
def test_the_operators_people_go_by_the_operators_name(as_: As, gunnar: User, rita: User, settings: Any) -> None:
    client = as_(gunnar)
    page = client.get("/audit/")
    by = {line.entry.act: line.by for line in page.context["lines"]}
    assert by["validation.claimed"] == settings.OPERATOR_NAME
    assert by["enrollment.ended"] == f"{settings.OPERATOR_NAME} · apply_rollover"
    assert by["something_new"] == "Directory: Entra ID"
    assert by["role_assigned"] == gunnar.name
    exported = str(read_csv(client.get("/audit/export/")))
    for text in (page.content.decode(), exported):
        assert rita.name not in text
        assert "petra" not in text
    for question in (f"text={rita.name}", f"who={rita.name}", "text=petra", "who=petra"):
        assert not titles(client.get(f"/audit/?{question}")), "nor can they be guessed by searching"


@pytest.mark.usefixtures("happened")
def test_who_left_keeps_their_name(as_: As, gunnar: User, ines: User) -> None:
    people.remove(membership=ines.memberships.get(), by=gunnar)
    lines = as_(gunnar).get("/audit/").context["lines"]
    assert {line.by for line in lines if line.entry.act == "payout_profile.created"} == {ines.name}


@pytest.mark.usefixtures("happened")
@pytest.mark.parametrize(
    ("query", "acts"),
    [
        ("group=profiles", {"payout_profile.created"}),
        ("group=people", {"member_added", "role_assigned", "role_changed"}),
        ("by=operator", {"validation.claimed", "enrollment.ended"}),
        ("by=directory", {"something_new"}),
        ("by=system", set()),
        ("by=people&group=profiles", {"payout_profile.created"}),
        ("who=GUNNAR", {"member_added", "role_assigned", "role_changed"}),
        ("who=ines", {"payout_profile.created"}),
        ("thing=accounts.membership", {"member_added"}),
        ("text=nora@norrsken", {"member_added", "role_assigned", "role_changed"}),
        ("text=%22year_ended%22", set()),
        ("text=year_ended", {"enrollment.ended"}),
        ("text=%25", set()),
        ("from_day=2999-01-01", None),
        ("to_day=2020-01-01", set()),
        ("from_day=2020-01-01&to_day=2199-12-31&group=profiles", {"payout_profile.created"}),
    ],
)
def test_filters(as_: As, gunnar: User, query: str, acts: set[str] | None) -> None:
    client = as_(gunnar)
    page = client.get(f"/audit/?{query}")
    if acts is None:
        assert page.status_code == 400
        return
    assert {line.entry.act for line in page.context["lines"]} == acts
    rows = read_csv(client.get(f"/audit/export/?{query}"))[1:]
    assert {row[2] for row in rows} == acts, "the export holds what the page shows"


@pytest.mark.parametrize("path", ["/audit/", "/audit/export/"])
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from_day=yesterday", "This is no day. Write it like 2026-07-01."),
        ("to_day=2026-02-31", "This is no day."),
        ("from_day=0001-01-01", "This is no day."),
        ("to_day=9999-12-31", "This is no day."),
        ("from_day=2026-02-02&to_day=2026-02-01", "The first day is later than the last one."),
        ("group=nonsense", "Select a valid choice"),
        ("request=nonsense", "Enter a valid UUID"),
    ],
)
def test_nonsense_is_answered_in_words(as_: As, gunnar: User, path: str, query: str, said: str) -> None:
    page = as_(gunnar).get(f"{path}?{query}")
    assert page.status_code == 400
    assert said in page.content.decode()
    assert not AuditEntry.objects.filter(act="audit_exported").exists()


def test_pages_go_on_where_the_last_one_stopped(as_: As, gunnar: User, partner: Partner) -> None:
    for number in range(120):
        audit.record("member_added", partner, by=gunnar, partner_id=partner.pk, after={"person": f"person {number}"})
    client, seen, query = as_(gunnar), [], "group=people"
    while query:
        page = client.get(f"/audit/?{query}")
        # What is written in between shifts nothing.
        audit.record("member_added", partner, by=gunnar, partner_id=partner.pk, after={"person": "late"})
        seen += titles(page)
        query = page.context["older"]
    assert seen == [f"person {number} became a member" for number in reversed(range(120))]
    assert titles(client.get("/audit/?before=nonsense"))[0] == "late became a member"
    for nonsense in ("9" * 23, "0" * 5_000, "9" * 5_000, "²"):
        assert titles(client.get("/audit/", {"before": nonsense}))[0] == "late became a member"


def test_queries_are_as_many_for_fifty_entries_as_for_one(as_: As, gunnar: User, partner: Partner, rita: User) -> None:
    client, counts = as_(gunnar), []
    for number in (1, 50):
        for one in range(number):
            audit.record(
                "enrollment.profiles_chosen",
                partner,
                by=(gunnar, rita)[one % 2],
                partner_id=partner.pk,
                after={"payout_profile": str(partner.pk)},
            )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/audit/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_page_reads_the_index_of_a_partner(partner: Partner) -> None:
    from accounts.queries.audit_log import found

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_auditentry (actor_kind, actor_name, act, object_type, object_id, object_name, partner_id, request_id)"
            " SELECT 'system', 'portal', 'test', 'x', n::text, '', gen_random_uuid(), gen_random_uuid() FROM generate_series(1, 3000) n"
        )
        cursor.execute("ANALYZE core_auditentry")
    assert "audit_of_a_partner" in found(partner.pk, {})[:51].explain()


@pytest.mark.rule("ACC-8")
@pytest.mark.usefixtures("happened")
def test_another_partners_entries_do_not_exist(as_: As, other_partner: Partner, partner: Partner) -> None:
    olga = make.person("Olga Berg", other_partner, make.GLOBAL_ADMIN)
    client = as_(olga)
    request_id = AuditEntry.objects.filter(partner_id=partner.pk).latest("pk").request_id
    for query in ("", "?text=nora", "?who=gunnar", f"?request={request_id}"):
        page = client.get(f"/audit/{query}")
        assert not titles(page)
        assert "nora@norrsken" not in page.content.decode()
        assert {row[2] for row in read_csv(client.get(f"/audit/export/{query}"))[1:]} <= {"audit_exported"}, (
            "but what she took herself"
        )
    assert not client.get("/audit/roles/").context["page"].object_list[1:]


@pytest.mark.parametrize("path", ["/audit/", "/audit/export/", "/audit/roles/", "/audit/roles/export/"])
def test_who_may_not_reads_who_can(as_: As, ines: User, gunnar: User, path: str) -> None:
    page = as_(ines).get(path)
    assert page.status_code == 403
    assert gunnar.name in page.content.decode()


def test_numbers_stand_here_by_their_last_characters_only(as_: As, gunnar: User, ines: User, partner: Partner) -> None:
    details = {"payment_method": "bank_transfer", "bank_country": "SE", "account_holder": partner.legal_name}
    profile = payouts.create(partner=partner, name="Main", identifiers={"iban": IBAN}, by=ines, **details)
    payouts.change(
        profile=profile, name="Main", identifiers={"iban": NEW_IBAN}, seen_version=1, by=ines, **details | {"bank_country": "DE"}
    )
    client = as_(gunnar)
    for text in (client.get("/audit/").content.decode(), str(read_csv(client.get("/audit/export/")))):
        assert IBAN[-4:] in text and NEW_IBAN[-4:] in text
        for number in (IBAN, NEW_IBAN):
            assert number not in text
            assert number[4:-4] not in text
    assert f"•••• {IBAN[-4:]} → •••• {NEW_IBAN[-4:]}" in str(read_csv(client.get("/audit/export/")))


@pytest.mark.usefixtures("happened")
def test_the_export_calculates_nothing_and_is_recorded(as_: As, gunnar: User) -> None:
    client = as_(gunnar)
    rows = read_csv(client.get("/audit/export/?group=profiles"))
    assert rows[1][6] == "'=Main"
    entry = AuditEntry.objects.latest("pk")
    assert (entry.act, entry.actor_id, entry.after) == ("audit_exported", gunnar.pk, {"group": "profiles"})
    assert "The audit log was exported" in titles(client.get("/audit/"))


def test_a_long_log_is_streamed(as_: As, gunnar: User, partner: Partner) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_auditentry (actor_kind, actor_name, act, object_type, object_id, object_name, partner_id, request_id)"
            " SELECT 'system', 'portal', 'test', 'x', n::text, 'thing ' || n, %s, gen_random_uuid() FROM generate_series(1, 2500) n",
            [partner.pk],
        )
    response = as_(gunnar).get("/audit/export/?text=thing")
    assert response.streaming
    assert len(read_csv(response)) == 1 + 2500


def test_an_export_is_in_the_language_of_who_takes_it(as_: As, gunnar: User) -> None:
    User.objects.filter(pk=gunnar.pk).update(language="sv")
    with translation.override("en"):
        header = read_csv(as_(gunnar).get("/audit/roles/export/"))[0]
    with translation.override("sv"):
        assert header[2] == translation.gettext("Role")


def test_what_happened_in_one_go_can_be_seen_together(as_: As, gunnar: User, partner: Partner) -> None:
    with request_ids.one_act() as act:
        for number in range(3):
            audit.record("member_added", partner, by=gunnar, partner_id=partner.pk, after={"person": f"person {number}"})
    audit.record("member_added", partner, by=gunnar, partner_id=partner.pk, after={"person": "another"})
    assert len(titles(as_(gunnar).get(f"/audit/?request={act}"))) == 3


def test_it_is_found_from_user_management(as_: As, gunnar: User, ines: User) -> None:
    client = as_(gunnar)
    assert 'href="/audit/"' in client.get("/people/").content.decode()
    person = client.get(f"/people/{ines.memberships.get().pk}/").content.decode()
    assert f"/audit/?who=ines%40{ines.email.partition('@')[2]}" in person


# --- who held which role then -------------------------------------------------------------------------


def on(client: Client, day: dt.date) -> list[tuple[str, str]]:
    page = client.get(f"/audit/roles/?on={day.isoformat()}")
    assert page.status_code == 200
    return [(one.name, one.assignment.role) for one in page.context["page"].object_list]


@pytest.fixture
def days(partner: Partner) -> dict[int, dt.date]:
    """Days that have passed, by how long ago."""
    return {ago: clock.today() - dt.timedelta(days=ago) for ago in range(40)}


def moved(days_ago: int) -> Any:
    return clock.moved_to(clock.start_of(clock.today() - dt.timedelta(days=days_ago)) + dt.timedelta(hours=12))


@pytest.fixture
def nora(partner: Partner, gunnar: User) -> Membership:
    """A member since 30 days."""
    with moved(30):
        return people.add_member(partner=partner, email="nora@norrsken.example", name="Nora Ny", language="sv", by=gunnar)


def test_roles_then(as_: As, gunnar: User, nora: Membership, location: Location, second_location: Location, days: Any) -> None:
    with moved(20):
        first = roles.assign(membership=nora, role="incentives_user", entire_organization=False, locations=[location], by=gunnar)
    with moved(10):
        roles.assign(
            membership=nora, role="incentives_admin", entire_organization=False, locations=[location, second_location],
            expires_on=days[5], by=gunnar,
        )  # fmt: skip
        roles.end(assignment=first, by=gunnar)
    client = as_(gunnar)
    user, admin = ("Nora Ny", "incentives_user"), ("Nora Ny", "incentives_admin")
    assert on(client, days[21]) == []
    assert on(client, days[20]) == [user]
    assert on(client, days[11]) == [user]
    assert on(client, days[10]) == [admin], "at the end of the day"
    assert on(client, days[5]) == [admin], "the expiry date is the last day in force"
    assert on(client, days[4]) == []
    assert on(client, days[0]) == [("Gunnar Lind", "global_admin")]
    rows = read_csv(client.get(f"/audit/roles/export/?on={days[10]}"))
    assert rows[1][:3] == ["Nora Ny", "nora@norrsken.example", "Incentives admin"]
    assert location.mpn_id in rows[1][4] and second_location.mpn_id in rows[1][4]
    assert rows[1][7] == "Gunnar Lind"
    assert AuditEntry.objects.latest("pk").after == {"on": days[10].isoformat(), "rows": 1}


def test_who_was_suspended_then_held_nothing(as_: As, gunnar: User, nora: Membership, days: Any) -> None:
    with moved(20):
        roles.assign(membership=nora, role="incentives_user", entire_organization=True, by=gunnar)
    for ago, verb in ((15, people.suspend), (12, people.restore), (8, people.suspend), (3, people.remove)):
        with moved(ago):
            nora.refresh_from_db()
            verb(membership=nora, by=gunnar)
    client = as_(gunnar)
    held = {
        ago: bool([name for name, _role in on(client, days[ago]) if name == "Nora Ny"]) for ago in (16, 15, 13, 12, 9, 8, 4, 3, 0)
    }
    assert held == {16: True, 15: False, 13: False, 12: True, 9: True, 8: False, 4: False, 3: False, 0: False}


def test_an_account_that_was_closed_is_left_out_or_marked(as_: As, gunnar: User, nora: Membership, days: Any) -> None:
    with moved(20):
        roles.assign(membership=nora, role="incentives_user", entire_organization=True, by=gunnar)
    client = as_(gunnar)
    User.objects.filter(pk=nora.user_id).update(is_active=False)
    page = client.get(f"/audit/roles/?on={days[10]}")
    assert [one.approximate for one in page.context["page"].object_list] == [True]
    assert "Uncertain" in page.content.decode()
    with moved(12):
        audit.record(
            "user_changed", nora.user, by=gunnar, partner_id=nora.partner_id, before={"is_active": True}, after={"is_active": False}
        )
    assert on(client, days[10]) == []
    assert on(client, days[13]) == [("Nora Ny", "incentives_user")]


@pytest.mark.parametrize("path", ["/audit/roles/", "/audit/roles/export/"])
@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-31", "0001-01-01", "9999-12-31", "2150-01-01"])
def test_a_day_that_is_none_is_answered_in_words(as_: As, gunnar: User, path: str, day: str) -> None:
    page = as_(gunnar).get(f"{path}?on={day}")
    assert page.status_code == 400
    assert "error-summary" in page.content.decode()


def test_roles_then_take_as_many_queries_for_many(as_: As, gunnar: User, partner: Partner, location: Location) -> None:
    client, counts = as_(gunnar), []
    for number in (1, 30):
        for _ in range(number):
            make.give_role(make.UserFactory.create(), partner, make.INCENTIVES_USER, location, granted_by=gunnar)
        with CaptureQueriesContext(connection) as queries:
            client.get("/audit/roles/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert RoleAssignment.objects.count() == 32
