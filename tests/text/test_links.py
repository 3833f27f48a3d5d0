"""Links in abstracts and comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.model import Link
from broadsheet.text import links


@pytest.mark.parametrize(
    ("text", "kind", "url"),
    [
        pytest.param(
            "Code: https://github.com/a/b.", "code", "https://github.com/a/b", id="sentence"
        ),
        pytest.param("at github.com/a/b_c, and", "code", "https://github.com/a/b_c", id="bare"),
        pytest.param(
            r"\url{https://github.com/a/b\_c}", "code", "https://github.com/a/b_c", id="LaTeX"
        ),
        pytest.param(
            r"\href{https://gitlab.com/x/y}{here}", "code", "https://gitlab.com/x/y", id="href"
        ),
        pytest.param(
            "[code](https://github.com/a/b)", "code", "https://github.com/a/b", id="Markdown"
        ),
        pytest.param("https://github.com/", "project", "https://github.com/", id="host alone"),
        pytest.param(
            "https: //github.com/a/b", "code", "https://github.com/a/b", id="broken scheme"
        ),
        pytest.param("see me.github.io/nerf!", "project", "https://me.github.io/nerf", id="pages"),
        pytest.param("www.example.org/x", "project", "https://www.example.org/x", id="www"),
        pytest.param(
            "https://zenodo.org/record/1", "data", "https://zenodo.org/record/1", id="data"
        ),
        pytest.param(
            "https://huggingface.co/datasets/a/b",
            "data",
            "https://huggingface.co/datasets/a/b",
            id="hub data",
        ),
        pytest.param(
            "https://huggingface.co/a/b", "code", "https://huggingface.co/a/b", id="hub model"
        ),
        pytest.param(
            r"http://a.edu/\textasciitilde{}me/", "project", "http://a.edu/~me/", id="tilde"
        ),
        pytest.param("(https://a.org/x_(y))", "project", "https://a.org/x_(y)", id="brackets"),
        pytest.param("https://a.org:8080/x", "project", "https://a.org:8080/x", id="port"),
    ],
)
def test_a_link_is_found(text: str, kind: str, url: str) -> None:
    """Readers look for code first; most authors name it in the abstract only."""
    assert links.find(text) == (Link(kind=kind, url=url),)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no link", id="none"),
        pytest.param("https://arxiv.org/abs/2401.01234 and/or", id="a paper"),
        pytest.param("javascript://a.org/%0aalert(1)", id="script"),
        pytest.param("https://user:pass@a.org/", id="password"),
        pytest.param("http://localhost/x http://[::1]/x", id="no public name"),
        pytest.param("http://a.org:port/", id="no port"),
        pytest.param("http://[bad/", id="broken"),
        pytest.param("https://a.org/" + "x" * 3000, id="too long"),
        pytest.param("TCP/IP, 1/2", id="slashes"),
    ],
)
def test_what_is_no_link(text: str) -> None:
    """Links go onto pages: only plain public addresses of more than the paper itself."""
    assert links.find(text) == ()


def test_each_address_once_and_not_too_many() -> None:
    """A list of addresses is no abstract."""
    text = "https://a.org/X https://a.org/x/ " + " ".join(f"https://b.org/{n}" for n in range(50))

    found = links.find(text)

    assert found[0].url == "https://a.org/X"
    assert len(found) == links.MAX_LINKS
    assert len({link.url.casefold() for link in found}) == len(found)


@pytest.mark.parametrize(
    "remark",
    [
        "Published in the Annals (http://www.imstat.org/aoas/) by the Institute",
        "Submitted on behalf of TIMA Editions (http://irevues.inist.fr/tima-editions)",
    ],
)
def test_a_journals_own_address_is_no_project(remark: str) -> None:
    """A stamp that a publisher puts on every paper leads to none of them."""
    assert links.find(remark) == ()


@given(
    st.text()
    | st.text(alphabet='htps:/.w@github.com()[]{}\\_~%<>" \u202e1').map("https://".__add__)
)
def test_links_are_safe_to_show(text: str) -> None:
    """Whatever was typed, an address has http, no blanks, no quotes and nothing invisible."""
    for link in links.find(f"a/b {text}"):
        assert link.url.startswith(("http://", "https://", "HTTP"))
        assert not set(link.url) & set(" \n<>\"'`{}\\\u202e") - {"'"}
        assert links.address(link.url) == link.url
