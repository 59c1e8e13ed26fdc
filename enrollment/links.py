"""The one link that mends a requirement (rule STA-1)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.urls import get_script_prefix, get_urlconf, reverse

NOBODY = uuid.UUID(int=0)


@cache
def _pattern(name: str, urlconf: str | None, prefix: str) -> str:
    """An address with nobody's id in it, the same as long as the addresses are and stand under the same prefix."""
    return reverse(name, args=[NOBODY])


@dataclass(frozen=True)
class Links:
    """Addresses, reversed once; a row's own is its pattern with the id filled in."""

    def to(self, name: str, pk: uuid.UUID | str) -> str:
        return _pattern(name, get_urlconf(), get_script_prefix()).replace(str(NOBODY), str(pk))

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
