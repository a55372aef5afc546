/**
 * diagram-js as the canvas uses it: with our renderer, with our rules and gestures where its own model would be, and with
 * a mouse that forgives.
 *
 * @typedef {import("sagasim/composer/canvas/gestures.js").Gestures} Gestures
 */

import { arrowHead, portOf, SagaRenderer } from "sagasim/composer/canvas/renderer.js";
import { sketch } from "sagasim/composer/canvas/routes.js";
import { Rules } from "sagasim/composer/canvas/rules.js";
import { HEIGHT } from "sagasim/composer/canvas/sizes.js";
import { set } from "sagasim/runs/elements.js";
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

/** @param {HTMLElement} container @param {Gestures} gestures @returns {any} */
export function diagramIn(container, gestures) {
  /** @param {any} injector */
  const rulesFor = (injector) => new Rules(gestures, injector);
  rulesFor.$inject = ["injector"];
  const ours = {
    __init__: ["sagaRenderer", "createConnectPreview"],
    sagaRenderer: ["type", SagaRenderer],
    createConnectPreview: ["type", CreateConnectPreview],
    modeling: ["value", gestures],
    rules: ["factory", rulesFor],
    layouter: ["value", { layoutConnection: sketched }],
  };
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
  const diagram = new Diagram(/** @type {any} */ ({ canvas: { container }, modules }));
  const svg = container.querySelector("svg");
  svg?.prepend(arrowHead());
  if (svg) set(svg, { role: "application", "aria-roledescription": "canvas" });
  forgive(diagram);
  return diagram;
}

/** The way of a link while it is drawn: out of the port, into the left side. @param {any} _link @param {any} hints */
function sketched(_link, { source, target, connectionStart, connectionEnd }) {
  const end = target ? { x: target.x, y: target.y + HEIGHT / 2 } : connectionEnd;
  return sketch(source ? portOf(source) : connectionStart, end);
}

/** @param {any} diagram */
function forgive(diagram) {
  const events = diagram.get("eventBus");
  const dragging = diagram.get("dragging");
  // what is selected alone stays selected when it is clicked again, or a double click would end with nothing
  events.on("element.click", 2000, (/** @type {any} */ event) => {
    const [only, ...others] = diagram.get("selection").get();
    const { shiftKey, ctrlKey, metaKey } = event.originalEvent;
    const adds = shiftKey || ctrlKey || metaKey;
    if (only === event.element && !others.length && !adds) event.stopPropagation();
  });
  // a quick hand is over the canvas before the browser says that something is dragged
  events.on(["create.move", "connect.move"], 3000, (/** @type {any} */ { hover, originalEvent }) => {
    const gfx = hover ? null : diagram.get("hoverFix")._findTargetGfx(originalEvent);
    const element = gfx && diagram.get("elementRegistry").get(gfx);
    if (element) dragging.hover({ element, gfx });
  });
  // out of the port at the right of a step a link is drawn; anywhere else, the step is moved
  events.on("element.mousedown", 2000, (/** @type {any} */ { element, originalEvent }) => {
    if (!element.box || originalEvent.button !== 0 || !originalEvent.target.closest(".port"))
      return undefined;
    diagram.get("connect").start(originalEvent, element, portOf(element));
    return true; // and is not moved
  });
}
