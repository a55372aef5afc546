/**
 * The buttons over the saga. Each names an act of composer.js; what leads to another page is a link.
 *
 * @typedef {import("./store.js").Store} Store
 */

import { html } from "sagasim/runs/elements.js";
import { icon } from "sagasim/runs/icons.js";

/** @param {string} act @param {string} label @param {string} keys @param {string} [sign] */
function button(act, label, keys, sign) {
  const element = html("button", {
    class: "tool",
    type: "button",
    "data-do": act,
    title: keys ? `${label} (${keys})` : label,
  });
  if (sign) element.append(icon(sign));
  element.append(html("span", {}, label));
  return element;
}

/** @param {string} url @param {string} label @param {string} [act] what happens instead where work is unsaved */
function link(url, label, act) {
  const element = html("a", { class: "tool", href: url }, html("span", {}, label));
  if (act) element.dataset.do = act;
  return element;
}

/** @param {string} title @param {(HTMLElement)[]} entries */
function menu(title, entries) {
  const list = html("ul", {}, ...entries.map((entry) => html("li", {}, entry)));
  const element = html(
    "details",
    { class: "tool-menu" },
    html("summary", { class: "tool" }, html("span", {}, title)),
    list,
  );
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !element.contains(event.target)) element.open = false;
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.open) return;
    element.open = false;
    element.querySelector("summary")?.focus();
    event.stopPropagation();
  });
  list.addEventListener("click", () => {
    element.open = false;
  });
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {{urls: Record<string, any>, name: string, csrf: string, may_save: boolean}} page
 */
export function toolbar(element, { urls, name, csrf, may_save }) {
  const undo = button("undo", "Undo", "Ctrl Z", "undone");
  const redo = button("redo", "Redo", "Ctrl Y", "retry");
  const save = button("save", may_save ? "Save" : "Save a copy", "Ctrl S");
  save.classList.add("main");
  const said = html("p", { class: "toolbar-said", role: "status" });
  const runs = button("run", "Run", "of this draft, in both coordinations", "play");
  const explore = link(urls.matrix ?? "#", "Explore", "explore");
  explore.prepend(icon("hub"));
  const exports = ["yaml", "json", "mermaid", "svg", "png"].map((kind) => {
    const entry = button(
      `export-${kind}`,
      kind === "yaml" || kind === "json"
        ? kind.toUpperCase()
        : kind === "mermaid"
          ? "Mermaid"
          : kind.toUpperCase(),
      "",
    );
    entry.classList.add("entry");
    return entry;
  });
  const bar = html("div", { class: "tools", role: "toolbar", "aria-label": "Saga" });
  bar.append(
    html("span", { class: "tool-set" }, undo, redo),
    html("span", { class: "tool-set" }, save, runs, explore),
  );
  const more = html("span", { class: "tool-set" });
  if (urls.versions) more.append(link(urls.versions, "Versions"));
  more.append(menu("Export", exports));
  /** @type {HTMLElement[]} */
  const others = [button("share", "Copy the link", "")];
  if (urls.duplicate) others.push(posting(urls.duplicate, csrf, "Duplicate"));
  if (urls.delete && may_save) others.push(link(urls.delete, "Delete …"));
  if (name) more.append(menu("More", others));
  more.append(button("help", "Help", "?"));
  bar.append(more);
  element.replaceChildren(bar, said);

  return {
    /** @param {Store} store @param {boolean} isDirty */
    update(store, isDirty) {
      for (const [control, can, label, verb] of /** @type {const} */ ([
        [undo, store.canUndo, store.labels.undo, "Undo"],
        [redo, store.canRedo, store.labels.redo, "Redo"],
      ])) {
        control.setAttribute("aria-disabled", String(!can));
        control.title = label ? `${verb}: ${label}` : `Nothing to ${verb.toLowerCase()}`;
      }
      element.toggleAttribute("data-dirty", isDirty);
      save.setAttribute("aria-disabled", String(!isDirty && may_save));
    },
    /** @param {string} sentence @param {"refused"} [state] */
    tell(sentence, state) {
      said.dataset.state = state ?? "";
      said.textContent = sentence;
    },
  };
}

/** @param {string} url @param {string} csrf @param {string} label */
function posting(url, csrf, label) {
  const form = html("form", { method: "post", action: url });
  form.append(
    html("input", { type: "hidden", name: "csrfmiddlewaretoken", value: csrf }),
    html("button", { class: "tool entry", type: "submit" }, html("span", {}, label)),
  );
  return form;
}
