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
  if (kind === "png") {
    const { drawPng } = await import("sagasim/composer/canvas/png.js");
    return download(await drawPng(document), `${name}.png`, "image/png");
  }
  const address = addresses?.[kind];
  if (!address) return tell("Save the saga first; its drawing is made from what is saved.", "refused");
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}
