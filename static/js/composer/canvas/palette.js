/**
 * What steps are made of, and the tools. A kind is dragged to where the step shall stand, or chosen by click or key: then
 * it comes behind what is selected.
 *
 * @typedef {import("sagasim/composer/canvas/gestures.js").Gestures} Gestures
 * @typedef {import("sagasim/composer/model.js").Kind} Kind
 */

import { LOOKS, SIGNS } from "sagasim/composer/canvas/kinds.js";
import { HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";
import { serviceOf, servicesOf, stepsOf } from "sagasim/composer/model.js";
import { html, svg } from "sagasim/runs/elements.js";

/** A step that is not there yet, to be dragged. @param {any} diagram @param {Kind} kind @param {readonly string[]} behind */
export function newShape(diagram, kind, behind) {
  const { word } = LOOKS[kind];
  const box = { name: "new step", kind, service: "", lane: 0, undo: null, lacksUndo: false, sentence: word };
  const shown = { irreversible: false, joins: 0, errors: 0, warnings: 0 };
  return diagram.get("elementFactory").createShape({
    type: "step",
    width: WIDTH,
    height: HEIGHT,
    isNew: true,
    behind,
    box: { ...box, ...shown },
  });
}

/** @param {string} path */
const icon = (path) =>
  svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: path }));

/** @param {string} name @param {string} path @param {string} title @param {() => void} act */
export function tool(name, path, title, act) {
  const button = html(
    "button",
    { type: "button", class: "canvas-tool", "data-tool": name, title },
    icon(path),
  );
  button.setAttribute("aria-label", title);
  button.addEventListener("click", act);
  return button;
}

export class Palette {
  /** @param {Gestures} gestures @param {any} diagram @param {() => void} arrange */
  constructor(gestures, diagram, arrange) {
    this.gestures = gestures;
    this.diagram = diagram;
    this.select = html("select", {
      class: "palette-service",
      title: "The service of the steps that you add",
      "aria-label": "Service of new steps",
    });
    this.select.addEventListener("change", () => {
      this.gestures.service = this.select.value;
    });
    const kinds = /** @type {Kind[]} */ (Object.keys(LOOKS)).map((kind, index) =>
      this.#kind(kind, index + 1),
    );
    const lasso = () => diagram.get("lassoTool").toggle();
    this.element = html(
      "div",
      { class: "canvas-palette", role: "toolbar", "aria-label": "Add steps" },
      ...kinds,
      html("label", { class: "palette-label" }, "of", this.select),
      tool("lasso", SIGNS.lasso, "Select with a lasso (or hold Shift and drag)", lasso),
      tool("arrange", SIGNS.arrange, "Arrange all steps (L)", arrange),
    );
  }

  /** @param {Kind} kind @param {number} key */
  #kind(kind, key) {
    const { word, says, sign } = LOOKS[kind];
    const title = `${says} (${key})`;
    const entry = html(
      "div",
      { class: "palette-kind", role: "button", tabindex: "0", draggable: "true", "data-kind": kind, title },
      icon(sign),
      html("span", {}, word),
    );
    entry.addEventListener("click", () => this.add(kind));
    entry.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.add(kind);
    });
    entry.addEventListener("dragstart", (event) => {
      event.preventDefault(); // diagram-js drags by itself
      const names = this.gestures.store.selection;
      const source = names.length ? this.gestures.shapeOf(/** @type {string} */ (names.at(-1))) : undefined;
      this.diagram.get("create").start(event, newShape(this.diagram, kind, names), { source });
    });
    return entry;
  }

  /** Behind what is selected, else at the end. @param {Kind} kind */
  add(kind) {
    const names = this.gestures.store.selection;
    if (names.length) this.gestures.add(kind, names);
    else this.gestures.extend(kind);
  }

  /** Offers the services that there are. @param {import("sagasim/composer/model.js").SagaData} data */
  show(data) {
    const known = servicesOf(data);
    const own = stepsOf(data).some((step) => serviceOf(step) === this.gestures.service);
    if (this.gestures.service && !own) this.gestures.service = "";
    const key = known.join("\n");
    if (this.select.dataset.known !== key) {
      this.select.dataset.known = key;
      const options = known.map((name) => html("option", { value: name }, name));
      this.select.replaceChildren(html("option", { value: "" }, "a service of its own"), ...options);
    }
    this.select.value = this.gestures.service;
  }
}
