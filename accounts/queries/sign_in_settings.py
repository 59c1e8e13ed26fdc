"""What the page of single sign-on and provisioning shows."""

from typing import Any

from django.conf import settings

from accounts import dns_records, program_choices
from accounts.models import Directory
from accounts.sso import flow


def page_of(directory: Directory) -> dict[str, Any]:
    """The directory as it stands, its domains with the record that proves each, and its group mappings."""
    programs = dict(program_choices.choices())
    return {
        "directory": directory,
        "return_address": flow.return_address(directory),
        "scim_address": f"{settings.PORTAL_URL}/scim/v2",
        "domains": [
            {"row": row, "name": f"{dns_records.NAME}.{row.domain}", "record": dns_records.record_for(row.challenge)}
            for row in directory.domains.order_by("domain")
        ],
        "mappings": [
            {
                "row": row,
                "places": list(row.locations.all()),
                "programs": [programs.get(code, code) for code in row.program_codes],
            }
            for row in directory.mappings.prefetch_related("locations").order_by("role", "group")
        ],
    }
