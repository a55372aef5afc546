/**
 * Fields that hold several values: names as chips, and resources with their amounts.
 *
 * @typedef {import("./fields.js").Spec} Spec
 * @typedef {import("./fields.js").View} View
 * @typedef {import("./fields.js").Control} Control
 */

import { completed } from "sagasim/composer/complete.js";
import { alike, isMapping } from "sagasim/composer/model.js";
import { numberIn, pathText, said, wrong } from "sagasim/composer/shapes.js";
import { visit } from "sagasim/composer/visits.js";
import { html } from "sagasim/runs/elements.js";

/** @param {Spec} spec @returns {Control} */
export function chips(spec) {
  const list = html("ul", { class: "chips" });
  const input = html("input", { class: "mono", placeholder: "add …", autocomplete: "off" });
  input.setAttribute("aria-label", `Add to ${spec.label}`);
  /** @type {{value: string[], isWritten: boolean, view: View | null}} */
  let now = { value: [], isWritten: false, view: null };
  const names = () => {
    const known = spec.names && now.view ? now.view[spec.names] : [];
    return known.filter((name) => !now.value.includes(name));
  };
  const write = (/** @type {string[]} */ value) => {
    const isNothing = !value.length && spec.emptyMeans === undefined;
    spec.write(isNothing ? undefined : value, visit(pathText(spec.path)));
  };
  const add = () => {
    const typed = input.value.split(/[,\s]+/).filter(Boolean);
    input.value = "";
    if (typed.length) write([...new Set([...now.value, ...typed])]);
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      add();
    } else if (event.key === "Backspace" && !input.value && now.value.length) write(now.value.slice(0, -1));
  });
  input.addEventListener("change", add);
  const nothing = html("button", { class: "quiet small", type: "button" }, spec.emptyMeans ?? "");
  nothing.addEventListener("click", () => write([]));
  const box = html(
    "div",
    { class: "chips-field", tabindex: -1 },
    list,
    completed(input, names, { chosen: add }),
    nothing,
  );

  const chip = (/** @type {string} */ name) => {
    const remove = html("button", { type: "button", class: "chip-remove" }, "×");
    remove.setAttribute("aria-label", `Remove ${name} from ${spec.label}`);
    remove.addEventListener("click", () => {
      write(now.value.filter((it) => it !== name));
      input.focus();
    });
    const bad = wrong(spec.shape.items, name) ? { "data-bad": true } : {};
    return html("li", { class: "chip", ...bad }, html("span", {}, name), now.isWritten ? remove : "");
  };
  const show = (/** @type {any} */ value, /** @type {any} */ standard, /** @type {View} */ view) => {
    const isWritten = Array.isArray(value);
    const shown = (isWritten ? value : Array.isArray(standard) ? standard : []).map(String);
    const isSame = alike(shown, now.value) && isWritten === now.isWritten && now.view;
    now = { value: shown, isWritten, view };
    nothing.hidden = spec.emptyMeans === undefined || !shown.length;
    if (isSame) return;
    list.toggleAttribute("data-default", !isWritten);
    const words = isWritten ? (spec.emptyMeans ?? "none") : (spec.standardSays?.(view) ?? "none");
    list.replaceChildren(...(shown.length ? shown.map(chip) : [html("li", { class: "none" }, words)]));
  };
  return { control: box, focus: box, show };
}

/** @param {Spec} spec @returns {Control} */
export function amounts(spec) {
  const rows = html("ul", { class: "amounts" });
  const name = html("input", { class: "mono", placeholder: "resource …", autocomplete: "off" });
  name.setAttribute("aria-label", `Add a resource to ${spec.label}`);
  /** @type {Record<string, any>} */
  let now = {};
  /** @type {View | null} */
  let last = null;
  const add = () => {
    const typed = name.value.trim();
    if (!typed || wrong(spec.shape.propertyNames, typed)) return;
    name.value = "";
    if (!Object.hasOwn(now, typed)) spec.write({ ...now, [typed]: 1 }, visit(pathText(spec.path)));
    const inputs = rows.querySelectorAll("input");
    inputs[inputs.length - 1]?.focus();
  };
  const bad = html("p", { class: "field-bad", hidden: true });
  name.addEventListener("input", () => {
    const sentence = name.value.trim() ? wrong(spec.shape.propertyNames, name.value.trim()) : null;
    bad.hidden = !sentence;
    bad.textContent = sentence;
  });
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  });
  name.addEventListener("change", add);
  const unused = () => (last?.resources ?? []).filter((it) => !Object.hasOwn(now, it));
  const box = html(
    "div",
    { class: "amounts-field", tabindex: -1 },
    rows,
    completed(name, unused, { chosen: add }),
    bad,
  );

  const row = (/** @type {string} */ resource) => {
    const amount = html("input", { class: "mono", inputmode: "numeric", autocomplete: "off" });
    amount.setAttribute("aria-label", `${resource}: how much`);
    amount.addEventListener("input", () => {
      const typed = numberIn(amount.value);
      spec.write({ ...now, [resource]: typed ?? 0 }, visit(pathText([...spec.path, resource])));
    });
    const remove = html("button", { class: "chip-remove", type: "button" }, "×");
    remove.setAttribute("aria-label", `Remove ${resource} from ${spec.label}`);
    remove.addEventListener("click", () => {
      const { [resource]: _, ...rest } = now;
      spec.write(Object.keys(rest).length ? rest : undefined, visit(pathText(spec.path)));
      name.focus();
    });
    return html("li", { "data-resource": resource }, html("code", {}, resource), amount, remove);
  };
  const show = (/** @type {any} */ value, /** @type {any} */ standard, /** @type {View} */ view) => {
    last = view;
    const before = Object.keys(now);
    now = isMapping(value) ? value : {};
    const keys = Object.keys(now);
    if (!alike(before, keys) || (!keys.length && !rows.childElementCount)) {
      const usual = Object.entries(isMapping(standard) ? standard : {});
      const words = usual.map(([resource, amount]) => `${resource}: ${amount}`).join(", ") || "none";
      rows.replaceChildren(
        ...(keys.length
          ? keys.map(row)
          : [html("li", { class: "none" }, spec.standardSays?.(view) ?? words)]),
      );
    } else if (!keys.length) {
      const usual = Object.entries(isMapping(standard) ? standard : {});
      const words = usual.map(([resource, amount]) => `${resource}: ${amount}`).join(", ") || "none";
      const only = rows.firstElementChild;
      if (only) only.textContent = spec.standardSays?.(view) ?? words;
    }
    for (const item of rows.querySelectorAll("li[data-resource]")) {
      const amount = item.querySelector("input");
      const its = now[/** @type {HTMLElement} */ (item).dataset.resource ?? ""];
      if (amount && numberIn(amount.value) !== its && !(amount.value === "" && its === 0))
        amount.value = said(its);
    }
  };
  return { control: box, focus: box, show };
}
