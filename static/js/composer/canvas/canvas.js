/**
 * The saga as a drawing. It draws what the store says and turns gestures into edits of the store; it knows nothing that
 * the store does not.
 *
 * @typedef {import("sagasim/composer/store.js").Store} Store
 */

import { Drawing } from "sagasim/composer/canvas/drawing.js";
import { Gestures } from "sagasim/composer/canvas/gestures.js";
import { Keys } from "sagasim/composer/canvas/keys.js";
import { SIGNS } from "sagasim/composer/canvas/kinds.js";
import { nameStep } from "sagasim/composer/canvas/naming.js";
import { Pad } from "sagasim/composer/canvas/pad.js";
import { Palette, tool } from "sagasim/composer/canvas/palette.js";
import { pictureOf } from "sagasim/composer/canvas/picture.js";
import { arrowHead, portOf, SagaRenderer } from "sagasim/composer/canvas/renderer.js";
import { sketch } from "sagasim/composer/canvas/routes.js";
import { Rules } from "sagasim/composer/canvas/rules.js";
import { HEIGHT } from "sagasim/composer/canvas/sizes.js";
import { Window } from "sagasim/composer/canvas/window.js";
import { html, say, set } from "sagasim/runs/elements.js";
import {
  ConnectionPreviewModule,
  ConnectModule,
  ContextPadModule,
  CreateConnectPreview,
  CreateModule,
  Diagram,
  HoverFixModule,
  LassoModule,
  MoveCanvasModule,
  MoveModule,
  SelectionModule,
  SnappingModule,
  ZoomScrollModule,
} from "vendor/diagram.js";

export { CANVAS_KEYS } from "sagasim/composer/canvas/keys.js";

const SAID_MS = 6000;
const FAR = 0.55; // below this size the small words cannot be read, and give way to the names

/** @param {HTMLElement} container @param {Gestures} gestures */
function diagramIn(container, gestures) {
  const ours = {
    __init__: ["sagaRenderer", "createConnectPreview"],
    sagaRenderer: ["type", SagaRenderer],
    createConnectPreview: ["type", CreateConnectPreview],
    modeling: ["value", gestures],
    rules: ["factory", rulesFor],
    layouter: ["value", { layoutConnection: sketched }],
  };
  /** @param {any} injector */
  function rulesFor(injector) {
    return new Rules(gestures, injector);
  }
  rulesFor.$inject = ["injector"];
  const modules = [
    SelectionModule,
    MoveModule,
    CreateModule,
    ConnectModule,
    ConnectionPreviewModule,
    ContextPadModule,
    LassoModule,
    SnappingModule,
    HoverFixModule,
    MoveCanvasModule,
    ZoomScrollModule,
    ours,
  ];
  return new Diagram(/** @type {any} */ ({ canvas: { container }, modules }));
}

/** The way of a link while it is drawn: out of the port, into the left side. @param {any} _link @param {any} hints */
function sketched(_link, { source, target, connectionStart, connectionEnd }) {
  const end = target ? { x: target.x, y: target.y + HEIGHT / 2 } : connectionEnd;
  return sketch(source ? portOf(source) : connectionStart, end);
}

