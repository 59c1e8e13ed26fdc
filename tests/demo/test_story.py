"""The demonstration is the rehearsal: invitation, 48 hours and a fiscal year pass under one moved clock (rule OPS-2)."""

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Partner
from accounts.queries.roles_as_of import roles_as_of
from enrollment import derivation
from enrollment.models import Enrollment, Notice
from enrollment.tasks import continue_fiscal_year, evaluate_and_invite
from incentives_portal.core import clock
from incentives_portal.core.fiscal import FiscalYear
from incentives_portal.demo import scenes
from incentives_portal.demo.management.commands.demo_prepare import FEED
from profiles.models import DefaultBankProfile, Validation
from profiles.services import validations


def stored_is_derived() -> bool:
    derivation.rederive_due()
    return derivation.differences()[1] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("OPS-2")
def test_a_year_passes_in_the_demonstration(settings: Any) -> None:
    settings.ROLLOVER_AUTOMATIC = True
    call_command("import_feed", str(FEED), "--json")
    scenes.play()
    assert stored_is_derived()
    this_year = FiscalYear.of(clock.today())
    shown = set(Enrollment.objects.filter(fiscal_year=this_year.ends_in).values_list("status", flat=True))
    assert shown == {"invited", "action_required", "validating", "enrolled", "inactive"}

    validations.check_due()
    waiting = Validation.objects.get(decision="")
    assert [check.code for check in waiting.checks.filter(outcome="flagged")] == ["holder_name_differs"]
    clock.move(by=dt.timedelta(hours=48))
    validations.flag_overdue()
    waiting.refresh_from_db()
    assert waiting.overdue_since
    assert stored_is_derived()

    enrolled = Enrollment.objects.filter(fiscal_year=this_year.ends_in, status="enrolled")
    before = set(enrolled.values_list("location", "program"))
    clock.move_to(clock.start_of(this_year.next.first_day) + dt.timedelta(hours=8))
    evaluate_and_invite()
    continue_fiscal_year()
    evaluate_and_invite()
    after = set(Enrollment.objects.filter(fiscal_year=this_year.next.ends_in, status="enrolled").values_list("location", "program"))
    assert after
    assert after < before
    ended = Enrollment.objects.get(end_reason="not_eligible", fiscal_year=this_year.ends_in, location__mpn_id="8100004")
    assert ended.program.code == "CSR"
    assert Notice.objects.filter(enrollment=ended, user__email="ines@fjallglim.example", kind="not_continued").exists()
    assert stored_is_derived()


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("ENR-1")
def test_every_notice_of_an_invitation_leads_to_a_location_with_a_default_bank_profile() -> None:
    call_command("import_feed", str(FEED), "--json")
    scenes.play()
    waiting = Notice.objects.filter(user__email="ines@fjallglim.example", opened_at=None)
    assert waiting
    for notice in waiting:
        assert notice.enrollment.status == "invited"
        assert DefaultBankProfile.objects.filter(location=notice.enrollment.location).exists()
    assert Enrollment.objects.filter(location__partner__pga_id="7100001", status="action_required").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.rule("OPS-3")
def test_the_days_of_the_story_have_their_roles(settings: Any) -> None:
    settings.DEMO = True
    call_command("demo_prepare", stdout=StringIO(), stderr=StringIO())
    partner = Partner.objects.get(pga_id="7100001")
    held = {one.email for one in roles_as_of(partner.pk, clock.today() - dt.timedelta(days=5))}
    assert {"ines@fjallglim.example", "gunnar@fjallglim.example"} <= held
    assert clock.shift() == dt.timedelta()
    assert stored_is_derived()
