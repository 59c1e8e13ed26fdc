"""Makes a provisioning token of a partner."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from accounts.models import Partner
from accounts.scim.answers import base
from accounts.services import scim_tokens
from incentives_portal.core.commands import PortalCommand


class Command(PortalCommand):
    help = (
        "Makes a token with which a partner's directory provisions people (rule ACC-5), and prints it once. It is stored hashed "
        "and can't be shown again; the ledger of runs keeps who made it, not the token. The partner's global admins are told by mail."
    )

    exclusive = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("pga_id", metavar="PGA_ID", help="The partner's PGA ID.")
        parser.add_argument("--name", default="Command line", help="What the partner's admins read in their list of tokens.")
        parser.add_argument("--expires-on", type=dt.date.fromisoformat, help="The last day on which it works, like 2027-06-30.")
        parser.add_argument("--revoke-others", action="store_true", help="Revoke every other token of the partner at once.")

    def run(self, **options: Any) -> dict[str, Any]:
        partner = Partner.objects.filter(pga_id=options["pga_id"]).first()
        if partner is None:
            raise CommandError(f"There is no partner with the PGA ID {options['pga_id']}.")
        try:
            token, self._text = scim_tokens.create(
                partner=partner,
                name=options["name"],
                expires_on=options["expires_on"],
                revoke_others=options["revoke_others"],
                by=self.actor,
            )
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from None
        return {"partner": partner.legal_name, "name": token.name, "expires_on": token.expires_on, "base_address": base()}

    _text = ""

    def told(self, result: dict[str, Any]) -> dict[str, Any]:
        return {**result, "token": self._text}
