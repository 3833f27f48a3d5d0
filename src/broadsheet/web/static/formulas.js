// Set formulas in place of their plain text. What KaTeX cannot read stays as it was.
"use strict";
for (const span of document.querySelectorAll("[data-tex]")) {
  try {
    katex.render(span.dataset.tex, span, {
      displayMode: span.hasAttribute("data-display"),
      throwOnError: true,
      strict: "ignore",
      trust: false,
      maxSize: 20,
      maxExpand: 200,
    });
  } catch {
    // A broken formula is still readable as text.
  }
}
