/** Questions that stop the work: each resolves to what was chosen, or null where the reader went back. */

import { html } from "sagasim/runs/elements.js";

let count = 0;

/**
 * @param {{title: string, body: (Node | string)[], choices: {value: string, label: string, primary?: boolean}[], wide?: boolean}} asked
 * @returns {Promise<{choice: string, form: HTMLFormElement} | null>}
 */
export function ask({ title, body, choices, wide = false }) {
  count += 1;
  const dialog = html("dialog", { class: wide ? "sheet wide" : "sheet", "aria-labelledby": `ask-${count}` });
  const buttons = choices.map(({ value, label, primary }) =>
    html("button", { class: primary ? "primary" : "quiet", value, type: "submit" }, label),
  );
  const back = html("button", { class: "quiet", type: "button" }, "Go back");
  const form = html("form", { method: "dialog" });
  form.append(
    html("h2", { id: `ask-${count}` }, title),
    ...body,
    html("p", { class: "sheet-acts" }, ...buttons, back),
  );
  dialog.append(form);
  document.body.append(dialog);
  back.addEventListener("click", () => dialog.close(""));
  const before = document.activeElement;
  /** @type {Promise<{choice: string, form: HTMLFormElement} | null>} */
  const chosen = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue ? { choice: dialog.returnValue, form } : null);
      dialog.remove();
      if (before instanceof HTMLElement) before.focus();
    });
  });
  dialog.showModal();
  return chosen;
}

/**
 * A text with the lines marked that the other does not have.
 * @param {string} title
 * @param {string} text
 * @param {string} base
 */
export function marked(title, text, base) {
  const known = new Set(base.split("\n"));
  const lines = text.split("\n").map((line) => html(known.has(line) ? "span" : "mark", {}, `${line}\n`));
  const scroll = html("pre", { tabindex: 0, role: "region", "aria-label": title }, ...lines);
  return html("section", { class: "version" }, html("h3", {}, title), scroll);
}
