"""The one way out: a polite client that every source on the network goes through.

* One request at a time per site, so far apart, in all jobs and processes (`_turns`).
* `Retry-After` is obeyed; without it the pause is random below a doubling bound ("full jitter",
  Brooker, AWS Architecture Blog 2015), so that many instances never return together.
* Redirects are followed by hand; each target is checked again, and must be public.
* Answers are bounded in time and size (`_wire`), runs in requests.
* Keys travel in headers, so that no address in a message or a log holds one; they are not sent
  on to another host.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx2
import structlog

from broadsheet.errors import BudgetSpentError, RateLimitedError, UnreachableError
from broadsheet.sources import _wire
from broadsheet.sources._turns import MAX_PAUSE_S, Site, Timing, Turns
from broadsheet.sources._wire import Answer, Limits, LineError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from broadsheet.sources._wire import Door

log = structlog.get_logger(__name__)

ATTEMPTS = 4
FIRST_PAUSE_S = 2.0  # bound of the first random pause; doubled by each further one
MAX_REDIRECTS = 5
MAX_RETRY_AFTER_S = 86_400.0
DEFAULT_INTERVAL_S = 1.0
BUDGET = 1_000  # requests of one run
SAID = 500  # characters of an error's text
KEYS = frozenset({"authorization", "x-api-key"})
"""Headers that carry keys, in lower case."""

ARXIV = Site("arxiv.org", 3.0)
"""All of arXiv's hosts count as one: https://info.arxiv.org/help/api/tou.html."""

_KEY = re.compile(r"(\bapi_key=)[^&#]*")  # the one service that knows no header for it: NCBI
_INTERVAL = re.compile(r"(\d{1,6})s?", re.ASCII)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 503})
_PASSING = frozenset({408, 425, 500, 502, 504})  # faults that may be gone in a moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """How this instance presents itself, and what it allows itself."""

    agent: str  # the User-Agent: which program, which instance
    sites: Mapping[str, Site] = field(default_factory=dict)  # by "host" or "host:port"
    limits: Limits = field(default_factory=Limits)
    timing: Timing = field(default_factory=Timing)


@dataclass(slots=True)
class Meter:
    """What one source has asked and got since the program started."""

    requests: int = 0
    bytes: int = 0  # of bodies, unpacked


class Http:
    """Fetches for one run of one source."""

    def __init__(
        self, client: Client, turns: Turns, *, budget: int = BUDGET, meter: Meter | None = None
    ) -> None:
        self._client = client
        self._turns = turns
        self.requests_left = budget
        self._meter = meter or Meter()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        door: Door = _wire.any_address,
    ) -> Answer:
        """Return the answer, 200 or 304; wait and ask again where that may help.

        Args:
            url: http or https, without name and password.
            params: Added to the URL's own.
            headers: Beside those of every request; `conditional` makes some. Those that carry a
                key go to the host that was asked, and to no other.
            door: Which addresses may be connected to.

        Raises:
            RateLimitedError: it asks for a longer rest than this run should wait for.
            UnreachableError: no answer, or none that can be used.
            BudgetSpentError: this run has asked often enough.
        """
        address = _read(url).copy_merge_params(dict(params or {}))
        wanted = {"User-Agent": self._client.agent, "Accept-Encoding": "gzip"}
        wanted |= {"Connection": "close", "Accept": "*/*"} | dict(headers or {})
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._persist(address, wanted, door)
            if answer.status not in _REDIRECTS:
                return answer
            target = _target(address, answer)
            if target.netloc != address.netloc:
                door = _wire.public_address  # chosen by others, whoever chose the first
                wanted = {name: wanted[name] for name in wanted if name.lower() not in KEYS}
            address = target
        raise UnreachableError(f"{url} leads from one address to the next without an end")

    def _persist(self, url: httpx2.URL, headers: Mapping[str, str], door: Door) -> Answer:
        """Ask until there is an answer that can be used, a few times."""
        site = self._site(url)
        for attempt in range(ATTEMPTS):
            problem: str
            pause = None
            answer = None
            try:
                with self._turns.turn(site):
                    answer = self._ask(url, headers, door)
            except LineError as error:
                problem = str(error)
            else:
                if spacing := _spacing(answer.headers):
                    self._turns.rest(site, spacing)
                if answer.status in {200, 304} | _REDIRECTS:
                    return answer
                problem, pause = self._judge(answer)
            is_last = attempt + 1 == ATTEMPTS
            if is_last or (pause or 0.0) > MAX_PAUSE_S:
                if pause:
                    self._turns.rest(site, pause)
                raise _given_up(url, answer, problem, pause)
            self._pause(site, attempt, pause, url=str(url), problem=problem)
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, url: httpx2.URL, headers: Mapping[str, str], door: Door) -> Answer:
        if self.requests_left <= 0:
            raise BudgetSpentError("this run has made all its requests; the next one goes on")
        self.requests_left -= 1
        self._meter.requests += 1
        answer = _wire.exchange(
            str(url),
            headers=headers,
            limits=self._client.limits,
            door=door,
            context=self._context,
            clock=self._client.timing.monotonic,
        )
        self._meter.bytes += len(answer.body)
        return answer

    def _judge(self, answer: Answer) -> tuple[str, float | None]:
        """Return what is wrong with an answer and the pause that it asks for.

        Raises:
            UnreachableError: asking again would not help.
        """
        problem = f"it answered {_status(answer.status)}"
        if answer.status in _BUSY:
            now = self._client.timing.now()
            return problem, _rest_asked(answer.headers, now)
        if answer.status in _PASSING:
            return problem, None
        said = _said(answer)
        told = f": {said}" if said else ""
        raise UnreachableError(f"{answer.url}: {problem}{told}", status=answer.status, said=said)

    def _pause(
        self, site: Site, attempt: int, asked: float | None, *, url: str, problem: str
    ) -> None:
        bound = min(FIRST_PAUSE_S * 2.0**attempt, MAX_PAUSE_S)
        pause = self._client.timing.random() * bound if asked is None else asked
        log.debug(
            "asking_again", url=_KEY.sub(r"\1...", url), problem=problem, pause_s=round(pause, 1)
        )
        self._turns.rest(site, pause)

    def _site(self, url: httpx2.URL) -> Site:
        place = url.netloc.decode("ascii")
        if place in self._client.sites:
            return self._client.sites[place]
        if url.host == "arxiv.org" or url.host.endswith(".arxiv.org"):
            return ARXIV
        return Site(place, DEFAULT_INTERVAL_S)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return httpx2.create_ssl_context()


