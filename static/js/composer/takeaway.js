/**
 * Takes a saga away as a file, as it is on the page, saved or not: text and data, the PNG as the canvas shows it, other
 * drawings as the server draws them.
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

/**
 * @param {string} kind
 * @param {{text: string, data: any}} state
 * @param {(asked: {text: string, as: string}) => Promise<Blob>} draw
 */
export async function takeAway(kind, state, draw) {
  const name = typeof state.data?.name === "string" && state.data.name ? state.data.name : "saga";
  if (kind === "yaml") return download(state.text, `${name}.yaml`);
  if (kind === "json")
    return download(`${JSON.stringify(state.data, null, 2)}\n`, `${name}.json`, "application/json");
  if (kind === "png") {
    const { drawPng } = await import("sagasim/composer/canvas/png.js");
    return download(await drawPng(document), `${name}.png`);
  }
  const drawing = await draw({ text: state.text, as: kind });
  download(drawing, kind === "mermaid" ? `${name}.mmd` : `${name}.svg`);
}
