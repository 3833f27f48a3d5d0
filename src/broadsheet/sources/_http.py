"""The one way out: a polite client that every source on the network goes through.

* One request at a time per site, so far apart, in all jobs and processes (`_turns`).
* `Retry-After` and spent counters (`_rests`) are obeyed; without them the pause is random below a
  doubling bound ("full jitter", Brooker, AWS Architecture Blog 2015), so that many instances never
  return together.
* Redirects are followed by hand; each target is checked again. Another host must be public, and
  is not told the headers of the first: they may hold a key. No error and no log shows what stands
  behind the "?" of an address.
* Answers are bounded in time and size (`_wire`), runs in requests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from http import HTTPStatus
from json import dumps
from typing import TYPE_CHECKING, Any

import httpx2
import structlog

from broadsheet.errors import BudgetSpentError, RateLimitedError, UnreachableError
from broadsheet.sources import _wire
from broadsheet.sources._rests import asked_rest, spacing
from broadsheet.sources._turns import MAX_PAUSE_S, Site, Timing, Turns
from broadsheet.sources._wire import Answer, Limits, LineError, Question

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from broadsheet.sources._wire import Door

log = structlog.get_logger(__name__)

ATTEMPTS = 4
FIRST_PAUSE_S = 2.0  # bound of the first random pause; doubled by each further one
MAX_REDIRECTS = 5
SAID = 500  # characters of what a service says about its refusal
DEFAULT_INTERVAL_S = 1.0
BUDGET = 1_000  # requests of one run

ARXIV = Site("arxiv.org", 3.0)
"""All of arXiv's hosts count as one: https://info.arxiv.org/help/api/tou.html."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ANSWERS = frozenset({200, 304}) | _REDIRECTS
_SECRET = re.compile(r"key|token|auth|secret|password", re.IGNORECASE)  # names of what is none's
_SHARED = frozenset({"accept", "accept-encoding", "range"})  # headers that another host may see
_SAME_QUESTION = frozenset({307, 308})  # what is asked stays as it was
_BUSY = frozenset({429, 503})
_DENIED = frozenset({401, 403})
_GONE = frozenset({404, 410})
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
        key: str = "",
    ) -> Answer:
        """Return the answer; wait and ask again where that may help.

        It is 200 or 304, or 206 where a ``Range`` was asked for.

        Args:
            url: http or https, without name and password.
            params: Added to the URL's own; no error and no log repeats them.
            headers: Beside those of every request; `conditional` makes some. They are for the
                host of the URL: of these another one that it leads to sees only what it accepts.
            door: Which addresses may be connected to.
            key: The setting that holds this service's key, for who is turned away.

        Raises:
            RateLimitedError: it asks for a longer rest than this run should wait for.
            UnreachableError: no answer, or none that can be used.
            BudgetSpentError: this run has asked often enough.
        """
        address = _read(url).copy_merge_params(dict(params or {}))
        return self._follow(_Errand(address, dict(headers or {}), door, key))

    def post(
        self,
        url: str,
        *,
        json: Any,
        headers: Mapping[str, str] | None = None,
        door: Door = _wire.any_address,
        key: str = "",
    ) -> Answer:
        """Return the answer to a question that is put as JSON; otherwise as `get`.

        It must be a question: it is put again where that may help.
        """
        own = {"Content-Type": "application/json"} | dict(headers or {})
        body = dumps(json, ensure_ascii=True).encode("ascii")
        return self._follow(_Errand(_read(url), own, door, key, body))

    def _follow(self, errand: _Errand) -> Answer:
        """Ask, and go where the answers lead."""
        first = _shown(errand.url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._persist(errand)
            if answer.status not in _REDIRECTS:
                return answer
            errand = errand.redirected(answer)
        raise UnreachableError(f"{first} leads from one address to the next without an end")

    def _persist(self, errand: _Errand) -> Answer:
        """Ask until there is an answer that can be used, a few times."""
        site = self._site(errand.url)
        for attempt in range(ATTEMPTS):
            problem: str
            pause = None
            answer = None
            try:
                with self._turns.turn(site):
                    answer = self._ask(errand)
            except LineError as error:
                problem = str(error)
            else:
                self._heed(site, answer)
                if answer.status in errand.answers:
                    return answer
                problem, pause = self._judge(answer, errand)
            is_last = attempt + 1 == ATTEMPTS
            if is_last or (pause or 0.0) > MAX_PAUSE_S:
                if pause:
                    self._turns.rest(site, pause)
                raise _given_up(errand.url, answer, problem, pause)
            self._pause(site, attempt, pause, url=_shown(errand.url), problem=problem)
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, errand: _Errand) -> Answer:
        if self.requests_left <= 0:
            raise BudgetSpentError("this run has made all its requests; the next one goes on")
        self.requests_left -= 1
        self._meter.requests += 1
        wanted = {"User-Agent": self._client.agent, "Accept-Encoding": "gzip"}
        wanted |= {"Connection": "close", "Accept": "*/*"} | errand.headers
        question = Question(
            url=str(errand.url),
            headers=wanted,
            method="GET" if errand.body is None else "POST",
            body=errand.body,
        )
        try:
            answer = _wire.exchange(
                question,
                limits=self._client.limits,
                door=errand.door,
                context=_context(),
                clock=self._client.timing.monotonic,
            )
        except UnreachableError as error:
            raise type(error)(f"{errand.place}: {error}") from error
        self._meter.bytes += len(answer.body)
        return answer

    def _heed(self, site: Site, answer: Answer) -> None:
        """Keep to what an answer's counters ask of the next request."""
        pause = spacing(answer.headers)
        if answer.status not in _BUSY:  # whose rest `_judge` sees
            pause = max(pause, asked_rest(answer.headers, self._client.timing.now()) or 0.0)
        if pause:
            self._turns.rest(site, pause)

    def _judge(self, answer: Answer, errand: _Errand) -> tuple[str, float | None]:
        """Return what is wrong with an answer and the pause that it asks for.

        Raises:
            UnreachableError: asking again would not help.
        """
        problem = f"it answered {_status(answer.status)}"
        if answer.status in _BUSY:
            return problem, asked_rest(answer.headers, self._client.timing.now())
        if answer.status in _PASSING:
            return problem, None
        said = _said(answer, errand)
        advice = _advice(answer, errand.key, said)
        raise UnreachableError(
            f"{errand.place}: {problem}{advice}", status=answer.status, said=said
        )

    def _pause(
        self, site: Site, attempt: int, asked: float | None, *, url: str, problem: str
    ) -> None:
        bound = min(FIRST_PAUSE_S * 2.0**attempt, MAX_PAUSE_S)
        pause = self._client.timing.random() * bound if asked is None else asked
        log.debug("asking_again", url=url, problem=problem, pause_s=round(pause, 1))
        self._turns.rest(site, pause)

    def _site(self, url: httpx2.URL) -> Site:
        place = url.netloc.decode("ascii")
        if place in self._client.sites:
            return self._client.sites[place]
        if url.host == "arxiv.org" or url.host.endswith(".arxiv.org"):
            return ARXIV
        return Site(place, DEFAULT_INTERVAL_S)


