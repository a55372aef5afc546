/**
 * The saga as a table in which everything can be done by keyboard: arrows move, Enter edits, Escape takes back, Tab
 * goes on to the next cell; Alt with an arrow moves the step. The last row makes new steps, one a line, so that a list
 * can be typed or pasted: `payments: charge card / refund`.
 *
 * @typedef {import("./columns.js").Column} Column
 * @typedef {import("./fields.js").View} View
 * @typedef {import("./model.js").DrawnStep} DrawnStep
 */

import { editorIn } from "sagasim/composer/cells.js";
import { COLUMNS } from "sagasim/composer/columns.js";
import { addStep, moveStep, renameStep } from "sagasim/composer/edits.js";
import { unfit } from "sagasim/composer/identity.js";
import { stepsOfLines } from "sagasim/composer/lines.js";
import { drawnSteps, placeOf, slug, stepNames } from "sagasim/composer/model.js";
import { hint, newRow, showRow } from "sagasim/composer/rows.js";
import { wrong } from "sagasim/composer/shapes.js";
import { html, say } from "sagasim/runs/elements.js";

const COUNT = COLUMNS.length + 1; // the last column tells of problems

export class Table {
  /** @type {{row: number, column: number}} */ at = { row: 0, column: 0 };
  /** @type {{cell: HTMLElement, finish: (keep: boolean) => boolean} | null} */ editing = null;
  /** @type {DrawnStep[]} */ steps = [];
  /** @type {View | null} */ view = null;

  /**
   * @param {import("./store.js").Store} store
   * @param {HTMLElement} element
   * @param {{act: (act: string) => void, schema: import("./shapes.js").Shape}} page
   */
  constructor(store, element, page) {
    this.store = store;
    this.page = page;
    this.body = html("tbody");
    const heads = [...COLUMNS.map((column) => column.title), "Problems"];
    const head = html(
      "tr",
      {},
      ...heads.map((title) => html("th", { scope: "col", role: "columnheader" }, title)),
    );
    this.grid = html(
      "table",
      { class: "steps", role: "grid", "aria-label": "Steps" },
      html("thead", {}, head),
      this.body,
    );
    this.said = html("p", { class: "visually-hidden", role: "status" });
    const scrolls = html("div", { class: "steps-scroll" }, this.grid);
    element.replaceChildren(scrolls, hint(), this.said);
    this.grid.addEventListener("keydown", (event) => this.#key(event));
    this.grid.addEventListener("pointerdown", (event) => this.#press(event));
    this.grid.addEventListener("dblclick", () => this.#edit());
    this.grid.addEventListener("focusin", (event) => this.#focused(event));
    this.grid.addEventListener("paste", (event) => this.#paste(event));
  }

  /** @param {View} view */
  update(view) {
    this.view = view;
    this.steps = drawnSteps(view.data);
    while (this.body.rows.length > this.steps.length + 1) this.body.deleteRow(this.body.rows.length - 2);
    while (this.body.rows.length < this.steps.length + 1) this.body.prepend(newRow());
    this.steps.forEach((step, row) => {
      const line = this.body.rows[row];
      if (line) showRow(line, step, view, this.store.selection.includes(step.name), this.editing?.cell);
    });
    this.#showLast();
    this.at.row = Math.min(this.at.row, this.steps.length);
    this.#rove();
  }

  /** @param {string} name @param {string} [key] Puts the focus on a step's cell. */
  reveal(name, key = "name") {
    const row = this.steps.findIndex((step) => step.name === name);
    if (row >= 0)
      this.#go(
        row,
        Math.max(
          0,
          COLUMNS.findIndex((column) => column.key === key),
        ),
      );
  }

  focus() {
    this.#go(this.at.row, this.at.column);
  }

  #showLast() {
    const line = this.body.rows[this.steps.length] ?? this.body.appendChild(newRow());
    line.dataset.step = "";
    line.classList.add("new-step");
    const first = line.cells[0];
    if (!first || this.editing?.cell === first) return;
    say(first, this.steps.length ? "New step …" : "Type the first step and press Enter …");
    first.setAttribute("aria-label", "New step: type its name");
  }

  #rove() {
    for (const cell of this.grid.querySelectorAll("td[tabindex='0']")) cell.setAttribute("tabindex", "-1");
    this.#cell()?.setAttribute("tabindex", "0");
  }

  #cell() {
    return this.body.rows[this.at.row]?.cells[this.at.column];
  }

  get #step() {
    return this.steps[this.at.row];
  }

