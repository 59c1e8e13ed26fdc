"""A world in which every page of the portal has something to show, and a list of visits that shows each of them."""

import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from PIL import Image

from accounts.models import Directory, Location, MailDomain, TeamInvitation, User
from accounts.services import group_mappings, mail_domains, role_requests, roles, scim_tokens, team_invitations
from enrollment import eligibility
from enrollment.bulk import Act, Choice, Code
from enrollment.derivation import settle
from enrollment.models import EndReason, Enrollment, ProgramGuide
from enrollment.requirement_draft import Typed
from enrollment.services import bulk, enrolling, requirement_drafts, rollover, saved_views, waves
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import Mail
from incentives_portal.core.outbox.delivery import compose
from profiles.alarm_links import token_for
from profiles.models import Validation
from profiles.services import alarms, defaults, documents, payouts, validations
from tests import factories as make
from tests.enrollment import stages
from tests.enrollment.many import invited, started
from tests.signing_in import passkey_of

IBANS = ("SE3550000000054910000003", "SE7280000810340009783242", "DE89370400440532013000")

# Pages that say no.
ANSWERS = {
    ("join", "refused"): 410,
    ("bank_alarm", "refused"): 410,
    ("audit_log", "no-day"): 400,
    ("roles_as_of", "no-day"): 400,
    ("single_sign_on_return", ""): 403,
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at one page: by whom (nobody: signed out), and whether a button is pressed there first, its form empty."""

    name: str
    by: User | None = None
    args: tuple[Any, ...] = ()
    query: str = ""
    press: str = ""
    label: str = ""

    @property
    def answers(self) -> int:
        """The status of the answer, where it isn't a page as usual."""
        return int(self.label) if self.label in {"403", "404"} else ANSWERS.get((self.name, self.label), 200)

    @property
    def path(self) -> str:
        return reverse(self.name, args=self.args) + self.query

    def __str__(self) -> str:
        who = self.by.name.split()[0].lower() if self.by else "nobody"
        return "-".join(filter(None, [self.name, self.label, "pressed" if self.press else "", who]))


@dataclass(slots=True)
class World:
    """The cast, and rows in every state."""

    gunnar: User
    astrid: User
    ines: User
    ulf: User
    otto: User
    gloria: User  # belongs to two partners
    nils: User
    rita: User
    petra: User
    root: User
    rows: dict[str, Enrollment] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)


def build(language: str, mails: Path) -> World:
    """Everything, in `language`; one caught mail lies in `mails`."""
    partner = make.PartnerFactory.create(legal_name="Norrsken Data AB")
    empty = make.PartnerFactory.create(legal_name="Brandt Systeme GmbH", country="DE")
    places = [
        make.LocationFactory.create(partner=partner, name=f"Norrsken {city}", city=city)
        for city in ("Göteborg", "Umeå", "Malmö", "Llanfairpwllgwyngyllgogerychwyrndrobwll", "Kiruna")
    ]
    world = World(
        gunnar=make.person("Gunnar Lind", partner, make.GLOBAL_ADMIN),
        astrid=make.person("Astrid Holm", partner, make.ACCOUNT_ADMIN),
        ines=make.person("Ines Duarte", partner, make.INCENTIVES_ADMIN, *places[:4]),
        ulf=make.person("Ulf Berg", partner, make.INCENTIVES_USER),
        otto=make.person("Otto Brandt", empty, make.INCENTIVES_ADMIN),
        gloria=make.person("Gloria Zwei", empty, make.GLOBAL_ADMIN),
        nils=make.UserFactory.create(name="Nils Ny", email="nils@nowhere.example"),
        rita=make.operator("Rita Sand", "reviewer"),
        petra=make.operator("Petra Wall", "program_manager"),
        root=User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Root"),
    )
    User.objects.update(language=language)
    for person in cast(world):
        person.refresh_from_db()
    make.give_role(world.gloria, partner, make.GLOBAL_ADMIN)
    _enrollments(world, places)
    _profiles(world, places)
    _many(world, places)
    _reported(world, places[0])
    _programs(world)
    _plans(world)
    _people(world)
    _requests(world)
    _second_factor(world.astrid)
    world.things["passkey"] = passkey_of(world.gloria)
    _caught_mail(mails)
    return world


