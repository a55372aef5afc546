/** The rows of the step table: what stands in them, and where it differs from what is written. */

import { COLUMNS } from "sagasim/composer/columns.js";
import { placeOf } from "sagasim/composer/model.js";
import { html, say } from "sagasim/runs/elements.js";

/** @typedef {import("./fields.js").View} View */

/**
 * @param {HTMLTableRowElement} line
 * @param {import("./model.js").DrawnStep} step
 * @param {View} view
 * @param {boolean} isSelected
 * @param {HTMLElement | undefined} edited A cell in which somebody types is left alone.
 */
export function showRow(line, step, view, isSelected, edited) {
  line.toggleAttribute("data-selected", isSelected);
  line.setAttribute("aria-selected", String(isSelected));
  line.dataset.step = step.name;
  line.dataset.kind = step.kind;
  const place = placeOf(view.data, step.name);
  COLUMNS.forEach((column, index) => {
    const cell = line.cells[index];
    if (!cell || edited === cell) return;
    const sentence = view.mistake(`steps[${place}].${column.path}`);
    const isDefault = step.written[column.path] === undefined;
    say(cell, column.shown(step, view));
    cell.toggleAttribute("data-default", isDefault);
    cell.toggleAttribute("data-bad", Boolean(sentence));
    cell.title = sentence ?? (isDefault ? "The default; nothing is written here" : "");
    if (sentence) cell.setAttribute("aria-invalid", "true");
    else cell.removeAttribute("aria-invalid");
  });
  const last = line.cells[COLUMNS.length];
  if (last) showProblems(last, view.checked?.problems.filter((problem) => problem.step === step.name) ?? []);
}

/** @param {HTMLTableCellElement} cell @param {import("./store.js").Problem[]} problems */
function showProblems(cell, problems) {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const rules = problems.map((problem) => problem.rule).join(", ");
  say(cell, problems.length ? `${errors ? "✕" : "!"} ${rules}` : "");
  cell.dataset.severity = errors ? "error" : problems.length ? "warning" : "";
  cell.title = problems.map((problem) => problem.sentence).join("\n");
}

export function newRow() {
  const cells = [...COLUMNS, null].map((column, index) =>
    html("td", {
      role: index ? "gridcell" : "rowheader",
      tabindex: -1,
      class: column?.mono ? "mono" : null,
      "data-column": column?.key ?? "problems",
    }),
  );
  return html("tr", {}, ...cells);
}

export function hint() {
  const keys = [
    ["Enter", "edit"],
    ["Alt ↑ ↓", "move the step"],
    ["Ctrl Enter", "add below"],
    ["Shift Delete", "delete the step"],
    ["Delete", "back to the default"],
  ];
  const parts = keys.map(([key, does]) => html("span", {}, html("kbd", {}, key ?? ""), ` ${does}`));
  return html("p", { class: "steps-hint" }, ...parts);
}
