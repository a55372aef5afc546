/**
 * Which view is on top: canvas, table, text or events. Canvas and text are made when they are first looked at. The choice is
 * remembered in this browser.
 *
 * @typedef {{canvas: () => unknown, text: () => unknown, shown: () => void}} Makers
 */

import { html } from "sagasim/runs/elements.js";

export const VIEWS = /** @type {const} */ (["canvas", "table", "text", "events"]);
/** @typedef {(typeof VIEWS)[number]} ViewName */

const REMEMBERED = "sagasim composer view";

/** @param {HTMLElement} root @param {Makers} makers */
export function tabs(root, makers) {
  const list = html("div", {
    role: "tablist",
    "aria-label": "Views of the saga",
    class: "tabs",
    "data-region": "tabs",
  });
  /** @type {Map<ViewName, {tab: HTMLElement, area: HTMLElement}>} */
  const all = new Map();
  /** @type {Partial<Record<ViewName, unknown>>} */
  const made = {};
  for (const name of VIEWS) {
    const area = /** @type {HTMLElement} */ (root.querySelector(`[data-region="${name}"]`));
    const tab = html("button", {
      role: "tab",
      type: "button",
      id: `tab-${name}`,
      "aria-controls": `view-${name}`,
    });
    tab.textContent = name.slice(0, 1).toUpperCase() + name.slice(1);
    area.id = `view-${name}`;
    area.setAttribute("role", "tabpanel");
    area.setAttribute("aria-labelledby", tab.id);
    area.hidden = true;
    tab.addEventListener("click", () => open(name));
    list.append(tab);
    all.set(name, { tab, area });
  }
  root.querySelector(".composer-body")?.prepend(list);
  list.addEventListener("keydown", (event) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    const next = VIEWS[(VIEWS.indexOf(api.now) + by + VIEWS.length) % VIEWS.length] ?? "canvas";
    open(next);
    all.get(next)?.tab.focus();
  });

  /** @param {ViewName} [name] */
  async function open(name = api.now) {
    api.now = name;
    localStorage.setItem(REMEMBERED, name);
    root.dataset.view = name;
    for (const [other, { tab, area }] of all) {
      const isIt = other === name;
      tab.setAttribute("aria-selected", String(isIt));
      tab.tabIndex = isIt ? 0 : -1;
      area.hidden = !isIt;
    }
    if ((name === "canvas" || name === "text") && !(name in made)) {
      const area = all.get(name)?.area;
      area?.replaceChildren();
      made[name] = makers[name]();
      made[name] = await made[name];
    }
    makers.shown();
  }

  const stored = /** @type {ViewName} */ (localStorage.getItem(REMEMBERED) ?? "canvas");
  const api = {
    now: VIEWS.includes(stored) ? stored : /** @type {ViewName} */ ("canvas"),
    open,
    /** @param {number} line */
    goToLine: async (line) => {
      await open("text");
      const text = made.text;
      if (text && typeof text === "object" && "goToLine" in text) /** @type {any} */ (text).goToLine(line);
    },
    focus: () => all.get(api.now)?.tab.focus(),
    close: () => {
      for (const sleep of Object.values(made)) {
        if (typeof sleep === "function") sleep();
        else if (sleep && typeof sleep === "object" && "close" in sleep) /** @type {any} */ (sleep).close();
      }
    },
  };
  return api;
}
