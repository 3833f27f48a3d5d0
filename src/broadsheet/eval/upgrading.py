"""What do searches find while papers are read again? A collection, some of it by either encoder.

First every document has an older vector: a draft, or one by the encoder before. Then the encoder
reads a growing share of them, and the same queries are asked. Which documents come first moves the
figure by half a hundredth, so this is done in several orders, each decided by a seed.
"""

from __future__ import annotations

import random
import tempfile
from contextlib import closing
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from broadsheet.assemble import open_library
from broadsheet.errors import UsageError
from broadsheet.eval.collection import read_collection
from broadsheet.eval.metrics import ndcg
from broadsheet.eval.retrieval import documents_of, temporary_settings
from broadsheet.library import spaces
from broadsheet.library.encoding import draft_pending, encode_pending
from broadsheet.library.search import plain, ranked
from broadsheet.model import Mode
from broadsheet.sources.beir import Beir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from broadsheet.eval.collection import Collection
    from broadsheet.library import Library
    from broadsheet.ports import Encoder

    Progress = Callable[[int, int], None]
    Vectors = dict[tuple[str, str], npt.NDArray[np.float32]]  # by encoder and text

SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)
ORDERS = 5
ENCODED_AT_ONCE = 256
DRAFTED_AT_ONCE = 1_000


def evaluate(
    folder: Path,
    /,
    *,
    split: str = "test",
    before: str = "",
    shares: Sequence[float] = SHARES,
    orders: int = ORDERS,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Index a collection, and measure nDCG@10 as the encoder reads more and more of it.

    Args:
        folder: In BEIR's layout.
        split: Of the judgements.
        before: The encoder that has read everything, as the setting `encoder` names it; "": the
            drafts of the settings.
        shares: Of the documents that today's encoder has read, ascending, in [0, 1].
        orders: In so many the documents are read, each from the beginning, >= 1.
        progress: Called with (done, all): documents, then queries.

    Returns:
        By share nDCG@10 of both modes: the mean over the orders, and its range for hybrid.

    Raises:
        UsageError: there are no drafts, or both encoders are one.
    """
    collection = read_collection(folder, split=split)
    read: Vectors = {}
    runs = [
        _upgraded(collection, folder, before, shares, seed=seed, read=read, progress=progress)
        for seed in range(orders)
    ]
    return {
        "dataset": collection.name,
        "split": split,
        "queries": len(collection.topics),
        "documents": runs[0].documents,
        "orders": orders,
        "before": runs[0].before,
        "encoder": runs[0].encoder,
        "steps": [
            _told(share, measured)
            for share, *measured in zip(shares, *(run.steps for run in runs), strict=True)
        ],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What was measured in one order."""

    before: str
    encoder: str
    documents: int
    steps: list[dict[str, float]]  # nDCG@10 by mode, for each share


def _told(share: float, measured: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    hybrid, dense = ([one[mode] for one in measured] for mode in (Mode.HYBRID, Mode.DENSE))
    return {
        "share": share,
        "hybrid": round(fmean(hybrid), 4),
        "dense": round(fmean(dense), 4),
        "hybrid_from": min(hybrid),
        "hybrid_to": max(hybrid),
    }


class _Remembering:
    """An encoder that reads a text once, however many orders ask for it."""

    def __init__(self, encoder: Encoder, vectors: Vectors) -> None:
        self._encoder = encoder
        self._vectors = vectors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        """Return shape (len(texts), dim)."""
        name, vectors = self._encoder.name, self._vectors
        new = [text for text in dict.fromkeys(texts) if (name, text) not in vectors]
        if new:
            made = self._encoder.encode(new)
            vectors.update(((name, text), row) for text, row in zip(new, made, strict=True))
        return np.array([vectors[name, text] for text in texts])


def _remembering(encoder: Encoder, vectors: Vectors) -> Encoder:
    return cast("Encoder", _Remembering(encoder, vectors))  # by its ``__getattr__``


def _upgraded(  # each is named where it is given
    collection: Collection,
    folder: Path,
    before: str,
    shares: Sequence[float],
    *,
    seed: int,
    read: Vectors,
    progress: Progress | None,
) -> _Run:
    """Let the encoder read a collection in one order, and measure at each share."""
    today = temporary_settings()
    with tempfile.TemporaryDirectory(prefix="broadsheet-eval-") as scratch:
        first = {**today, "BROADSHEET_ENCODER": before, "BROADSHEET_DRAFT": ""} if before else today
        with closing(open_library(scratch, environ=first)) as library:
            library.encoder = _remembering(library.encoder, read)
            older = _begin(library, folder, progress, is_drafting=not before)
        with closing(open_library(scratch, environ=today)) as library:
            library.encoder = _remembering(library.encoder, read)
            if before and library.encoder.name == older:
                raise UsageError("both encoders are one: name another", field="before")
            documents = documents_of(library, f"{Beir(folder).name}/")
            order = sorted(documents)
            random.Random(seed).shuffle(order)  # noqa: S311  # repeatable, not secret
            steps = []
            done = 0
            for share in shares:
                goal = round(share * len(order))
                done += _encode(library, order, goal - done, progress)
                spaces.retire(library)  # once it has read all, as housekeeping does
                steps.append(_measure(library, collection, documents))
            return _Run(
                before=older,
                encoder=library.encoder.name,
                documents=len(documents),
                steps=steps,
            )


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
