/**
 * Lets the user say what a step is called where it is drawn. Enter or leaving the field takes the name, Escape leaves it
 * as it was.
 */

import { HEIGHT, WIDTH } from "sagasim/composer/canvas/sizes.js";
import { html } from "sagasim/runs/elements.js";

/**
 * @param {any} diagram
 * @param {any} shape
 * @param {(typed: string) => string | null} rename says why not
 * @param {(sentence: string) => void} say
 */
export function nameStep(diagram, shape, rename, say) {
  const canvas = diagram.get("canvas");
  const container = canvas.getContainer();
  container.querySelector(".canvas-naming")?.remove();
  const field = html("input", {
    class: "canvas-naming",
    type: "text",
    value: shape.box.name,
    spellcheck: "false",
    autocomplete: "off",
    maxlength: 100,
    "aria-label": `Name of the step ${shape.box.name}`,
  });
  const place = () => {
    const { scale, x, y } = canvas.viewbox();
    Object.assign(field.style, {
      left: `${(shape.x - x) * scale}px`,
      top: `${(shape.y - y + HEIGHT / 2 - 20) * scale}px`,
      width: `${Math.max(150, WIDTH * scale)}px`,
      height: `${Math.max(28, 34 * scale)}px`,
      fontSize: `${Math.max(13, 14 * scale)}px`,
    });
  };
  let open = true;
  /** @param {boolean} take */
  const close = (take) => {
    if (!open) return;
    const refusal = take ? rename(field.value) : null;
    if (refusal) {
      say(refusal);
      if (document.activeElement === field) return; // there is still time to say another
    }
    open = false;
    const hadFocus = document.activeElement === field;
    field.remove();
    if (hadFocus) canvas.focus();
  };
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" || event.key === "Escape") {
      event.preventDefault();
      close(event.key === "Enter");
    }
  });
  for (const type of ["mousedown", "dblclick", "click", "wheel"])
    field.addEventListener(type, (event) => event.stopPropagation());
  field.addEventListener("blur", () => close(true));
  place();
  container.append(field);
  field.focus({ preventScroll: true });
  field.select();
  return { name: shape.box.name, place, close: () => close(false) };
}
