/** Puts a button beside a text that copies it. Without scripts, or where copying is not allowed, one selects it. */

import { html } from "sagasim/runs/elements.js";

const SAID_MS = 2000;

/** @param {HTMLElement} text */
export default function connect(text) {
  if (!navigator.clipboard) return undefined;
  const button = html("button", { class: "quiet", type: "button" }, "Copy");
  const copy = async () => {
    await navigator.clipboard.writeText(text.textContent ?? "");
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, SAID_MS);
  };
  button.addEventListener("click", copy);
  text.after(button);
  return () => button.remove();
}
