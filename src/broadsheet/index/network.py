"""How is an ONNX model asked? One text at a time, whatever inputs its export has."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import EncoderError
from broadsheet.index.layout import OWN_VECTOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

STATES = ("last_hidden_state", "token_embeddings", "hidden_states")  # what exports call them
KNOWN_INPUTS = (
    "input_ids, attention_mask, token_type_ids, position_ids, past_key_values and use_cache_branch"
)
_PAST = re.compile(r"past_key_values\.\d+\.(key|value)")
_TYPES: dict[str, Any] = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(bool)": np.bool_,
}


class Network:
    """A model on the processor, loaded when it is made. Safe to share between threads."""

    def __init__(self, path: Path, *, output: str = "") -> None:
        """Load a model.

        Args:
            path: The file; weights that are too large for it lie beside it.
            output: The one that holds what is wanted; "": the first of a known name, a vector
                of the whole text before states of its tokens, or else the first of all.

        Raises:
            EncoderError: it cannot be loaded, or asks for something that nobody can give.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # our threads share the session: no pool, no spinning
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the library raises bare Exception subclasses of its own
            raise EncoderError(f"the encoder in {path.parent} cannot be loaded: {error}") from error
        self._path = path
        self._inputs = {item.name: item for item in self._session.get_inputs()}
        self._outputs = [item.name for item in self._session.get_outputs()]
        self._output = self._chosen(output)
        self._check_inputs()

    def _chosen(self, output: str) -> str:
        if output and output not in self._outputs:
            raise EncoderError(
                f"{self._path} has no output {output}, only {', '.join(self._outputs)}: "
                "export the whole model, with what follows its pooling"
            )
        known = (output, OWN_VECTOR, *STATES)
        return next((name for name in known if name in self._outputs), self._outputs[0])

    def _check_inputs(self) -> None:
        known = {*KNOWN_INPUTS.replace(" and ", ", ").split(", ")}
        unknown = [name for name in self._inputs if name not in known and not _PAST.match(name)]
        if unknown:
            raise EncoderError(
                f"{self._path} asks for {', '.join(sorted(unknown))}: "
                f"only models that read {KNOWN_INPUTS} can be used"
            )

    def run(self, tokens: Sequence[int]) -> Floats:
        """Return the model's answer to one text: (tokens, dim), or (dim,) where it pools."""
        return self._run(tokens, self._output)

    def states(self, tokens: Sequence[int]) -> Floats:
        """Return the states of the last layer, (tokens, dim).

        Raises:
            EncoderError: the model shows none.
        """
        named = next((name for name in STATES if name in self._outputs), self._output)
        states = self._run(tokens, named)
        if states.ndim != 2:  # noqa: PLR2004  # tokens and dimensions
            raise EncoderError(f"{self._path} shows no states of single tokens")
        return states

    def _run(self, tokens: Sequence[int], output: str) -> Floats:
        count = len(tokens)
        values: dict[str, Any] = {
            "input_ids": [tokens],
            "attention_mask": np.ones((1, count)),
            "token_type_ids": np.zeros((1, count)),
            "position_ids": [range(count)],
            "use_cache_branch": [False],
        }
        given = {
            name: np.asarray(values[name], dtype=_TYPES.get(item.type, np.int64))
            for name, item in self._inputs.items()
            if name in values
        }
        answer = self._session.run([output], given | self._past)[0][0]
        return np.asarray(answer, dtype=np.float32)

    @cached_property
    def _past(self) -> dict[str, npt.NDArray[Any]]:
        """What came before the text, in decoders that go on where they stopped: nothing."""
        return {
            name: np.zeros(self._empty(item.shape), dtype=_TYPES.get(item.type, np.float32))
            for name, item in self._inputs.items()
            if _PAST.match(name)
        }

    def _empty(self, shape: Sequence[Any]) -> list[int]:
        """Return (1, heads, 0, dim): one text, no tokens; what is named is of any length."""
        rest = [one if isinstance(one, int) else 0 for one in shape[1:]]
        if 0 not in rest:
            rest[-2] = 0
        return [1, *rest]
