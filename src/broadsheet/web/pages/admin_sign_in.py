"""``/admin/sign-in``: show the token, be the administrator for a while."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from broadsheet.web import administrator, errors, security
from broadsheet.web.context import library_of
from broadsheet.web.render import render

HOME = f"{administrator.PLACE}/sources"
SEE_OTHER = 303

router = APIRouter(include_in_schema=False)


@router.get("/admin")
def admin_show() -> Response:
    """Lead to the first of the administrator's pages."""
    return RedirectResponse(HOME, SEE_OTHER)


@router.get(administrator.SIGN_IN)
def sign_in_form(request: Request, next: str = "") -> Response:  # noqa: A002  # as addresses say
    """Show the form, or lead on who needs none."""
    target = administrator.inner_path(next, HOME)
    if administrator.is_administrator(request):
        return RedirectResponse(target, SEE_OTHER)
    if not library_of(request).settings.admin_token:
        raise errors.ProblemError(errors.no_administrator())
    return _form(request, target)


@router.post(administrator.SIGN_IN)
def sign_in_create(
    request: Request,
    token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002  # as the form says
) -> Response:
    """Sign in whoever knows the token; wrong ones are slowed down."""
    settings = library_of(request).settings
    target = administrator.inner_path(next, HOME)
    if not settings.admin_token:
        raise errors.ProblemError(errors.no_administrator())
    wait = request.app.state.shared.take_sign_in(security.address_of(request.scope))
    if wait:
        headers = {"Retry-After": str(math.ceil(wait))}
        raise errors.ProblemError(errors.too_many_tries(), headers=headers)
    if not administrator.is_token(settings, token.strip()):
        return _form(request, target, error="That is not the token of this instance.")
    answer = RedirectResponse(target, SEE_OTHER)
    administrator.let_in(request, answer)
    return answer


@router.post("/admin/sign-out")
def sign_in_delete(request: Request) -> Response:
    """Sign out."""
    answer = RedirectResponse("/", SEE_OTHER)
    administrator.let_out(request, answer)
    return answer


def _form(request: Request, target: str, *, error: str = "") -> Response:
    return render(
        request,
        "admin_sign_in.html",
        status=403 if error else 200,
        target=target,
        error=error,
        robots="noindex",
    )
