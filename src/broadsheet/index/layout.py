"""What is in a model's folder? Which file is the model, and what it wants to be given.

Three descriptions are read, and each fills what the one before it leaves open: our own
``model.json``, the files of the Hugging Face layout (`config.json` and what sentence-transformers
writes), and the table of known families by the model's name.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from broadsheet.errors import EncoderError
from broadsheet.index.families import Family, family_of
from broadsheet.library.encoding import JOINT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

BUILTIN = Path(__file__).parent / "models" / "all-MiniLM-L6-v2"
MODEL, TOKENIZER, FACTS = "model.onnx", "tokenizer.json", "model.json"
QUANTISED = (  # of one model, the better guess first; each runs on every processor
    "model_quantized.onnx",
    "model_int8.onnx",
    "model_uint8.onnx",
    "model_quint8_avx2.onnx",
    "model_qint8_avx512_vnni.onnx",
    "model_qint8_avx512.onnx",
)
MODELS = (MODEL, *(f"onnx/{name}" for name in (*QUANTISED, MODEL)))  # in order of preference
CONFIG, CARD, MODULES = "config.json", "README.md", "modules.json"
SENTENCE, LENGTH = "config_sentence_transformers.json", "sentence_bert_config.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
DESCRIPTIONS = (TOKENIZER, CONFIG, TOKENIZER_CONFIG, MODULES, SENTENCE, LENGTH, CARD)
POOLINGS = ("mean", "cls", "last")
POOLING_NAMES = {  # what sentence-transformers calls them; the length of a mean does not matter
    "mean": "mean",
    "mean_tokens": "mean",
    "mean_sqrt_len_tokens": "mean",
    "cls": "cls",
    "cls_token": "cls",
    "lasttoken": "last",
}
QUERY_PROMPTS = ("query", "search_query", "retrieval.query", "retrieval_query")
DOCUMENT_PROMPTS = ("document", "passage", "search_document", "retrieval.passage", "corpus")
PLAIN_MODULES = {"Transformer", "Pooling", "Normalize"}  # all that is done here, too
OWN_VECTOR = "sentence_embedding"  # the output of models that do all modules themselves
POSITIONS_LOST = {"roberta", "xlm-roberta", "camembert", "mpnet"}  # two of theirs mark padding
UNSET = 1_000_000  # tokens: tokenizers write 1e30 where nobody said how long a text may be
FACT_TYPES: Mapping[str, type] = {  # else text
    "sha256": dict,
    "dim": int,
    "max_tokens": int,
    "matryoshka_dims": list,
}
HUB_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*(?:@\w[\w./-]*)?", re.ASCII)
_CARD_DIMS = re.compile(r'"?matryoshka_dims"?\s*:\s*\[([\d,\s]+)\]')


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of a model."""

    name: str = ""  # empty: the folder's name and the beginning of a digest
    precision: str = "onnx"  # a word for the encoder's name
    file: str = MODEL  # within the folder
    dim: int = 0  # >= 1; 0: found by encoding one word
    pooling: str = "mean"
    output: str = ""  # of the model; empty: the one of a known name
    max_tokens: int = 512  # >= 1; longer than this the model was never trained
    query_prefix: str = ""
    document_prefix: str = ""
    joint: str = JOINT
    matryoshka_dims: tuple[int, ...] = ()  # shorter lengths that it was trained for
    sha256: Mapping[str, str] = field(default_factory=dict)  # file name -> digest, checked on load


def model_folder(encoder: str, data: Path) -> Path:
    """Return the folder that the setting ``encoder`` means.

    Args:
        encoder: `builtin`, a folder, or ``owner/model`` or ``owner/model@revision`` of a hub. A
            folder that exists wins over a name.
        data: The data folder, where fetched models are.

    Raises:
        EncoderError: there is no such folder, or that model was not fetched.
    """
    if encoder == "builtin":
        return BUILTIN
    folder = Path(encoder).expanduser()
    if folder.is_dir():
        return folder
    if not HUB_NAME.fullmatch(encoder):
        raise EncoderError(
            f"the encoder needs {folder / MODEL}, which is not there; set encoder to `builtin`, "
            "to a folder with model.onnx and tokenizer.json, or to owner/model of a hub"
        )
    name, _, revision = encoder.partition("@")
    fetched = fetched_folder(data, name, revision)
    if not fetched.is_dir():
        wanted = f"{name} --revision {revision}" if revision else name
        raise EncoderError(
            f"the encoder {encoder} is no folder and was not fetched: run "
            f"`broadsheet encoder fetch {wanted}`, or set encoder to `builtin`"
        )
    return fetched


