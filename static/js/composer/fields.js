/**
 * One field of the property panel for one shape of the schema. A field shows what is written, and as its placeholder
 * what holds where nothing is; it writes at once, so that every view and the verdict follow while somebody types, and
 * one visit to a field is one step of undo. A value that does not do stays where it was typed, with a sentence.
 *
 * @typedef {import("./shapes.js").Shape} Shape
 * @typedef {(string | number)[]} Path
 * @typedef {{
 *   data: import("./model.js").SagaData, mistake: (path: string) => string | null, steps: string[],
 *   services: string[], resources: string[], events: string[], rules: Record<string, {value: any, from: string}>,
 *   presets: Record<string, Record<string, unknown>>, checked: import("./store.js").Checked | null,
 * }} View What fields need to know of the saga.
 * @typedef {{element: HTMLElement, update: (view: View) => void}} Field
 * @typedef {{
 *   shape: Shape, path: Path, label: string, write: (value: unknown, merge: string) => void,
 *   standard: (view: View) => unknown, names?: keyof Pick<View, "steps" | "services" | "resources" | "events">,
 *   paths?: (data: View["data"]) => Path[], says?: string, emptyMeans?: string, standardSays?: (view: View) => string | null,
 * }} Spec `paths`: where it is, if it is for several at once; `emptyMeans`: an empty list is a value of its own, and this is what it means.
 * @typedef {{control: HTMLElement, focus: HTMLElement, show: (value: any, standard: any, view: View) => void}} Control
 */

import { completed, RESOURCE_WORD } from "sagasim/composer/complete.js";
import { amounts, chips } from "sagasim/composer/lists.js";
import { alike, at, isMapping } from "sagasim/composer/model.js";
import { numberIn, pathText, said, sortOf, wrong } from "sagasim/composer/shapes.js";
import { visit } from "sagasim/composer/visits.js";
import { html, say } from "sagasim/runs/elements.js";

const DIFFER = "they differ";

let count = 0;

/** @param {Spec} spec @returns {Field} */
export function field(spec) {
  const sort = sortOf(spec.shape);
  if (sort === "const") return { element: html("span"), update: () => {} };
  const { control, focus, show } = controlOf(sort, spec);
  count += 1;
  const id = `field-${count}`;
  focus.id = id;
  const isGroup = !(
    focus instanceof HTMLInputElement ||
    focus instanceof HTMLSelectElement ||
    focus instanceof HTMLTextAreaElement
  );
  const label = html(isGroup ? "span" : "label", { class: "field-label", id: `${id}-label` }, spec.label);
  if (label instanceof HTMLLabelElement) label.htmlFor = id;
  else {
    focus.setAttribute("role", "group");
    focus.setAttribute("aria-labelledby", `${id}-label`);
  }
  const help = html(
    "p",
    { class: "field-help", id: `${id}-help` },
    spec.says ?? spec.shape.description ?? "",
  );
  const bad = html("p", { class: "field-bad", id: `${id}-bad`, hidden: true });
  focus.setAttribute("aria-describedby", `${id}-help ${id}-bad`);
  const reset = html("button", { class: "reset", type: "button", hidden: true }, "↺");
  reset.setAttribute("aria-label", `Reset ${spec.label} to its default`);
  reset.addEventListener("click", () => {
    spec.write(undefined, visit(pathText(spec.path)));
    focus.focus();
  });
  const element = html("div", { class: "field", "data-sort": sort, "data-key": pathText(spec.path) });
  element.append(label, control, reset, bad, help);

  const update = (/** @type {View} */ view) => {
    const values = (spec.paths?.(view.data) ?? [spec.path]).map((path) => at(view.data, path));
    const differ = values.some((each) => !alike(each, values[0]));
    const value = differ ? undefined : values[0];
    const standard = spec.standard(view);
    const isWritten = differ || value !== undefined;
    show(value, standard, view);
    showDiffering(control, differ);
    element.toggleAttribute("data-differ", differ);
    element.toggleAttribute("data-written", isWritten);
    reset.hidden = !isWritten;
    reset.title = `Written here. Reset to the default: ${spec.standardSays?.(view) ?? said(isMapping(standard) ? undefined : standard)}`;
    const sentence = wrong(spec.shape, value) ?? view.mistake(pathText(spec.path));
    refuse(element, bad, focus, sentence);
  };
  return { element, update };
}