  /** @param {number} row @param {number} column */
  #go(row, column) {
    const isLast = row >= this.steps.length;
    this.at = {
      row: Math.max(0, Math.min(this.steps.length, row)),
      column: isLast ? 0 : Math.max(0, Math.min(COUNT - 1, column)),
    };
    this.#rove();
    this.#cell()?.focus();
  }

  /** @param {FocusEvent} event */
  #focused(event) {
    const cell = event.target instanceof Element ? event.target.closest("td") : null;
    const line = cell?.closest("tr");
    if (!cell || !line || this.editing) return;
    this.at = { row: line.sectionRowIndex, column: cell.cellIndex };
    this.#rove();
    this.store.select(this.#step ? [this.#step.name] : []);
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const cell = event.target instanceof Element ? event.target.closest("td") : null;
    if (!cell || this.editing?.cell === cell) return;
    this.editing?.finish(true);
    const line = /** @type {HTMLTableRowElement} */ (cell.closest("tr"));
    const wasThere = document.activeElement === cell || line.classList.contains("new-step");
    event.preventDefault();
    this.#go(line.sectionRowIndex, cell.cellIndex);
    if (wasThere) this.#edit();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.editing) return;
    const done = this.#command(event) || this.#move(event);
    if (done) {
      event.preventDefault();
      event.stopPropagation();
    } else if (
      event.key.length === 1 &&
      event.key !== " " &&
      event.key !== "?" &&
      !event.ctrlKey &&
      !event.metaKey &&
      !event.altKey
    ) {
      if (this.#edit(event.key)) event.preventDefault();
    }
  }

  /** @param {KeyboardEvent} event */
  #move({ key, ctrlKey, metaKey, altKey }) {
    if (altKey || metaKey) return false;
    const { row, column } = this.at;
    const last = { row: this.steps.length, column: COUNT - 1 };
    /** @type {Record<string, [number, number]>} */
    const to = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [ctrlKey ? 0 : row, 0],
      End: [ctrlKey ? last.row : row, last.column],
      PageUp: [row - 10, column],
      PageDown: [row + 10, column],
    };
    const target = to[key];
    if (target) this.#go(...target);
    return Boolean(target);
  }

  /** @param {KeyboardEvent} event */
  #command(event) {
    const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
    const step = this.#step;
    if (altKey && step && (key === "ArrowUp" || key === "ArrowDown")) {
      const by = key === "ArrowUp" ? -1 : 1;
      const to = this.at.row + by;
      if (to < 0 || to >= this.steps.length) return true;
      this.store.edit(`Move ${step.name} ${by < 0 ? "up" : "down"}`, (data) => moveStep(data, step.name, by));
      this.#go(to, this.at.column);
      this.#tell(`${step.name} is now step ${to + 1} of ${this.steps.length}.`);
      return true;
    }
    if (step && (key === "Delete" || key === "Backspace") && (ctrlKey || metaKey || shiftKey)) {
      this.store.select([step.name]);
      this.page.act("delete");
      this.#go(this.at.row, this.at.column);
      return true;
    }
    if (key === "Insert" || (key === "Enter" && (ctrlKey || metaKey))) {
      this.#addBelow(step?.name);
      return true;
    }
    if (key === "Enter" || key === "F2") return this.#edit();
    if (step && (key === "Delete" || key === "Backspace")) {
      const column = COLUMNS[this.at.column];
      if (column && column.key !== "name") this.#write(column, step, "");
      return true;
    }
    return false;
  }

  /** @param {string | undefined} name */
  #addBelow(name) {
    let added = "";
    this.store.edit("Add a step", (data) => {
      added = addStep(data, { name: "step" }, name === undefined ? {} : { below: name });
    });
    this.reveal(added);
    this.#edit();
  }

  /** Opens the cell; false where there is nothing to edit. @param {string} [typed] What replaces its content. */
  #edit(typed) {
    const column = COLUMNS[this.at.column];
    const cell = this.#cell();
    const step = this.#step;
    if (!column || !cell || this.editing || (!step && this.at.column > 0)) return false;
    const refusal = (/** @type {string} */ text) =>
      step && column.key === "name" ? unfit(this.#others(step.name), text) : null;
    const { control, was, refuse } = editorIn(cell, {
      column,
      step,
      view: this.view,
      ...(typed === undefined ? {} : { typed }),
    });
    const finish = (/** @type {boolean} */ keep) => {
      if (this.editing?.cell !== cell) return true;
      const isChanged = keep && control.value !== was;
      const sentence = isChanged ? refusal(control.value) : null;
      if (sentence) {
        refuse(sentence);
        return false;
      }
      this.editing = null;
      cell.replaceChildren("");
      if (isChanged && step) this.#write(column, step, control.value);
      else if (isChanged && control.value.trim()) this.#append(control.value);
      else if (this.view) this.update(this.view);
      return true;
    };
    this.editing = { cell, finish };
    control.addEventListener("keydown", (event) =>
      this.#keyInEditor(/** @type {KeyboardEvent} */ (event), finish),
    );
    control.addEventListener("blur", () => finish(true) || finish(false));
    control.focus();
    if (control instanceof HTMLInputElement && typed === undefined) control.select();
    return true;
  }

  /** @param {string} name */
  #others(name) {
    return stepNames(this.store.get().data).filter((other) => other !== name);
  }

  /** @param {KeyboardEvent} event @param {(keep: boolean) => boolean} finish */
  #keyInEditor(event, finish) {
    const { row, column } = this.at;
    if (event.key === "Escape") {
      finish(false);
      this.#go(row, column);
    } else if (event.key === "Enter") {
      const isNew = row === this.steps.length;
      if (!finish(true)) return;
      this.#go(isNew ? this.steps.length : row + 1, column);
      if (isNew) this.#edit();
    } else if (event.key === "Tab") {
      if (!finish(true)) return event.preventDefault();
      const next = column + (event.shiftKey ? -1 : 1);
      const isInside = next >= 0 && next < COLUMNS.length;
      this.#go(row, isInside ? next : column);
      if (isInside && row < this.steps.length) this.#edit();
    } else {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") finish(true); // saved is what is typed
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {Column} column @param {DrawnStep} step @param {string} typed */
  #write(column, step, typed) {
    if (column.key === "name") {
      const name = slug(typed);
      this.store.edit(
        `Rename ${step.name} to ${name}`,
        (data, layout) => renameStep(data, step.name, name, layout),
        {
          select: [name],
        },
      );
      return;
    }
    this.store.edit(`Set ${column.title.toLowerCase()} of ${step.name}`, (data) =>
      column.write(data, step.name, typed),
    );
    const shape = this.page.schema.properties.steps.items.properties[column.key];
    const index = placeOf(this.store.get().data, step.name);
    const sentence = shape ? wrong(shape, this.store.get().data.steps[index]?.[column.key]) : null;
    if (sentence) this.#tell(sentence);
  }

  /** @param {string} text */
  #append(text) {
    const jotted = stepsOfLines(
      text,
      this.steps.some((step) => step.kind === "pivot"),
    );
    if (!jotted.length) return;
    /** @type {string[]} */
    let added = [];
    const label = jotted.length === 1 ? `Add ${jotted[0]?.name}` : `Add ${jotted.length} steps`;
    this.store.edit(label, (data) => {
      added = jotted.map((step) => addStep(data, step));
    });
    this.#tell(`Added ${added.join(", ")}.`);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const isLines = stepsOfLines(text).length > 1;
    if (!isLines || (this.editing && this.at.row < this.steps.length)) return;
    event.preventDefault();
    this.editing?.finish(false);
    this.#append(text);
    this.#go(this.steps.length, 0);
  }

  /** @param {string} sentence */
  #tell(sentence) {
    this.said.textContent = sentence;
  }
}