def cast(world: World) -> list[User]:
    return [person for one in fields(world) if isinstance(person := getattr(world, one.name), User)]


def _enrollments(world: World, places: list[Location]) -> None:
    program = make.ProgramFactory.create(name_en="Cloud Reselling", name_sv="Molnförsäljning", description_en="Pays a share.")
    first, second, third, fourth, last = places
    ines = world.ines
    rows = world.rows
    rows["rejected"] = stages.decided(stages.submitted(first, ines), world.rita, rejected=True)
    rows["enrolled"] = stages.decided(stages.submitted(second, ines), world.rita)
    rows["validating"] = _doubtful(third, ines)
    rows["invited"] = stages.invited(first, program)
    rows["accepted"] = stages.accepted(second, ines, program)
    rows["bare"] = stages.accepted(fourth, ines, program)
    rows["declined"] = stages.invited(third, program)
    enrolling.decline(enrollment_id=rows["declined"].pk, by=ines)
    rows["not_eligible"] = stages.unmet(fourth)
    rows["gap"] = stages.invited(last, program)
    rows["open_to_all"] = stages.invited(first, make.ProgramFactory.create(open=True))
    rows["discontinued"] = _discontinued(first)
    with clock.moved_to(clock.now() - dt.timedelta(hours=60)):
        rows["overdue"] = _doubtful(fourth, ines)
    validations.check_due()
    validations.flag_overdue()
    rows["fresh"] = stages.submitted(second, ines)


def _doubtful(location: Location, by: User) -> Enrollment:
    """Submitted with somebody else's account: it waits for a reviewer, whatever the automatic checks say of the rest."""
    row = stages.accepted(location, by)
    enrolling.choose(
        enrollment_id=row.pk,
        payout_profile=stages.payout(location, by, f"Collection {location.city}", account_holder="Glimmerfonden"),
        tax_profile=stages.tax(location, by, f"Tax {location.city}"),
        currency="SEK",
        by=by,
    )
    return enrolling.submit(enrollment_id=row.pk, by=by)


def _discontinued(location: Location) -> Enrollment:
    row = make.EnrollmentFactory.create(location=location, program=make.ProgramFactory.create(discontinued=True, years=[]))
    row.invited_at = row.accepted_at = row.ended_at = clock.now()
    row.end_reason = EndReason.NOT_OFFERED
    settle([row], facts=("invited_at", "accepted_at", "ended_at", "end_reason"), cause="year_ended", by=SYSTEM)
    return row


def _profiles(world: World, places: list[Location]) -> None:
    things = world.things
    things["payout"] = world.rows["rejected"].payout_profile
    things["tax"] = world.rows["rejected"].tax_profile
    things["approved_payout"] = world.rows["enrolled"].payout_profile
    things["unused"] = stages.payout(places[0], world.ines, "Credit notes", payment_method="credit_note", identifiers={})
    things["archived"] = stages.payout(places[0], world.ines, "Old account", identifiers={"iban": IBANS[0]})
    payouts.archive(profile=things["archived"], by=world.ines)
    defaults.set_default(locations=places[:1], payout_profile=things["approved_payout"], currency="SEK", by=world.ines)
    stages.tax(places[0], world.ines, "Kontor")
    waiting = Validation.objects.filter(decision="")
    documents.upload(profile=things["tax"], name="W-8BEN-E.png", data=a_picture(), by=world.ines)
    things["review_payout"] = waiting.get(payout_version__profile=world.rows["validating"].payout_profile)
    things["review_tax"] = waiting.get(tax_version__profile=world.rows["fresh"].tax_profile)
    things["review_decided"] = Validation.objects.filter(decision="rejected").first()
    things["location"] = places[0]


def a_picture() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (20, 30), "teal").save(held, "PNG")
    return held.getvalue()


