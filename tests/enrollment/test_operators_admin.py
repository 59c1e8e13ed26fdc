"""Programs and enrollments in Django admin."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from tests import factories as make
from tests.enrollment import stages

As = Callable[[User], Client]
LISTS = ("program", "requirementgroup", "enrollment", "eligibilitydecision")


@pytest.mark.rule("ACC-3")
def test_superusers_read_programs_and_enrollments_and_partners_admins_do_not(as_: As, gunnar: User, location: Location) -> None:
    row = stages.invited(location)
    root = make.UserFactory.create(is_staff=True, is_superuser=True)
    gunnar.is_staff = True
    gunnar.save()
    for name in LISTS:
        url = reverse(f"admin:enrollment_{name}_changelist")
        assert as_(root).get(url).status_code == 200
        assert as_(gunnar).get(url).status_code in {302, 403, 404}
    change = reverse("admin:enrollment_enrollment_change", args=[row.pk])
    assert as_(root).get(change).status_code == 200
    assert as_(root).post(change, {"status": "enrolled"}).status_code == 403
    assert as_(root).get(reverse("admin:enrollment_program_change", args=[row.program_id])).status_code == 200
