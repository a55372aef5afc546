/**
 * What diagram-js asks before it lets a gesture happen. A refused link is told in a sentence; dropping a step upon
 * another is not a gesture, dropping it upon a link puts it in between.
 */

export class Rules {
  /** @param {import("sagasim/composer/canvas/gestures.js").Gestures} gestures @param {any} injector */
  constructor(gestures, injector) {
    this.gestures = gestures;
    this.injector = injector;
  }

  /** @param {string} action @param {any} context @returns {boolean | null} null: not worth a word */
  allowed(action, { source, target, shape, hints }) {
    switch (action) {
      case "connection.create": // a step that is put into a link comes behind nothing else
        return hints?.targetParent?.waypoints ? false : this.#link(source, target);
      case "shape.create":
        return Boolean(target) && !target.box;
      case "shape.attach":
        return false;
      case "elements.move":
        return !shape;
      default:
        return true;
    }
  }

  /** @param {any} source @param {any} target */
  #link(source, target) {
    if (!source?.box || !target?.box) return null;
    if (target.isNew) return true;
    // diagram-js tries the other direction where one is refused; a link runs as it was drawn
    const drawn = this.injector.get("dragging").context()?.data?.context?.start;
    if (drawn && drawn !== source) return false;
    return !this.gestures.refusal(source.box.name, target.box.name);
  }
}