@dataclass(frozen=True, slots=True)
class _Errand:
    """What is to be fetched, at one address."""

    url: httpx2.URL
    headers: dict[str, str]  # of this errand alone
    door: Door
    key: str
    body: bytes | None = None
    asked: str = ""  # the address that led here; "" where none did

    @property
    def answers(self) -> frozenset[int]:
        """The statuses that answer; 206 only where a piece was asked for."""
        return _ANSWERS | {HTTPStatus.PARTIAL_CONTENT} if "Range" in self.headers else _ANSWERS

    @property
    def place(self) -> str:
        """The address, and the one that led there, as errors name it."""
        return f"{self.asked} leads to {_shown(self.url)}" if self.asked else _shown(self.url)

    def redirected(self, answer: Answer) -> _Errand:
        """Return the errand at the address that an answer names.

        Another host gets no header that may be a key, and must be public: it was chosen by others,
        whoever chose the first.

        Raises:
            UnreachableError: no errand goes there.
        """
        target = _target(self.url, answer)
        if _origin(target) == _origin(self.url):
            is_kept = self.body is None or answer.status in _SAME_QUESTION
            if is_kept:
                return replace(self, url=target)
        if self.body is not None:
            raise UnreachableError(
                f"{_shown(self.url)} leads to {_shown(target)}, and takes no question there"
            )
        is_here = target.netloc == self.url.netloc
        door = self.door if is_here else _wire.redirected_address
        shared = {name: self.headers[name] for name in self.headers if name.lower() in _SHARED}
        asked = self.asked or _shown(self.url)
        return replace(self, url=target, headers=shared, door=door, key="", asked=asked)


@cache
def _context() -> ssl.SSLContext:
    """Return what all runs check certificates with; it takes a while to make."""
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
    if not location:
        raise UnreachableError(f"{_shown(url)} leads elsewhere without saying where")
    try:
        target = url.join(location)
    except httpx2.InvalidURL as error:
        raise UnreachableError(f"{_shown(url)} leads to {location[:200]!r}, no address") from error
    try:
        return _checked(target)
    except UnreachableError as error:
        raise UnreachableError(f"{_shown(url)} leads elsewhere: {error}") from error


def _origin(url: httpx2.URL) -> tuple[str, bytes]:
    return url.scheme, url.netloc


def _shown(url: httpx2.URL) -> str:
    """Return an address as errors and logs may show it: a key may stand behind the "?"."""
    return str(url.copy_with(query=None, fragment=None))[:300]


def _given_up(
    url: httpx2.URL, answer: Answer | None, problem: str, pause: float | None
) -> UnreachableError | RateLimitedError:
    place = url.host
    if answer is not None and answer.status in _BUSY:
        later = f"; it asks to come back in {pause:,.0f} s" if pause else ""
        return RateLimitedError(f"{place}: {problem}{later}", retry_after=pause)
    return UnreachableError(f"{place}: {problem}", status=answer.status if answer else None)


def _advice(answer: Answer, key: str, said: str) -> str:
    """Return what may be done about a refusal, and what it says itself, behind a colon."""
    told = f": {said}" if said else ""
    if answer.status in _DENIED and key:
        return f": it wants a key, which goes into the setting `{key}`; see if it is right{told}"
    if answer.status in _DENIED:
        return f": it does not let this instance read there{told}"
    if answer.status in _GONE and not said:
        return ": nothing is there; see if the address is right"
    return told


def _said(answer: Answer, errand: _Errand) -> str:
    """Return the beginning of an error's text; a page for people, or no text, says nothing.

    Some services repeat the key that they refuse.
    """
    words = " ".join(answer.body.decode("utf-8", "replace").split())
    for name, value in [*errand.headers.items(), *errand.url.params.multi_items()]:
        if value and _SECRET.search(name):
            words = words.replace(value, "...")
    return words[:SAID] if words.isprintable() and not words.startswith("<") else ""


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)
