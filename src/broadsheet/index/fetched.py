"""What becomes of a model that was fetched: which of its files are needed, and its description."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from broadsheet.errors import EncoderError
from broadsheet.index.encoder import OnnxEncoder
from broadsheet.index.layout import FACTS, MODELS, TOKENIZER, read_facts, wanted_files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

TRIED = "a"  # any word will do
TOKENS = 8  # more than any model puts around a word


def needed(model: str, paths: Collection[str], *, file: str = "") -> list[str]:
    """Return which files of a repository an encoder needs.

    Args:
        model: Its name, for errors.
        paths: Of all its files.
        file: The one that holds the model; "": the preferred one.

    Raises:
        EncoderError: it holds no ONNX file, or not this one, or no tokenizer.
    """
    wanted = wanted_files(paths, file)
    if not wanted:
        raise EncoderError(
            f"{model} has no {file or f'model in ONNX ({MODELS[0]}, {MODELS[-1]})'}: name an "
            "export of it, or make one and set encoder to its folder"
        )
    if TOKENIZER not in wanted:
        raise EncoderError(f"{model} has no {TOKENIZER}: name an export of it that has one")
    return wanted


def is_there(folder: Path, commit: str, wanted: Collection[str]) -> bool:
    """Tell whether a folder holds these files of this commit, by its description."""
    try:
        told = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return bool(told["origin"]["commit"] == commit and set(told["sha256"]) == set(wanted))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def describe(folder: Path, told: Mapping[str, Any]) -> None:
    """Try a model and write its ``model.json``: what it wants, where it is from, its digests.

    The description is complete, so that no later version of this program asks the model
    otherwise under the same name.

    Args:
        folder: With its files.
        told: ``sha256`` and ``sizes`` by file, ``license``, and ``origin`` with ``model`` and
            ``commit``.

    Raises:
        EncoderError: it cannot be used.
    """
    path = folder / FACTS
    path.unlink(missing_ok=True)
    origin = told["origin"]
    facts = read_facts(folder, called=origin["model"].partition("/")[2])
    facts = replace(facts, name=f"{origin['model']}@{origin['commit'][:12]}", sha256=told["sha256"])
    encoder = OnnxEncoder(folder, facts=facts, tokens=TOKENS, threads=1)
    facts = replace(facts, dim=len(encoder.encode_query(TRIED)))
    text = json.dumps({**asdict(facts), **told}, ensure_ascii=False, indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")
