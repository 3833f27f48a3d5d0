"""What do searches find while papers are read again? A collection, some of it by either encoder.

First every document has an older vector: a draft, or one by the encoder before. Then the encoder
reads a growing share of them, in an order that a seed decides, and the same queries are asked.
"""

from __future__ import annotations

import random
import tempfile
from contextlib import closing
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.assemble import open_library
from broadsheet.errors import UsageError
from broadsheet.eval.collection import read_collection
from broadsheet.eval.metrics import ndcg
from broadsheet.eval.retrieval import documents_of, temporary_settings
from broadsheet.library.encoding import draft_pending, encode_pending
from broadsheet.library.search import plain, ranked
from broadsheet.model import Mode
from broadsheet.sources.beir import Beir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from broadsheet.eval.collection import Collection
    from broadsheet.library import Library

    Progress = Callable[[int, int], None]

SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)
SEED = 5
ENCODED_AT_ONCE = 256
DRAFTED_AT_ONCE = 1_000


def evaluate(
    folder: Path,
    /,
    *,
    split: str = "test",
    before: str = "",
    shares: Sequence[float] = SHARES,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Index a collection, and measure nDCG@10 as the encoder reads more and more of it.

    Args:
        folder: In BEIR's layout.
        split: Of the judgements.
        before: The encoder that has read everything, as the setting `encoder` names it; "": the
            drafts of the settings.
        shares: Of the documents that today's encoder has read, ascending, in [0, 1].
        progress: Called with (done, all): documents, then queries.

    Raises:
        UsageError: there are no drafts, or both encoders are one.
    """
    collection = read_collection(folder, split=split)
    today = temporary_settings()
    with tempfile.TemporaryDirectory(prefix="broadsheet-eval-") as scratch:
        first = {**today, "BROADSHEET_ENCODER": before, "BROADSHEET_DRAFT": ""} if before else today
        with closing(open_library(scratch, environ=first)) as library:
            older = _begin(library, folder, progress, is_drafting=not before)
        with closing(open_library(scratch, environ=today)) as library:
            if before and library.encoder.name == older:
                raise UsageError("both encoders are one: name another", field="before")
            documents = documents_of(library, f"{Beir(folder).name}/")
            order = sorted(documents)
            random.Random(SEED).shuffle(order)  # noqa: S311  # repeatable, not secret
            steps = []
            done = 0
            for share in shares:
                goal = round(share * len(order))
                done += _encode(library, order, goal - done, progress)
                steps.append({"share": share, **_measure(library, collection, documents)})
        return {
            "dataset": collection.name,
            "split": split,
            "queries": len(collection.topics),
            "documents": len(documents),
            "before": older,
            "encoder": library.encoder.name,
            "steps": steps,
        }


def _begin(library: Library, folder: Path, progress: Progress | None, *, is_drafting: bool) -> str:
    """Import a collection and give every document its older vector; return what made these."""
    library.ingest(Beir(folder))
    library.catch_up(is_encoding=False, progress=progress)
    library.engine.try_lock()
    if not is_drafting:
        library.catch_up(is_encoding=True, progress=progress)
        return library.encoder.name
    if library.draft is None:
        raise UsageError("there are no drafts: set draft, or name --before", field="draft")
    while draft_pending(library, DRAFTED_AT_ONCE):
        pass
    return library.draft.name


def _encode(library: Library, order: Sequence[int], count: int, progress: Progress | None) -> int:
    """Let the encoder read so many more documents, in this order; return how many it read."""
    library.engine.try_lock()
    done = 0
    while done < count:
        step = encode_pending(library, min(ENCODED_AT_ONCE, count - done), first=order)
        if not step:
            break
        done += step
        if progress:
            progress(done, count)
    return done


def _measure(
    library: Library, collection: Collection, documents: Mapping[int, tuple[str, ...]]
) -> dict[str, float]:
    """Return nDCG@10 by mode."""
    keys = {document: key for key, some in documents.items() for document in some}
    found: dict[str, float] = {}
    for mode in (Mode.HYBRID, Mode.DENSE):
        values = []
        for topic in collection.topics:
            pool = sorted({keys[one] for one in topic.pool if one in keys})
            among = np.array(pool, dtype=np.int64) if topic.pool else None
            best = ranked(library, plain(topic.text), mode=mode, count=100, among=among)
            ranking = [document for key in best for document in documents.get(key, ())]
            values.append(ndcg(ranking, topic.grades, k=10))
        found[mode.value] = round(fmean(values), 4)
    return found
