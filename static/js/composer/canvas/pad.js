/**
 * What can be done with what is selected, beside it. Each entry works by click, by key, and where it makes sense by
 * dragging it out: a new step is dropped where it shall stand, a link is drawn to where it shall end.
 *
 * @typedef {import("sagasim/composer/canvas/gestures.js").Gestures} Gestures
 * @typedef {import("sagasim/composer/model.js").Kind} Kind
 */

import { LOOKS, SIGNS } from "sagasim/composer/canvas/kinds.js";
import { newShape } from "sagasim/composer/canvas/palette.js";
import { svg } from "sagasim/runs/elements.js";

/** @typedef {{group: string, title: string, html: any, className: string, action: Record<string, (event: any, target: any) => void>}} Entry */

/**
 * @param {string} name @param {string} path @param {string} title @param {(event: any, target: any) => void} click
 * @param {(event: any, target: any) => void} [drag]
 * @returns {Entry}
 */
function entry(name, path, title, click, drag) {
  // a <button> cannot be dragged in every browser
  const html = document.createElement("div");
  for (const [key, value] of Object.entries({
    class: "entry",
    role: "button",
    tabindex: "0",
    draggable: "true",
  }))
    html.setAttribute(key, value);
  html.setAttribute("aria-label", title);
  html.append(
    svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, svg("path", { d: path })),
  );
  const action = { click, dragstart: drag ?? click };
  return { group: "all", title, html: html.outerHTML, className: `pad-${name}`, action };
}

const PAD = { width: 156, height: 66 }; // px, as canvas.css has it

export class Pad {
  /** @param {Gestures} gestures @param {any} diagram @param {{edit: (name: string) => void}} act */
  constructor(gestures, diagram, { edit }) {
    this.gestures = gestures;
    this.diagram = diagram;
    this.edit = edit;
    const pad = diagram.get("contextPad");
    pad.registerProvider(this);
    const beside = pad._getPosition.bind(pad);
    pad._getPosition = (/** @type {any} */ target) => this.#withinSight(target, beside(target));
    const events = diagram.get("eventBus");
    events.on("contextPad.create", (/** @type {{pad: HTMLElement}} */ { pad }) => this.#listen(pad));
  }

  /** Where the pad would be cut off at the right it stands below, or above. @param {any} target @param {{left: number, top: number}} position */
  #withinSight(target, position) {
    const pad = this.diagram.get("contextPad");
    const seen = this.diagram.get("canvas").getContainer().getBoundingClientRect();
    if (position.left + PAD.width <= seen.width && position.top + PAD.height <= seen.height) return position;
    const bounds = target.waypoints ? null : pad._getTargetBounds(target);
    const below = bounds ? bounds.bottom - seen.top + 8 : position.top;
    const above = bounds ? bounds.top - seen.top - PAD.height - 8 : position.top - PAD.height;
    const left = Math.max(4, Math.min(position.left - 4, seen.width - PAD.width - 4));
    const fits = position.left + PAD.width <= seen.width;
    if (fits) return { left: position.left, top: Math.max(4, seen.height - PAD.height - 4) };
    return { left, top: below + PAD.height <= seen.height ? below : Math.max(4, above) };
  }

  /** Entries answer to Enter and Space as buttons do. @param {HTMLElement} pad */
  #listen(pad) {
    pad.setAttribute("role", "toolbar");
    pad.setAttribute("aria-label", "What can be done with what is selected");
    pad.addEventListener("keydown", (event) => {
      const chosen = event.target instanceof HTMLElement ? event.target.closest(".entry") : null;
      if (!(chosen instanceof HTMLElement) || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      event.stopPropagation();
      chosen.click();
    });
  }

  /** @param {any} element @returns {Record<string, Entry>} */
  getContextPadEntries(element) {
    if (element.waypoints) return this.#ofLink(element);
    if (!element.box) return {};
    const { name } = element.box;
    return {
      ...this.#appending([name], element),
      connect: entry(
        "connect",
        SIGNS.connect,
        `Draw what comes after ${name} (C)`,
        (event) => this.diagram.get("connect").start(event, element),
        (event) => this.diagram.get("connect").start(event, element, undefined, true),
      ),
      rename: entry("rename", SIGNS.rename, `Rename ${name} (F2)`, () => this.gestures.name(name)),
      edit: entry("edit", SIGNS.edit, `Properties of ${name} (Enter)`, () => this.edit(name)),
      ...this.#common([name]),
    };
  }

  /** @param {any[]} elements @returns {Record<string, Entry>} */
  getMultiElementContextPadEntries(elements) {
    const names = elements.filter(({ box }) => box).map(({ box }) => box.name);
    const links = elements.filter(({ waypoints }) => waypoints);
    if (!names.length) return { delete: this.#deleting(names, links) };
    return { ...this.#appending(names), ...this.#common(names, links) };
  }

  /** @param {any} link @returns {Record<string, Entry>} */
  #ofLink(link) {
    const { from, to } = link;
    return {
      insert: entry("insert", SIGNS.insert, `Insert a step between ${from} and ${to}`, () =>
        this.gestures.insert(from, to, "compensatable"),
      ),
      delete: this.#deleting([], [link]),
    };
  }

  /** @param {readonly string[]} names @param {any} [source] @returns {Record<string, Entry>} */
  #appending(names, source) {
    const behind = names.length === 1 ? `behind ${names[0]}` : `that waits for all ${names.length}`;
    const entries = /** @type {[Kind, typeof LOOKS[Kind]][]} */ (Object.entries(LOOKS)).map(
      ([kind, look]) => {
        /** @param {any} event */
        const drag = (event) =>
          this.diagram.get("create").start(event, newShape(this.diagram, kind, names), { source });
        const title = `Add a ${look.word} step ${behind}`;
        return [
          `add-${kind}`,
          entry(`add ${kind}`, look.sign, title, () => this.gestures.add(kind, names), drag),
        ];
      },
    );
    return Object.fromEntries(entries);
  }

  /** @param {readonly string[]} names @param {readonly any[]} [links] */
  #common(names, links = []) {
    const what = names.length === 1 ? names[0] : `${names.length} steps`;
    return {
      duplicate: entry("duplicate", SIGNS.duplicate, `Duplicate ${what} (Ctrl+D)`, () =>
        this.gestures.duplicate(names),
      ),
      delete: this.#deleting(names, links),
    };
  }

  /** @param {readonly string[]} names @param {readonly any[]} links */
  #deleting(names, links) {
    const what = names.length === 1 ? names[0] : names.length ? `${names.length} steps` : "the link";
    return entry("delete", SIGNS.delete, `Delete ${what} (Delete)`, () => this.gestures.remove(names, links));
  }
}
