"""A worker of the rollover as a process of its own: what it reads once, it has read when it is forked."""

from types import SimpleNamespace

import django

django.setup()

from django.db import connection
from django.template.loader import render_to_string

from enrollment.models import RolloverPlan
from enrollment.services import rollover
from incentives_portal.core.audit import SYSTEM
from incentives_portal.core.fiscal import FiscalYear

_MAIL = {"year": FiscalYear(2027), "ended_count": 1, "partner": SimpleNamespace(legal_name=""), "portal_url": "", "path": ""}
for _end in ("subject.txt", "txt", "html"):
    render_to_string(f"mail/year_end.{_end}", _MAIL)


def work(database: str) -> None:
    """Applies the one plan of this database, to its end."""
    connection.settings_dict["NAME"] = database
    rollover.apply(plan=RolloverPlan.objects.get(), by=SYSTEM)
