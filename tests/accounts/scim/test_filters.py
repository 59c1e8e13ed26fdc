"""Filters of /Users and /Groups: each supported comparison, and what is refused instead of guessed (rule ACC-5)."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_models import InvalidFilterException

from accounts.models import DirectoryGroup, DirectoryPerson
from accounts.scim.filters import groups_where, people_where
from tests.accounts.scim.conftest import DOMAIN, Scim, said

pytestmark = pytest.mark.rule("ACC-5")


@pytest.fixture
def people(scim: Scim) -> dict[str, str]:
    """Three people by their first names, with their ids."""
    rows = {
        "anna": {
            "externalId": "A-1", "displayName": "Anna 100% Ek", "title": "VD", "preferredLanguage": "sv",
            "name": {"givenName": "Anna", "familyName": "Ek"},
            "emails": [{"value": "anna@norrsken.example", "type": "work", "primary": True}, {"value": "a@home.example", "type": "home"}],
        },
        "bo": {"externalId": "b-2", "name": {"givenName": "Bo", "familyName": "Ö'Brien"}, "active": False},
        "cleo": {"displayName": "Cleo_X", "emails": [{"value": "cleo@norrsken.example", "type": "home"}]},
    }  # fmt: skip
    return {name: said(scim.new_user(f"{name}@{DOMAIN}", **row))["id"] for name, row in rows.items()}


def found(scim: Scim, text: str, kind: str = "Users") -> set[str]:
    body = said(scim.get(f"/{kind}?filter={quote(text)}"))
    assert "Resources" in body or body.get("totalResults") == 0, body
    key = "userName" if kind == "Users" else "displayName"
    return {one[key].partition("@")[0] for one in body.get("Resources", [])}


def test_what_can_be_asked_of_people(scim: Scim, people: dict[str, str]) -> None:
    everybody = {"anna", "bo", "cleo"}
    asked = {
        f'userName eq "ANNA@{DOMAIN}"': {"anna"},
        f'USERNAME EQ "anna@{DOMAIN}"': {"anna"},
        f'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "anna@{DOMAIN}"': {"anna"},
        f'userName ne "anna@{DOMAIN}"': {"bo", "cleo"},
        'userName sw "bo@"': {"bo"},
        'userName co "e"': everybody,
        f'userName ew "o@{DOMAIN}"': {"bo", "cleo"},
        "userName pr": everybody,
        'externalId eq "A-1"': {"anna"},
        'externalId eq "a-1"': set(),
        "externalId pr": {"anna", "bo"},
        "not (externalId pr)": {"cleo"},
        f'id eq "{people["bo"]}"': {"bo"},
        'id eq "nonsense"': set(),
        'displayName co "100%"': {"anna"},
        'displayName co "%"': {"anna"},
        'displayName co "_"': {"cleo"},
        'displayName ne "Cleo_X"': {"anna", "bo"},
        'name.familyName eq "ö\'brien"': {"bo"},
        'name.givenName sw "a"': {"anna"},
        'title eq "vd" and preferredLanguage eq "SV"': {"anna"},
        "active eq true": {"anna", "cleo"},
        "active eq false": {"bo"},
        "active ne false": {"anna", "cleo"},
        'emails eq "anna@norrsken.example"': {"anna"},
        'emails.value eq "ANNA@norrsken.example"': {"anna"},
        'emails.value co "norrsken"': {"anna", "cleo"},
        'emails[type eq "work"]': {"anna"},
        'emails[type eq "home" and value co "norrsken"]': {"cleo"},
        'emails[not (type eq "home")]': {"anna"},
        'emails[type eq "work"].value eq "anna@norrsken.example"': {"anna"},
        "emails[primary eq true]": {"anna"},
        'emails[value ew "home.example" or value ew "nowhere"]': {"anna"},
        'emails.type eq "home"': {"anna", "cleo"},
        "emails pr": {"anna", "cleo"},
        "emails.value ne null": {"anna", "cleo"},
        'userName sw "bo" or (userName sw "cleo" and active eq true)': {"bo", "cleo"},
        'not (userName sw "bo" or userName sw "cleo")': {"anna"},
        'meta.lastModified gt "2001-01-01T00:00:00Z"': everybody,
        'meta.created lt "2001-01-01T00:00:00+01:00"': set(),
        'title eq "x\\" or userName pr or title eq \\""': set(),
    }
    wrong = {text: got for text, wanted in asked.items() if (got := found(scim, text)) != wanted}
    assert not wrong


def test_what_can_be_asked_of_groups(scim: Scim, people: dict[str, str]) -> None:
    anna = people["anna"]
    scim.new_group("Sales", anna, externalId="s-1")
    scim.new_group("Support")
    assert found(scim, 'displayName eq "SALES"', "Groups") == {"Sales"}
    assert found(scim, 'displayName sw "s"', "Groups") == {"Sales", "Support"}
    assert found(scim, 'externalId eq "s-1"', "Groups") == {"Sales"}
    for text in (f'members eq "{anna}"', f'members.value eq "{anna}"', f'members[value eq "{anna}"]'):
        assert found(scim, f"displayName pr and {text}", "Groups") == {"Sales"}
        assert found(scim, f"not ({text})", "Groups") == {"Support"}
    group = said(scim.get("/Groups?filter=" + quote('displayName eq "sales"')))["Resources"][0]["id"]
    assert found(scim, f'groups.value eq "{group}"') == {"anna"}


@pytest.mark.parametrize(
    "text",
    [
        "userName", "userName eq", 'userName == "x"', 'userName eq "x" and', "userName eq x", '"x" eq userName', "()", "[", '"',
        'nickName eq "x"', 'password eq "x"', 'userName gt "a"', 'active gt true', 'active co "t"', 'groups[value eq "x"]',
        'emails[phone eq "1"]', 'emails[type gt "a"]', 'id co "a"', 'meta.location eq "x"', 'meta.created gt "yesterday"',
        'userName eq "a";DROP TABLE accounts_user', "userName eq 5", "active eq 5", 'emails[type eq "work"',
        "(" * 500 + 'userName eq "x"' + ")" * 499, "not (" * 200 + "userName pr" + ")" * 200,
        'userName eq "' + "x" * 10_000 + '"', " or ".join(['userName eq "x"'] * 100), "userName eq null and null",
    ],
)  # fmt: skip
def test_what_cant_be_asked_is_refused_as_such(scim: Scim, text: str) -> None:
    answer = scim.get(f"/Users?filter={quote(text)}")
    assert answer.status_code == 400, text
    assert said(answer)["scimType"] in {"invalidFilter", "invalidPath", "invalidValue"}, text
    assert said(answer)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


WORDS = st.sampled_from(
    ["userName", "emails", "emails.value", "active", "eq", "co", "pr", "and", "or", "not", "(", ")", "[", "]", "true", "null",
     '"x"', '"%"', '"\\u0000"', '"\\ud800"', "5", "type", "meta.created", "members", "displayName", '"\'"', "ne", "title"]
)  # fmt: skip


@pytest.mark.django_db
@settings(max_examples=300)
@given(words=st.lists(WORDS, max_size=12))
def test_whatever_is_asked_is_a_question_or_refused(words: list[str]) -> None:
    text = " ".join(words)
    for where, model in ((people_where, DirectoryPerson), (groups_where, DirectoryGroup)):
        try:
            condition = where(text)
        except InvalidFilterException:
            continue
        if "\\u" not in text:  # what can't be stored is refused where the request is answered
            list(model.objects.filter(condition))
