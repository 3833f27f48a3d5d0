"""What did this string mean? Identifiers, LaTeX, queries, normal forms: pure functions."""
