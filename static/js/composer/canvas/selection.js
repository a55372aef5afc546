/**
 * What is selected is the same on the canvas and in the store, so in the other views too; a link is selected on the canvas
 * alone. While something is dragged diagram-js selects nothing, and that is nobody's wish.
 */

export class SharedSelection {
  /**
   * @param {any} diagram
   * @param {import("sagasim/composer/store.js").Store} store
   * @param {import("sagasim/composer/canvas/drawing.js").Drawing} drawing
   */
  constructor(diagram, store, drawing) {
    this.store = store;
    this.drawing = drawing;
    this.selection = diagram.get("selection");
    this.dragging = diagram.get("dragging");
    this.pad = diagram.get("contextPad");
    const events = diagram.get("eventBus");
    events.on("selection.changed", () => this.#tell());
    events.on("drag.init", () => {
      this.before = store.selection;
    });
    events.on(["drag.ended", "drag.canceled"], () => this.#dragged());
  }

  /** @returns {any[]} */
  get links() {
    return this.selection.get().filter((/** @type {any} */ each) => each.waypoints);
  }

  /** Selects here what the store has selected. @param {boolean} wasEdited @returns {any} the one shape that is selected */
  follow(wasEdited) {
    if (this.dragging.context()?.data) return undefined;
    const wanted = this.store.selection.map((name) => this.drawing.shapeOf(name)).filter(Boolean);
    const here = this.selection.get();
    const isSame = wanted.length === here.length && wanted.every((shape) => here.includes(shape));
    const isLink = !wanted.length && this.links.length === here.length;
    if (!isSame && !isLink) this.selection.select(wanted);
    if (wasEdited && isSame && wanted.length) this.pad.open(wanted.length > 1 ? wanted : wanted[0], true);
    return wanted.length === 1 ? wanted[0] : undefined;
  }

  /** Tells the store what was selected here. */
  #tell() {
    if (this.drawing.isBusy || this.dragging.context()?.active) return;
    const boxes = this.selection.get().filter((/** @type {any} */ each) => each.box);
    this.store.select(boxes.map((/** @type {any} */ { box }) => box.name));
  }

  /** After a gesture that has edited, the store says what is selected; after any other, the canvas. */
  #dragged() {
    if (this.store.selection === this.before) this.#tell();
    else this.follow(true);
  }
}
