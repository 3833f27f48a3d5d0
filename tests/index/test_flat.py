"""The vectors in memory are those that were put there last, whatever was put and dropped before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.index import open_engine
from broadsheet.index.nearest import Flat
from broadsheet.model import Filters
from tests.support_engine import DIM, indexed, keys, put, vectors

if TYPE_CHECKING:
    from pathlib import Path

steps = st.lists(
    st.tuples(st.booleans(), st.sets(st.integers(0, 20), max_size=8), st.integers(0, 1000)),
    max_size=12,
)


@settings(max_examples=50, deadline=None)
@given(steps)
def test_flat_is_a_table_of_the_latest(steps: list[tuple[bool, set[int], int]]) -> None:
    """Replacing in place and filling gaps change neither what is there nor where it belongs."""
    flat = Flat(DIM)
    expected: dict[int, np.ndarray] = {}
    for is_put, chosen, seed in steps:
        slots = np.array(sorted(chosen), dtype=np.int64)
        if is_put:
            made = np.random.default_rng(seed).normal(size=(len(slots), DIM)).astype(np.float16)
            flat.put(slots, made)
            expected.update(zip(slots.tolist(), made, strict=True))
        else:
            flat.drop(slots)
            for slot in chosen:
                expected.pop(slot, None)

        query = np.ones(DIM, dtype=np.float32)
        found, scores = flat.search(query, 100, None)

        assert len(flat) == len(expected)
        assert dict(zip(found.tolist(), scores.tolist(), strict=True)) == pytest.approx(
            {slot: float(half.astype(np.float32).sum()) for slot, half in expected.items()},
            abs=1e-4,
        )


changes = st.lists(
    st.tuples(
        st.sampled_from(["apply", "gone", "encode", "optimize"]),
        st.sets(st.integers(1, 12), min_size=1, max_size=5),
    ),
    max_size=8,
)


@settings(max_examples=15, deadline=None)
@given(changes, st.sampled_from([6, 10_000]))
def test_memory_agrees_with_what_a_new_process_reads(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, set[int]]], limit: int
) -> None:
    """A writer looks only at rows it touched; whoever opens the index looks at all of them."""
    folder: Path = tmp_path_factory.mktemp("index")
    engine = open_engine(folder, dim=DIM, exact_limit=limit, threads=1)
    engine.apply([indexed(key) for key in range(1, 9)], [], position=1)
    put(engine, *range(1, 9))
    for number, (step, chosen) in enumerate(steps, start=2):
        if step == "apply":
            engine.apply([indexed(key, f"new {number}") for key in chosen], [], position=number)
        elif step == "gone":
            engine.apply([], chosen, position=number)
        elif step == "encode":
            made = vectors(*(100 * number + key for key in chosen))
            engine.put_vectors(sorted(chosen), made, encoder=f"space/{number % 3}")
        else:
            engine.optimize()
    again = open_engine(folder, dim=DIM, exact_limit=limit, threads=1)

    assert again.status() == engine.status()
    for seed in range(3):
        (query,) = vectors(seed)
        for filters in (Filters(), Filters(last_key=6)):
            mine = engine.dense(query, filters, k=20, among=None)
            other = again.dense(query, filters, k=20, among=None)
            assert (keys(mine), mine.total) == (keys(other), other.total)
            assert mine.scores == pytest.approx(other.scores, abs=1e-6)
    engine.close()
    again.close()
