"""What `check` finds: every way in which rows can contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from tests.support_papers import paper_write, save, vote

if TYPE_CHECKING:
    from broadsheet.store import SqlStore


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        pytest.param(
            "UPDATE papers SET votes = 7 WHERE key = 2",
            "1 papers have totals that are not those of their signals: 2",
            id="a total is off",
        ),
        pytest.param(
            "DELETE FROM signals WHERE paper = 1",
            "1 papers have totals that are not those of their signals: 1",
            id="signals are lost",
        ),
        pytest.param(
            "DELETE FROM changes WHERE paper = 3",
            "1 papers have no row in the change log: 3",
            id="a change is lost",
        ),
        pytest.param(
            "UPDATE changes SET is_gone = true WHERE paper = 2",
            "1 papers are gone by the change log, but here: 2",
            id="the log buried the living",
        ),
        pytest.param(
            "INSERT INTO changes (paper, seq, is_gone, at) VALUES (99, 99, false, 0)",
            "1 papers are here by the change log, but gone: 99",
            id="the log forgot a death",
        ),
        pytest.param("DELETE FROM records", "8 papers have no record: ", id="records are lost"),
        pytest.param(
            "UPDATE records SET body = replace(body, 'deep', 'flat') WHERE paper = 4",
            "1 papers have records that are not what their digest says: 4",
            id="a record was altered",
        ),
        pytest.param(
            "UPDATE identifiers SET paper = 2 WHERE paper = 1",
            "1 papers have no identifier: 1",
            id="a paper lost its names",
        ),
        pytest.param(
            "UPDATE papers SET body = replace(body, '2603.00005', '2603.99999') WHERE key = 5",
            "1 papers have identifiers that do not lead to them: 5",
            id="a name leads nowhere",
        ),
        pytest.param(
            "INSERT INTO waiting (name, kind, origin, actor, at, via, value)"
            " VALUES ('arxiv:2603.00006', 'vote', 'hosted', '', 0, '', 1)",
            "1 identifiers have signals waiting, though their paper is here: arxiv:2603.00006",
            id="a signal waits in vain",
        ),
        pytest.param(
            "INSERT INTO shelves (reader, folded, name) VALUES ('ada', 'later', 'Later')",
            "1 shelves are empty: 1",
            id="an empty shelf",
        ),
    ],
)
def test_a_contradiction_is_found(store: SqlStore, damage: str, sentence: str) -> None:
    """A clean store has no problems; each damage is named with its paper."""
    save(store, [paper_write(number, signals=(vote(number),)) for number in range(1, 9)])
    assert store.check() == []

    with store.database.write_alone() as connection:
        connection.execute(text(damage))

    assert any(problem.startswith(sentence) for problem in store.check())


def test_a_problem_of_many_papers_is_one_sentence(store: SqlStore) -> None:
    """A status page stays readable when a whole table is gone."""
    save(store, [paper_write(number, signals=(vote(1),)) for number in range(1, 9)])
    with store.database.write_alone() as connection:
        connection.execute(text("DELETE FROM signals"))

    assert store.check() == [
        "8 papers have totals that are not those of their signals: 1, 2, 3, 4, 5, ..."
    ]