/** What several steps do not share is shown as that, and as none of their values. @param {HTMLElement} control @param {boolean} differ */
function showDiffering(control, differ) {
  const within = [control, ...control.querySelectorAll("input, select, textarea")];
  for (const each of within) {
    if (each instanceof HTMLInputElement && each.type === "checkbox") each.indeterminate = differ;
    else if (!differ) continue;
    else if (each instanceof HTMLSelectElement && each.options[0]) each.options[0].textContent = DIFFER;
    else if (each instanceof HTMLInputElement || each instanceof HTMLTextAreaElement)
      each.placeholder = DIFFER;
  }
}

/** @param {HTMLElement} element @param {HTMLElement} bad @param {HTMLElement} focus @param {string | null} sentence */
function refuse(element, bad, focus, sentence) {
  element.toggleAttribute("data-bad", Boolean(sentence));
  bad.hidden = !sentence;
  say(bad, sentence ?? "");
  if (sentence) focus.setAttribute("aria-invalid", "true");
  else focus.removeAttribute("aria-invalid");
}

/** @param {ReturnType<typeof sortOf>} sort @param {Spec} spec @returns {Control} */
function controlOf(sort, spec) {
  switch (sort) {
    case "number":
      return number(spec);
    case "flag":
      return flag(spec);
    case "choice":
      return choice(spec);
    case "choices":
      return choices(spec);
    case "list":
      return chips(spec);
    case "amounts":
      return amounts(spec);
    case "range":
      return range(spec);
    case "choice-or-list":
      return choiceOrList(spec);
    default:
      return text(spec);
  }
}

/** @param {Spec} spec @returns {Control} */
function text(spec) {
  const isLong = spec.path.at(-1) === "description";
  const isExpression = spec.shape.maxLength === 1000;
  const input = isLong ? html("textarea", { rows: 3 }) : html("input", { autocomplete: "off" });
  input.spellcheck = isLong;
  if (spec.shape.maxLength) input.classList.add("mono");
  input.addEventListener("input", () =>
    spec.write(input.value === "" ? undefined : input.value, visit(pathText(spec.path))),
  );
  /** @type {View | undefined} */
  let last;
  const names = () => (last && (isExpression ? last.resources : spec.names ? last[spec.names] : [])) ?? [];
  const completes = input instanceof HTMLInputElement && (isExpression || spec.names);
  const control = completes ? completed(input, names, isExpression ? { word: RESOURCE_WORD } : {}) : input;
  const show = (/** @type {any} */ value, /** @type {any} */ standard, /** @type {View} */ view) => {
    last = view;
    const shown = value === undefined ? "" : String(value);
    if (input.value !== shown) input.value = shown;
    input.placeholder = spec.standardSays?.(view) ?? (standard === undefined ? "none" : said(standard));
  };
  return { control, focus: input, show };
}

/** @param {Spec} spec @returns {Control} */
function number(spec) {
  const input = html("input", { class: "mono", inputmode: "decimal", autocomplete: "off" });
  input.addEventListener("input", () => spec.write(numberIn(input.value), visit(pathText(spec.path))));
  input.addEventListener("keydown", (event) => {
    const by = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    const now = numberIn(input.value || input.placeholder);
    if (!by || typeof now !== "number" || event.altKey) return;
    event.preventDefault();
    const least = spec.shape.minimum ?? -Infinity;
    const next = Math.max(least, now + by * stride(now));
    input.value = String(next);
    spec.write(next, visit(pathText(spec.path)));
  });
  const show = (/** @type {any} */ value, /** @type {any} */ standard) => {
    if (numberIn(input.value) !== value) input.value = value === undefined ? "" : String(value);
    input.placeholder = said(standard);
  };
  return { control: input, focus: input, show };
}

/** @param {number} now By how much an arrow key changes it: 40 by 10, 1000 by 100. */
function stride(now) {
  return now >= 1000 ? 100 : now >= 20 ? 10 : 1;
}

/** @param {Spec} spec @returns {Control} */
function flag(spec) {
  const input = html("input", { type: "checkbox", role: "switch" });
  let standard = false;
  input.addEventListener("change", () => {
    spec.write(input.checked === standard ? undefined : input.checked, visit(pathText(spec.path)));
  });
  const show = (/** @type {any} */ value, /** @type {any} */ usual) => {
    standard = Boolean(usual);
    input.checked = typeof value === "boolean" ? value : standard;
  };
  return { control: input, focus: input, show };
}

