/**
 * What the canvas draws, as plain data out of a state of the store: boxes and links. No DOM, no truth of its own.
 *
 * @typedef {import("sagasim/composer/model.js").Kind} Kind
 * @typedef {import("sagasim/composer/canvas/places.js").Point} Point
 * @typedef {{
 *   name: string, kind: Kind, service: string, lane: number, x: number, y: number, undo: string | null,
 *   lacksUndo: boolean, irreversible: boolean, joins: number, errors: number, warnings: number, sentence: string,
 * }} Box `sentence` tells all of it to who cannot see it.
 * @typedef {{id: string, from: string, to: string, joined: boolean, points: Point[]}} Link
 * @typedef {{boxes: Box[], links: Link[]}} Picture
 * @typedef {{severity: string, step: string, sentence: string}} Problem
 * @typedef {{
 *   data: import("sagasim/composer/model.js").SagaData, layout: Record<string, Point>,
 *   checked: {problems: Problem[]} | null,
 * }} Drawable
 */

import { LOOKS } from "sagasim/composer/canvas/kinds.js";
import { linkId, placesOf } from "sagasim/composer/canvas/places.js";
import { routeOf } from "sagasim/composer/canvas/routes.js";
import { drawnSteps } from "sagasim/composer/model.js";

const MOST_STEPS = 300; // more than a saga may have; what a draft has beyond is not worth a page that hangs
export const LANES = 8; // colours of services; from the ninth on they are used again, the word beside them is not

/** @param {Drawable} state @returns {Picture} */
export function pictureOf({ data, layout, checked }) {
  const steps = distinct(drawnSteps(data).slice(0, MOST_STEPS));
  const all = placesOf(steps, layout);
  const lanes = lanesOf(steps.map((step) => step.service));
  const boxes = steps.map((step) => {
    const { x, y } = all.places.get(step.name) ?? { x: 0, y: 0 };
    const problems = (checked?.problems ?? []).filter((problem) => problem.step === step.name);
    const errors = problems.filter((problem) => problem.severity === "error").length;
    const box = {
      name: step.name,
      kind: step.kind,
      service: step.service,
      lane: lanes.get(step.service) ?? 1,
      x,
      y,
      undo: step.compensation,
      lacksUndo: step.kind === "compensatable" && !step.compensation,
      irreversible: step.written.irreversible === true,
      joins: step.after.length > 1 ? step.after.length : 0,
      errors,
      warnings: problems.length - errors,
    };
    return { ...box, sentence: sentenceOf(box, step.after) };
  });
  return { boxes, links: linksOf(steps, all) };
}

/**
 * The colour of each service: from its name, so that it keeps it whatever comes before it, and the next free one where
 * another has it already.
 * @param {readonly string[]} services
 */
function lanesOf(services) {
  /** @type {Map<string, number>} */
  const lanes = new Map();
  for (const service of new Set(services)) {
    const taken = new Set([...lanes.values()].slice(lanes.size - (lanes.size % LANES)));
    let lane =
      [...service].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % LANES;
    while (taken.has(lane + 1)) lane = (lane + 1) % LANES;
    lanes.set(service, lane + 1);
  }
  return lanes;
}

/** A name that stands there twice is an error of the file; the first of them is drawn.
 * @template {{name: string}} T @param {T[]} steps
 */
function distinct(steps) {
  return steps.filter((step, index) => steps.findIndex(({ name }) => name === step.name) === index);
}

/**
 * @param {readonly import("sagasim/composer/model.js").DrawnStep[]} steps
 * @param {import("sagasim/composer/canvas/places.js").Places} all
 * @returns {Link[]}
 */
function linksOf(steps, all) {
  /** @type {Map<string, string[]>} who leaves from one column and row, in order */
  const leaving = new Map();
  /** @type {Map<string, string[]>} which links run below a row, in order */
  const below = new Map();
  /** @param {Map<string, string[]>} lists @param {string} key @param {string} item */
  const numberIn = (lists, key, item) => {
    const list = lists.get(key) ?? [];
    if (!list.includes(item)) list.push(item);
    lists.set(key, list);
    return list.indexOf(item);
  };
  return steps.flatMap(({ name, after }) => {
    const joined = after.length > 1;
    const row = all.places.get(name)?.row;
    return after
      .filter((from) => from !== name && all.places.has(from))
      .map((from) => {
        const id = linkId(from, name);
        const place = all.places.get(from);
        const turn = numberIn(leaving, `${place?.row} ${place?.rank}`, from);
        const channel = place?.row === row ? turn : numberIn(below, `${place?.row}`, id);
        return { id, from, to: name, joined, points: routeOf(all, from, name, { joined, turn, channel }) };
      });
  });
}

/** @param {Omit<Box, "sentence">} box @param {readonly string[]} after */
function sentenceOf(box, after) {
  const undone = box.undo ? `undone by ${box.undo}` : box.lacksUndo ? "without an undo" : "";
  const order = after.length ? `after ${after.join(" and ")}` : "starts at once";
  return [
    box.name,
    LOOKS[box.kind].word,
    `service ${box.service}`,
    undone,
    box.irreversible ? "irreversible" : "",
    order,
    counted(box.errors, "error"),
    counted(box.warnings, "warning"),
  ]
    .filter(Boolean)
    .join(", ");
}

/** @param {number} count @param {string} word */
function counted(count, word) {
  return count ? `${count} ${word}${count > 1 ? "s" : ""}` : "";
}
