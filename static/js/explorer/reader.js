/** Says below the grid what the cell under the focus or the pointer means: the same words as its title. */

/** @param {HTMLElement} line */
export default function connect(line) {
  const layer = line.closest(".layer") ?? document.body;
  const usual = line.textContent ?? "";
  /** @param {Event} event */
  const read = ({ target }) => {
    const cell = target instanceof Element ? target.closest("td[title], td[data-says]") : null;
    if (!(cell instanceof HTMLElement)) return;
    line.textContent = cell.title;
    line.dataset.on = "";
  };
  const forget = () => {
    if (layer.contains(document.activeElement) && document.activeElement?.closest("td")) return;
    line.textContent = usual;
    delete line.dataset.on;
  };
  layer.addEventListener("focusin", read);
  layer.addEventListener("pointerover", read);
  layer.addEventListener("pointerleave", forget);
  layer.addEventListener("focusout", forget);
  return () => {
    layer.removeEventListener("focusin", read);
    layer.removeEventListener("pointerover", read);
    layer.removeEventListener("pointerleave", forget);
    layer.removeEventListener("focusout", forget);
  };
}
