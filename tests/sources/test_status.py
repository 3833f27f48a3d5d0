"""A paper that was taken back says so in many words, and papers about withdrawal do not."""

from __future__ import annotations

import pytest

from broadsheet.model import Status
from broadsheet.sources import _status
from broadsheet.sources.jsonlines import to_record


@pytest.mark.parametrize(
    "said",
    [
        "This paper has been withdrawn by the author due to an error in Lemma 3",
        "The paper has been withdrawn. The authors have found some weaknesses",
        "arXiv admin note: This submission has been withdrawn by arXiv administrators",
        "This early draft has been withdrawn",
        "Withdrawn by the authors",
        "Withdrawn; see the new version of the other paper",
        "The authors have withdrawn this manuscript",
    ],
)
def test_a_notice_is_read(said: str) -> None:
    """ArXiv has no field for it: the notice is the comment, or stands for the abstract."""
    assert _status.withdrawn(said) is Status.WITHDRAWN
    assert _status.withdrawn("", said) is Status.WITHDRAWN


@pytest.mark.parametrize(
    "said",
    [
        "12 pages, 3 figures",
        "We study drugs that were withdrawn from the market",
        "Bids may be withdrawn by an auctioneer",
        "Money withdrawn from an account is traced",
    ],
)
def test_other_withdrawals_are_none(said: str) -> None:
    """A mark on a sound paper harms its authors."""
    assert _status.withdrawn(said, said) is None


def test_what_an_abstract_says_late_is_no_notice() -> None:
    """A notice stands at the beginning, in place of the abstract."""
    assert _status.withdrawn("", "x " * 300 + "This paper has been withdrawn.") is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"status": "Retracted"}, Status.RETRACTED, id="named"),
        pytest.param({"withdrawn": True}, Status.WITHDRAWN, id="a mark"),
        pytest.param({"withdrawn": True, "retracted": True}, Status.RETRACTED, id="the graver"),
        pytest.param({"retracted": False, "status": "published"}, None, id="neither"),
        pytest.param({"status": {"a": 1}}, None, id="something else"),
    ],
)
def test_a_source_sets_it_by_name(values: dict[str, object], expected: Status | None) -> None:
    """One field for every source; other words for other things are kept."""
    record = to_record({"id": "10.1000/x", "title": "On wells"} | values, shelf="x")

    assert record.status is expected
    if "status" in values and expected is None:
        assert record.extra["status"] == values["status"]