def conditional(cursor: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that ask only for what changed since `validators` made the cursor."""
    headers = {}
    if cursor.get("etag"):
        headers["If-None-Match"] = cursor["etag"]
    if cursor.get("last_modified"):
        headers["If-Modified-Since"] = cursor["last_modified"]
    return headers


def validators(answer: Answer) -> dict[str, str]:
    """Return what to ask with next time; kept only once the answer's content is saved."""
    pairs = {"etag": "etag", "last_modified": "last-modified"}
    return {
        name: value for name, key in pairs.items() if (value := answer.headers.get(key, "")[:500])
    }


def retry_after(value: str, now: float) -> float | None:
    """Return how many seconds a Retry-After header asks for: at most a day; None for none.

    Args:
        value: A number of seconds or a date (RFC 9110, 10.2.3).
        now: Seconds since 1970.
    """
    value = value.strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value[:10]), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment.timestamp() - now, 0.0), MAX_RETRY_AFTER_S)


def _rest_asked(headers: Mapping[str, str], now: float) -> float | None:
    """Return the rest that a refusal asks for: Retry-After, else until a spent allowance renews."""
    if asked := headers.get("retry-after", "").strip():
        return retry_after(asked, now)
    if headers.get("x-ratelimit-remaining", "").strip() == "0":  # OpenAlex: seconds from now
        return retry_after(headers.get("x-ratelimit-reset", ""), now)
    return None


def _spacing(headers: Mapping[str, str]) -> float:
    """Return the seconds between two requests that a service grants, where it says; else 0.

    Crossref: so many in an interval, as in ``x-rate-limit-limit: 5``,
    ``x-rate-limit-interval: 1s``.
    """
    limit = headers.get("x-rate-limit-limit", "").strip()
    interval = _INTERVAL.fullmatch(headers.get("x-rate-limit-interval", "").strip())
    if not interval or not re.fullmatch(r"[1-9]\d{0,8}", limit, re.ASCII):
        return 0.0
    return min(float(interval[1]) / int(limit), MAX_PAUSE_S)


def _said(answer: Answer) -> str:
    """Return the beginning of an error's text; a page for people says nothing here."""
    kind = answer.headers.get("content-type", "").lower()
    if "html" in kind or not ("json" in kind or kind.startswith("text/")):
        return ""
    return " ".join(answer.body[: 4 * SAID].decode("utf-8", "replace").split())[:SAID]


def make_opener(client: Client, turns: Turns) -> Callable[[], Http]:
    """Return what makes the fetcher of each run, with a budget of its own."""
    return lambda: Http(client, turns)


def _read(url: str) -> httpx2.URL:
    try:
        return _checked(httpx2.URL(url))
    except httpx2.InvalidURL as error:
        raise UnreachableError(f"{url[:200]!r} is no address: {error}") from error


def _checked(url: httpx2.URL) -> httpx2.URL:
    """Return a URL that may be asked, without its fragment.

    Raises:
        UnreachableError: it may not.
    """
    if url.scheme not in {"http", "https"} or not url.host:
        raise UnreachableError(f"{str(url)[:200]} is no http or https address")
    if url.userinfo:
        raise UnreachableError(f"the address at {url.host} has a name or password in it")
    return url.copy_with(fragment=None)


def _target(url: httpx2.URL, answer: Answer) -> httpx2.URL:
    location = answer.headers.get("location", "")
    try:
        target = url.join(location)
    except httpx2.InvalidURL as error:
        raise UnreachableError(f"{url} leads to {location[:200]!r}, no address") from error
    if not location:
        raise UnreachableError(f"{url} leads elsewhere without saying where")
    return _checked(target)


def _given_up(
    url: httpx2.URL, answer: Answer | None, problem: str, pause: float | None
) -> UnreachableError | RateLimitedError:
    place = url.host
    if answer is not None and answer.status in _BUSY:
        later = f"; it asks to come back in {pause:,.0f} s" if pause else ""
        return RateLimitedError(f"{place}: {problem}{later}", retry_after=pause)
    return UnreachableError(f"{place}: {problem}", status=answer.status if answer else None)


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)
