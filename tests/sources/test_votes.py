"""Votes over time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from broadsheet.model import Fault, Identifier, Observation, Scheme, Signal, SignalKind
from broadsheet.sources.votes import COLUMNS, Votes

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "\t".join(COLUMNS) + "\n"


def read(tmp_path: Path, text: str) -> list[object]:
    """Return what a table gives."""
    path = tmp_path / "votes.tsv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return list(Votes(path).read())


def test_a_row_is_an_observation(tmp_path: Path) -> None:
    """Each counter of a row is a total at its time, seen through its channel."""
    at = datetime(2026, 3, 31, 0, 7, 22, tzinfo=UTC)

    (found,) = read(tmp_path, HEAD + "2026-03-31T00:07:22\t2603.26664\t2\t1\t5\trss:feed\r\n")

    assert found == Observation(
        source="daily",
        identifier=Identifier(Scheme.ARXIV, "2603.26664"),
        signals=(
            Signal(kind=SignalKind.VOTE, value=2, at=at, origin="hosted", via="rss:feed"),
            Signal(kind=SignalKind.COMMENT, value=1, at=at, origin="hosted", via="rss:feed"),
            Signal(kind=SignalKind.STAR, value=5, at=at, origin="github", via="rss:feed"),
        ),
    )


def test_empty_cells_count_nothing_and_columns_may_move(tmp_path: Path) -> None:
    """An empty cell is no zero; names tell the columns, a mark at the beginning is passed over."""
    (found,) = read(tmp_path, "\ufeffarxiv_id\tupvotes\tobserved_at\n2603.00001\t0\t2026-03-31\n")

    assert isinstance(found, Observation)
    assert [(signal.kind, signal.value) for signal in found.signals] == [(SignalKind.VOTE, 0)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("2026-03-31\t2603.00001\t2", "the row has 3 cells, not 6", id="cut"),
        pytest.param("2026-03-31\tx\t2\t\t\t", "arxiv_id: 'x' is no arXiv id", id="id"),
        pytest.param(
            "2026-03-31\t10.1000/x\t2\t\t\t", "arxiv_id: '10.1000/x' is no arXiv id", id="DOI"
        ),
        pytest.param("soon\t2603.00001\t2\t\t\t", "observed_at: 'soon' is no time like", id="time"),
        pytest.param("9999-01-01\t2603.00001\t2\t\t\t", "observed_at: the year 9999", id="year"),
        pytest.param(
            "2026-03-31\t2603.00001\t-2\t\t\t", "upvotes: -2 is not between", id="below 0"
        ),
        pytest.param("2026-03-31\t2603.00001\tmany\t\t\t", "upvotes: expected a whole", id="text"),
        pytest.param(
            "2026-03-31\t2603.00001\t\t\t\t", "upvotes, num_comments, github_stars:", id="none"
        ),
    ],
)
def test_a_bad_row_is_a_fault(tmp_path: Path, row: str, reason: str) -> None:
    """The rows around it are read."""
    good = "2026-03-31\t2603.00001\t2\t\t\t\n"

    first, fault, last = read(tmp_path, HEAD + good + row + "\n" + good)

    assert first == last
    assert isinstance(fault, Fault)
    assert (fault.where, fault.reason[: len(reason)]) == ("votes.tsv line 3", reason)


def test_a_cut_archive_says_so(tmp_path: Path) -> None:
    """A table may be packed like any other file."""
    import gzip

    path = tmp_path / "votes.tsv.gz"
    path.write_bytes(gzip.compress((HEAD + "2026-03-31\t2603.00001\t2\t\t\t\n").encode())[:-4])

    *_, fault = Votes(path).read()

    assert isinstance(fault, Fault)
    assert fault.reason.startswith("the compressed file ends in its middle")
