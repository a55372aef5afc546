/**
 * A group of fields that opens and closes, and says in its head whether something in it is written or wrong. What was
 * open stays so while the tab lives.
 *
 * @typedef {import("./fields.js").Field} Field
 */

import { html } from "sagasim/runs/elements.js";

/**
 * @param {import("./groups.js").Group} group
 * @param {Field[]} fields
 * @returns {Field}
 */
export function section(group, fields) {
  const count = html("span", { class: "group-count" });
  const element = html(
    "details",
    { class: "group" },
    html("summary", {}, html("span", {}, group.title), count),
  );
  const remembered = sessionStorage.getItem(`composer group ${group.title}`);
  element.open = remembered ? remembered === "open" : Boolean(group.open);
  element.addEventListener("toggle", () => {
    sessionStorage.setItem(`composer group ${group.title}`, element.open ? "open" : "closed");
  });
  if (group.says) element.append(html("p", { class: "group-says" }, group.says));
  element.append(...fields.map((each) => each.element));
  return {
    element,
    update: (view) => {
      for (const each of fields) each.update(view);
      const written = element.querySelectorAll(".field[data-written]").length;
      const bad = element.querySelector(".field[data-bad]");
      count.textContent = bad ? "needs a look" : written ? `${written} written` : "";
      element.toggleAttribute("data-bad", Boolean(bad));
    },
  };
}
