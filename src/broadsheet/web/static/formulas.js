// Set formulas in place of their plain text. What KaTeX cannot read stays as it was.
"use strict";

// A formula wider than its column scrolls; then the keyboard must reach it.
const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
      target.setAttribute("role", "group");
      target.setAttribute("aria-label", "Formula");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) target.removeAttribute(name);
    }
  }
});

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
    if (span.hasAttribute("data-display")) wide.observe(span);
  } catch {
    // A broken formula is still readable as text.
  }
}
