"""A trial of requirements says what the pure rule says of every location (rule ELI-1)."""

import pytest

from accounts.models import Location
from enrollment.eligibility import Group, Item, evaluate
from enrollment.eligibility_facts import facts_of
from enrollment.trial import try_out
from incentives_portal.core import clock
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ELI-1")]
MEMBER = Group("Membership", "Medlemskap", (Item("active_membership"),))
NORDIC = Group("Nordic", "Norden", (Item("country", countries=("SE", "NO")),))
SIGNED = Group("Signed", "Signerat", (Item("agreement", agreement="cloud-reseller-agreement"), Item("country", countries=("DE",))))


@pytest.fixture
def base(db: None) -> list[Location]:
    """Partners with three locations each, in all combinations."""
    places = []
    for number in range(8):
        partner = make.PartnerFactory.create()
        for country in ("SE", "DE", "FI"):
            places.append(make.LocationFactory.create(partner=partner, country=country, membership_active=bool(number & 1)))
        if number & 2:
            make.AgreementFactory.create(partner=partner, location=places[-1] if number & 4 else None)
    return places


@pytest.mark.parametrize("published", [(), (MEMBER,), (MEMBER, SIGNED)])
@pytest.mark.parametrize("tried", [(), (NORDIC,), (SIGNED, MEMBER), (NORDIC, SIGNED)])
def test_it_agrees_with_the_pure_rule(published: tuple[Group, ...], tried: tuple[Group, ...], base: list[Location]) -> None:
    program, day = make.ProgramFactory.create(), clock.today()
    trial = try_out(program, published, tried, day)
    facts = facts_of(Location.objects.select_related("partner").all())
    before = {place for place in base if evaluate(published, facts[place.pk], day).eligible}
    after = {place for place in base if evaluate(tried, facts[place.pk], day).eligible}
    assert (trial["locations"], trial["before"], trial["after"]) == (len(base), len(before), len(after))
    for name, moved, groups in (("gains", after - before, published), ("losses", before - after, tried)):
        side = trial[name]
        assert side["locations"] == len(moved)
        assert side["partners"] == len({place.partner_id for place in moved})
        unmet = {
            group.title_en: count
            for group in groups
            if (count := sum(not evaluate([group], facts[place.pk], day).eligible for place in moved))
        }
        assert {one["title_en"]: one["locations"] for one in side["reasons"]} == unmet
        assert {one["location"] for one in side["samples"]} <= {str(place.pk) for place in moved}
        assert len(side["samples"]) == min(10, len(moved))
        assert all(one["because"] for one in side["samples"])