def _many(world: World, places: list[Location]) -> None:
    """Two that were started: one with results of several kinds, one that still waits."""
    partner = places[0].partner
    for name, is_shared in (("Invited", True), ("Mine", False)):
        saved_views.save(partner=partner, name=name, query="status=invited", is_shared=is_shared, is_default=False, by=world.ines)
    with_default = invited(make.ProgramFactory.create(open=True), places[:3])
    world.things["job_done"] = started(world.ines, partner, with_default, Choice(Act.ACCEPT))
    bulk.run_due()
    job = world.things["job_done"]
    job.rows.filter(pk=job.rows.order_by("pk")[0].pk).update(outcome=Code.PAYOUT_MISSING)
    world.things["job"] = started(
        world.ines, partner, invited(make.ProgramFactory.create(open=True), places[:2]), Choice(Act.ACCEPT)
    )


def _reported(world: World, place: Location) -> None:
    """A changed account that somebody reported: frozen, and nothing settled yet."""
    profile = stages.payout(place, world.ines, "Reported", identifiers={"iban": IBANS[0]})
    now = {"name": "Reported", "payment_method": "bank_transfer", "bank_country": "SE", "account_holder": "Norrsken Data AB"}
    profile = payouts.change(profile=profile, seen_version=1, identifiers={"iban": IBANS[1]}, by=world.ines, **now)
    world.things["alarm_token"] = token_for(profile.latest, world.gunnar)
    world.things["alarm"] = alarms.raise_alarm(token=world.things["alarm_token"])
    world.things["frozen"] = profile
    unreported = stages.payout(place, world.ines, "Changed", identifiers={"iban": IBANS[0]})
    now["name"] = "Changed"
    unreported = payouts.change(
        profile=unreported, seen_version=1, identifiers={"iban": IBANS[2]}, by=world.ines, **now | {"bank_country": "DE"}
    )
    world.things["quiet_token"] = token_for(unreported.latest, world.gunnar)


def _programs(world: World) -> None:
    """A draft that was tried, with items of every kind; a guide in two versions."""
    program = world.rows["invited"].program
    group = eligibility.Group(
        "Reach",
        "Räckvidd",
        (
            eligibility.Item("active_membership"),
            eligibility.Item("membership_migrated"),
            eligibility.Item("agreement", agreement="cloud-reseller-agreement"),
            eligibility.Item("designation", designation="modern-work", level="solutions-partner", held_by="any_location"),
            eligibility.Item("country", countries=("NO", "DK")),
        ),
    )
    nordic = eligibility.Group("Nordic", "Nordisk", (eligibility.Item("country", countries=("NO", "DK")),))
    typed = Typed.of([group, nordic], open_to_all=False)
    draft = requirement_drafts.save(program=program, typed=typed, seen=0, by=world.petra)
    requirement_drafts.try_out(draft=draft, by=world.petra)
    terms = {"programs": [program], "countries": ["SE"], "at_most": 10, "by": world.petra}
    world.things["wave_planned"] = waves.plan(name="Autumn", **terms)
    world.things["wave_done"] = waves.start(wave=waves.plan(name="Spring", **terms), by=world.petra)
    waves.send()
    for version in (1, 2):
        ProgramGuide.objects.create(program=program, language="en", version=version, content=b"%PDF", file_name="Guide.pdf")


def _plans(world: World) -> None:
    """One that somebody else made and that has changes, an own one, one that is being made, and one that is half applied."""
    year = FiscalYear.of(clock.today())
    pelle = make.operator("Pelle Ek", "program_manager")
    own = rollover.plan(fiscal_year=year, by=world.petra)
    program = world.rows["enrolled"].program
    following = program.offers.get(fiscal_year=year.next.ends_in)
    following.delete()
    planned = rollover.plan(fiscal_year=year, by=pelle)
    following.save()
    planning = rollover.begin(fiscal_year=year, by=pelle)
    last = rollover.approve(plan=rollover.plan(fiscal_year=year.previous, by=pelle), by=world.petra)
    rollover.start(plan=last, by=world.petra)
    world.things["plans"] = {"own": own, "planned": planned, "planning": planning, "applying": last}


