"""The one link that mends a requirement (rule STA-1)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True)
class Links:
    """Addresses, reversed once per page; a row's own is its pattern with the id filled in."""

    @cached_property
    def _patterns(self) -> dict[str, str]:
        names = ("enrollment", "eligibility", "enroll", "payout_edit", "tax_edit")
        return {name: reverse(name, args=[NOBODY]) for name in names}

    def to(self, name: str, pk: uuid.UUID | str) -> str:
        return self._patterns[name].replace(str(NOBODY), str(pk))

    def mending(self, requirement: Mapping[str, Any], pk: uuid.UUID | str) -> str:
        """Where the requirement of enrollment `pk` is met; empty where there is only waiting."""
        match requirement.get("link"):
            case "invitation":
                return self.to("enrollment", pk)
            case "eligibility" | "enroll" as name:
                return self.to(name, pk)
            case "payout" | "tax" as kind:
                return self._on_profile(kind, requirement, pk)
            case _:
                return ""

    def _on_profile(self, kind: str, requirement: Mapping[str, Any], pk: uuid.UUID | str) -> str:
        """The edit page of the profile, at the first field that was rejected, and from there back to the enrollment."""
        address = f"{self.to(f'{kind}_edit', requirement['profile_id'])}?{urlencode({'next': self.to('enrollment', pk)})}"
        fields = requirement.get("fields")
        return f"{address}#field-{fields[0]['field']}" if fields else address
