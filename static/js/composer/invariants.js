/** The saga's own properties: a name in words, when it is judged, and an expression over resources. */

import { completed, RESOURCE_WORD } from "sagasim/composer/complete.js";
import { put } from "sagasim/composer/edits.js";
import { isMapping } from "sagasim/composer/model.js";
import { visit } from "sagasim/composer/visits.js";
import { html } from "sagasim/runs/elements.js";

/**
 * @param {import("./store.js").Store} store
 * @param {import("./shapes.js").Shape} shape
 * @returns {import("./fields.js").Field}
 */
export function invariantsField(store, shape) {
  const rows = html("ol", { class: "invariants" });
  const add = html("button", { class: "quiet small", type: "button" }, "Add an invariant");
  const element = html("div", { class: "invariants-field", "data-key": "invariants" }, rows, add);
  /** @type {string[]} */
  let resources = [];
  const written = () => {
    const its = store.get().data.invariants;
    return Array.isArray(its) ? its : [];
  };
  const write = (/** @type {number} */ index, /** @type {Record<string, unknown> | undefined} */ value) => {
    store.edit(
      value ? `Set invariant ${index + 1}` : `Remove invariant ${index + 1}`,
      (data) => {
        put(data, ["invariants", index], value);
        if (!data.invariants.length) delete data.invariants;
      },
      { merge: visit(`invariants[${index}]`) },
    );
  };
  add.addEventListener("click", () => {
    const count = written().length;
    const name = resources.length ? "nothing stays behind" : "what must hold";
    write(count, {
      name: count ? `${name} (${count + 1})` : name,
      finally: `${resources[0] ?? "resource"} == 0`,
    });
    rows.lastElementChild?.querySelector("input")?.select();
  });

  const row = (/** @type {number} */ index) => {
    const name = html("input", { "aria-label": `Invariant ${index + 1}, in words`, maxlength: 200 });
    const when = html("select", { "aria-label": `Invariant ${index + 1}, when` });
    when.append(
      html("option", { value: "always" }, "at every moment"),
      html("option", { value: "finally" }, "at the end"),
    );
    const expression = html("input", {
      class: "mono",
      "aria-label": `Invariant ${index + 1}, expression`,
      spellcheck: "false",
    });
    const remove = html(
      "button",
      { class: "chip-remove", type: "button", "aria-label": `Remove invariant ${index + 1}` },
      "×",
    );
    const bad = html("p", { class: "field-bad", id: `invariant-${index}-bad`, hidden: true });
    expression.setAttribute("aria-describedby", bad.id);
    const save = () => write(index, { name: name.value, [when.value]: expression.value });
    for (const control of [name, expression]) control.addEventListener("input", save);
    when.addEventListener("change", save);
    remove.addEventListener("click", () => {
      write(index, undefined);
      add.focus();
    });
    const item = html(
      "li",
      {},
      name,
      remove,
      when,
      completed(expression, () => resources, { word: RESOURCE_WORD }),
      bad,
    );
    return { item, name, when, expression, bad };
  };
  /** @type {ReturnType<typeof row>[]} */
  let shown = [];
  add.title = shape.description ?? "";
  return {
    element,
    update: (view) => {
      resources = view.resources;
      const its = written();
      if (its.length !== shown.length || !rows.childElementCount) {
        shown = its.map((_, index) => row(index));
        const none = html(
          "li",
          { class: "none" },
          "None yet. Say what must hold, such as stock.reserved == 0 at the end.",
        );
        rows.replaceChildren(...(shown.length ? shown.map((each) => each.item) : [none]));
      }
      its.forEach((it, index) => {
        const each = shown[index];
        if (!each || !isMapping(it)) return;
        const when = "finally" in it ? "finally" : "always";
        if (each.name.value !== (it.name ?? "")) each.name.value = it.name ?? "";
        if (each.expression.value !== (it[when] ?? "")) each.expression.value = it[when] ?? "";
        each.when.value = when;
        const path = `invariants[${index}]`;
        const sentence =
          view.mistake(`${path}.${when}`) ?? view.mistake(`${path}.name`) ?? view.mistake(path);
        each.bad.hidden = !sentence;
        each.bad.textContent = sentence;
        each.item.toggleAttribute("data-bad", Boolean(sentence));
      });
    },
  };
}
