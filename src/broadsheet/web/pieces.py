"""What stands twenty times on a page? Small pieces of HTML, made as text: a template takes longer.

Every text that comes from outside is escaped here; an address is made by ``view``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from broadsheet.web import view

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from broadsheet.model import Paper

DEFAULT_SHELF = "To read"


def html(text: str) -> Markup:
    """Return a text of this module as HTML: its parts are escaped already."""
    return Markup(text)  # noqa: S704


def vote_form(paper: Paper, is_on: bool) -> Markup:  # noqa: FBT001  # read as in a template
    """Return the form that casts a vote, or takes it back."""
    url = escape(view.paper_url(paper, "/vote"))
    return html(
        f'<form class="act" method="post" action="{url}" hx-post="{url}" hx-swap="outerHTML">'
        f'<input type="hidden" name="on" value="{0 if is_on else 1}">'
        f'<button class="vote" id="vote-{paper.key}" aria-pressed="{"true" if is_on else "false"}"'
        f' aria-label="Vote, {view.counted(paper.votes, "vote")}"><svg aria-hidden="true">'
        f'<use href="#up"/></svg>{view.number(paper.votes)}</button></form>'
    )


def save_form(paper: Paper, shelves: Sequence[str]) -> Markup:
    """Return the form that puts a paper on a shelf, or takes it off the first of these."""
    url = escape(view.paper_url(paper, "/save"))
    shelf = escape(shelves[0] if shelves else DEFAULT_SHELF)
    title = f' title="On the shelf {escape(view.listed(shelves))}"' if shelves else ""
    return html(
        f'<form class="act" method="post" action="{url}" hx-post="{url}" hx-swap="outerHTML">'
        f'<input type="hidden" name="on" value="{0 if shelves else 1}">'
        f'<input type="hidden" name="shelf" value="{shelf}">'
        f'<button class="save" id="save-{paper.key}"'
        f' aria-pressed="{"true" if shelves else "false"}"{title}>'
        f"{'saved' if shelves else 'save'}</button></form>"
    )


@lru_cache(maxsize=16_384)
def person_link(name: str) -> Markup:
    """Return an author's name as a link, in the language of its script."""
    code, shown = view.language(name), escape(name)
    inner = f'<bdi lang="{code}">{shown}</bdi>' if code else shown
    return html(f'<a href="{escape(view.author_url(name))}">{inner}</a>')


def author_list(paper: Paper, shown: int = view.SHOWN_AUTHORS) -> Markup:
    """Return the first authors and how many more there are."""
    if paper.authors:
        more = view.hidden_authors(paper)
        rest = f' <span class="num nw">+ {more}</span>' if more > 0 else ""
        return html(f"{', '.join(map(person_link, paper.authors[:shown]))}{rest}")
    if paper.author_count:
        told = view.counted(paper.author_count, "author")
        return html(f'<span class="num">{told}, not named at the source</span>')
    return html('<span class="none">No authors at the source</span>')


def status_mark(paper: Paper) -> Markup:
    """Return the mark of a paper that is withdrawn or retracted; of others nothing."""
    if not paper.status:
        return Markup()
    return html(f' <span class="specimen">{escape(paper.status.capitalize())}</span>')


def code_link(paper: Paper) -> Markup:
    """Return the link to a paper's code, where there is one."""
    url = view.outbound(paper.link("code") or "")
    if not url:
        return Markup()
    host = f'<span class="hidden"> at {escape(view.host_of(url))}</span>'
    return html(f'<a href="{escape(url)}" rel="noopener external">code{host}</a>')


def gauge(label: str, value: float, is_sum: bool = False) -> Markup:  # noqa: FBT001, FBT002
    """Return one number in [0, 1] with its bar, as a pair of a list."""
    kind = ' class="sum"' if is_sum else ""
    return html(
        f"<dt{kind}>{escape(label)}</dt><dd>"
        '<svg class="gauge" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="whole" width="100" height="6"/>'
        f'<rect width="{100 * max(0, min(value, 1)):.1f}" height="6"/></svg>'
        f"<span>{view.decimal(value)}</span></dd>"
    )


PIECES: Mapping[str, Callable[..., Markup]] = {
    one.__name__: one for one in (author_list, code_link, gauge, save_form, status_mark, vote_form)
}
