/**
 * What a gesture on the canvas changes of the saga. One gesture is one edit of the store, and so one step of undo; the
 * canvas itself changes nothing, it draws what the store then says.
 *
 * diagram-js calls `moveElements`, `connect`, `createElements` and `appendShape`: this stands where its own modeling
 * would, which would keep a second model beside the store.
 *
 * @typedef {import("sagasim/composer/model.js").SagaData} SagaData
 * @typedef {import("sagasim/composer/model.js").Kind} Kind
 * @typedef {import("sagasim/composer/canvas/places.js").Point} Point
 * @typedef {import("sagasim/composer/store.js").Store} Store
 * @typedef {{name: string, x: number, y: number}} Standing A step where it is drawn now.
 */

import { GAP, HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";
import {
  addStep,
  connect,
  disconnect,
  removeSteps,
  renameStep,
  setAfter,
  wouldCircle,
} from "sagasim/composer/edits.js";
import { afterOf, freeName, slug, stepOf, stepsOf } from "sagasim/composer/model.js";

const BESIDE = WIDTH + GAP;

/** @param {string} name The undo of a step that nobody has named yet. */
const undoOf = (name) => `undo_${name.replaceAll("-", "_")}`;

/** @param {readonly string[]} names @param {string} verb */
function label(verb, names) {
  return names.length === 1 ? `${verb} ${names[0]}` : `${verb} ${names.length} steps`;
}

/**
 * What a new step of a kind is written as: as little as says it.
 * @param {SagaData} data @param {Kind} kind @param {string} service empty: the step's own name, which is the default
 */
function written(data, kind, service) {
  const name = freeName(data, "step");
  return {
    name,
    ...(service ? { service } : {}),
    ...(kind === "compensatable" ? { compensation: undoOf(name) } : { kind }),
  };
}

export class Gestures {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.service = ""; // of the steps that come next, as chosen in the palette
    /** @type {(name: string) => any} The shape that draws a step, once there is a drawing. */
    this.shapeOf = () => undefined;
    /** @type {(name: string) => void} Lets the user say what a new step is called. */
    this.name = () => {};
  }

  get data() {
    return this.store.get().data;
  }

  // ---------------------------------------------------------------- called by diagram-js

  /** @param {any[]} shapes @param {Point} delta */
  moveElements(shapes, delta) {
    this.move(
      shapes.filter(({ box }) => box).map(({ box, x, y }) => ({ name: box.name, x, y })),
      delta,
    );
  }

  /** @param {any} source @param {any} target */
  connect(source, target) {
    this.link(source.box.name, target.box.name);
  }

  /** @param {any[]} elements @param {Point} middle @param {any} target */
  createElements([shape], middle, target) {
    const at = { x: Math.round(middle.x - WIDTH / 2), y: Math.round(middle.y - HEIGHT / 2) };
    if (target?.waypoints) return this.#drawn(this.insert(target.from, target.to, shape.box.kind));
    return this.#drawn(this.add(shape.box.kind, [], at));
  }

  /** @param {any} source @param {any} shape @param {Point} middle @param {any} target */
  appendShape(source, shape, middle, target) {
    if (target?.waypoints) return this.createElements([shape], middle, target)[0];
    const at = { x: Math.round(middle.x - WIDTH / 2), y: Math.round(middle.y - HEIGHT / 2) };
    return this.#drawn(this.add(shape.box.kind, shape.behind ?? [source.box.name], at))[0];
  }

  /** @param {string} name */
  #drawn(name) {
    const shape = this.shapeOf(name);
    return shape ? [shape] : [];
  }

  // ---------------------------------------------------------------- called by the palette, the pad and the keys

  /**
   * A new step behind others; behind none it starts at once.
   * @param {Kind} kind @param {readonly string[]} behind @param {Point} [at] where it was dropped
   */
  add(kind, behind, at) {
    const step = written(this.data, kind, this.service);
    this.store.edit(
      `Add a ${kind} step`,
      (data, layout) => {
        addStep(data, { ...step, after: [...behind] });
        const beside = behind.map((name) => layout[name]).find(Boolean);
        const place = at ?? (beside && freePlace({ x: beside.x + BESIDE, y: beside.y }, layout));
        if (place) layout[step.name] = place;
      },
      { select: [step.name] },
    );
    this.name(step.name);
    return step.name;
  }

  /** A new step at the end of the file, behind the last one. @param {Kind} kind */
  extend(kind) {
    const last = stepsOf(this.data).at(-1);
    return this.add(kind, last ? [last.name] : []);
  }

  /** A new step between two that follow each other. @param {string} from @param {string} to @param {Kind} kind */
  insert(from, to, kind) {
    const step = written(this.data, kind, this.service);
    this.store.edit(
      `Insert a step before ${to}`,
      (data) => {
        const before = afterOf(data);
        const isDefault = !stepOf(data, to)?.after && before[to]?.[0] === from;
        if (isDefault) {
          addStep(data, step, { below: from });
          return;
        }
        addStep(data, { ...step, after: [from] });
        setAfter(data, to, [...(before[to] ?? []).map((name) => (name === from ? step.name : name))]);
      },
      { select: [step.name] },
    );
    this.name(step.name);
    return step.name;
  }

  /**
   * Why a link from one step to another is refused, as a sentence; null where it is welcome.
   * @param {string} from @param {string} to
   */
  refusal(from, to) {
    if (from === to) return `${from} cannot come after itself.`;
    if (afterOf(this.data)[to]?.includes(from)) return `${to} already comes after ${from}.`;
    if (wouldCircle(this.data, from, to))
      return `${from} comes after ${to} already: the saga would go round in a circle.`;
    return null;
  }

  /** @param {string} from @param {string} to */
  link(from, to) {
    if (this.refusal(from, to)) return;
    this.store.edit(`Connect ${from} to ${to}`, (data) => connect(data, from, to), { select: [to] });
  }

  /**
   * Takes steps and links away; who came after a step comes after what it came after.
   * @param {readonly string[]} names @param {readonly {from: string, to: string}[]} [links]
   */
  remove(names, links = []) {
    const [first] = links;
    if (!names.length && !first) return;
    const said =
      names.length || !first ? label("Delete", names) : `Disconnect ${first.to} from ${first.from}`;
    this.store.edit(
      said,
      (data, layout) => {
        for (const { from, to } of links) disconnect(data, from, to);
        if (names.length) removeSteps(data, layout, names);
      },
      { select: [] },
    );
  }

  /** Copies, with what each comes after; copies that follow one another do so as the originals do. @param {readonly string[]} names */
  duplicate(names) {
    if (!names.length) return;
    /** @type {Map<string, string>} */
    const copies = new Map();
    const draft = structuredClone(this.data);
    for (const name of names) copies.set(name, addStep(draft, { name }));
    this.store.edit(
      label("Duplicate", names),
      (data, layout) => {
        const after = afterOf(data);
        for (const [name, copy] of copies) {
          const { publishes: _, ...step } = structuredClone(stepOf(data, name) ?? {});
          const behind = (after[name] ?? []).map((each) => copies.get(each) ?? each);
          addStep(data, { ...step, name: copy, after: behind });
          const at = layout[name];
          if (at) layout[copy] = freePlace({ x: at.x + 24, y: at.y + HEIGHT + 28 }, layout);
        }
      },
      { select: [...copies.values()] },
    );
  }

  /** @param {readonly Standing[]} steps @param {Point} by @param {string} [merge] keys that are held down are one gesture */
  move(steps, by, merge) {
    const names = steps.map(({ name }) => name);
    this.store.edit(
      label("Move", names),
      (_data, layout) => {
        for (const { name, x, y } of steps)
          layout[name] = { x: Math.round(x + by.x), y: Math.round(y + by.y) };
      },
      { merge: merge && `${merge}: ${names.join(" ")}`, select: names },
    );
  }

  /** Puts every step where dagre would have it. */
  arrange() {
    this.store.edit("Arrange the steps", (_data, layout) => {
      for (const name of Object.keys(layout)) delete layout[name];
    });
  }

  /** @param {string} old @param {string} typed @returns {string | null} why not, as a sentence */
  rename(old, typed) {
    const wanted = slug(typed);
    if (!wanted || wanted === old) return null;
    if (stepOf(this.data, wanted) || wanted === "saga") return `There is a step ${wanted} already.`;
    this.store.edit(
      `Rename ${old}`,
      (data, layout) => {
        const step = stepOf(data, old);
        if (step?.compensation === undoOf(old)) step.compensation = undoOf(wanted);
        renameStep(data, old, wanted, layout);
      },
      { select: [wanted] },
    );
    return null;
  }
}

/** @param {Point} wanted @param {Readonly<Record<string, Point>>} layout */
function freePlace(wanted, layout) {
  let { y } = wanted;
  /** @param {Point} other */
  const isTaken = (other) => Math.abs(other.x - wanted.x) < WIDTH && Math.abs(other.y - y) < HEIGHT + 8;
  while (Object.values(layout).some(isTaken)) y += HEIGHT + 28;
  return { x: wanted.x, y };
}
