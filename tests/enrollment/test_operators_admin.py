"""Programs and enrollments in Django admin."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Location, User
from incentives_portal.core.models import AuditEntry
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


@pytest.mark.rule("OPS-3")
def test_a_program_that_is_changed_here_is_in_the_audit_log(as_: As) -> None:
    program = make.ProgramFactory.create(name_en="Before", years=[])
    root = make.UserFactory.create(is_staff=True, is_superuser=True)
    client, change = as_(root), reverse("admin:enrollment_program_change", args=[program.pk])
    form = client.get(change).context["adminform"].form
    given = {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}
    given = {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}
    for formset in client.get(change).context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        given |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    answer = client.post(change, given | {"name_en": "After"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    entry = AuditEntry.objects.get(act="program.changed")
    assert (entry.actor_id, entry.partner_id, entry.object_id) == (root.pk, None, str(program.pk))
    assert (entry.before["name_en"], entry.after["name_en"]) == ("Before", "After")
    assert "changed" in entry.after
