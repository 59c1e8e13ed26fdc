"""Countries are listed in the reader's language, by its alphabet."""

import pytest
from django.utils.translation import override
from django_countries import countries

from incentives_portal.core.country_names import NAMES
from profiles.country_choices import country_choices, in_alphabet


def test_every_country_is_there_once() -> None:
    assert sorted(code for code, _name in country_choices()) == sorted(code for code, _name in countries)


@pytest.mark.parametrize(
    ("language", "names"),
    [("en", ["Åland Islands", "Albania", "Austria"]), ("sv", ["Zimbabwe", "Åland", "Österrike"])],
)
def test_the_alphabet_is_the_readers(language: str, names: list[str]) -> None:
    with override(language):
        assert sorted(names, key=in_alphabet) == names
        shown = [name for _code, name in country_choices()]
        assert shown == sorted(shown, key=in_alphabet)


def test_the_portals_own_names_are_the_lists_names_in_english() -> None:
    with override("en"):
        assert {code: countries.name(code) for code in NAMES} == {code: str(name) for code, name in NAMES.items()}
