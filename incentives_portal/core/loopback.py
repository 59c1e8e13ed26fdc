"""Which host names lead to this very machine."""

import ipaddress
from collections.abc import Iterable


def strangers(hosts: Iterable[str]) -> list[str]:
    """The names that somebody elsewhere could reach the portal by."""
    return [host for host in hosts if not _is_loopback(host)]


def _is_loopback(host: str) -> bool:
    if host in {"localhost", "testserver"}:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
