/**
 * Takes a saga away as a file: text and data as they are on the page, the PNG as the canvas shows it, other drawings as the
 * server draws what is saved.
 */

/** @param {Blob | string} content @param {string} name @param {string} [type] */
function download(content, name, type = "text/plain") {
  const blob = typeof content === "string" ? new Blob([content], { type }) : content;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {string} address of an SVG @param {number} scale @returns {Promise<Blob>} */
async function asPng(address, scale = 2) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`There is no drawing to take away (${response.status}).`);
  const drawing = await response.text();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * scale;
  canvas.height = image.naturalHeight * scale;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("This browser draws no pictures.");
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  /** @type {Promise<Blob>} */
  const png = new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("This browser makes no PNG."))));
  });
  return png;
}

/** Whether the canvas has been opened, and so shows the saga as it is now. */
export function isDrawn() {
  return document.querySelector(".saga-canvas .djs-visual") !== null;
}

/**
 * @param {string} kind
 * @param {{text: string, data: any}} state
 * @param {Record<string, string> | undefined} addresses Where the server gives what is saved.
 * @param {(sentence: string, state?: "refused") => void} tell
 */
export async function takeAway(kind, state, addresses, tell) {
  const name = typeof state.data?.name === "string" && state.data.name ? state.data.name : "saga";
  if (kind === "yaml") return download(state.text, `${name}.yaml`);
  if (kind === "json")
    return download(`${JSON.stringify(state.data, null, 2)}\n`, `${name}.json`, "application/json");
  if (kind === "png" && isDrawn()) {
    const { drawPng } = await import("sagasim/composer/canvas/png.js");
    return download(await drawPng(document), `${name}.png`);
  }
  const address = addresses?.[kind === "png" ? "svg" : kind];
  if (!address) return tell("Save the saga first; its drawing is made from what is saved.", "refused");
  if (kind === "png") return download(await asPng(address), `${name}.png`, "image/png");
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}
