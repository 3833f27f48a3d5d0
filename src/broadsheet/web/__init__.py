"""How does a browser, or a program, ask? Pages, JSON, feeds."""
