/**
 * Everything the canvas does, by keyboard. Undo and redo are the store's.
 *
 * @typedef {import("sagasim/composer/canvas/gestures.js").Gestures} Gestures
 * @typedef {import("sagasim/composer/model.js").Kind} Kind
 * @typedef {{
 *   shapes(): any[], shapeOf(name: string): any, links(): {from: string, to: string}[], edit(name: string): void,
 *   add(kind: Kind): void, arrange(): void, fit(): void, zoom(factor: number): void, say(sentence: string): void,
 *   tell(sentence: string): void,
 * }} Actions `say` is for what is shown too, `tell` for the ear only.
 */

import { HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";
import { KINDS } from "sagasim/composer/model.js";

/** @type {readonly (readonly [keys: string, does: string])[]} For a page that lists what the keyboard does. */
export const CANVAS_KEYS = Object.freeze([
  ["1 2 3 4", "add a compensatable, pivot, retriable or reading step behind what is selected"],
  ["Arrow keys", "go to the next step in that direction; with Ctrl, select it too"],
  ["Shift + arrow keys", "move what is selected"],
  ["C", "connect: choose what comes after with the arrows, Enter connects, Escape gives up"],
  ["Enter", "properties of the step"],
  ["F2", "rename"],
  ["Ctrl + D", "duplicate"],
  ["Delete", "delete steps and links"],
  ["Ctrl + A, Escape", "select all, nothing"],
  ["L", "arrange all steps"],
  ["+ - 0", "zoom in, zoom out, show all"],
  ["Ctrl + Z, Ctrl + Y", "undo, redo"],
]);

/** @type {Readonly<Record<string, {x: number, y: number}>>} */
const WAYS = Object.freeze({
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
});
const STRIDE = 10;

/** Whether the key is for what has the focus: a field, or a button that is pressed. @param {KeyboardEvent} event */
function isAnswered({ target, key }) {
  if (!(target instanceof Element)) return false;
  if (target.closest("input, select, textarea")) return true;
  return (key === "Enter" || key === " ") && target.closest("button, [role=button]") !== null;
}

export class Keys {
  /** @type {string | null} The step that a link is being drawn from. */ #from = null;

  /** @param {Gestures} gestures @param {Actions} actions */
  constructor(gestures, actions) {
    this.gestures = gestures;
    this.store = gestures.store;
    this.actions = actions;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.altKey || event.defaultPrevented || isAnswered(event)) return;
    const command = event.ctrlKey || event.metaKey;
    const done = command ? this.#command(event) : this.#plain(event);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation(); // the page has keys of its own, and must not do it twice
  }

  /** @param {KeyboardEvent} event */
  #command(event) {
    const key = event.key.toLowerCase();
    if (event.key in WAYS) this.#go(/** @type {any} */ (WAYS[event.key]), true);
    else if (key === "z" && !event.shiftKey) this.store.undo();
    else if (key === "y" || key === "z") this.store.redo();
    else if (key === "d") this.gestures.duplicate(this.store.selection);
    else if (key === "a") this.store.select(this.actions.shapes().map(({ box }) => box.name));
    else return false;
    return true;
  }

  /** @param {KeyboardEvent} event */
  #plain(event) {
    const { key } = event;
    const way = WAYS[key];
    if (way) {
      if (event.shiftKey) this.#move(way);
      else this.#go(way, false);
      return true;
    }
    const kind = KINDS[Number(key) - 1];
    if (kind) this.actions.add(kind);
    else if (key === "Enter") this.#enter();
    else if (key === "Escape") this.#leave();
    else return this.#letter(key);
    return true;
  }

  /** @param {string} key */
  #letter(key) {
    const [name] = this.store.selection;
    const does = {
      Delete: () => this.gestures.remove(this.store.selection, this.actions.links()),
      Backspace: () => this.gestures.remove(this.store.selection, this.actions.links()),
      F2: () => name && this.gestures.name(name),
      c: () => this.#connect(),
      l: () => this.actions.arrange(),
      "+": () => this.actions.zoom(1.25),
      "=": () => this.actions.zoom(1.25),
      "-": () => this.actions.zoom(0.8),
      0: () => this.actions.fit(),
    }[key.length === 1 ? key.toLowerCase() : key];
    does?.();
    return does !== undefined;
  }

  #enter() {
    const name = this.store.selection.at(-1);
    if (!name) return;
    if (this.#from === null) {
      this.actions.edit(name);
      return;
    }
    const from = this.#from;
    const refusal = this.gestures.refusal(from, name);
    if (refusal) {
      this.actions.say(refusal);
      return;
    }
    this.#from = null;
    this.gestures.link(from, name);
    this.actions.say(`${name} now comes after ${from}.`);
  }

  #connect() {
    const name = this.store.selection.at(-1);
    if (!name) {
      this.actions.say("Select the step that comes first, then press C.");
      return;
    }
    this.#from = name;
    this.actions.say(
      `Connect from ${name}: go to the step that comes after it, then Enter. Escape gives up.`,
    );
  }

  #leave() {
    if (this.#from !== null) this.actions.say("Nothing was connected.");
    else this.store.select([]);
    this.#from = null;
  }

  /** @param {{x: number, y: number}} way */
  #move(way) {
    const shapes = this.store.selection.map((name) => this.actions.shapeOf(name)).filter(Boolean);
    if (!shapes.length) return;
    const steps = shapes.map(({ box, x, y }) => ({ name: box.name, x, y }));
    this.gestures.move(steps, { x: way.x * STRIDE, y: way.y * STRIDE }, "keys");
  }

  /** @param {{x: number, y: number}} way @param {boolean} adding */
  #go(way, adding) {
    const name = this.store.selection.at(-1);
    const here = name === undefined ? undefined : this.actions.shapeOf(name);
    const next = here ? nearest(here, this.actions.shapes(), way) : firstOf(this.actions.shapes());
    if (!next) return;
    const others = adding ? this.store.selection.filter((each) => each !== next.box.name) : [];
    this.store.select([...others, next.box.name]);
    this.actions.tell(next.box.sentence);
  }
}

/** @param {any[]} shapes */
function firstOf(shapes) {
  return shapes.reduce((best, each) => (!best || each.y + each.x < best.y + best.x ? each : best), undefined);
}

/**
 * The step that one would call the next in a direction: near, and not too far aside. At the end of a row, right leads to
 * the beginning of the next, as in a text.
 * @param {any} here @param {any[]} shapes @param {{x: number, y: number}} way
 */
function nearest(here, shapes, way) {
  const others = shapes.filter((each) => each !== here);
  /** @param {any} each */
  const far = (each) => {
    const dx = each.x - here.x;
    const dy = each.y - here.y;
    const ahead = dx * way.x + dy * way.y;
    const aside = Math.abs(dx * way.y) + Math.abs(dy * way.x);
    return ahead > 8 && aside <= ahead * 2 + (way.x ? HEIGHT : WIDTH) ? ahead + 2 * aside : Infinity;
  };
  const best = others.reduce((a, b) => (far(b) < far(a) ? b : a), others[0]);
  if (best && far(best) < Infinity) return best;
  if (!way.x) return undefined;
  const rows = others.filter((each) => (each.y - here.y) * way.x > HEIGHT);
  return rows.reduce((a, b) => {
    const sooner =
      (b.y - a.y) * way.x < -HEIGHT / 2 || (Math.abs(b.y - a.y) <= HEIGHT / 2 && (b.x - a.x) * way.x < 0);
    return sooner ? b : a;
  }, rows[0]);
}
