"""Fetching what an identity provider publishes, from the outside world alone.

The addresses come from what an admin typed and from what a provider answered. So that nobody makes the portal ask its own
network: https only, no redirects, and the connection goes to an address that was looked at before, which must be a public one.
In development, demonstration and tests loopback is allowed, without https too.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

WAIT_SECONDS, WHOLE_SECONDS = 4, 7
MOST_BYTES = 512 * 1024
CHUNK = 16 * 1024
# Addresses that a gateway translates into any IPv4 address (RFC 6052).
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def require_outside(url: str) -> None:
    """Raises ValidationError unless `url` is an address that the portal may ask. Looks at the address only, not at its host's."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.username is not None or parts.fragment or not _is_secure(parts.scheme, host):
        raise ValidationError(_("This is no address that begins with https://."), code="address")


def _is_secure(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and settings.THROW_AWAY and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def fetch_json(url: str, *, form: dict[str, str] | None = None, authorization: str = "") -> tuple[int, dict[str, Any]]:
    """The status and the JSON object that `url` answers; with `form`, what it answers to that. Raises ValidationError."""
    require_outside(url)
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Accept": "application/json", "User-Agent": "incentives-portal"}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if authorization:
        headers["Authorization"] = authorization
    connection = http.client.HTTPConnection(host, port)
    connection.default_port = 443 if parts.scheme == "https" else 80
    try:
        plain = socket.create_connection((_address_of(host, port), port), timeout=WAIT_SECONDS)
        with plain, _cut_off(plain):
            connection.sock = _secured(plain, host) if parts.scheme == "https" else plain
            connection.request("GET" if form is None else "POST", path, urlencode(form) if form is not None else None, headers)
            with connection.getresponse() as answer:
                return answer.status, _read(answer, host)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise _unreachable(host) from error
    finally:
        connection.close()


def _secured(plain: socket.socket, host: str) -> socket.socket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


@contextmanager
def _cut_off(connection: socket.socket) -> Iterator[None]:
    """Ends what takes too long as a whole: a timeout of the socket begins anew with every byte that drips in."""
    # A second descriptor of the same connection: it can be shut down whatever became of the first.
    twin = connection.dup()
    timer = threading.Timer(WHOLE_SECONDS, _shut, [twin])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        twin.close()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _address_of(host: str, port: int) -> str:
    """An address of `host` that was looked at. The connection goes there: a second look-up could give another one."""
    found = {str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    for address in found:
        if not _is_public(ipaddress.ip_address(address.partition("%")[0])):
            raise ValidationError(
                _("%(host)s is an address of an inner network. The provider must be reachable from the internet.") % {"host": host},
                code="inner",
            )
    # IPv4 first: not every machine that runs the portal has a way out by IPv6.
    return min(found, key=lambda address: (":" in address, address))


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address belongs to the internet; those that only wrap an IPv4 address are seen through or refused."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return _is_public(ip.ipv4_mapped)
        if ip.sixtofour or ip.teredo or ip in TRANSLATED:
            return False
    return (ip.is_global and not ip.is_multicast) or (settings.THROW_AWAY and ip.is_loopback)


def _read(answer: http.client.HTTPResponse, host: str) -> dict[str, Any]:
    held = b""
    while chunk := answer.read1(CHUNK):
        held += chunk
        if len(held) > MOST_BYTES:
            raise _unreachable(host)
    try:
        said = json.loads(held)
    except (ValueError, RecursionError):
        raise _unreachable(host) from None
    if not isinstance(said, dict):
        raise _unreachable(host)
    return said


def _unreachable(host: str) -> ValidationError:
    return ValidationError(
        _("%(host)s can't be reached, or does not answer as an identity provider does.") % {"host": host}, code="unreachable"
    )
