"""Reading the DNS record by which a partner proves that a mail domain is theirs (rule ACC-5)."""

import dns.exception
import dns.nameserver
import dns.resolver
from django.conf import settings

NAME, PREFIX = "_incentives-portal", "incentives-portal="
SECONDS = 4


class DnsSilentError(Exception):
    """No name server answered: nothing is known about the domain."""


def record_for(challenge: str) -> str:
    """What the TXT record must say."""
    return f"{PREFIX}{challenge}"


def proves(domain: str, challenge: str) -> bool:
    """Whether the TXT record stands at `_incentives-portal.<domain>` or at the domain itself. Raises DnsSilentError."""
    return any(record_for(challenge) in _texts(name) for name in (f"{NAME}.{domain}", domain))


def _texts(name: str) -> set[str]:
    try:
        answer = _resolver().resolve(f"{name}.", "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return set()
    except dns.exception.DNSException as error:
        raise DnsSilentError from error
    return {b"".join(row.strings).decode(errors="replace").strip() for row in answer}


def _resolver() -> dns.resolver.Resolver:
    """The system's name servers, or those of the setting DNS_SERVERS (`address:port`)."""
    resolver = dns.resolver.Resolver(configure=not settings.DNS_SERVERS)
    for server in settings.DNS_SERVERS:
        host, _colon, port = server.rpartition(":")
        resolver.nameservers = [*resolver.nameservers, dns.nameserver.Do53Nameserver(host or port, int(port) if host else 53)]
    return resolver