def _people(world: World) -> None:
    partner = world.gunnar.memberships.get().partner
    terms = {"partner": partner, "role": make.INCENTIVES_USER, "entire_organization": True, "by": world.gunnar}
    team_invitations.invite(email="nora@x.example", language=world.gunnar.language, **terms)
    link = Mail.objects.get(to="nora@x.example").text.partition("/join/")[2]
    world.things["token"] = link.partition("/")[0]
    scim_tokens.create(partner=partner, name="Microsoft Entra ID", expires_on=clock.today(), by=world.gunnar)
    old, _text = scim_tokens.create(partner=partner, name="Okta", by=world.gunnar)
    scim_tokens.rotate(token=old, by=world.gunnar)
    team_invitations.invite(email="olga@x.example", language=world.gunnar.language, **terms)
    world.things["invitation"] = TeamInvitation.objects.get(email="olga@x.example")
    _directory(world)


def _directory(world: World) -> None:
    """Connected to a provider that is away."""
    partner = world.gunnar.memberships.get().partner
    connected = {"issuer": "http://127.0.0.1:9/a-tenant-with-a-number", "client_id": "portal", "is_sign_in_on": True}
    world.things["directory"] = directory = Directory.objects.update_or_create(partner=partner, defaults=connected)[0]
    MailDomain.objects.create(directory=directory, domain="norrsken.example", proven_at=clock.now())
    mail_domains.add(directory=directory, domain="a-long-name.of-a-company.example", by=world.gunnar)
    terms = {"group": "5d1c2b3a-0f7e-4a57-9c1d-8d41c0a9f2e7", "role": "incentives_user", "entire_organization": True}
    world.things["mapping"] = group_mappings.save(directory=directory, **terms, by=world.gunnar)


def _requests(world: World) -> None:
    """Asked for, granted and declined; each mail of it is owed, too."""
    ulf, nowhere = world.ulf.memberships.get(), world.rows["gap"].location
    terms = {"membership": ulf, "by": world.ulf}
    role_requests.decline(request=role_requests.ask(role=make.ACCOUNT_ADMIN, entire_organization=True, **terms), by=world.gunnar)
    world.things["request"] = role_requests.ask(
        role=make.INCENTIVES_ADMIN, entire_organization=False, locations=[nowhere], words="Kiruna\nis mine.", **terms
    )
    world.things["admin_request"] = role_requests.ask(role=make.GLOBAL_ADMIN, entire_organization=True, **terms)
    day = clock.today() + dt.timedelta(days=20)
    roles.assign(membership=ulf, role=make.INCENTIVES_USER, entire_organization=True, expires_on=day, by=world.gunnar)


def _second_factor(user: User) -> None:
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)