/** @param {Spec} spec @returns {Control} */
function choice(spec) {
  const select = html("select");
  select.append(
    html("option", { value: "" }),
    ...spec.shape.enum.map((/** @type {string} */ it) => html("option", { value: it }, it)),
  );
  select.addEventListener("change", () =>
    spec.write(select.value === "" ? undefined : select.value, visit(pathText(spec.path))),
  );
  const strange = html("option", { value: "?" });
  const show = (/** @type {any} */ value, /** @type {any} */ standard, /** @type {View} */ view) => {
    const usual = select.options[0];
    if (usual) usual.textContent = spec.standardSays?.(view) ?? `${said(standard)} (default)`;
    const isStrange = value !== undefined && !spec.shape.enum.includes(value);
    strange.remove();
    if (isStrange) {
      strange.textContent = said(value);
      select.append(strange);
    }
    select.value = value === undefined ? "" : isStrange ? "?" : value;
  };
  return { control: select, focus: select, show };
}

/** @param {Spec} spec @returns {Control} */
function choices(spec) {
  const box = html("div", { class: "choices", tabindex: -1 });
  /** @type {HTMLInputElement[]} */
  const inputs = spec.shape.items.enum.map((/** @type {string} */ it) =>
    html("input", { type: "checkbox", value: it }),
  );
  box.append(...inputs.map((input) => html("label", {}, input, input.value)));
  box.addEventListener("change", () => {
    spec.write(
      inputs.filter((input) => input.checked).map((input) => input.value),
      visit(pathText(spec.path)),
    );
  });
  const show = (/** @type {any} */ value, /** @type {any} */ standard) => {
    const now = Array.isArray(value) ? value : (standard ?? []);
    for (const input of inputs) input.checked = now.includes(input.value);
  };
  return { control: box, focus: box, show };
}

/** @param {Spec} spec @returns {Control} */
function range(spec) {
  const least = html("input", { class: "mono", inputmode: "numeric", autocomplete: "off" });
  const most = html("input", {
    class: "mono",
    inputmode: "numeric",
    autocomplete: "off",
    placeholder: "the same",
  });
  least.setAttribute("aria-label", `${spec.label}, the least`);
  most.setAttribute("aria-label", `${spec.label}, the most`);
  const box = html("div", { class: "range", tabindex: -1 }, least, html("span", {}, "to"), most);
  let usual = 40;
  box.addEventListener("input", () => {
    const [min, max] = [numberIn(least.value), numberIn(most.value)];
    const value = max === undefined ? min : { min: min ?? usual, max };
    spec.write(value, visit(pathText(spec.path)));
  });
  const show = (/** @type {any} */ value, /** @type {any} */ standard) => {
    usual = standard;
    const [min, max] = isMapping(value) ? [value.min, value.max] : [value, undefined];
    if (numberIn(least.value) !== min && !(least.value === "" && min === usual))
      least.value = min === undefined ? "" : String(min);
    if (numberIn(most.value) !== max) most.value = max === undefined ? "" : String(max);
    least.placeholder = said(standard);
  };
  return { control: box, focus: box, show };
}

/** A word, or a list of names: which steps are undone. @param {Spec} spec @returns {Control} */
function choiceOrList(spec) {
  const [plain, nested] = spec.shape.anyOf;
  const select = html("select");
  select.append(
    html("option", { value: "" }),
    ...plain.enum.map((/** @type {string} */ it) => html("option", { value: it }, it)),
    html("option", { value: "[]" }, "these steps only …"),
  );
  const list = chips({ ...spec, shape: nested, emptyMeans: "no step at all" });
  const box = html("div", { class: "choice-or-list" }, select, list.control);
  select.addEventListener("change", () => {
    spec.write(
      select.value === "" ? undefined : select.value === "[]" ? [] : select.value,
      visit(pathText(spec.path)),
    );
  });
  const show = (/** @type {any} */ value, /** @type {any} */ standard, /** @type {View} */ view) => {
    const usual = select.options[0];
    if (usual) usual.textContent = spec.standardSays?.(view) ?? `${said(standard)} (default)`;
    select.value = Array.isArray(value) ? "[]" : (value ?? "");
    list.control.hidden = !Array.isArray(value);
    list.show(value, [], view);
  };
  return { control: box, focus: select, show };
}
