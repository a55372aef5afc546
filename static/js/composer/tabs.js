/**
 * Which view is on top: canvas, table, text or events. Each is made when it is first looked at. The choice is
 * remembered in this browser.
 *
 * @typedef {Record<ViewName, () => Promise<any>> & {shown: () => void}} Makers
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
  /** @type {Partial<Record<ViewName, any>>} */
  const made = {};
  /** @type {Partial<Record<ViewName, Promise<any>>>} */
  const making = {};
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
    if (!making[name]) {
      all.get(name)?.area.replaceChildren();
      making[name] = makers[name]();
      try {
        made[name] = await making[name];
      } catch (failure) {
        delete making[name]; // the next look tries again
        all.get(name)?.area.replaceChildren(cannotShow(name, failure));
      }
    }
    makers.shown();
  }

  const stored = /** @type {ViewName} */ (localStorage.getItem(REMEMBERED) ?? "canvas");
  const api = {
    now: VIEWS.includes(stored) ? stored : /** @type {ViewName} */ ("canvas"),
    open,
    made,
    /** @param {number} line */
    goToLine: async (line) => {
      await open("text");
      made.text?.goToLine?.(line);
    },
    focus: () => all.get(api.now)?.tab.focus(),
    close: () => {
      for (const sleep of Object.values(made)) {
        if (typeof sleep === "function") sleep();
        else sleep?.close?.();
      }
    },
  };
  return api;
}

/** @param {string} name @param {unknown} failure */
function cannotShow(name, failure) {
  const why = failure instanceof Error ? failure.message : String(failure);
  return html(
    "p",
    { class: "refusal", role: "alert" },
    `The ${name} cannot be shown (${why}). The other views work.`,
  );
}
