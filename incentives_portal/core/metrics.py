"""What Prometheus reads (setting METRICS_TOKEN): how long requests took, and the gauges.

Requests are counted by the name of their address, never by the address itself, which holds ids and secrets. Under several
processes of one web server the counts stand in files of the folder PROMETHEUS_MULTIPROC_DIR, and every process answers for all.
"""

import ipaddress
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

from incentives_portal.core.gauges import Gauge, Values, every_gauge
from incentives_portal.core.wall import EVERYTHING, looking

# prometheus_client looks for it when it is imported.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_seconds = Histogram("portal_request_seconds", "How long a request took, by the name of its address", ["name"], buckets=BUCKETS)
_answers = Counter("portal_requests_total", "Requests answered", ["name", "method", "status"])
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class MetricsMiddleware:
    """Counts every request, outermost, so that its time is the whole of it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        name = _name_of(request)
        _seconds.labels(name).observe(time.perf_counter() - begun)
        method = request.method if request.method in METHODS else "other"
        _answers.labels(name, method, f"{response.status_code // 100}xx").inc()
        return response


def _name_of(request: HttpRequest) -> str:
    """The address's name in urls.py; *none* for what no address of the portal answers, whatever was asked."""
    match = request.resolver_match
    return (match.view_name or "unnamed") if match else "none"


class Gauges(Collector):
    """The portal's own figures, counted when they are asked for. One that can't be counted is left out."""

    def collect(self) -> Iterable[Metric]:
        for one in every_gauge():
            family = GaugeMetricFamily(one.name, one.text, labels=[one.label] if one.label else [])
            for value, number in _counted(one):
                family.add_metric([value] if one.label else [], number)
            yield family


def _counted(one: Gauge) -> Values:
    try:
        # A request of nobody: it counts over all partners, and tells no row of any.
        with looking(EVERYTHING):
            return list(one.count())
    except Exception as error:  # as with health checks, whatever it is: the others are worth having
        logger.warning("%s could not be counted: %s", one.name, type(error).__name__)
        return []


def text() -> bytes:
    """Everything, in the format that Prometheus reads."""
    counted, figures = REGISTRY, CollectorRegistry()
    if FOLDER in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    figures.register(Gauges())
    return bytes(generate_latest(counted) + generate_latest(figures))


def may_read(request: HttpRequest) -> bool:
    """Whoever has METRICS_TOKEN as a bearer token; without one set, this machine alone, and never through a proxy."""
    token = settings.METRICS_TOKEN
    if token:
        said = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(said.encode(), token.encode())
    try:
        home = ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return home and not {"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"} & set(request.headers)