def fetched_folder(data: Path, model: str, revision: str) -> Path:
    """Return where a model of a hub is kept once it is fetched; "" is the revision `main`."""
    name = f"{model}@{revision or 'main'}"
    return data / "models" / name.replace("/", "--")


def wanted_files(paths: Collection[str], model: str = "") -> list[str]:
    """Return which of a model's files are needed, the model first; none where it has no ONNX.

    Args:
        paths: Of all its files, with "/".
        model: The file that holds the model; "": the first of ``MODELS`` that is there.
    """
    wanted = (model,) if model else MODELS
    chosen = next((name for name in wanted if name in paths), "")
    if not chosen:
        return []
    beside = sorted(path for path in paths if _is_data_of(chosen, path))
    poolings = sorted(path for path in paths if re.fullmatch(r"\d+_Pooling/config\.json", path))
    return [chosen, *beside, *(name for name in DESCRIPTIONS if name in paths), *poolings]


def data_files(folder: Path, model: str) -> list[Path]:
    """Return the files that hold a model's weights where they are too large for its own."""
    beside = (folder / model).parent.iterdir()
    return sorted(
        path for path in beside if _is_data_of(model, path.relative_to(folder).as_posix())
    )


def _is_data_of(model: str, path: str) -> bool:
    own, other = PurePosixPath(model), PurePosixPath(path)
    pattern = rf"{re.escape(own.name)}[._]data(_\d+)?"
    return own.parent == other.parent and re.fullmatch(pattern, other.name) is not None


def read_facts(folder: Path, /, *, called: str = "") -> ModelFacts:
    """Read what a folder says of its model.

    Args:
        folder: With our own ``model.json``, in Hugging Face layout, or with two bare files.
        called: The model's name, by which its family is known; "": the folder's own.

    Raises:
        EncoderError: a file cannot be read, a value has the wrong type, or the model wants
            something that is not done here.
    """
    own = _own_facts(folder)
    config = _object(folder / CONFIG)
    names = [called, folder.resolve().name, str(config.get("_name_or_path", ""))]
    family = family_of(*(name for name in names if name))
    known = _family_facts(family) | _hub_facts(folder, config, family) | own
    known["matryoshka_dims"] = tuple(known["matryoshka_dims"])
    return ModelFacts(**known)


def _own_facts(folder: Path) -> dict[str, Any]:
    path = folder / FACTS
    values = _object(path)
    known = {item.name: values[item.name] for item in fields(ModelFacts) if item.name in values}
    for name, value in known.items():
        if type(value) is not FACT_TYPES.get(name, str):
            raise EncoderError(f"{path}: {name} cannot be {value!r}")
    if min(known.get("dim", 1), known.get("max_tokens", 1)) < 1:
        raise EncoderError(f"{path}: dim and max_tokens must be at least 1")
    if known.get("pooling", "mean") not in POOLINGS:
        raise EncoderError(f"{path}: pooling must be mean, cls or last, not {known['pooling']!r}")
    if not all(type(one) is int and one > 0 for one in known.get("matryoshka_dims", ())):
        raise EncoderError(f"{path}: matryoshka_dims must be a list of lengths")
    return known


def _family_facts(family: Family) -> dict[str, Any]:
    return {name: getattr(family, name) for name in Family.__dataclass_fields__}


