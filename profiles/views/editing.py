"""What the edit pages of payout and tax profiles have in common."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables

from accounts.access import PortalRequest
from accounts.models import Location
from accounts.policy import within
from accounts.roles import Permission
from profiles.errors import FieldsError, NameTakenError, ProfileError
from profiles.forms.numbers import NumbersForm, sentence
from profiles.usage import AnyProfile, Usage, counted, validated_anew
from profiles.views.coming_back import next_of, query_of


@sensitive_variables()
def saved(form: NumbersForm, save: Callable[[], AnyProfile]) -> AnyProfile | None:
    """Saves what a valid form holds. A refusal becomes an error of the form, and nothing is returned."""
    if not form.is_valid():
        form.keep_what_is_right()
        return None
    try:
        return save()
    except NameTakenError as refused:
        form.add_error("name", str(refused))
    except FieldsError as refused:
        for kind, finding in refused.findings.items():
            form.add_error(kind if kind in form.fields else None, sentence(finding))
    except ProfileError as refused:
        form.add_error(None, str(refused))
    form.keep_what_is_right()
    return None


def wants_fields(request: PortalRequest) -> bool:
    """Whether the form was only sent to see the fields of another country."""
    return request.method == "POST" and "show" in request.POST


def redrawn(request: PortalRequest) -> dict[str, Any]:
    """What was typed, to begin a redrawn form with. Numbers aren't among it: their inputs show none."""
    return request.POST.dict()


def draw(request: PortalRequest, template: str, form: NumbersForm, context: dict[str, Any]) -> HttpResponse:
    """The page, or with htmx the fields alone where another country was chosen."""
    if wants_fields(request) and request.htmx:
        return render(request, "profiles/_numbers.html", {"form": form})
    context |= {"form": form, "next": next_of(request), "query": query_of(request)}
    return render(request, template, context)


def reach_of(request: PortalRequest, profile: AnyProfile) -> dict[str, Any]:
    """What a change of the profile sends back to validation (rule ENR-4): how many at how many locations, and which ones."""
    rows = validated_anew(profile)
    seen, others = usage_seen_by(request, rows)
    return {"reach": counted(rows), "users": seen, "others": others}


def usage_seen_by(request: PortalRequest, rows: list[Usage]) -> tuple[list[Usage], int]:
    """Of what uses a profile: that at locations in the actor's scope by name, the rest as a number."""
    allowed = within(request.actor, Permission.SEE_ENROLLMENTS, location="pk")
    places = set(Location.objects.filter(allowed, pk__in={row.location_id for row in rows}).values_list("pk", flat=True))
    seen = [row for row in rows if row.location_id in places]
    return seen, len(rows) - len(seen)
