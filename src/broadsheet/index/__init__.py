"""Find things like this: the embedded engine (words and meaning) and the encoder."""
