/**
 * The saga as a drawing. It draws what the store says and turns gestures into edits of the store; it knows nothing that
 * the store does not.
 *
 * @typedef {import("sagasim/composer/store.js").Store} Store
 */

import { diagramIn } from "sagasim/composer/canvas/diagram.js";
import { Drawing } from "sagasim/composer/canvas/drawing.js";
import { Gestures } from "sagasim/composer/canvas/gestures.js";
import { Keys } from "sagasim/composer/canvas/keys.js";
import { SIGNS } from "sagasim/composer/canvas/kinds.js";
import { nameStep } from "sagasim/composer/canvas/naming.js";
import { Pad } from "sagasim/composer/canvas/pad.js";
import { Palette, tool } from "sagasim/composer/canvas/palette.js";
import { pictureOf } from "sagasim/composer/canvas/picture.js";
import { SharedSelection } from "sagasim/composer/canvas/selection.js";
import { Window } from "sagasim/composer/canvas/window.js";
import { html, say, set } from "sagasim/runs/elements.js";

export { CANVAS_KEYS } from "sagasim/composer/canvas/keys.js";

const SAID_MS = 6000;
const FAR = 0.55; // below this size the small words cannot be read, and give way to the names
const EMPTY = "No step yet. Drag a kind from above to here, click it, or press 1 to 4.";

class SagaCanvas {
  /** @param {HTMLElement} element @param {Store} store */
  constructor(element, store) {
    this.store = store;
    this.gestures = new Gestures(store);
    this.stage = html("div", { class: "canvas-stage" });
    this.element = html("div", { class: "saga-canvas" }, this.stage);
    element.replaceChildren(this.element);
    this.diagram = diagramIn(this.stage, this.gestures);
    this.drawing = new Drawing(this.diagram);
    this.window = new Window(this.diagram, this.drawing);
    this.selection = new SharedSelection(this.diagram, store, this.drawing);
    this.palette = new Palette(this.gestures, this.diagram, () => this.gestures.arrange());
    this.pad = new Pad(this.gestures, this.diagram, { edit: (name) => this.#edit(name) });
    this.keys = this.#keys();
    this.gestures.shapeOf = (name) => this.drawing.shapeOf(name);
    this.gestures.name = (name) => this.#name(name);
    this.#furnish();
    this.#watch();
    this.show(store.get());
    this.window.fit();
  }

  /** What stands over and above the drawing. */
  #furnish() {
    this.note = html("p", { class: "canvas-note", hidden: true });
    this.empty = html("p", { class: "canvas-empty", hidden: true }, EMPTY);
    this.said = html("p", { class: "canvas-said", role: "status", "aria-live": "polite" });
    this.told = html("p", { class: "visually-hidden", "aria-live": "polite" });
    const zooms = html(
      "div",
      { class: "canvas-zooms", role: "toolbar", "aria-label": "Zoom" },
      tool("out", SIGNS.out, "Zoom out (-)", () => this.window.zoom(0.8)),
      tool("fit", SIGNS.fit, "Show all (0)", () => this.window.fit()),
      tool("in", SIGNS.in, "Zoom in (+)", () => this.window.zoom(1.25)),
    );
    this.element.prepend(this.palette.element);
    this.stage.append(zooms, this.note, this.empty, this.said, this.told);
  }

  #keys() {
    return new Keys(this.gestures, {
      shapes: () => this.drawing.shapes,
      shapeOf: (name) => this.drawing.shapeOf(name),
      links: () => this.selection.links,
      edit: (name) => this.#edit(name),
      add: (kind) => this.palette.add(kind),
      arrange: () => this.gestures.arrange(),
      fit: () => this.window.fit(),
      zoom: (factor) => this.window.zoom(factor),
      say: (sentence) => this.say(sentence),
      tell: (sentence) => this.told && say(this.told, sentence),
    });
  }

  /** Everything that is listened to, so that it can be let go of. */
  #watch() {
    const events = this.diagram.get("eventBus");
    this.element.addEventListener("keydown", (event) => this.keys.press(event));
    events.on("element.dblclick", (/** @type {any} */ { element }) => {
      if (element.box) this.#name(element.box.name);
    });
    events.on("connect.rejected", (/** @type {any} */ { context }) => this.#refused(context));
    events.on("drag.start", () => this.naming?.close());
    events.on("canvas.viewbox.changed", (/** @type {any} */ { viewbox }) => {
      set(this.element, { "data-far": viewbox.scale < FAR });
      this.naming?.place();
    });
    const resize = new ResizeObserver(() => this.stage.clientWidth && this.window.resized());
    resize.observe(this.stage);
    const unsubscribe = this.store.subscribe((state, change) => this.show(state, change));
    this.disconnect = () => {
      unsubscribe();
      resize.disconnect();
      clearTimeout(this.silence);
      this.diagram.destroy();
      this.element.remove();
    };
  }

  /** @param {ReturnType<Store["get"]>} state @param {{kind: string, label: string}} [change] */
  show(state, change) {
    if (change?.kind !== "selection") this.#draw(state);
    const only = this.selection.follow(change?.kind === "edit");
    if (only && change && change.kind !== "answer") this.window.reveal(only);
  }

  /** @param {ReturnType<Store["get"]>} state */
  #draw(state) {
    const picture = pictureOf(state);
    this.drawing.show(picture);
    if (this.naming && !this.drawing.shapeOf(this.naming.name)) this.naming.close();
    this.palette.show(state.data);
    this.#describe(picture.boxes.length, state);
    this.window.settle();
  }

  /** @param {number} steps @param {ReturnType<Store["get"]>} state */
  #describe(steps, { readable, error }) {
    set(this.element, { "data-stale": !readable });
    this.empty?.toggleAttribute("hidden", steps > 0);
    this.note?.toggleAttribute("hidden", readable);
    if (this.note && !readable)
      say(this.note, `The drawing of the last text that could be read. Now: ${error?.detail ?? ""}.`);
    const count = `${steps} step${steps === 1 ? "" : "s"}`;
    this.stage.querySelector("svg")?.setAttribute("aria-label", `The saga as a drawing, ${count}`);
  }

  /** @param {string} name */
  #name(name) {
    const shape = this.drawing.shapeOf(name);
    if (!shape) return;
    this.window.reveal(shape);
    this.naming = nameStep(
      this.diagram,
      shape,
      (typed) => this.gestures.rename(name, typed),
      (sentence) => this.say(sentence),
    );
  }

  /** The property panel is the page's: it is asked, and where it does not answer its first field is gone to. @param {string} name */
  #edit(name) {
    this.store.select([name]);
    const asked = new CustomEvent("canvas:edit", { bubbles: true, cancelable: true, detail: { name } });
    if (!this.element.dispatchEvent(asked)) return;
    const panel = document.querySelector("[data-region=properties]");
    const field = panel?.querySelector("input, select, textarea, button");
    if (field instanceof HTMLElement) field.focus();
  }

  /** @param {any} context */
  #refused({ start, hover }) {
    if (!start?.box || !hover?.box) return;
    this.say(this.gestures.refusal(start.box.name, hover.box.name) ?? "");
  }

  /** @param {string} sentence Shown for a while, and read out. */
  say(sentence) {
    if (!this.said) return;
    say(this.said, sentence);
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.said && say(this.said, ""), SAID_MS);
  }
}

/**
 * @param {HTMLElement} element What the canvas fills.
 * @param {Store} store
 * @returns {() => void} Takes it away again.
 */
export function connectCanvas(element, store) {
  const canvas = new SagaCanvas(element, store);
  return () => canvas.disconnect?.();
}
