"""How does a browser ask? The routers of this part, one file per feature."""

from fastapi import APIRouter

from broadsheet.web.pages import health_check

ROUTERS: list[APIRouter] = [health_check.router]
