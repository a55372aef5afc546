/** Everything on the stage by keyboard. The help dialog in templates/runs/stage.html lists the same keys. */

/**
 * @typedef {{
 *   toggle(): void, step(direction: 1 | -1): void, jump(direction: 1 | -1): void, ends(direction: 1 | -1): void,
 *   pace(direction: 1 | -1): void, fold(): void, together(): void, help(): void, clear(): void,
 * }} Actions
 */

/**
 * @param {HTMLElement} element
 * @param {Actions} actions
 * @returns {() => void} forgets the keys
 */
export function keys(element, actions) {
  /** @type {Record<string, () => void>} */
  const does = {
    k: () => actions.toggle(),
    " ": () => actions.toggle(),
    ArrowRight: () => actions.step(1),
    ArrowLeft: () => actions.step(-1),
    n: () => actions.jump(1),
    p: () => actions.jump(-1),
    Home: () => actions.ends(-1),
    End: () => actions.ends(1),
    "+": () => actions.pace(1),
    "-": () => actions.pace(-1),
    i: () => actions.fold(),
    w: () => actions.together(),
    "?": () => actions.help(),
    Escape: () => actions.clear(),
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = does[key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey || isTaken(event, key)) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", pressed);
  element.dataset.keys = "";
  return () => document.removeEventListener("keydown", pressed);
}

/** Whether whoever has the focus wants this key for itself. @param {KeyboardEvent} event @param {string} key */
function isTaken({ target }, key) {
  if (!(target instanceof Element) || document.querySelector("dialog[open]")) return true;
  if (target.matches("textarea, select, input:not([type=range])")) return true;
  return key === " " && target.matches("button, a, summary, input");
}
