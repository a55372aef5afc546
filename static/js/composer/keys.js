/** What the keyboard does wherever one stands in the composer. Canvas, table and text have keys of their own. */

import { VIEWS } from "sagasim/composer/tabs.js";

const PARTS = ["toolbar", "tabs", ...VIEWS, "properties", "problems", "verdict"];

/** @param {EventTarget | null} target Whether a letter there is typed rather than meant for the page. */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  const isBox = target instanceof HTMLInputElement && ["checkbox", "radio"].includes(target.type);
  return target.isContentEditable || (target.matches("input, textarea, select") && !isBox);
}

/**
 * @param {HTMLElement} root
 * @param {Record<string, () => void>} acts
 * @param {ReturnType<typeof import("./tabs.js").tabs>} views
 * @returns {() => void} forgets the keys
 */
export function keys(root, acts, views) {
  /** @param {KeyboardEvent} event @returns {string | undefined} The act of a key with Ctrl or Cmd. */
  const command = ({ key, shiftKey }) => {
    const letter = key.toLowerCase();
    if (letter === "s") return "save";
    if (letter === "y" || (letter === "z" && shiftKey)) return "redo";
    return letter === "z" ? "undo" : undefined;
  };

  const press = (/** @type {KeyboardEvent} */ event) => {
    const { key, altKey, ctrlKey, metaKey, target } = event;
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const isCell = target instanceof Element && target.closest(".steps td :is(input, select)");
    const act = (ctrlKey || metaKey) && !altKey ? command(event) : undefined;
    if (act === "save" || (act && !isCell)) {
      if (act === "save" && target instanceof HTMLElement && isTyping(target)) commit(target);
      acts[act]?.();
    } else if (altKey && /^[1-4]$/.test(key)) {
      views.open(VIEWS[Number(key) - 1] ?? "canvas").then(() => enter(VIEWS[Number(key) - 1] ?? "canvas"));
    } else if (key === "F6") turn(event.shiftKey ? -1 : 1);
    else if (key === "?" && !isTyping(target)) acts.help?.();
    else if (key === "Escape" && !isTyping(target)) acts.nothing?.();
    else return;
    event.preventDefault();
  };

  /** @param {HTMLElement} target What stands in a field that writes when it is left. */
  const commit = (target) => {
    target.dispatchEvent(new Event("change", { bubbles: true }));
  };

  /** @param {string} name */
  const enter = (name) => {
    const part = root.querySelector(`[data-region="${name}"]`);
    const first = part?.querySelector(
      "[tabindex='0'], [aria-selected='true'], input:not([disabled]), button:not([tabindex='-1']), summary, select, textarea, [contenteditable='true']",
    );
    if (first instanceof HTMLElement || first instanceof SVGElement) first.focus();
  };

  /** @param {number} by */
  const turn = (by) => {
    const parts = PARTS.filter((name) => {
      const part = root.querySelector(`[data-region="${name}"]`);
      return part instanceof HTMLElement && !part.hidden && name !== "verdict";
    });
    const now = parts.findIndex((name) =>
      root.querySelector(`[data-region="${name}"]`)?.contains(document.activeElement),
    );
    enter(parts[(now + by + parts.length) % parts.length] ?? "toolbar");
  };

  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}
