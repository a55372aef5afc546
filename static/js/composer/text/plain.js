/**
 * The text in a plain field, for a browser that could not load the editor.
 *
 * @typedef {import("sagasim/composer/text/text.js").Store} Store
 */

import { undoKey } from "sagasim/composer/text/undo.js";
import { html, say } from "sagasim/runs/elements.js";

/** @param {HTMLElement} element @param {Store} store */
export function plainText(element, store) {
  const field = html("textarea", { rows: 24, spellcheck: "false", "aria-label": "The saga as text" });
  const wrong = html("p", { class: "refusal", hidden: true, role: "status" });
  const show = () => {
    const { text, error } = store.get();
    if (field.value !== text) {
      const { selectionStart, selectionEnd } = field;
      field.value = text;
      field.setSelectionRange(selectionStart, selectionEnd);
    }
    wrong.hidden = !error;
    if (error) say(wrong, error.line ? `Line ${error.line}: ${error.detail}` : error.detail);
  };
  field.addEventListener("input", () => store.setText("Type", field.value));
  field.addEventListener("keydown", (event) => undoKey(event, store));
  element.replaceChildren(html("div", { class: "saga-text plain" }, field, wrong));
  const unsubscribe = store.subscribe(show);
  show();
  return {
    close: () => {
      unsubscribe();
      field.parentElement?.remove();
    },
    /** @param {number} line */
    goToLine: (line) => {
      const before = field.value.split("\n").slice(0, line - 1);
      const at = before.join("\n").length + (before.length ? 1 : 0);
      field.focus();
      field.setSelectionRange(at, at);
    },
  };
}
