/**
 * Makes a grid of a table of links: one stop for the Tab key, arrow keys inside (WAI-ARIA authoring practices, grid).
 * Without this script it is a plain table, and every link a stop of its own.
 *
 * Arrows go one cell, Home and End to the ends of a row, Page Up and Page Down ten rows, with Ctrl to the ends of the
 * table; Enter follows the link of a cell.
 */

const PAGE = 10;

/** @param {HTMLElement} table */
export default function connect(table) {
  const grid = new Grid(table);
  return () => grid.close();
}

class Grid {
  /** @param {HTMLElement} table */
  constructor(table) {
    this.table = table;
    /** @type {HTMLElement[][]} what takes the focus in each cell, row by row */
    this.rows = [...table.querySelectorAll("tbody tr")].map((row) =>
      [...row.querySelectorAll("td")].map(stop),
    );
    this.row = 0;
    this.column = 0;
    table.setAttribute("role", "grid");
    for (const each of this.rows.flat()) each.tabIndex = -1;
    this.#begin();
    this.pressed = (/** @type {KeyboardEvent} */ event) => this.#pressed(event);
    this.entered = (/** @type {FocusEvent} */ event) => this.#entered(event);
    table.addEventListener("keydown", this.pressed);
    table.addEventListener("focusin", this.entered);
  }

  close() {
    this.table.removeEventListener("keydown", this.pressed);
    this.table.removeEventListener("focusin", this.entered);
  }

  /** The Tab key comes first to the first cell where something breaks, since that is what one looks for. */
  #begin() {
    const worst = this.table.querySelector("td:is([data-state=harm], [data-state=differs])");
    const place = worst instanceof HTMLElement ? this.#placeOf(stop(worst)) : undefined;
    [this.row, this.column] = place ?? [0, 0];
    this.#tabbable(true);
  }

  /** @param {boolean} is */
  #tabbable(is) {
    const here = this.rows[this.row]?.[this.column];
    if (here) here.tabIndex = is ? 0 : -1;
  }

  /** @param {EventTarget | null} target @returns {[number, number] | undefined} */
  #placeOf(target) {
    for (const [row, stops] of this.rows.entries()) {
      const column = stops.indexOf(/** @type {HTMLElement} */ (target));
      if (column >= 0) return [row, column];
    }
    return undefined;
  }

  /** @param {FocusEvent} event */
  #entered(event) {
    const place = this.#placeOf(event.target);
    if (!place) return;
    this.#tabbable(false);
    [this.row, this.column] = place;
    this.#tabbable(true);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const moved = event.altKey || event.metaKey || event.shiftKey ? undefined : this.#moved(event);
    if (!moved) return;
    event.preventDefault();
    const row = this.rows[clamp(moved[0], this.rows.length)];
    const next = row?.[clamp(moved[1], row.length)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** @param {KeyboardEvent} event @returns {[number, number] | undefined} */
  #moved({ key, ctrlKey }) {
    const { row, column } = this;
    const last = this.rows.length - 1;
    const end = (this.rows[row]?.length ?? 1) - 1;
    switch (key) {
      case "ArrowUp":
        return [row - 1, column];
      case "ArrowDown":
        return [row + 1, column];
      case "ArrowLeft":
        return [row, column - 1];
      case "ArrowRight":
        return [row, column + 1];
      case "PageUp":
        return [row - PAGE, column];
      case "PageDown":
        return [row + PAGE, column];
      case "Home":
        return [ctrlKey ? 0 : row, 0];
      case "End":
        return [ctrlKey ? last : row, end];
      default:
        return undefined;
    }
  }
}

/** The link of a cell, or the cell itself where there is nothing to open. @param {HTMLElement} cell */
function stop(cell) {
  return cell.querySelector("a") ?? cell;
}

/** @param {number} number @param {number} length */
function clamp(number, length) {
  return Math.max(0, Math.min(length - 1, number));
}
