"""How does a digest begin and end? An address, a link to confirm, a link to leave.

No GET changes anything: programs that scan mail open every link. Confirming and leaving take a
button, or, for leaving, the POST that mail programs send by themselves (RFC 8058).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request, Response

from broadsheet.errors import MailError, UsageError
from broadsheet.library import subscribing
from broadsheet.model import Period
from broadsheet.web.context import TheLibrary
from broadsheet.web.render import render

if TYPE_CHECKING:
    from broadsheet.config import Settings

_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104  # compared with, not listened on

router = APIRouter(include_in_schema=False)


@router.get("/subscribe")
def subscription_form(request: Request, library: TheLibrary) -> Response:
    """Show the form."""
    return _form(request, library)


@router.post("/subscribe")
def subscription_create(
    request: Request,
    library: TheLibrary,
    *,
    email: Annotated[str, Form()] = "",
    period: Annotated[str, Form()] = "day",
    hour: Annotated[str, Form()] = "",
    timezone: Annotated[str, Form()] = "",
) -> Response:
    """Take an address and mail it a link; a mistake shows the form again with what was typed."""
    typed = {"email": email, "period": period, "hour": hour, "timezone": timezone}
    try:
        library.subscribe(
            email,
            period=_period(period),
            hour=_hour(hour),
            timezone=timezone.strip() or None,
            base_url=_mailed_address(library.settings),
        )
    except UsageError as error:
        return _form(request, library, typed=typed, error=str(error), field=error.field, status=400)
    except MailError as error:
        sentence = f"The confirmation could not be sent. {error}. Try again in ten minutes"
        return _form(request, library, typed=typed, error=sentence, status=503)
    return render(
        request,
        "subscription_sent.html",
        email=email.strip(),
        is_mail_real=library.mailer.is_real,
        robots="noindex",
    )


@router.get("/subscribe/confirm/{token}")
def confirmation_show(request: Request, token: str) -> Response:
    """Show the button that confirms; opening the link alone changes nothing."""
    return render(request, "subscription_confirm.html", token=token, robots="noindex")


@router.post("/subscribe/confirm/{token}")
def confirmation_create(request: Request, library: TheLibrary, token: str) -> Response:
    """Make the subscription active."""
    subscription = library.confirm(token)
    return render(
        request,
        "subscription_active.html",
        subscription=subscription,
        wish=subscribing.describe(subscribing.wishes_of(subscription)),
        robots="noindex",
    )


@router.get("/unsubscribe/{token}")
def subscription_show(request: Request, library: TheLibrary, token: str) -> Response:
    """Show the button that ends a subscription; a GET never ends it."""
    subscription = subscribing.subscription_of(library, token)
    return render(
        request,
        "subscription_leave.html",
        token=token,
        subscription=subscription,
        robots="noindex",
    )


@router.post("/unsubscribe/{token}")
def subscription_delete(request: Request, library: TheLibrary, token: str) -> Response:
    """End a subscription at once: no sign-in, no cookie, no redirect, no question."""
    subscription = library.unsubscribe(token)
    return render(request, "subscription_ended.html", subscription=subscription, robots="noindex")


def _form(  # what the form shows
    request: Request,
    library: TheLibrary,
    *,
    typed: dict[str, str] | None = None,
    error: str = "",
    field: str | None = None,
    status: int = 200,
) -> Response:
    settings = library.settings
    usual = {"email": "", "period": "day", "hour": "", "timezone": ""}
    values = usual | (typed or {})
    return render(
        request,
        "subscribe.html",
        status=status,
        typed=values,
        hour=values["hour"] or str(settings.digest_hour),
        timezone=values["timezone"] or settings.timezone,
        error=error,
        error_field=field,
        is_mail_real=library.mailer.is_real,
    )


def _mailed_address(settings: Settings) -> str:
    """Return what links in mail begin with: the setting, never the Host that a request names.

    Else anybody could have this instance mail a stranger a link that leads elsewhere.

    Raises:
        UsageError: the instance listens on every address and was not told which is public.
    """
    if not settings.base_url and settings.host in _EVERYWHERE:
        raise UsageError(
            "mail needs the public address of this instance; "
            "who runs it sets it as base_url (BROADSHEET_BASE_URL)"
        )
    return settings.public_url


def _period(text: str) -> Period:
    known = {"day": Period.DAY, "daily": Period.DAY, "week": Period.WEEK, "weekly": Period.WEEK}
    if text not in known:
        raise UsageError("choose daily or weekly", field="period")
    return known[text]


def _hour(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise UsageError(
            f"the hour must be a number from 0 to 23, not {text[:20]!r}", field="hour"
        ) from None
