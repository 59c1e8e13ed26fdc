"""Whatever happens, in whatever order: what is stored is what the facts say, and the timeline has no gap."""

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import Location, User
from enrollment import derivation
from enrollment.models import Enrollment, Program, StatusChange
from enrollment.services import daily, enrolling, rollover
from enrollment.services.invitations import invite_due
from enrollment.status import Status
from incentives_portal.core import clock
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.core.models import Mail
from profiles.errors import ProfileError
from profiles.models import PayoutProfile, TaxProfile, Validation
from profiles.services import payouts, validations
from tests import factories as make
from tests.enrollment import journeys

pytestmark = pytest.mark.django_db


class Portal(RuleBasedStateMachine):
    """People and time do what they like to two enrollments of one location."""

    atomic: Any

    @initialize()
    def begin(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.location: Location = make.LocationFactory.create()
        self.ines = make.person("Ines Duarte", self.location.partner, make.INCENTIVES_ADMIN)
        self.rita = make.operator("Rita Sand", "reviewer")
        self.programs = [
            make.ProgramFactory.create(currencies=["SEK"], response_days=30),
            make.ProgramFactory.create(open_to_all=True, currencies=["EUR"], payment_methods=["credit_note", "bank_transfer"]),
        ]
        self.banks: list[PayoutProfile | None] = [None, journeys.bank(self.location, self.ines)]
        year = FiscalYear.of(clock.today())
        self.taxes: list[TaxProfile | None] = [
            None,
            journeys.tax(self.location, self.ines),
            journeys.tax(self.location, self.ines, expires_on=year.last_day - dt.timedelta(days=30)),
        ]
        daily.evaluate_and_invite()

    def teardown(self) -> None:
        if hasattr(self, "programs"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def attempt(self, act: Callable[..., Any], **named: Any) -> None:
        """A refusal is an answer too, as long as it leaves nothing behind."""
        try:
            with transaction.atomic():
                act(**named)
        except (ValidationError, PermissionDenied, ProfileError):
            pass

    def row(self, index: int) -> Enrollment:
        """The newest year's row of a program."""
        return Enrollment.objects.filter(program=self.programs[index]).latest("fiscal_year")

    @rule(
        index=st.integers(0, 1),
        act=st.sampled_from([enrolling.accept, enrolling.accept, enrolling.decline, enrolling.undo_decline, enrolling.submit]),
    )
    def act(self, index: int, act: Callable[..., Any]) -> None:
        self.attempt(act, enrollment_id=self.row(index).pk, by=self.ines)

    @rule(index=st.integers(0, 1), bank=st.integers(0, 1), tax=st.integers(0, 2), currency=st.sampled_from(["", "SEK", "EUR"]))
    def choose(self, index: int, bank: int, tax: int, currency: str) -> None:
        self.attempt(
            enrolling.choose,
            enrollment_id=self.row(index).pk,
            payout_profile=self.banks[bank],
            tax_profile=self.taxes[tax],
            currency=currency,
            by=self.ines,
        )

    @rule(index=st.integers(0, 1), tax=st.integers(1, 2))
    def complete(self, index: int, tax: int) -> None:
        """The straight way, so that the far states are reached often."""
        self.attempt(enrolling.accept, enrollment_id=self.row(index).pk, by=self.ines)
        self.choose(index, 1, tax, self.programs[index].currencies[0])
        self.attempt(enrolling.submit, enrollment_id=self.row(index).pk, by=self.ines)

    @rule(approve=st.booleans())
    def decide(self, approve: bool) -> None:
        for validation in Validation.objects.filter(decision=""):
            if approve:
                self.attempt(validations.approve, validation=validation, by=self.rita)
            else:
                field = "account_holder" if validation.payout_version_id else "legal_name"
                self.attempt(validations.reject, validation=validation, reasons=[(field, "document_unreadable", "")], by=self.rita)

    @rule(holder=st.sampled_from(["Norrsken Data AB", "Norrsken Data Group AB"]))
    def change_the_bank(self, holder: str) -> None:
        profile = self.banks[1]
        assert profile is not None
        profile.refresh_from_db()
        assert profile.latest is not None
        self.attempt(
            payouts.change,
            profile=profile,
            seen_version=profile.latest.number,
            name=profile.name,
            payment_method="bank_transfer",
            bank_country="SE",
            account_holder=holder,
            identifiers={"iban": ""},
            by=self.ines,
        )

    @rule(active=st.booleans())
    def evaluate(self, active: bool) -> None:
        Location.objects.filter(pk=self.location.pk).update(membership_active=active)
        daily.evaluate_and_invite()

    @rule(days=st.sampled_from([1, 10, 31, 31, 120]))
    def let_time_pass(self, days: int) -> None:
        clock.move(by=dt.timedelta(days=days))
        derivation.rederive_due()

    @rule()
    def roll_over(self) -> None:
        rollover.continue_ended_years(automatic=True)

    @invariant()
    def stored_is_derived(self) -> None:
        if hasattr(self, "programs"):
            assert derivation.differences()[1] == []

    @invariant()
    def the_timeline_has_no_gap(self) -> None:
        if not hasattr(self, "programs"):
            return
        for row in Enrollment.objects.all():
            said = list(StatusChange.objects.filter(enrollment=row).order_by("pk").values_list("before", "after", "reason"))
            assert all(earlier[1] == later[0] for earlier, later in itertools.pairwise(said))
            assert said
            assert said[-1][1:] == (row.status, row.reason)

    @invariant()
    def nobody_is_told_twice(self) -> None:
        if hasattr(self, "programs"):
            invited = Mail.objects.filter(kind="invitation").count()
            assert invited <= Enrollment.objects.filter(invited_at__isnull=False).count()


@pytest.mark.rule("STA-1", "STA-2")
def test_any_sequence_of_acts_leaves_stored_and_derived_equal(db: None) -> None:
    run_state_machine_as_test(
        Portal,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            phases=[Phase.generate],
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.rule("STA-2")
def test_every_change_is_kept_with_who_caused_it(location: Location, ines: User, rita: User) -> None:
    program: Program = make.ProgramFactory.create(currencies=["SEK"])
    row = journeys.enrolled(program, location, ines, rita)
    timeline = [(change.after, change.cause, change.by) for change in row.changes.order_by("pk")]
    assert timeline == [
        ("inactive", "year_opened", None),
        ("invited", "invited", None),
        ("action_required", "accepted", ines),
        ("validating", "submitted", ines),
        ("enrolled", "validation_approved", rita),
    ]


@pytest.mark.rule("INV-7")
def test_time_alone_ends_an_unanswered_invitation(location: Location, ines: User) -> None:
    row = journeys.invited(make.ProgramFactory.create(response_days=30), location)
    clock.move(by=dt.timedelta(days=30))
    assert derivation.rederive_due() == 0, "the last day is a day to answer"
    clock.move(by=dt.timedelta(days=1))
    assert derivation.rederive_due() == 1
    row.refresh_from_db()
    assert (row.status, row.reason) == (Status.INACTIVE, "deadline_passed")
    assert derivation.rederive_due() == 0


def test_a_batch_is_gathered_with_a_fixed_number_of_queries(location: Location, django_assert_max_num_queries: Any) -> None:
    program = make.ProgramFactory.create()
    make.LocationFactory.create_batch(8, partner=location.partner)
    journeys.opened(program, location)
    ids = list(Enrollment.objects.values_list("pk", flat=True))
    assert len(ids) == 9
    with django_assert_max_num_queries(16):
        derivation.rederive(ids, cause="test")
    assert invite_due(by=SYSTEM) == 9
