// What the pages do beyond HTML: keys, the theme, the chosen view, copying, spoken results.
// Everything here has a way without script: links, forms, radio buttons.
"use strict";

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const kept = {
  read(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is forbidden
    }
  },
  write(name, value) {
    try {
      if (value) localStorage.setItem(name, value);
      else localStorage.removeItem(name);
    } catch {
      // the choice lasts as long as the page
    }
  },
};

function say(text) {
  const place = one("#said");
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = text));
}

// The theme: as the system says, or as chosen.
const themes = one("#theme");
if (themes) {
  themes.hidden = false;
  const chosen = kept.read("theme") || "";
  for (const input of all("input", themes)) {
    input.checked = input.value === chosen;
    input.addEventListener("change", () => {
      kept.write("theme", input.value);
      if (input.value) document.documentElement.dataset.theme = input.value;
      else delete document.documentElement.dataset.theme;
    });
  }
}

// How much of each row to show.
const view = one(`input[name="view"][value="${CSS.escape(kept.read("view") || "gist")}"]`);
if (view) view.checked = true;
for (const input of all('input[name="view"]')) {
  input.addEventListener("change", () => kept.write("view", input.value));
}

// Copying a citation.
for (const button of all("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(one(`#${button.dataset.copy}`).textContent);
    say("Copied.");
  });
}

// Keys: j and k move through the papers, Enter opens, v votes, s saves, / searches.
const papers = () => all("[data-paper]").filter((paper) => paper.tagName !== "MAIN");
const title = (paper) => one("h1 a, h2 a, h3 a", paper);
const current = () => papers().findIndex((paper) => paper.contains(document.activeElement));

function move(step) {
  const list = papers();
  if (!list.length) return;
  const here = current();
  const next = here < 0 ? (step > 0 ? 0 : list.length - 1) : here + step;
  const paper = list[Math.min(Math.max(next, 0), list.length - 1)];
  title(paper).focus({ preventScroll: true });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  paper.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

function press(selector) {
  const here = current();
  const place = here < 0 ? one("main[data-paper]") : papers()[here];
  const button = place && one(selector, place);
  if (button) button.click();
  else say("Choose a paper first: j moves to the next one.");
}

function turn(side) {
  const link = one(`.dateline a[rel="${side}"], .pages a[rel="${side}"]`);
  if (link) link.click();
}

const help = one("#help");
const keys = {
  j: () => move(1),
  k: () => move(-1),
  v: () => press("button.vote"),
  s: () => press("button.save"),
  o: () => {
    const here = current();
    if (here >= 0) title(papers()[here]).click();
  },
  "/": () => {
    const field = one('input[type="search"]');
    field.focus();
    field.select();
  },
  "?": () => (help.open ? help.close() : help.showModal()),
  ArrowLeft: () => turn("prev"),
  ArrowRight: () => turn("next"),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], pre")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (help.open && event.key !== "?") return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// htmx swaps a button for its new state; say what happened, and what did not.
document.addEventListener("htmx:after:swap", () => {
  const button = document.activeElement;
  if (button && button.matches("button.vote, button.save")) {
    const isOn = button.getAttribute("aria-pressed") === "true";
    const done = button.matches(".vote") ? ["Voted", "Vote taken back"] : ["Saved", "Taken off"];
    say(`${isOn ? done[0] : done[1]}.`);
  }
});
const failed = (event) => {
  const status = event.detail?.ctx?.response?.status;
  say(
    status === 429
      ? "Too many changes in a minute. Wait a little and try again."
      : `That did not work${status ? ` (error ${status})` : ": the server did not answer"}.`,
  );
};
document.addEventListener("htmx:response:error", failed);
document.addEventListener("htmx:error", failed);
