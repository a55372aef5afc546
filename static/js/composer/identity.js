/**
 * The field of a step's name. A name is what everything else calls the step by, so it changes when it is finished and
 * not with every letter, everywhere at once; one that does not do stays here, with a sentence, and renames nothing.
 */

import { renameStep } from "sagasim/composer/edits.js";
import { nameAt, slug, stepNames } from "sagasim/composer/model.js";
import { html } from "sagasim/runs/elements.js";

/**
 * Why a step cannot be called this.
 * @param {readonly string[]} others
 * @param {string} typed
 * @returns {string | null}
 */
export function unfit(others, typed) {
  const name = slug(typed);
  if (!name) return "A step needs a name, such as charge-card.";
  if (others.includes(name)) return `Another step is called ${name}; give this one another name.`;
  if (name === "saga") return "'saga' names the saga itself in a fault; call the step something else.";
  return null;
}

/**
 * @param {import("./store.js").Store} store
 * @param {number} index
 * @returns {import("./fields.js").Field}
 */
export function identityField(store, index) {
  const input = html("input", {
    class: "mono",
    id: `name-of-${index}`,
    autocomplete: "off",
    spellcheck: "false",
  });
  const label = html("label", { class: "field-label", for: input.id }, "Name");
  const help = html(
    "p",
    { class: "field-help", id: `${input.id}-help` },
    "Renames the step everywhere it is named.",
  );
  const bad = html("p", { class: "field-bad", id: `${input.id}-bad`, hidden: true });
  input.setAttribute("aria-describedby", `${help.id} ${bad.id}`);
  const element = html(
    "div",
    { class: "field", "data-sort": "text", "data-key": "name" },
    label,
    input,
    bad,
    help,
  );
  const name = () => nameAt(store.get().data, index);

  const judge = () => {
    const others = stepNames(store.get().data).filter((other) => other !== name());
    const sentence = input.value === name() ? null : unfit(others, input.value);
    const written = slug(input.value);
    bad.hidden = !sentence;
    bad.textContent = sentence;
    element.toggleAttribute("data-bad", Boolean(sentence));
    help.textContent =
      sentence || written === input.value
        ? "Renames the step everywhere it is named."
        : `Written as ${written}.`;
    return sentence;
  };
  input.addEventListener("input", judge);
  input.addEventListener("change", () => {
    const old = name();
    if (judge()) return;
    const now = slug(input.value);
    input.value = now;
    store.edit(`Rename ${old} to ${now}`, (data, layout) => renameStep(data, old, now, layout), {
      select: [now],
    });
    judge();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") input.dispatchEvent(new Event("change"));
    if (event.key !== "Escape" || input.value === name()) return;
    event.stopPropagation();
    input.value = name();
    judge();
  });
  let shown = "";
  return {
    element,
    update: () => {
      const now = name();
      if (now === shown) return;
      shown = now;
      input.value = now;
      judge();
    },
  };
}