class SagaCanvas {
  /** @param {HTMLElement} element @param {Store} store */
  constructor(element, store) {
    this.store = store;
    this.gestures = new Gestures(store);
    this.stage = html("div", { class: "canvas-stage" });
    this.note = html("p", { class: "canvas-note", hidden: true });
    this.said = html("p", { class: "canvas-said", role: "status", "aria-live": "polite" });
    this.told = html("p", { class: "visually-hidden", "aria-live": "polite" });
    this.empty = html("p", { class: "canvas-empty", hidden: true });
    this.empty.append("No step yet. Drag a kind from the left to here, click it, or press 1 to 4.");
    this.element = html("div", { class: "saga-canvas" }, this.stage);
    element.replaceChildren(this.element);
    this.diagram = diagramIn(this.stage, this.gestures);
    this.drawing = new Drawing(this.diagram);
    this.window = new Window(this.diagram);
    this.palette = new Palette(this.gestures, this.diagram, () => this.gestures.arrange());
    this.element.prepend(this.palette.element);
    this.stage.append(this.#zooms(), this.note, this.empty, this.said, this.told);
    this.#wire();
    this.#watch();
    this.show(store.get());
    this.#fit();
  }

  /** What the parts need of one another. */
  #wire() {
    const edit = (/** @type {string} */ name) => this.#edit(name);
    this.gestures.shapeOf = (name) => this.drawing.shapeOf(name);
    this.gestures.name = (name) => this.#name(name);
    this.pad = new Pad(this.gestures, this.diagram, { edit });
    this.selection = this.diagram.get("selection");
    this.dragging = this.diagram.get("dragging");
    this.keys = new Keys(this.gestures, {
      shapes: () => this.drawing.shapes,
      shapeOf: (name) => this.drawing.shapeOf(name),
      links: () => this.selection.get().filter((/** @type {any} */ each) => each.waypoints),
      edit,
      add: (kind) => this.palette.add(kind),
      arrange: () => this.gestures.arrange(),
      fit: () => this.#fit(),
      zoom: (factor) => this.window.zoom(factor),
      say: (sentence) => this.say(sentence),
      tell: (sentence) => say(this.told, sentence),
    });
  }