def _hub_facts(folder: Path, config: Mapping[str, Any], family: Family) -> dict[str, Any]:
    """Return what the files of the Hugging Face layout say; nothing where there are none."""
    file = next((name for name in MODELS if (folder / name).is_file()), MODEL)
    found: dict[str, Any] = {"file": file}
    if PurePosixPath(file).name in QUANTISED:
        found["precision"] = "int8"
    found |= _pooled(folder, config) | _prompts(folder, family)
    lengths = _lengths(folder, config)
    if lengths:
        found["max_tokens"] = min(lengths)
    if dims := _matryoshka(folder, config):
        found["matryoshka_dims"] = dims
    return found


def _pooled(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return pooling, length of a vector, and the output where only the model can make one."""
    size = config.get("hidden_size")
    found: dict[str, Any] = {"dim": size} if isinstance(size, int) and size > 0 else {}
    modules = _read(folder / MODULES, [])
    kinds = [str(one.get("type", "")).rpartition(".")[2] for one in _objects(modules)]
    if not set(kinds) <= PLAIN_MODULES:
        return {"output": OWN_VECTOR}  # whose length nobody says
    for path in sorted(folder.glob("*_Pooling/config.json")):
        values = _object(path)
        found["pooling"] = _pooling(values, path)
        size = values.get("word_embedding_dimension")
        if isinstance(size, int) and size > 0:
            found["dim"] = size
    return found


def _pooling(values: Mapping[str, Any], path: Path) -> str:
    """Return the pooling that a file of sentence-transformers describes.

    Raises:
        EncoderError: it is one that is not done here.
    """
    prefix = "pooling_mode_"
    named = values.get("pooling_mode")
    chosen = [named] if isinstance(named, str) else []
    chosen += [
        name.removeprefix(prefix)
        for name, is_on in values.items()
        if name.startswith(prefix) and is_on is True
    ]
    if len(chosen) != 1 or chosen[0] not in POOLING_NAMES:
        raise EncoderError(
            f"{path}: pooling by {', '.join(chosen) or 'nothing'} is not done here; "
            "mean, cls and last token are"
        )
    if values.get("include_prompt") is False:
        raise EncoderError(f"{path}: pooling without the prompt (include_prompt) is not done here")
    return POOLING_NAMES[chosen[0]]


def _prompts(folder: Path, family: Family) -> dict[str, str]:
    """Return the prefixes; newer files write empty prompts where nobody chose any."""
    prompts = _object(folder / SENTENCE).get("prompts")
    if not isinstance(prompts, dict):
        return {}
    said = {str(name): text for name, text in prompts.items() if isinstance(text, str)}
    query = next((said[name] for name in QUERY_PROMPTS if said.get(name)), "")
    document = next((said[name] for name in DOCUMENT_PROMPTS if said.get(name)), "")
    if not query and not document:
        return {"query_prefix": family.query_prefix, "document_prefix": family.document_prefix}
    return {"query_prefix": query, "document_prefix": document}


def _lengths(folder: Path, config: Mapping[str, Any]) -> list[int]:
    """Return every limit, in tokens, that a file names."""
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int) and config.get("model_type") in POSITIONS_LOST:
        positions -= 2
    found = [
        positions,
        _object(folder / LENGTH).get("max_seq_length"),
        _object(folder / TOKENIZER_CONFIG).get("model_max_length"),
    ]
    return [int(one) for one in found if isinstance(one, int | float) and 0 < one < UNSET]


def _matryoshka(folder: Path, config: Mapping[str, Any]) -> list[int]:
    """Return the lengths that the model's card, or its configuration, names."""
    named = config.get("matryoshka_dimensions") or config.get("matryoshka_dims")
    if isinstance(named, list):
        return [one for one in named if isinstance(one, int)]
    try:
        found = _CARD_DIMS.search((folder / CARD).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return []
    return [int(one) for one in found[1].split(",") if one.strip()] if found else []


def _object(path: Path) -> dict[str, Any]:
    values = _read(path, {})
    if not isinstance(values, dict):
        raise EncoderError(f"{path} must hold a JSON object")
    return values


def _objects(values: Any) -> list[dict[str, Any]]:
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _read(path: Path, otherwise: Any) -> Any:
    if not path.exists():
        return otherwise
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EncoderError(f"{path} cannot be read: {error}") from error
