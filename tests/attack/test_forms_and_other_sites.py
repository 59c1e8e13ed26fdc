"""No form of the portal takes what another site had the browser send (rule INV-5): every address, from the URL resolver."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from tests import factories as make
from tests.signing_in import sign_in

# Directories send their own token and no cookie: nothing a browser would send along by itself (rule ACC-5).
BY_TOKEN = ("scim",)
VALUES: dict[str, Any] = {"uuid": uuid.UUID(int=7), "int": 7, "slug": "iban", "str": "x", "path": "x"}


def addresses(resolver: URLResolver, before: str = "/") -> Iterator[tuple[str, str, Any]]:
    """Every address with something in the places of its arguments, its name and its view."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, before + filled(pattern))
        elif isinstance(pattern, URLPattern):
            yield before + filled(pattern), str(pattern.name), pattern.callback


def filled(pattern: URLPattern | URLResolver) -> str:
    route = str(pattern.pattern)
    if hasattr(pattern.pattern, "_route"):
        for name, converter in pattern.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower()
            value = "accounts" if name == "app_label" else str(VALUES.get(kind, "x"))
            route = route.replace(f"<{kind}:{name}>", value).replace(f"<{name}>", value)
        return route
    regex = {
        "(?P<uidb36>[0-9A-Za-z]+)": "x",
        "(?P<key>.+)": "x-y",
        "(?P<key>[-:\\w]+)": "x",
        "(?P<url>.*)$": "x",
        "(?P<provider_id>[^/]+)": "x",
    }
    for expression, value in regex.items():
        route = route.replace(expression, value)
    if "(?P<app_label>" in route:
        route = "accounts/"
    return route.lstrip("^").rstrip("$")


def is_by_token(path: str) -> bool:
    return path.lstrip("/").startswith(BY_TOKEN)


@pytest.mark.django_db
@pytest.mark.rule("INV-5")
@pytest.mark.parametrize("who", ["nobody", "root"])
def test_a_post_without_the_pages_token_is_refused_everywhere(who: str) -> None:
    client = Client(enforce_csrf_checks=True)
    if who == "root":
        sign_in(client, User.objects.create_superuser("root@operator.example", make.PASSWORD, name="Root"))
    everything = [one for one in addresses(get_resolver()) if not is_by_token(one[0])]
    assert len(everything) > 150
    let_through = {}
    for path, name, _view in everything:
        answer = client.post(path, {"language": "sv", "action": "x"})
        if answer.status_code != 403 or "had been open for too long" not in answer.content.decode():
            let_through[f"{name} {path}"] = answer.status_code
    assert not let_through


@pytest.mark.rule("INV-5")
def test_nothing_is_exempt_but_what_comes_with_its_own_token() -> None:
    exempt = {path for path, _name, view in addresses(get_resolver()) if getattr(view, "csrf_exempt", False)}
    assert {path for path in exempt if not is_by_token(path)} == set()