  /** Everything that is listened to, so that it can be let go of. */
  #watch() {
    const events = this.diagram.get("eventBus");
    const svg = this.stage.querySelector("svg");
    svg?.prepend(arrowHead());
    set(/** @type {Element} */ (svg), { role: "application", "aria-roledescription": "canvas" });
    this.element.addEventListener("keydown", (event) => this.keys?.press(event));
    events.on("selection.changed", () => this.#selected());
    events.on("drag.init", () => {
      this.selectedBefore = this.store.selection;
    });
    events.on(["drag.ended", "drag.canceled"], () => this.#dragged());
    events.on("element.click", 2000, (/** @type {any} */ event) => {
      const [only, ...others] = this.selection.get();
      const { shiftKey, ctrlKey, metaKey } = event.originalEvent;
      if (only === event.element && !others.length && !shiftKey && !ctrlKey && !metaKey)
        event.stopPropagation();
    });
    events.on("element.dblclick", (/** @type {any} */ { element }) => {
      if (element.box) this.#name(element.box.name);
    });
    events.on(["create.move", "connect.move"], 3000, (/** @type {any} */ event) => this.#hovers(event));
    events.on("connect.rejected", (/** @type {any} */ { context }) => this.#refused(context));
    events.on("drag.start", () => this.naming?.close());
    events.on("canvas.viewbox.changed", (/** @type {any} */ { viewbox }) => {
      set(this.element, { "data-far": viewbox.scale < FAR });
      if (!this.isFitting) this.isFitted = false;
      this.naming?.place();
    });
    events.on("element.mousedown", 2000, (/** @type {any} */ event) => this.#fromPort(event));
    const resize = new ResizeObserver(() => this.#resized());
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

  #zooms() {
    return html(
      "div",
      { class: "canvas-zooms", role: "toolbar", "aria-label": "Zoom" },
      tool("out", SIGNS.out, "Zoom out (-)", () => this.window.zoom(0.8)),
      tool("fit", SIGNS.fit, "Show all (0)", () => this.#fit()),
      tool("in", SIGNS.in, "Zoom in (+)", () => this.window.zoom(1.25)),
    );
  }

  /** @param {ReturnType<Store["get"]>} state @param {{kind: string, label: string}} [change] */
  show(state, change) {
    if (change?.kind !== "selection") this.#draw(state);
    this.#select(change);
  }

  /** @param {ReturnType<Store["get"]>} state */
  #draw(state) {
    const picture = pictureOf(state);
    const { boxes } = picture;
    this.isDrawing = true; // what is taken away is deselected, and that is nobody's wish
    this.drawing.show(picture);
    this.isDrawing = false;
    if (this.naming && !this.drawing.shapeOf(this.naming.name)) this.naming.close();
    this.palette.show(state.data);
    this.empty.hidden = boxes.length > 0;
    const stale = state.readable === false;
    set(this.element, { "data-stale": stale });
    this.note.hidden = !stale;
    if (stale)
      say(this.note, `The drawing of the last text that could be read. Now: ${state.error?.detail ?? ""}.`);
    const count = `${boxes.length} step${boxes.length === 1 ? "" : "s"}`;
    this.stage.querySelector("svg")?.setAttribute("aria-label", `The saga as a drawing, ${count}`);
    const points = picture.links.flatMap((link) => link.points);
    const isLost = this.isFitted ? !this.window.holds(boxes, points) : !this.window.shows(boxes);
    if (isLost && boxes.length) this.#fit();
  }

  /** Selects here what the store has selected; a link is selected here alone. @param {{kind: string}} [change] */
  #select(change) {
    if (this.dragging.context()?.data) return;
    const wanted = this.store.selection.map((name) => this.drawing.shapeOf(name)).filter(Boolean);
    const here = this.selection.get();
    const same = wanted.length === here.length && wanted.every((shape) => here.includes(shape));
    const isLink = !wanted.length && here.every((/** @type {any} */ each) => each.waypoints);
    if (!same && !isLink) this.selection.select(wanted);
    const pad = this.diagram.get("contextPad");
    if (change?.kind === "edit" && same && wanted.length)
      pad.open(wanted.length > 1 ? wanted : wanted[0], true);
    if (change && wanted.length === 1 && change.kind !== "answer") this.window.reveal(wanted[0]);
  }

  /** Tells the store what was selected here; while something is dragged, nothing is. */
  #selected() {
    if (this.isDrawing || this.dragging.context()?.active) return;
    const names = this.selection
      .get()
      .flatMap((/** @type {any} */ each) => (each.box ? [each.box.name] : []));
    const known = this.store.selection;
    if (names.length !== known.length || names.some((/** @type {string} */ name) => !known.includes(name)))
      this.store.select(names);
  }

  /** After a gesture that has edited, the store says what is selected; after any other, the canvas. */
  #dragged() {
    if (this.store.selection === this.selectedBefore) this.#selected();
    else this.#select({ kind: "edit" });
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

  /** A link is drawn out of the port at the right of a step; anywhere else, the step is moved. @param {any} event */
  #fromPort({ element, originalEvent }) {
    if (!element.box || originalEvent.button !== 0 || !originalEvent.target.closest(".port"))
      return undefined;
    this.diagram.get("connect").start(originalEvent, element, portOf(element));
    return true; // and is not moved
  }

  /** A quick hand is over the canvas before the browser says that something is dragged. @param {any} event */
  #hovers({ hover, originalEvent }) {
    if (hover) return;
    const gfx = this.diagram.get("hoverFix")._findTargetGfx(originalEvent);
    const element = gfx && this.diagram.get("elementRegistry").get(gfx);
    if (element) this.dragging.hover({ element, gfx });
  }

  /** Shows all, and goes on doing so while the place for it changes, until somebody looks elsewhere. */
  #fit() {
    this.isFitting = true;
    const { shapes, links } = this.drawing;
    this.window.fit(
      shapes,
      links.flatMap(({ waypoints }) => waypoints),
    );
    this.isFitting = false;
    this.isFitted = true;
  }

  /** Also when the view comes back that was hidden: what was drawn meanwhile may lie elsewhere. */
  #resized() {
    if (!this.stage.clientWidth) return;
    const { shapes } = this.drawing;
    const wasFitted = this.isFitted;
    this.diagram.get("canvas").resized();
    if (wasFitted || (shapes.length && !this.window.shows(shapes))) this.#fit();
  }

  /** @param {string} sentence Shown for a while, and read out. */
  say(sentence) {
    say(this.said, sentence);
    clearTimeout(this.silence);
    this.silence = setTimeout(() => say(this.said, ""), SAID_MS);
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
