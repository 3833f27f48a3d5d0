// As you type: titles, authors and topics under the search box, and what was searched before.
// Without script the box is a form like any other. What was searched stays in this browser.
"use strict";

(() => {
  const WAIT_MS = 80;
  const RECENT = 8;
  const KEY = "searches";

  const recent = {
    all() {
      try {
        const read = JSON.parse(localStorage.getItem(KEY) || "[]");
        return Array.isArray(read) ? read.filter((one) => typeof one === "string") : [];
      } catch {
        return []; // storage is forbidden, or holds something else
      }
    },
    add(text) {
      const rest = recent.all().filter((one) => one !== text);
      recent.save([text, ...rest].slice(0, RECENT));
    },
    save(list) {
      try {
        if (list.length) localStorage.setItem(KEY, JSON.stringify(list));
        else localStorage.removeItem(KEY);
      } catch {
        // then nothing is remembered
      }
    },
  };

  let count = 0;

  function equip(form) {
    const input = form.querySelector('input[name="q"]');
    if (!input) return;
    const list = document.createElement("ul");
    list.id = `offers-${(count += 1)}`;
    list.className = "offers";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Suggestions");
    list.hidden = true;
    form.append(list);
    for (const [name, value] of [
      ["role", "combobox"],
      ["aria-autocomplete", "list"],
      ["aria-expanded", "false"],
      ["aria-controls", list.id],
      ["autocomplete", "off"],
    ]) {
      input.setAttribute(name, value);
    }

    let chosen = -1;
    let timer = 0;
    let asked = null;

    const options = () => [...list.children];

    function close() {
      clearTimeout(timer);
      if (asked) asked.abort();
      list.hidden = true;
      chosen = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function choose(place) {
      const all = options();
      chosen = place < -1 ? all.length - 1 : place >= all.length ? -1 : place;
      all.forEach((option, n) => option.setAttribute("aria-selected", String(n === chosen)));
      if (chosen < 0) {
        input.removeAttribute("aria-activedescendant");
        return;
      }
      input.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    }

    function show(offers) {
      list.replaceChildren(
        ...offers.map(({ kind, text, note, act }, n) => {
          const option = document.createElement("li");
          option.id = `${list.id}-${n}`;
          option.setAttribute("role", "option");
          option.setAttribute("aria-selected", "false");
          const what = document.createElement("b");
          what.textContent = kind;
          const name = document.createElement("bdi");
          name.textContent = text;
          const more = document.createElement("span");
          more.className = "num";
          more.textContent = note;
          option.append(what, name, more);
          option.addEventListener("mousedown", (event) => event.preventDefault());
          option.addEventListener("click", act);
          return option;
        }),
      );
      chosen = -1;
      list.hidden = !offers.length;
      input.setAttribute("aria-expanded", String(!list.hidden));
      input.removeAttribute("aria-activedescendant");
    }

    function showRecent() {
      const before = recent.all();
      const offers = before.map((text) => ({
        kind: "again",
        text,
        note: "",
        act() {
          input.value = text;
          form.requestSubmit();
        },
      }));
      const forget = {
        kind: "",
        text: "Forget these searches",
        note: "",
        act() {
          recent.save([]);
          close();
        },
      };
      show(before.length ? [...offers, forget] : []);
    }

    async function ask() {
      const text = input.value;
      if (asked) asked.abort();
      asked = new AbortController();
      try {
        const address = `/api/v1/complete?q=${encodeURIComponent(text.slice(0, 200))}`;
        const answer = await fetch(address, { signal: asked.signal });
        if (!answer.ok) return;
        const { data } = await answer.json();
        if (document.activeElement !== input || input.value !== text) return;
        show(
          data.map(({ kind, text: name, papers, url }) => ({
            kind,
            text: name,
            note: kind === "title" ? "" : String(papers),
            act: () => location.assign(new URL(url).pathname),
          })),
        );
      } catch {
        // the next letter asks again; the form works all the same
      }
    }

    input.addEventListener("input", () => {
      clearTimeout(timer);
      if (!input.value.trim()) showRecent();
      else timer = setTimeout(ask, WAIT_MS);
    });
    input.addEventListener("focus", () => {
      if (!input.value.trim()) showRecent();
    });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown") choose(chosen + 1);
      else if (event.key === "ArrowUp") choose(chosen - 1);
      else if (event.key === "Escape") close();
      else if (event.key === "Enter" && chosen >= 0) options()[chosen].click();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    form.addEventListener("submit", () => {
      if (input.value.trim()) recent.add(input.value.trim().slice(0, 200));
    });
  }

  for (const form of document.querySelectorAll('form[role="search"]')) equip(form);
})();
