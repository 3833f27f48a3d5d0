"""What went wrong, and what can be done? Every error as a page, or as JSON for programs."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from broadsheet import errors as tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

log = structlog.get_logger()

_PHRASES = {status.value: status.phrase for status in HTTPStatus}

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error as it is told."""

    status: int
    code: str  # for programs
    title: str  # what happened, as a headline
    message: str  # what happened, exactly
    advice: str  # what to do
    field: str | None = None


_KNOWN: Mapping[int, tuple[str, str, str, str]] = {
    400: (
        "bad_request",
        "That question cannot be read",
        "Something in the address or the form makes no sense here.",
        "Check the address, or start from the search.",
    ),
    403: (
        "forbidden",
        "That is not allowed",
        "The link is forged, has expired, or was used before.",
        "Ask for a new link.",
    ),
    404: (
        "not_found",
        "Nothing is kept under this address",
        "The page was never here, or its address was mistyped.",
        "Search for it, or begin with the latest edition.",
    ),
    405: (
        "method_not_allowed",
        "That cannot be done here",
        "This address does not answer to that kind of request.",
        "Go back and use the buttons of the page.",
    ),
    413: (
        "too_large",
        "That is too much at once",
        "What was sent is larger than anything this page takes.",
        "Send less, or import files with the command line: broadsheet import FILE.",
    ),
    414: (
        "too_long",
        "That address is too long",
        "The address is longer than anything this page reads.",
        "Shorten the query.",
    ),
    422: (
        "invalid",
        "Something in that question cannot be used",
        "A value has the wrong form.",
        "Correct the value and try again.",
    ),
    429: (
        "too_many_requests",
        "A little slower, please",
        "More changes came from your address in the last minute than this instance takes.",
        "Nothing is lost. Wait a minute and try again.",
    ),
    500: (
        "internal",
        "Something broke on our side",
        "This is a fault in Broadsheet, not in what you asked.",
        "Try again; if it stays, the log of the program says what happened.",
    ),
    503: (
        "unavailable",
        "The library cannot answer just now",
        "The store or an index is busy, or needs repair.",
        "Try again in a moment; the status page says more.",
    ),
}


def problem_of(status: int, *, message: str = "", field: str | None = None) -> Problem:
    """Return the problem of an HTTP status; a status without a text of its own gets a plain one."""
    known = _KNOWN.get(status)
    if known is None:
        phrase = _PHRASES.get(status, "Error")
        code = re.sub(r"\W+", "_", phrase.lower())
        known = (code, phrase, f"The answer is {status}.", "Go back, or start from the search.")
    code, title, usual, advice = known
    return Problem(
        status=status, code=code, title=title, message=message or usual, advice=advice, field=field
    )


def bad_host(host: str) -> Problem:
    """Return the problem of a Host header that is not ours."""
    shown = host[:100]
    return replace(
        problem_of(400),
        title="Broadsheet does not go by this name",
        message=f"The request was for the host {shown!r}, which is not one of this instance.",
        advice="Set base_url (BROADSHEET_BASE_URL) to the public address if this is one.",
        field="host",
    )


def cross_site() -> Problem:
    """Return the problem of a write that another site's page asked for."""
    return replace(
        problem_of(403),
        title="That came from another site",
        message="A page of another site tried to change something here.",
        advice="Open this page itself and press the button again.",
    )


def too_busy() -> Problem:
    """Return the problem of a request that comes when too many others wait already."""
    return replace(
        problem_of(503),
        code="too_busy",
        title="Too many readers just now",
        message="More requests wait than this instance can answer soon.",
        advice="Nothing is lost. Try again in a few seconds.",
    )


