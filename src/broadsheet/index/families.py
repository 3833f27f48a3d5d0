"""Known families of models: what each was trained to be given, for folders that do not say.

Each line is what the family's model cards say of search over documents. A folder's own files win
over this table; it fills what they leave open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from broadsheet.library.encoding import JOINT

TASK = (
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
)
FOR_PASSAGES = "Represent this sentence for searching relevant passages: "
FOR_CHINESE = "为这个句子生成表示以用于检索相关文章："  # noqa: RUF001  # as the family's card writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the models of a family want."""

    pooling: str = "mean"
    query_prefix: str = ""
    document_prefix: str = ""
    joint: str = JOINT
    matryoshka_dims: tuple[int, ...] = ()  # lengths that a vector may be cut to


# The first pattern that is found in a model's name decides: the narrower ones stand first.
_TABLE: tuple[tuple[str, Family], ...] = (
    (r"e5-mistral|e5-.*instruct.*7b", Family(pooling="last", query_prefix=f"{TASK} ")),
    (r"e5-.*instruct", Family(query_prefix=f"{TASK} ")),
    (r"\be5-", Family(query_prefix="query: ", document_prefix="passage: ")),
    (r"bge-m3", Family(pooling="cls")),
    (r"bge-.*-zh", Family(pooling="cls", query_prefix=FOR_CHINESE)),
    (r"bge-(small|base|large)", Family(pooling="cls", query_prefix=FOR_PASSAGES)),
    (r"gte-qwen2", Family(pooling="last", query_prefix=f"{TASK} ")),
    (r"gte-(modernbert|multilingual|.*-v1\.5)", Family(pooling="cls")),
    (r"gte-", Family()),
    (
        r"qwen3-embedding",
        Family(pooling="last", query_prefix=TASK, matryoshka_dims=tuple(range(32, 4096))),
    ),
    (r"specter", Family(pooling="cls", joint="[SEP]")),
    (
        r"embeddinggemma",
        Family(
            query_prefix="task: search result | query: ",
            document_prefix="title: none | text: ",
            matryoshka_dims=(128, 256, 512),
        ),
    ),
    (
        r"arctic-embed.*v2",
        Family(pooling="cls", query_prefix="query: ", matryoshka_dims=(256,)),
    ),
    (
        r"arctic-embed.*v1\.5",
        Family(pooling="cls", query_prefix=FOR_PASSAGES, matryoshka_dims=(256,)),
    ),
    (r"arctic-embed", Family(pooling="cls", query_prefix=FOR_PASSAGES)),
    (
        r"mxbai-embed-large",
        Family(pooling="cls", query_prefix=FOR_PASSAGES, matryoshka_dims=(64, 128, 256, 512)),
    ),
    (
        r"nomic-embed-text",
        Family(query_prefix="search_query: ", document_prefix="search_document: "),
    ),
)


def family_of(*names: str) -> Family:
    """Return the family that one of these names belongs to; without one, mean pooling alone."""
    for name in names:
        for pattern, family in _TABLE:
            if re.search(pattern, name, re.IGNORECASE):
                return family
    return Family()
