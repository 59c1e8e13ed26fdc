"""Names that are markup stay names: in the frame around every page and in the overview, which another engine prints."""

from collections.abc import Callable
from urllib.parse import quote

from django.test import Client

from accounts.models import Location, Partner, User
from enrollment.services import saved_views
from tests import factories as make
from tests.enrollment import stages

HOSTILE = "\"'><script>alert(1)</script>{{7*7}}{% x %}%(y)s"
As = Callable[[User], Client]


def test_whatever_is_called_so(as_: As, gunnar: User, location: Location, other_partner: Partner) -> None:
    for model, name in ((Partner, "legal_name"), (Location, "name"), (User, "name")):
        model._default_manager.update(**{name: HOSTILE})
    # The page speaks for the first of somebody's partners by name: the one that has something to show.
    Partner.objects.filter(pk=other_partner.pk).update(legal_name=f"z{HOSTILE}")
    make.give_role(gunnar, other_partner, make.GLOBAL_ADMIN)
    stages.invited(location, make.ProgramFactory.create(name_en=HOSTILE, name_sv=HOSTILE))
    saved_views.save(partner=location.partner, name=HOSTILE, query="", is_shared=True, is_default=False, by=gunnar)
    for query in ("view=", "view=location", f"q={quote(HOSTILE)}", f"program={quote(HOSTILE)}&sort={quote(HOSTILE)}"):
        for headers in ({}, {"HX-Request": "true"}):
            html = as_(gunnar).get(f"/incentives/?{query}", headers=headers).content.decode()
            assert "<script>alert" not in html and "'><script" not in html and "49{% x" not in html
            assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}{% x %}%(y)s") >= (1 if headers else 4)
