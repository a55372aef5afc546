/** What a cell of the step table becomes while it is edited: a field with completion, or a choice. */

import { completed } from "sagasim/composer/complete.js";
import { html } from "sagasim/runs/elements.js";

/**
 * @typedef {{
 *   column: import("./columns.js").Column, step: import("./model.js").DrawnStep | undefined,
 *   view: import("./fields.js").View | null, typed?: string,
 * }} Edited `step`: none in the row that makes new ones; `typed`: the letter that opened the cell.
 */

/** @param {HTMLElement} cell @param {Edited} edited */
export function editorIn(cell, { column, step, view, typed }) {
  const was = step ? column.typed(step) : "";
  const control =
    column.choices && step
      ? choiceOf(column.choices, was)
      : html("input", { autocomplete: "off", spellcheck: "false" });
  if (control instanceof HTMLInputElement) {
    control.value = typed ?? was;
    const usual = step && view ? column.shown(step, view) : "payments: charge card / refund";
    control.placeholder = (step && column.hint) || usual;
  }
  control.setAttribute("aria-label", step ? `${column.title} of ${step.name}` : "New step");
  const bad = html("span", { class: "cell-bad", hidden: true, role: "alert" });
  const names = () => (column.names && view ? view[column.names].filter((it) => it !== step?.name) : []);
  const completes = control instanceof HTMLInputElement && step && column.names;
  const word = column.key === "after" ? { word: /[\w-]*$/ } : {};
  cell.replaceChildren(completes ? completed(control, names, word) : control, bad);
  const refuse = (/** @type {string} */ sentence) => {
    bad.textContent = sentence;
    bad.hidden = false;
    control.focus();
  };
  return { control, was, refuse };
}

/** @param {readonly string[]} choices @param {string} was */
function choiceOf(choices, was) {
  const select = html("select");
  select.append(
    html("option", { value: "" }, "default"),
    ...choices.map((it) => html("option", { value: it }, it)),
  );
  select.value = was;
  return select;
}
