/**
 * Keeps what diagram-js shows the same as the picture, by the names of the steps: what is gone is taken away, what is
 * new is added, what looks another way is drawn again, and the rest is left alone.
 *
 * @typedef {import("sagasim/composer/canvas/picture.js").Picture} Picture
 * @typedef {import("sagasim/composer/canvas/picture.js").Box} Box
 * @typedef {import("sagasim/composer/canvas/picture.js").Link} Link
 */

import { drawnPort } from "sagasim/composer/canvas/renderer.js";
import { HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";

const STEP = "step:";

export class Drawing {
  /** @param {any} diagram */
  constructor(diagram) {
    this.canvas = diagram.get("canvas");
    this.factory = diagram.get("elementFactory");
    this.registry = diagram.get("elementRegistry");
    this.graphics = diagram.get("graphicsFactory");
    this.events = diagram.get("eventBus");
    this.root = this.factory.createRoot({ id: "saga", isFrame: false });
    this.canvas.setRootElement(this.root);
    /** @type {Map<string, string>} What each element was last drawn from. */
    this.drawn = new Map();
    this.isBusy = false;
  }

  /** @param {string} name @returns {any} */
  shapeOf(name) {
    return this.registry.get(STEP + name);
  }

  /** @returns {any[]} */
  get shapes() {
    return this.registry.filter((/** @type {any} */ element) => element.box);
  }

  /** @returns {any[]} */
  get links() {
    return this.registry.filter((/** @type {any} */ element) => element.waypoints);
  }

  /** @param {Picture} picture @returns {boolean} whether anything was drawn */
  show(picture) {
    this.isBusy = true; // what is taken away is deselected, and that is nobody's wish
    const isNew = this.#draw(picture);
    this.isBusy = false;
    return isNew;
  }

  /** @param {Picture} picture */
  #draw({ boxes, links }) {
    const wanted = new Set([...boxes.map(({ name }) => STEP + name), ...links.map(({ id }) => id)]);
    const gone = [...this.drawn.keys()].filter((id) => !wanted.has(id));
    for (const id of gone) this.#remove(id);
    const steps = boxes.filter((box) => this.#isNew(STEP + box.name, box));
    for (const box of steps) this.#step(box);
    const ways = links.filter((link) => this.#isNew(link.id, link));
    for (const link of ways) this.#link(link);
    return gone.length + steps.length + ways.length > 0;
  }

  /** @param {string} id @param {Box | Link} from */
  #isNew(id, from) {
    const key = JSON.stringify(from);
    if (this.drawn.get(id) === key) return false;
    this.drawn.set(id, key);
    return true;
  }

  /** @param {string} id */
  #remove(id) {
    const element = this.registry.get(id);
    this.drawn.delete(id);
    if (!element) return;
    if (element.waypoints) {
      this.canvas.removeConnection(element);
      Object.assign(element, { source: null, target: null }); // else its steps would go on carrying it along
    } else this.canvas.removeShape(element);
  }

  /** @param {Box} box */
  #step(box) {
    const id = STEP + box.name;
    const shape = this.registry.get(id);
    const bounds = { x: box.x, y: box.y, width: WIDTH, height: HEIGHT };
    if (shape) this.#again("shape", Object.assign(shape, bounds, { box }));
    else this.canvas.addShape(this.factory.createShape({ id, ...bounds, box }), this.root);
    const gfx = this.registry.getGraphics(id);
    if (!gfx.querySelector(":scope > .port")) gfx.append(drawnPort(box.name)); // above what catches the mouse
    gfx.setAttribute("data-step", box.name);
    gfx.setAttribute("data-kind", box.kind);
  }

  /** @param {Link} link Links lie under steps, so they come first among the children. */
  #link({ id, from, to, joined, points }) {
    const connection = this.registry.get(id);
    const source = this.shapeOf(from);
    const target = this.shapeOf(to);
    if (connection) this.#again("connection", Object.assign(connection, { waypoints: points, joined }));
    else {
      const made = this.factory.createConnection({ id, source, target, from, to, joined, waypoints: points });
      this.canvas.addConnection(made, this.root, 0);
    }
    this.registry.getGraphics(id).setAttribute("data-link", `${from}>${to}`);
  }

  /** @param {"shape" | "connection"} type @param {any} element */
  #again(type, element) {
    const gfx = this.registry.getGraphics(element);
    this.graphics.update(type, element, gfx);
    this.events.fire(`${type}.changed`, { element, gfx });
  }
}
