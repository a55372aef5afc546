/** The keys of the page that belong to no cell: the list of keys, the way to the findings and to what breaks. */

const BREAKS = ".matrix td:is([data-state=harm], [data-state=differs]) a";

/** @param {HTMLElement} element */
export default function connect(element) {
  if (!(element instanceof HTMLDialogElement)) return undefined;
  const open = () => element.showModal();
  /** The button comes and goes with the matrix. @param {MouseEvent} event */
  const clicked = ({ target }) => target instanceof Element && target.closest("[data-help]") && open();
  element.parentElement?.setAttribute("data-keys", "");
  /** @param {KeyboardEvent} event */
  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
    /** @type {Record<string, () => void>} */
    const does = { "?": open, n: () => jump(1), p: () => jump(-1), f: findings };
    const action = does[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", clicked);
  return () => {
    document.removeEventListener("keydown", pressed);
    document.removeEventListener("click", clicked);
  };
}

/** To the next cell where something breaks, from wherever the focus is. @param {1 | -1} direction */
function jump(direction) {
  const cells = [...document.querySelectorAll(BREAKS)].filter((each) => each instanceof HTMLElement);
  const here = cells.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const from = here < 0 && direction < 0 ? 0 : here;
  const next = cells[(from + direction + cells.length) % cells.length];
  next?.focus();
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function findings() {
  const title = document.getElementById("findings-title");
  if (!title) return;
  title.tabIndex = -1;
  title.focus();
  title.scrollIntoView({ block: "start" });
}

/** Whether whoever has the focus wants this key for itself. @param {KeyboardEvent} event */
function isTaken({ target }) {
  return (
    document.querySelector("dialog[open]") !== null ||
    (target instanceof Element &&
      target.matches("textarea, select, input:not([type=radio], [type=checkbox])"))
  );
}