class ProblemError(Exception):
    """Ends a request with an answer of its own: a problem, and the headers that go with it."""

    def __init__(
        self,
        problem: Problem,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(problem.message)
        self.problem = replace(problem, status=status or problem.status)
        self.headers = headers


def not_administrator() -> Problem:
    """Return the problem of a page that only the administrator may use."""
    return replace(
        problem_of(403),
        title="That is for the administrator",
        message="Nobody is signed in as the administrator of this instance.",
        advice="Sign in at /admin/sign-in and do it again.",
    )


def no_administrator() -> Problem:
    """Return the problem of an instance that nobody can administer over the web."""
    return replace(
        problem_of(403),
        code="no_administrator",
        title="No administrator is named yet",
        message="This page changes the whole instance, and others can reach it.",
        advice="Whoever runs it sets admin_token (BROADSHEET_ADMIN_TOKEN) to a secret of 16 or "
        "more characters, starts it again, and signs in at /admin/sign-in with that.",
        field="admin_token",
    )


def too_many_tries() -> Problem:
    """Return the problem of an address that tried too many tokens."""
    return replace(
        problem_of(429),
        message="Too many tokens were tried from your address in the last minute.",
        advice="Wait a minute and try again.",
    )


def problem_from(error: Exception) -> Problem:
    """Return how an exception is told; anything unknown is a fault of ours."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, HTTPException):
        is_usual = error.detail == _PHRASES.get(error.status_code)
        message = "" if is_usual else str(error.detail)
        return problem_of(error.status_code, message=message)
    if isinstance(error, RequestValidationError):
        return _from_validation(error)
    if isinstance(error, tree.UsageError):
        return problem_of(400, message=_sentence(error), field=error.field)
    for kind, status in _STATUS_BY_ERROR:
        if isinstance(error, kind):
            return problem_of(status, message=_sentence(error) if status < 500 else "")  # noqa: PLR2004
    return problem_of(500)


_STATUS_BY_ERROR: tuple[tuple[type[Exception], int], ...] = (
    (tree.NotFoundError, 404),
    (tree.ForbiddenError, 403),
    (tree.StoreError, 503),
    (tree.IndexFaultError, 503),
    (tree.EncoderError, 503),
    (tree.MailRetryError, 503),
    (tree.MailError, 400),
)


def _sentence(error: Exception) -> str:
    text = str(error).strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _from_validation(error: RequestValidationError) -> Problem:
    first: dict[str, Any] = next(iter(error.errors()), {})
    where = [str(part) for part in first.get("loc", ()) if part not in {"query", "path", "body"}]
    field = ".".join(where) or None
    what = str(first.get("msg", "")) or "the value has the wrong form"
    message = f"{field}: {what[:1].lower()}{what[1:]}." if field else f"{what}."
    return problem_of(422, message=message, field=field)


def answer(
    request: Request, problem: Problem, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem as JSON to programs and as a page to people, with every guard's headers."""
    sent = {**SECURITY_HEADERS, "Cache-Control": "no-store", **(headers or {})}
    if is_program(request):
        error = {"code": problem.code, "message": problem.message, "field": problem.field}
        return JSONResponse({"error": error}, status_code=problem.status, headers=sent)
    from broadsheet.web.render import render

    status = 400 if problem.status == 422 else problem.status  # noqa: PLR2004
    try:
        return render(request, "error.html", status=status, headers=sent, problem=problem)
    except Exception:  # the page about the fault must not be the next fault
        log.exception("the error page could not be made", status=status)
        text = f"<!doctype html><title>{status}</title><h1>{html.escape(problem.title)}</h1>"
        return Response(text, status_code=status, headers=sent, media_type="text/html")


def is_program(request: Request) -> bool:
    """Tell whether the asker reads JSON rather than pages."""
    path = request.url.path
    if path == "/api" or path.startswith("/api/"):
        return True
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def install(app: FastAPI) -> None:
    """Give an application these answers for everything that can go wrong."""

    async def told(request: Request, error: Exception) -> Response:
        problem = problem_from(error)
        if problem.status >= 500:  # noqa: PLR2004
            log.error("unavailable", path=request.url.path, error=str(error))
        return answer(request, problem, headers=getattr(error, "headers", None))

    async def broken(request: Request, error: Exception) -> Response:
        log.error("fault", path=request.url.path, exc_info=error)
        return answer(request, problem_of(500))

    app.add_exception_handler(HTTPException, told)
    app.add_exception_handler(ProblemError, told)
    app.add_exception_handler(RequestValidationError, told)
    app.add_exception_handler(tree.BroadsheetError, told)
    app.add_exception_handler(Exception, broken)
