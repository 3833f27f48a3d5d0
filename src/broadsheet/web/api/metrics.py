"""What would an operator graph? The library's gauges and the requests' times.

Each application has a registry of its own, so two in one process do not mix.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from broadsheet.web import upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from broadsheet.library import Library

# Seconds. The promises lie at 5, 15, 40 and 50 ms, so these are bounds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client's own name, read when it is imported
NO_ROUTE = "(none)"  # paths that nobody serves share one label: asking must not fill the memory
MAX_SOURCES = 200  # with lines of their own
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class LibraryCollector(Collector):
    """Asks the library at each scrape, so that no gauge can be stale."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def describe(self) -> list[GaugeMetricFamily]:
        """Say nothing, so that registering asks the library nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield one gauge per number of the library's status."""
        status = self.library.status()
        lag = max(0, status.change - status.engine.position)
        for name, text, value in (
            ("papers", "Papers here, specimens not counted.", status.papers),
            ("specimens", "Papers written for show.", status.specimens),
            ("records", "What sources said.", status.records),
            ("signals", "Votes, comments and stars seen.", status.signals),
            ("papers_indexed", "Papers that can be found by word.", status.engine.indexed),
            ("papers_encoded", "Papers that can be found by meaning.", status.serving),
            (
                "papers_read",
                "Papers that today's encoder has read; the others go by drafts or older vectors.",
                status.engine.encoders.get(status.encoder, 0),
            ),
            ("encoded_per_second", "Papers that the encoder reads now.", status.encoded_per_s),
            ("quarantined", "Pieces of sources that could not be read.", status.quarantined),
            ("change_lag", "Changes that the indexes have not seen.", lag),
            ("index_bytes", "Size of the indexes on disk.", status.engine.bytes),
        ):
            yield GaugeMetricFamily(f"broadsheet_{name}", text, value=value)
        yield from source_metrics(upkeep.lines(self.library), self.library.clock.now())


def source_metrics(lines: Sequence[upkeep.Line], now: datetime) -> Iterator[Metric]:
    """Yield what is known of each source that is read by itself, by its name.

    Names come from the settings and the administrator, so there are few; should there be more
    than ``MAX_SOURCES``, the others are only counted.
    """
    yield GaugeMetricFamily(
        "broadsheet_sources", "Sources that are read by themselves.", value=len(lines)
    )
    shown = lines[:MAX_SOURCES]
    for name, text, value_of in _SOURCE_GAUGES:
        gauge = GaugeMetricFamily(f"broadsheet_source_{name}", text, labels=("source",))
        for line in shown:
            if (value := value_of(line, now)) is not None:
                gauge.add_metric([line.name], value)
        yield gauge
    for name, text, total_of in _SOURCE_COUNTERS:
        counter = CounterMetricFamily(f"broadsheet_source_{name}", text, labels=("source",))
        for line in shown:
            counter.add_metric([line.name], total_of(line))
        yield counter


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


_SOURCE_GAUGES: tuple[tuple[str, str, Callable[[upkeep.Line, datetime], float | None]], ...] = (
    (
        "last_success_seconds",
        "When its last run without an error ended, in seconds since 1970.",
        lambda line, _now: _seconds(line.sync.succeeded),
    ),
    (
        "last_new_record_seconds",
        "When it last delivered a new paper, in seconds since 1970.",
        lambda line, _now: _seconds(line.sync.delivered),
    ),
    (
        "is_silent",
        "1 while it delivers nothing although it should.",
        lambda line, _now: line.fare.word == "silent",
    ),
    (
        "failures",
        "Runs that failed, in a row.",
        lambda line, _now: line.sync.failures,
    ),
    (
        "is_due",
        "1 while it should be read and is not.",
        lambda line, now: line.sync.due <= now and not line.is_read and not line.sync.is_paused,
    ),
    ("is_running", "1 while it is read.", lambda line, _now: line.is_read),
)
_SOURCE_COUNTERS: tuple[tuple[str, str, Callable[[upkeep.Line], float]], ...] = (
    ("requests", "Requests to it, by all processes.", lambda line: line.sync.requests),
    ("bytes", "Bytes of its answers, unpacked.", lambda line: line.sync.bytes),
)


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
    """Measure an application; call this last, so that it is the outermost middleware.

    Where several processes serve it, each counts in a file and any of them tells the sum.
    """
    counted = CollectorRegistry()
    app.add_middleware(Instrument, registry=counted)
    told = counted
    if os.environ.get(FOLDER):
        told = CollectorRegistry()
        MultiProcessCollector(told)  # type: ignore[no-untyped-call]  # theirs has no types
    told.register(LibraryCollector(library))
    app.state.metrics = told


def exposition(app: FastAPI) -> tuple[bytes, str]:
    """Return all metrics as text, and its media type."""
    return generate_latest(app.state.metrics), CONTENT_TYPE_LATEST
