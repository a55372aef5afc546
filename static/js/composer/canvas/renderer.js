/**
 * Draws the steps and links of a picture for diagram-js: shapes, words and signs; what colour they have is canvas.css's.
 *
 * @typedef {import("sagasim/composer/canvas/picture.js").Box} Box
 * @typedef {import("sagasim/composer/canvas/picture.js").Link} Link
 */

import { LOOKS, SIGNS } from "sagasim/composer/canvas/kinds.js";
import { cut, widthOf } from "sagasim/composer/canvas/measure.js";
import { BAR, roundedPath } from "sagasim/composer/canvas/routes.js";
import { HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";
import { svg } from "sagasim/runs/elements.js";
import { BaseRenderer } from "vendor/diagram.js";

const LEFT = 20;
const RIGHT = WIDTH - 19;
const SMALL = "400 11px";
const NAME = "600 13px";
const FAR = "600 23px";
const UNDO = "400 10.5px";

/** @param {string} path @param {number} x @param {number} y @param {string} name */
function sign(path, x, y, name) {
  return svg("path", { class: `sign ${name}`, d: path, transform: `translate(${x} ${y}) scale(.875)` });
}

/** @param {string} name @param {number} x @param {number} y @param {string} said @param {"end"} [anchor] */
function word(name, x, y, said, anchor) {
  return svg("text", { class: name, x, y, "text-anchor": anchor }, said);
}

/** @param {Box} box */
function drawnStep(box) {
  const look = LOOKS[box.kind];
  const lane = `lane-${box.lane}`;
  const kindEnds = LEFT + 19 + widthOf(look.word, SMALL, "--font");
  const own = box.service === box.name;
  const service = cut(own ? "its own" : box.service, RIGHT - kindEnds - 24, SMALL, "--font");
  const dot = RIGHT - widthOf(service, SMALL, "--font") - 9;
  const drawn = svg(
    "g",
    { class: `step-box ${box.kind}` },
    svg("title", {}, box.sentence),
    svg("path", { class: "outline", d: look.outline(WIDTH, HEIGHT) }),
    svg("path", { class: `edge ${lane}`, d: look.edge(HEIGHT) }),
    sign(look.sign, LEFT, 10, "kind-sign"),
    word("kind-word", LEFT + 19, 21, look.word),
    word("service-word", RIGHT, 21, service, "end"),
    svg("circle", { class: `lane-dot ${lane}`, cx: dot, cy: 17, r: 4 }),
    word("step-name", LEFT, 47, cut(box.name, RIGHT - LEFT, NAME, "--mono")),
    farName(box.name),
  );
  drawn.append(...undoOf(box), ...joinOf(box), ...badgesOf(box));
  return drawn;
}

/** What stands there when the drawing is too small for more: the name alone, large, in two lines where it must. @param {string} name */
function farName(name) {
  const room = WIDTH - 34;
  const lines = widthOf(name, FAR, "--mono") <= room ? [name] : halved(name);
  const first = HEIGHT / 2 + 8 - (lines.length - 1) * 14;
  return svg(
    "g",
    { class: "far" },
    ...lines.map((line, index) => word("far-name", LEFT, first + index * 28, cut(line, room, FAR, "--mono"))),
  );
}

/** @param {string} name */
function halved(name) {
  const middle = name.length / 2;
  const breaks = [...name.matchAll(/[-_]/g)].map(({ index }) => index + 1);
  const at = breaks.reduce(
    (a, b) => (Math.abs(b - middle) < Math.abs(a - middle) ? b : a),
    breaks[0] ?? name.length,
  );
  return [name.slice(0, at), name.slice(at)].filter(Boolean);
}

/** @param {Box} box */
function undoOf(box) {
  const parts = [];
  const irreversible = box.irreversible ? widthOf("irreversible", SMALL, "--font") + 20 : 0;
  const room = RIGHT - LEFT - 19 - irreversible;
  if (box.undo) {
    const undo = cut(box.undo, room, UNDO, "--mono");
    parts.push(sign(SIGNS.undo, LEFT, 58, "undo-sign"), word("undo-word", LEFT + 19, 69, undo));
  } else if (box.lacksUndo) {
    parts.push(sign(SIGNS.missing, LEFT, 58, "lacking"), word("undo-word lacking", LEFT + 19, 69, "no undo"));
  } else {
    const said = { pivot: "go or no-go", retriable: "until it works", read: "changes nothing" };
    parts.push(word("undo-word aside", LEFT, 69, said[/** @type {"read"} */ (box.kind)] ?? ""));
  }
  if (box.irreversible) {
    parts.push(
      sign(SIGNS.irreversible, RIGHT - irreversible, 58, "irreversible"),
      word("undo-word aside", RIGHT, 69, "irreversible", "end"),
    );
  }
  return parts;
}

/** The bar at which links are joined, and how many it waits for. @param {Box} box */
function joinOf(box) {
  if (!box.joins) return [];
  const middle = HEIGHT / 2;
  return [
    svg("path", { class: "join-way", d: `M${-BAR} ${middle}H-2`, "marker-end": "url(#canvas-arrow)" }),
    svg("rect", { class: "join-bar", x: -BAR - 2, y: middle - 15, width: 4, height: 30, rx: 1 }),
    word("join-word", -BAR + 2, middle - 20, `all ${box.joins}`, "end"),
  ];
}

/** @param {Box} box */
function badgesOf(box) {
  let right = WIDTH - (box.kind === "compensatable" || box.kind === "read" ? 8 : 18);
  const badges = [];
  for (const [severity, count] of /** @type {const} */ ([
    ["error", box.errors],
    ["warning", box.warnings],
  ])) {
    if (!count) continue;
    const width = 26 + String(count).length * 7;
    right -= width;
    badges.push(
      svg(
        "g",
        { class: `badge ${severity}`, transform: `translate(${right} -11)`, "data-count": count },
        svg("rect", { width, height: 21, rx: 10.5 }),
        sign(SIGNS[severity], 5, 3.5, ""),
        word("badge-count", 21, 15, String(count)),
      ),
    );
    right -= 4;
  }
  return badges;
}

/** Where links are drawn out of a step. @param {{x: number, y: number}} shape */
export const portOf = ({ x, y }) => ({ x: x + WIDTH, y: y + HEIGHT / 2 });

/** @param {string} name */
export function drawnPort(name) {
  const { x, y } = portOf({ x: 0, y: 0 });
  return svg(
    "g",
    { class: "port", transform: `translate(${x} ${y})` },
    svg("title", {}, `Drag to what comes after ${name}`),
    svg("circle", { class: "port-reach", r: 13 }),
    svg("circle", { class: "port-dot", r: 6 }),
    svg("path", { class: "port-sign", d: "M-3 0H3M0-3V3" }),
  );
}

/** @param {Pick<Link, "points"> & {joined?: boolean}} link */
function drawnLink({ points, joined }) {
  const path = svg("path", { class: "link-line", d: roundedPath(points) });
  if (!joined) path.setAttribute("marker-end", "url(#canvas-arrow)");
  return path;
}

/** The head of every arrow. One for the whole drawing: it takes the colour of the line that it ends. */
export function arrowHead() {
  const head = svg("path", { d: "M1 1.5 9 5 1 8.5z", fill: "context-stroke" });
  const marker = svg(
    "marker",
    {
      id: "canvas-arrow",
      viewBox: "0 0 10 10",
      refX: 9,
      refY: 5,
      orient: "auto",
      markerUnits: "userSpaceOnUse",
    },
    head,
  );
  marker.setAttribute("markerWidth", "11");
  marker.setAttribute("markerHeight", "11");
  return svg("defs", {}, marker);
}

export class SagaRenderer extends BaseRenderer {
  /** @param {any} eventBus diagram-js's */
  constructor(eventBus) {
    super(eventBus, 2000);
  }

  canRender() {
    return true;
  }

  /** @param {any} visual @param {any} shape */
  drawShape(visual, shape) {
    return visual.appendChild(drawnStep(shape.box));
  }

  /** @param {any} visual @param {any} connection A link, or the preview of one, which has only a way. */
  drawConnection(visual, connection) {
    return visual.appendChild(drawnLink({ points: connection.waypoints, joined: connection.joined }));
  }

  /** @param {any} shape */
  getShapePath({ x, y, width, height }) {
    return `M${x} ${y}h${width}v${height}h${-width}z`;
  }

  /** @param {any} connection */
  getConnectionPath({ waypoints }) {
    return waypoints
      .map((/** @type {any} */ at, /** @type {number} */ i) => `${i ? "L" : "M"}${at.x} ${at.y}`)
      .join("");
  }
}
SagaRenderer.$inject = ["eventBus"];
