/**
 * The drawing as a PNG, as it is seen: with the colours of the theme, at the size of life, without what is selected.
 */

import { set, svg } from "sagasim/runs/elements.js";

const MARGIN = 24;
const LOOKS = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-linecap",
  "stroke-linejoin",
  "stroke-dasharray",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
];

/**
 * @param {ParentNode} within Where the canvas is.
 * @param {number} [scale] pixels of the picture for one of the drawing
 * @returns {Promise<Blob>}
 */
export async function drawPng(within, scale = 2) {
  const drawn = within.querySelector(".saga-canvas");
  if (!drawn?.querySelector(".viewport .djs-visual"))
    throw new Error("There is no drawing yet: add a step first.");
  const picture = standalone(drawn);
  const { width, height } = picture.viewBox.baseVal;
  const image = new Image();
  const text = new XMLSerializer().serializeToString(picture);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`; // the policy allows data:, not blob:
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    const take = (/** @type {Blob | null} */ blob) =>
      blob ? resolve(blob) : reject(new Error("This browser made no picture; a smaller drawing may work."));
    canvas.toBlob(take, "image/png");
  });
}

/** The drawing as an SVG that needs no style sheet. @param {Element} drawn */
function standalone(drawn) {
  const isFar = drawn.hasAttribute("data-far");
  drawn.removeAttribute("data-far"); // nothing is painted before it is back
  const picture = svg("svg", {});
  const arrow = drawn.querySelector("defs")?.cloneNode(true);
  if (arrow) picture.append(arrow);
  for (const visual of drawn.querySelectorAll(".viewport .djs-element > .djs-visual")) {
    const at = visual.parentElement?.getAttribute("transform");
    const copy = svg("g", { transform: at });
    for (const part of visual.children) {
      const inlined = plain(part);
      if (inlined) copy.append(inlined);
    }
    picture.append(copy);
  }
  set(drawn, { "data-far": isFar });
  document.body.append(picture); // a box is measured only where it is drawn
  const { x, y, width, height } = picture.getBBox();
  picture.remove();
  const box = [x - MARGIN, y - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN].map(Math.round);
  set(picture, { viewBox: box.join(" "), width: box[2], height: box[3] });
  const ground = getComputedStyle(drawn.querySelector(".canvas-stage") ?? drawn).backgroundColor;
  picture.prepend(svg("rect", { x: box[0], y: box[1], width: box[2], height: box[3], fill: ground }));
  return picture;
}

/** A copy that looks the same by itself; null for what is not shown. @param {Element} part @returns {Element | null} */
function plain(part) {
  const style = getComputedStyle(part);
  if (style.display === "none" || part.localName === "title") return null;
  const copy = /** @type {Element} */ (part.cloneNode(false));
  copy.removeAttribute("class");
  for (const name of LOOKS) copy.setAttribute(name, style.getPropertyValue(name));
  for (const child of part.childNodes) {
    const inner = child instanceof Element ? plain(child) : child.cloneNode();
    if (inner) copy.append(inner);
  }
  return copy;
}
