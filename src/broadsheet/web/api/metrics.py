"""What would an operator graph? The library's gauges and the requests' times.

Each application has a registry of its own, so two in one process do not mix.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from broadsheet.library import Library

# Seconds. The promises lie at 5, 15, 40 and 50 ms, so these are bounds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
NO_ROUTE = "(none)"  # paths that nobody serves share one label: asking must not fill the memory
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class LibraryCollector(Collector):
    """Asks the library at each scrape, so that no gauge can be stale."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def describe(self) -> list[GaugeMetricFamily]:
        """Say nothing, so that registering asks the library nothing."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield one gauge per number of the library's status."""
        status = self.library.status()
        lag = max(0, status.change - status.engine.position)
        for name, text, value in (
            ("papers", "Papers here, specimens not counted.", status.papers),
            ("specimens", "Papers written for show.", status.specimens),
            ("records", "What sources said.", status.records),
            ("signals", "Votes, comments and stars seen.", status.signals),
            ("papers_indexed", "Papers that can be found by word.", status.engine.indexed),
            ("papers_encoded", "Papers that can be found by meaning.", status.engine.encoded),
            ("quarantined", "Pieces of sources that could not be read.", status.quarantined),
            ("change_lag", "Changes that the indexes have not seen.", lag),
            ("index_bytes", "Size of the indexes on disk.", status.engine.bytes),
        ):
            yield GaugeMetricFamily(f"broadsheet_{name}", text, value=value)


class Instrument:
    """Middleware that counts requests and their times by the template of their route."""

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry) -> None:
        self.app = app
        self.requests = Counter(
            "broadsheet_http_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "broadsheet_http_request_seconds",
            "From the request's arrival to the last byte of its answer.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it went; a raised error counts as 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", None) or NO_ROUTE
            self.requests.labels(method, route, str(status)).inc()
            self.seconds.labels(method, route).observe(time.perf_counter() - started)


def install(app: FastAPI, library: Library) -> None:
    """Measure an application; call this last, so that it is the outermost middleware."""
    registry = CollectorRegistry()
    registry.register(LibraryCollector(library))
    app.state.metrics = registry
    app.add_middleware(Instrument, registry=registry)


def exposition(app: FastAPI) -> tuple[bytes, str]:
    """Return all metrics as text, and its media type."""
    return generate_latest(app.state.metrics), CONTENT_TYPE_LATEST
