/**
 * The saga as text. The editor is fetched when the text is first looked at; where it cannot be had, a plain field does
 * the same work without colours and completion.
 *
 * @typedef {import("sagasim/composer/store.js").Store} Store
 * @typedef {{close(): void, goToLine(line: number): void}} TextView
 * @typedef {{schema: () => Promise<any>}} Options `schema` answers with the JSON Schema of saga files.
 */

import { plainText } from "sagasim/composer/text/plain.js";

/**
 * @param {HTMLElement} element What the text fills.
 * @param {Store} store
 * @param {Options} options
 * @returns {Promise<TextView>}
 */
export async function connectText(element, store, { schema }) {
  try {
    const [{ editor }, described] = await Promise.all([
      import("sagasim/composer/text/editor.js"),
      schema().catch(() => ({})), // then there is no completion, and all else is there
    ]);
    return editor(element, store, described);
  } catch (failure) {
    console.info("The text editor could not be loaded; a plain field takes its place.", failure);
    return plainText(element, store);
  }
}
