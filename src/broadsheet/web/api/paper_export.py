"""How does a paper leave as a file? ``/papers/{name}.md``, ``.json``, ``.bib``, ``.ris``."""

from __future__ import annotations

from fastapi import APIRouter, Response

from broadsheet.publish import bibtex, csl, markdown, ris, work
from broadsheet.web.api import models, params, present
from broadsheet.web.api.routes import ProgramRoute
from broadsheet.web.context import BaseUrl, TheLibrary

router = APIRouter(prefix="/papers", include_in_schema=False, route_class=ProgramRoute)


@router.get("/{name:any}.md")
def as_markdown(library: TheLibrary, base: BaseUrl, name: params.PaperName) -> Response:
    """Send a paper as Markdown."""
    paper = library.paper(name)
    url = work.page_url(paper, base)
    return _file(markdown.render(paper, url), markdown.MEDIA_TYPE, url=url)


@router.get("/{name:any}.bib")
def as_bibtex(library: TheLibrary, base: BaseUrl, name: params.PaperName) -> Response:
    """Send a paper as BibTeX."""
    paper = library.paper(name)
    text = bibtex.render([paper], base_url=base)
    return _file(text, bibtex.MEDIA_TYPE, url=work.page_url(paper, base))


@router.get("/{name:any}.ris")
def as_ris(library: TheLibrary, base: BaseUrl, name: params.PaperName) -> Response:
    """Send a paper as RIS."""
    paper = library.paper(name)
    text = ris.render([paper], base_url=base)
    return _file(text, ris.MEDIA_TYPE, url=work.page_url(paper, base))


@router.get("/{name:any}.csl.json")
def as_csl(library: TheLibrary, base: BaseUrl, name: params.PaperName) -> Response:
    """Send a paper as CSL-JSON."""
    paper = library.paper(name)
    body = csl.render([paper], base_url=base)
    return _file(body.decode(), csl.MEDIA_TYPE, url=work.page_url(paper, base))


@router.get("/{name:any}.json")
def as_json(library: TheLibrary, base: BaseUrl, name: params.PaperName) -> Response:
    """Send a paper as the API does."""
    paper = library.paper(name)
    answer = models.PaperFileAnswer(
        data=present.paper(paper, base), meta=present.paper_meta(library, paper)
    )
    url = work.page_url(paper, base)
    return _file(answer.model_dump_json(), "application/json", url=url)


def _file(text: str, media_type: str, *, url: str) -> Response:
    """Return a text as UTF-8, a lone surrogate as "?", that names the page it stands for."""
    headers = {
        "Content-Type": f"{media_type}; charset=utf-8",
        "Link": f'<{url}>; rel="canonical"',
        "Cache-Control": "private, no-cache",
    }
    return Response(text.encode("utf-8", "replace"), headers=headers)
