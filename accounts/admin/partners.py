"""Partners and locations. They come from the operator's feed, so nobody edits them here."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.filters import CountryOfOwn, Covered
from accounts.admin.within import WithinPartner, is_operator
from accounts.models import Location, Partner


@admin.register(Partner)
class PartnerAdmin(WithinPartner):
    """For the operator alone: a partner's admins have one partner and no list of them."""

    partner_column = "pk"
    list_display = ["legal_name", "pga_id", "country", "language"]
    search_fields = ["legal_name", "pga_id"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)


@admin.register(Location)
class LocationAdmin(WithinPartner):
    list_display = ["mpn_id", "name", "city", "country", "membership_active"]
    list_display_links = ["mpn_id", "name"]
    list_filter = [CountryOfOwn, Covered, "membership_active"]
    search_fields = ["mpn_id", "name", "city"]
    fields = ["mpn_id", "name", "city", "country", "membership_active", "partner"]
