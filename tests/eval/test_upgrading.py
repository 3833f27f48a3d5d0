from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from broadsheet.errors import UsageError
from broadsheet.eval import upgrading
from broadsheet.eval.upgrading import evaluate
from tests.eval.test_retrieval import collection
from tests.support_draft import twin_of_builtin

if TYPE_CHECKING:
    from pathlib import Path

    from broadsheet.library import Library

JUDGED = [("q1", "d2", 1), ("q2", "d3", 2)]


def test_each_share_is_measured_with_both_encoders(tmp_path: Path) -> None:
    """The same model under another name: nothing may get worse at any share."""
    folder = collection(tmp_path, JUDGED)

    told = evaluate(folder, before=str(twin_of_builtin(tmp_path / "twin")), orders=2)

    assert (told["before"], told["documents"], told["queries"]) == ("twin/int8/128", 4, 2)
    assert told["orders"] == 2
    assert [step["share"] for step in told["steps"]] == [0.0, 0.1, 0.5, 0.9, 1.0]
    assert {(step["hybrid"], step["dense"]) for step in told["steps"]} == {(1.0, 1.0)}
    assert {(step["hybrid_from"], step["hybrid_to"]) for step in told["steps"]} == {(1.0, 1.0)}
    assert json.loads(json.dumps(told)) == told


def test_at_the_end_today_s_vectors_are_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As housekeeping leaves a library: the older ones serve until all is read, no longer."""
    measure, serving = upgrading._measure, []

    def noting(library: Library, *rest: Any) -> dict[str, float]:
        serving.append(bool(library.engine.status().former))
        return measure(library, *rest)

    monkeypatch.setattr(upgrading, "_measure", noting)
    folder = collection(tmp_path, JUDGED)

    evaluate(folder, before=str(twin_of_builtin(tmp_path / "twin")), orders=1)

    assert serving == [True, True, True, False, False]  # 90 % of four documents are all


def test_one_encoder_cannot_replace_itself(tmp_path: Path) -> None:
    """The mistake is named."""
    with pytest.raises(UsageError, match="both encoders are one"):
        evaluate(collection(tmp_path, JUDGED), before="builtin")
