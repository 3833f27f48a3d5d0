"""Find things like this: the embedded engine (words and meaning) and the encoder."""

from broadsheet.index.encoder import open_encoder

__all__ = ["open_encoder"]
