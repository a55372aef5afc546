/** How wide words are before they are drawn, so that they can be cut to fit. */

/** @type {CanvasRenderingContext2D | null | undefined} */
let pen;
/** @type {Map<string, number>} */
const known = new Map();
/** @type {Record<string, string>} */
const faces = {};

/** @param {"--font" | "--mono"} name */
function face(name) {
  faces[name] ??= getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "sans-serif";
  return faces[name];
}

/** @param {string} text @param {string} size "600 13px" @param {"--font" | "--mono"} family */
export function widthOf(text, size, family) {
  const font = `${size} ${face(family)}`;
  const key = `${font}\n${text}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  pen ??= document.createElement("canvas").getContext("2d");
  if (!pen) return text.length * 8;
  pen.font = font;
  const { width } = pen.measureText(text);
  if (known.size > 5000) known.clear();
  known.set(key, width);
  return width;
}

/** The text, or as much of it as there is room for. @param {string} text @param {number} room @param {string} size @param {"--font" | "--mono"} family */
export function cut(text, room, size, family) {
  if (widthOf(text, size, family) <= room) return text;
  let shown = text;
  while (shown && widthOf(`${shown}…`, size, family) > room) shown = shown.slice(0, -1);
  return `${shown}…`;
}
