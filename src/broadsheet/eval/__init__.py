"""Is it any good? Retrieval quality and speed, through the product's own code path."""
