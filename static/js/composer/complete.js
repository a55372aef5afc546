/**
 * Completion under a text field: names that fit what is typed, the whole of it or the word at the caret. Arrows and
 * Enter choose, Escape closes; what is typed counts, whether it is offered or not.
 */

import { html } from "sagasim/runs/elements.js";

export const RESOURCE_WORD = /[a-z_.]*$/i;
const MOST_OFFERED = 12;
let count = 0;

/** @param {HTMLInputElement} input @param {RegExp} pattern */
function wordAt(input, pattern) {
  const end = input.selectionStart ?? input.value.length;
  const start = end - (input.value.slice(0, end).match(pattern)?.[0].length ?? 0);
  return { start, end, word: input.value.slice(start, end) };
}

/**
 * @param {HTMLInputElement} input
 * @param {() => readonly string[]} names
 * @param {{word?: RegExp, chosen?: () => void}} [options] `word`: completes the word before the caret, and what one is.
 * @returns {HTMLElement} The field with its list, to be put where the field should stand.
 */
export function completed(input, names, { word, chosen = () => {} } = {}) {
  count += 1;
  const list = html("ul", { class: "offers", id: `offers-${count}`, role: "listbox", hidden: true });
  list.setAttribute("aria-label", "Suggestions");
  const frame = html("span", { class: "combo" }, input, list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  input.autocomplete = "off";
  let active = -1;

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const offered = (/** @type {boolean} */ all) => {
    const typed = (word ? wordAt(input, word).word : input.value.trim()).toLowerCase();
    if (word && !typed && !all) return [];
    const fitting = names().filter((name) => all || name.toLowerCase().includes(typed));
    return fitting.filter((name) => all || name !== typed).slice(0, MOST_OFFERED);
  };

  const open = (/** @type {boolean} */ all) => {
    const found = offered(all);
    if (!found.length) return close();
    list.replaceChildren(
      ...found.map((name, index) =>
        html("li", { role: "option", id: `${list.id}-${index}`, "aria-selected": "false" }, name),
      ),
    );
    list.hidden = false;
    active = -1;
    input.setAttribute("aria-expanded", "true");
  };

  const mark = (/** @type {number} */ by) => {
    const options = [...list.children];
    active = (active + by + options.length + (active < 0 && by < 0 ? 1 : 0)) % options.length;
    options.forEach((option, index) => {
      option.setAttribute("aria-selected", String(index === active));
    });
    options[active]?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active]?.id ?? "");
  };

  const choose = (/** @type {string} */ name) => {
    if (word) {
      const { start, end } = wordAt(input, word);
      input.setRangeText(name, start, end, "end");
    } else input.value = name;
    close();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    chosen();
  };

  input.addEventListener("input", () => {
    if (document.activeElement === input) open(false);
  });
  input.addEventListener("click", () => open(!input.value.trim()));
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.altKey) {
      if (list.hidden) open(!word || !wordAt(input, word).word);
      if (list.hidden) return;
      mark(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && active >= 0) {
      choose(list.children[active]?.textContent ?? "");
      event.stopImmediatePropagation();
    } else if (event.key === "Escape" && !list.hidden) {
      close();
      event.stopImmediatePropagation();
    } else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the focus stays in the field
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    if (option) choose(option.textContent ?? "");
  });
  return frame;
}
