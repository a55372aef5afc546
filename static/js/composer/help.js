/** What `?` opens: every key of the composer, and the way back to the tour. */

import { html } from "sagasim/runs/elements.js";

/** @typedef {readonly (readonly string[])[]} Keys `[["Ctrl + S", "save"]]` */

/** @type {Keys} */
const EVERYWHERE = [
  ["Ctrl + Z, Ctrl + Y", "undo, redo: canvas, table, text and properties alike"],
  ["Ctrl + S", "save a version"],
  ["Alt + 1, 2, 3, 4", "canvas, table, text, events"],
  ["F6, Shift + F6", "next, previous part of the page"],
  ["Escape", "select nothing: the properties of the saga"],
  ["?", "this help"],
];

/** @type {Keys} */
const TABLE = [
  ["Arrow keys, Home, End", "go from cell to cell"],
  [
    "Enter, F2, or type",
    "edit the cell; Enter keeps it and goes on below, Tab to the right, Escape takes it back",
  ],
  ["Alt + ↑, Alt + ↓", "move the step up, down"],
  ["Ctrl + Enter", "add a step below"],
  ["Shift + Delete", "delete the step"],
  ["Delete", "back to the default"],
  ["last row", "type or paste steps, one a line: payments: charge card / refund"],
];

const FINGER =
  "Tap a kind to add a step, and a step to select it. Moving and linking on the canvas need a mouse or keys; the table and the properties do without.";

/** @param {Keys} keys */
function list(keys) {
  const rows = keys.map(([key = "", does = ""]) => {
    const parts = key.split(", ").flatMap((it, index) => [index ? ", " : "", html("kbd", {}, it)]);
    return html("div", {}, html("dt", {}, ...parts), html("dd", {}, does));
  });
  return html("dl", { class: "keys" }, ...rows);
}

/**
 * @param {HTMLElement} root
 * @param {Keys} canvas The keys of the canvas, as it tells them.
 * @param {() => void} tour
 */
export function help(root, canvas, tour) {
  const dialog = html("dialog", { class: "sheet wide", "aria-labelledby": "composer-help" });
  const again = html("button", { class: "quiet", type: "button" }, "Show the tour again");
  again.addEventListener("click", () => {
    dialog.close();
    tour();
  });
  const close = html(
    "form",
    { method: "dialog", class: "sheet-close" },
    again,
    html("button", { class: "quiet", type: "submit" }, "Close"),
  );
  dialog.append(
    html("h2", { id: "composer-help" }, "Keys of the composer"),
    close,
    html(
      "div",
      { class: "help-columns" },
      html(
        "section",
        {},
        html("h3", {}, "Everywhere"),
        list(EVERYWHERE),
        html("h3", {}, "In the table"),
        list(TABLE),
      ),
      html(
        "section",
        {},
        html("h3", {}, "On the canvas"),
        list(canvas),
        html("h3", {}, "With a finger"),
        html("p", {}, FINGER),
      ),
    ),
  );
  root.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}
