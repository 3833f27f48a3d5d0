"""Encoders for tests of what stands beside the built-in one."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from broadsheet.index.layout import BUILTIN, FACTS, MODEL, TOKENIZER

if TYPE_CHECKING:
    from pathlib import Path


def twin_of_builtin(folder: Path) -> Path:
    """Make a folder with the built-in model under another name: the same vectors, another space."""
    folder.mkdir()
    for name in (MODEL, TOKENIZER):
        shutil.copyfile(BUILTIN / name, folder / name)
    (folder / FACTS).write_text(json.dumps({"name": "twin", "precision": "int8"}))
    return folder