def _caught_mail(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for number, mail in enumerate(Mail.objects.order_by("kind", "pk").distinct("kind")):
        (folder / f"{number + 1:04}.eml").write_bytes(bytes(compose(mail).message()))


# Addresses that only take a POST, or answer with a redirect or a file: no page to look at.
NOT_PAGES = {
    "session_end", "mfa_login_webauthn", "live", "metrics", "mails_requeue", "review_undo",
    "payout_reveal",  # drawn by a POST alone: visited by its button on the profile's page
    "accept", "decline", "undo_decline", "overview_export", "saved_view", "notice_open", "set_language", "switch_partner", "demo_sign_in", "demo_clock",
    "payout_archive", "payout_check", "tax_document", "tax_document_upload", "tax_document_remove", "tax_archive", "tax_check", "review_claim", "review_approve", "review_reject",
    "person_restore", "team_invitation_withdraw", "health", "gap_fill", "role_request_grant", "role_request_decline", "role_request_withdraw",
    "mfa_download_recovery_codes", "account_confirm_login_code", "account_set_password", "audit_export", "roles_as_of_export", "program_guide", "account_email_verification_sent",
    "scim_token_create", "scim_token_rotate", "scim_token_revoke",
    "scim_users", "scim_user", "scim_groups", "scim_group", "scim_config", "scim_resource_types", "scim_resource_type",
    "scim_schemas", "scim_schema", "scim_unsupported", "scim_root", "scim_nothing",  # machines speak to them
    "single_sign_on_start", "sign_in_begin", "sign_in_switch", "sign_in_forget", "mail_domain_add", "mail_domain_check",
    "mail_domain_remove", "group_mapping_remove",
    "program_guide_add", "program_guide_version", "program_requirements_publish",
    "eligibility_check", "invitation_resend", "invitation_again", "wave_start", "wave_pause", "wave_resume", "wave_cancel",
    "rollover_export", "rollover_approve", "rollover_start", "rollover_pause",
    "demo_mail_html",  # a sandbox in which no script runs, not even axe; the mails are looked at by themselves
}  # fmt: skip


def visits(world: World) -> Iterator[Visit]:
    """Every page, by whoever sees it differently; forms also as they come back with mistakes."""
    yield from _entrance(world)
    yield from _enrollment_pages(world)
    yield from _program_pages(world)
    yield from _profile_pages(world)
    yield from _people_pages(world)
    yield from _audit_pages(world)
    yield from _security_pages(world)
    yield from _demonstration_pages(world)


def _entrance(world: World) -> Iterator[Visit]:
    for name in ("account_login", "account_signup", "account_inactive", "account_reset_password", "account_reset_password_done"):
        yield Visit(name)
    yield Visit("account_login", press="main form button")
    yield Visit("account_reset_password", press="main form button")
    yield Visit("account_reset_password_from_key_done")
    key = [user_pk_to_url_str(world.nils), default_token_generator.make_token(world.nils)]
    yield Visit("account_reset_password_from_key", args=tuple(key))
    yield Visit("account_reset_password_from_key", args=("x", "y-z"), label="spent")
    yield Visit("account_confirm_email", args=("nothing",))
    yield Visit("single_sign_on")
    yield Visit("single_sign_on", press="main form button")
    yield Visit("single_sign_on_return", args=(world.things["directory"].key,))
    yield Visit("join", args=(world.things["token"],))
    yield Visit("join", args=(world.things["token"],), press="main form button")
    yield Visit("join", args=("nothing",), label="refused")
    yield Visit("join", world.ulf, (world.things["token"],), label="somebody-else")


def _enrollment_pages(world: World) -> Iterator[Visit]:
    for person in cast(world):
        yield Visit("home", person)
    yield Visit("notices", world.ines)
    yield Visit("notices", world.otto, label="empty")
    yield Visit("guide", world.ines)
    for person in (world.ines, world.ulf, world.petra, world.rita):
        yield Visit("overview", person)
    for label, query in (("by-location", "?view=location"), ("by-program", "?view=program"), ("no-hit", "?q=nothing")):
        yield Visit("overview", world.ines, query=query, label=label)
    yield Visit("overview", world.otto, label="empty")
    yield Visit("overview", world.nils, label="403")
    yield from _pages_of_many(world)
    for state, row in world.rows.items():
        if state != "gap":
            yield Visit("enrollment", world.ines, (row.pk,), label=state)
    for state in ("accepted", "validating", "invited"):
        yield Visit("enrollment", world.ulf, (world.rows[state].pk,), label=state)
    yield Visit("enrollment", world.otto, (world.rows["invited"].pk,), label="404")
    yield Visit("enrollment", world.gunnar, (world.rows["gap"].pk,), label="gap")
    yield Visit("enrollment", world.petra, (world.rows["rejected"].pk,), label="rejected")
    for state in ("invited", "not_eligible", "open_to_all"):
        yield Visit("eligibility", world.ines, (world.rows[state].pk,), label=state)
    for state in ("accepted", "bare", "rejected"):
        yield Visit("enroll", world.ines, (world.rows[state].pk,), label=state)
    yield Visit("enroll", world.ulf, (world.rows["accepted"].pk,), label="403")


def _pages_of_many(world: World) -> Iterator[Visit]:
    """Many at once and what becomes of them; a location found from anywhere."""
    yield Visit("many", world.ines, query="?all=1", label="all")
    yield Visit("many", world.ines, query="?all=1&act=decline", label="decline")
    yield Visit("many", world.ines, query="?all=1&q=nothing", label="nobody")
    yield Visit("many", world.ines, query="?all=1", press="button[value=check]", label="checked")
    yield Visit("many", world.ulf, query="?all=1", label="403")
    yield Visit("many_jobs", world.ines)
    yield Visit("many_jobs", world.otto, label="empty")
    yield Visit("many_job", world.ines, (world.things["job_done"].pk,), label="done")
    yield Visit("many_job", world.ines, (world.things["job_done"].pk,), query="?outcome=payout_missing", label="failed")
    yield Visit("many_job", world.ines, (world.things["job"].pk,), label="running")
    yield Visit("many_job", world.otto, (world.things["job"].pk,), label="404")
    for person in (world.ines, world.ulf, world.petra):
        yield Visit("matrix", person)
    yield Visit("matrix", world.ines, query="?q=nothing", label="no-hit")
    yield Visit("saved_views", world.ines)
    yield Visit("saved_views", world.ulf, label="shared")
    yield Visit("saved_views", world.otto, label="empty")
    yield Visit("find", world.ines)
    yield Visit("find", world.ines, query="?q=Norrsken", label="found")
    yield Visit("find", world.rita, query="?q=Norrsken", label="found")
    yield Visit("find", world.ines, query="?q=nowhere", label="empty")
    for person in (world.ines, world.gunnar, world.petra):
        yield Visit("location", person, (world.things["location"].pk,))
    yield Visit("location", world.otto, (world.things["location"].pk,), label="404")


def _program_pages(world: World) -> Iterator[Visit]:
    code, asleep = (world.rows[state].program.code for state in ("invited", "not_eligible"))
    for name in ("program", "program_edit", "program_years", "program_discontinue", "program_requirements"):
        yield Visit(name, world.petra, (code,))
    yield Visit("renewal", world.ines)
    yield Visit("renewal", world.ulf)
    yield Visit("renewal", world.otto, label="empty")
    yield Visit("rollovers", world.petra)
    yield Visit("rollovers", world.gunnar, label="403")
    for state, plan in world.things["plans"].items():
        yield Visit("rollover", world.petra, (plan.pk,), label=state)
    yield Visit("rollover_lines", world.petra, (world.things["plans"]["planned"].pk,))
    yield Visit("rollover_lines", world.petra, (world.things["plans"]["planned"].pk,), query="?changed=1", label="empty")
    yield Visit("programs", world.petra)
    yield Visit("programs", world.gunnar, label="403")
    yield Visit("program", world.petra, (world.rows["open_to_all"].program.code,), label="open-to-all")
    yield Visit("program", world.petra, (world.rows["discontinued"].program.code,), label="discontinued")
    yield Visit("program_edit", world.petra, (code,), press="main form .buttons .button")
    yield Visit("program_new", world.petra)
    yield Visit("program_new", world.petra, press="main form .buttons .button")
    yield Visit("waves", world.petra)
    yield Visit("wave_new", world.petra)
    yield Visit("wave_new", world.petra, press="main form .button")
    yield Visit("eligibility_changes", world.petra)
    yield Visit("invitation_withdraw", world.petra, (world.rows["invited"].pk,))
    yield Visit("enrollment", world.petra, (world.rows["invited"].pk,), label="invited")
    for state in ("planned", "done"):
        yield Visit("wave", world.petra, (world.things[f"wave_{state}"].pk,), label=state)
    yield Visit("program_requirements", world.petra, (asleep,), press="main form .grid-bar .button", label="tried")
    yield Visit(
        "program_requirements", world.petra, (world.rows["open_to_all"].program.code,), press="#last .button", label="blank"
    )


def _profile_pages(world: World) -> Iterator[Visit]:
    things = world.things
    here = f"?location={things['location'].pk}"
    yield Visit("profiles", world.ines)
    yield Visit("profiles", world.otto, label="empty")
    yield Visit("profiles", world.gunnar, label="403")
    yield Visit("defaults", world.ines)
    yield Visit("defaults", world.otto, label="empty")
    yield Visit("payout_new", world.ines)
    yield Visit("payout_new", world.ines, press="main form .buttons:last-child button")
    yield Visit("tax_new", world.ines, label="where")
    yield Visit("tax_new", world.ines, query=here)
    yield Visit("tax_new", world.ines, query=here, press="main form .buttons:last-child button")
    yield Visit("bank_alarm", args=(things["alarm_token"],), label="frozen")
    yield Visit("bank_alarm", args=(things["quiet_token"],), label="asks")
    yield Visit("bank_alarm", args=("nothing",), label="refused")
    yield Visit("alarm", world.rita, (things["alarm"].pk,))
    yield Visit("alarm", world.rita, (things["alarm"].pk,), press="main form .button")
    for name in ("payout", "approved_payout", "unused", "archived", "frozen"):
        yield Visit("payout", world.ines, (things[name].pk,), label=name)
    yield Visit("payout", world.ines, (things["unused"].pk,), press="form[action*=reveal] button", label="numbers")
    for kind in ("payout", "tax"):
        yield Visit(f"{kind}_edit", world.ines, (things[kind].pk,), label="rejected")
    yield Visit("tax", world.ines, (things["tax"].pk,))
    yield Visit("reviews", world.rita)
    yield Visit("review_dashboard", world.rita)
    yield Visit("operations", world.petra)
    yield Visit("operations", world.rita, label="reviewer")
    for name in ("review_payout", "review_tax", "review_decided"):
        yield Visit("review", world.rita, (things[name].pk,), label=name)
    yield Visit("review", world.rita, (things["review_payout"].pk,), press="main .button.danger")


def _people_pages(world: World) -> Iterator[Visit]:
    for person in (world.gunnar, world.astrid):
        yield Visit("people", person)
    yield Visit("people", world.ulf, label="403")
    yield Visit("people", world.gunnar, query="?q=nobody", label="no-hit")
    yield Visit("invite_person", world.gunnar)
    yield Visit("invite_person", world.gunnar, press="main form .grid-bar button")
    ines, gunnar = world.ines.memberships.get().pk, world.gunnar.memberships.get().pk
    for person in (ines, gunnar):
        yield Visit("person", world.gunnar, (person,), label="self" if person == gunnar else "")
    yield Visit("person", world.astrid, (gunnar,), label="above")
    for role in ("incentives_admin", "incentives_user", "account_admin", "global_admin"):
        yield Visit("role_edit", world.gunnar, (ines, role), label=role)
    yield Visit("provisioning", world.gunnar)
    yield Visit("provisioning", world.gunnar, press="main form.form button", label="new")
    yield Visit("provisioning", world.gloria, label="empty")
    yield Visit("provisioning", world.astrid, label="403")
    yield Visit("role_edit", world.gunnar, (ines, "incentives_user"), press="main form .grid-bar button", label="incentives_user")
    yield from _who_can_pages(world)
    yield from _sign_in_settings_pages(world)


def _who_can_pages(world: World) -> Iterator[Visit]:
    """Previews, locations, the role grid, and asking."""
    ines, gunnar = world.ines.memberships.get().pk, world.gunnar.memberships.get().pk
    for name in ("person_suspend", "person_remove"):
        yield Visit(name, world.gunnar, (ines,))
    yield Visit("role_end", world.gunnar, (ines, "incentives_admin"))
    yield Visit("role_end", world.gunnar, (gunnar, "global_admin"), label="harmless")
    yield Visit("role_grid", world.gunnar)
    chosen = "&".join(f"person={one.memberships.first().pk}" for one in (world.ines, world.ulf, world.gunnar))
    yield Visit("role_grid", world.gunnar, query=f"?{chosen}", label="three")
    yield Visit("role_grid", world.astrid, query=f"?{chosen}&q=nothing", label="no-hit")
    yield Visit("locations", world.gunnar)
    yield Visit("locations", world.gunnar, query="?state=gap&q=Kiruna", label="gaps")
    yield Visit("locations", world.gunnar, query="?q=nothing", label="no-hit")
    for state in ("gap", "enrolled"):
        yield Visit("location_people", world.gunnar, (world.rows[state].location_id,), label=state)
    for person in (world.ines, world.ulf, world.gunnar, world.nils, world.rita):
        yield Visit("my_roles", person)
    yield Visit("role_ask", world.ulf, query=f"?role=incentives_admin&location={world.rows['gap'].location_id}")
    yield Visit("role_ask", world.ulf, press="main form .buttons button")
    yield Visit("role_request", world.gunnar, (world.things["request"].pk,))
    yield Visit("role_request", world.astrid, (world.things["admin_request"].pk,), label="above")


def _audit_pages(world: World) -> Iterator[Visit]:
    yield Visit("audit_log", world.gunnar)
    yield Visit("audit_log", world.astrid, query="?group=profiles&by=people", label="filtered")
    yield Visit("audit_log", world.gunnar, query="?text=nothing", label="no-hit")
    yield Visit("audit_log", world.gunnar, query="?from_day=yesterday", label="no-day")
    yield Visit("audit_log", world.gloria, label="empty")
    yield Visit("audit_log", world.ines, label="403")
    yield Visit("roles_as_of", world.gunnar)
    yield Visit("roles_as_of", world.gunnar, query="?on=2020-01-01", label="empty")
    yield Visit("roles_as_of", world.gunnar, query="?on=2020-02-31", label="no-day")


def _sign_in_settings_pages(world: World) -> Iterator[Visit]:
    yield Visit("sign_in_settings", world.gunnar)
    yield Visit("sign_in_settings", world.gloria, label="before")
    yield Visit("sign_in_provider", world.gunnar)
    yield Visit("sign_in_provider", world.gunnar, press="main form .buttons button")
    yield Visit("group_mapping_new", world.gunnar)
    yield Visit("group_mapping_new", world.gunnar, press="main form .buttons button")
    yield Visit("group_mapping", world.gunnar, (world.things["mapping"].pk,))


def _security_pages(world: World) -> Iterator[Visit]:
    for name in ("account_logout", "account_email", "account_change_password", "account_reauthenticate", "usersessions_list"):
        yield Visit(name, world.ines)
    yield Visit("account_change_password", world.ines, press="main form button")
    for name in ("mfa_index", "mfa_activate_totp"):
        yield Visit(name, world.ines)
    yield Visit("mfa_activate_totp", world.ines, press="main form button")
    for name in (
        "mfa_index",
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_reauthenticate",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
    ):
        yield Visit(name, world.astrid, label="with-totp")
    key = (world.things["passkey"].pk,)
    for name in ("mfa_index", "mfa_list_webauthn", "mfa_reauthenticate_webauthn"):
        yield Visit(name, world.gloria, label="with-passkey")
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        yield Visit(name, world.gloria, key)
    # Shown after the password of somebody with a second factor: the test signs in to it.
    yield Visit("mfa_authenticate", label=world.astrid.email)


def _demonstration_pages(world: World) -> Iterator[Visit]:
    yield Visit("demo_mail")
    yield Visit("demo_mail_one", args=("0001",))
    yield Visit("styleguide")
    yield Visit("styleguide", query="?errors=1", label="errors")


def names_of_pages() -> set[str]:
    """The name of every address outside Django admin, whose pages are Django's own."""
    return {name for name in _names(get_resolver().url_patterns) if name} - NOT_PAGES


def _names(patterns: list[Any], within: str = "") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            if one.namespace != "admin":
                yield from _names(one.url_patterns)
        elif isinstance(one, URLPattern) and one.name:
            yield one.name
