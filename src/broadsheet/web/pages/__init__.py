"""How does a browser or a program ask? The routers of this part, one file per feature."""

from fastapi import APIRouter

ROUTERS: list[APIRouter] = []
