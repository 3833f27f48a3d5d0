"""How are errors told where the usual answer would not do? Routes that tell their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from broadsheet.errors import BroadsheetError
from broadsheet.web import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fastapi import Request

_FAULT = 500  # from here on it is our fault: the application logs it and answers


class ProgramRoute(APIRoute):
    """A route for programs outside ``/api``: errors are JSON whatever the request accepts."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the usual handler, its errors caught."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except (BroadsheetError, RequestValidationError, HTTPException) as error:
                problem = errors.problem_from(error)
                if problem.status >= _FAULT:
                    raise
                return self.tell(problem)

        return handler

    def tell(self, problem: errors.Problem) -> Response:
        """Return the error in the API's own shape."""
        detail = {"code": problem.code, "message": problem.message, "field": problem.field}
        headers = {"Cache-Control": "no-store"}
        return JSONResponse({"error": detail}, status_code=problem.status, headers=headers)


class HostedRoute(ProgramRoute):
    """A route of the hosted site's API: errors as its clients read them.

    ``huggingface_hub`` shows the header ``X-Error-Message`` and the text under ``error``, and
    tells 400 and 404 apart by status.
    """

    def tell(self, problem: errors.Problem) -> Response:
        """Return the error as a text; a parameter of the wrong form is a 400 there."""
        status = 400 if problem.status == 422 else problem.status  # noqa: PLR2004
        line = " ".join(problem.message.split())
        headers = {
            "Cache-Control": "no-store",
            "X-Error-Message": line.encode("ascii", "replace").decode(),
        }
        return JSONResponse({"error": line}, status_code=status, headers=headers)


def operation_id(route: APIRoute) -> str:
    """Name an operation after its handler."""
    return route.name


def hosted_operation_id(route: APIRoute) -> str:
    """Name an operation of the hosted site's API apart from ours."""
    return f"hosted_{route.name}"
