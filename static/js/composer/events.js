/**
 * The choreography as a map of its events: who publishes, who starts, is undone or stops on it, and what does not meet.
 * Who listens can be changed here; what follows from the neighbour rule is drawn softer than what is written.
 *
 * @typedef {{event: string, step: string, word: string, starts: string[], undoes: string[], stops: string[]}} Published
 */

import { put } from "sagasim/composer/edits.js";
import { placeOf, standardsOf, stepNames, stepOf } from "sagasim/composer/model.js";
import { html } from "sagasim/runs/elements.js";

const SAYS = /** @type {const} */ ({
  done: "it has committed",
  refused: "it has not happened",
  undone: "nothing of it stands any more",
  skipped: "it never began and never will",
  undo_failed: "its undo was given up",
  aborting: "it must be undone while another branch stands",
});
const REACTIONS = /** @type {const} */ ([
  ["starts", "starts_on", "starts"],
  ["undoes", "compensates_on", "is undone"],
  ["stops", "", "never begins"],
]);

/** @param {HTMLElement} element @param {import("./store.js").Store} store */
export function eventMap(element, store) {
  const lede = html(
    "p",
    { class: "events-lede" },
    "Without a coordinator, steps hear each other's events. What nobody hears is marked; a step that you let listen here listens to what is written, and no longer to its neighbours.",
  );
  const body = html("div", { class: "events-body" });
  element.replaceChildren(lede, body);
  let shown = "";

  return (/** @type {import("./fields.js").View} */ view) => {
    const map = view.checked?.events;
    const key = JSON.stringify([map, stepNames(view.data), view.data.steps]);
    if (key === shown) return;
    shown = key;
    if (!map?.published?.length) {
      body.replaceChildren(
        html("p", { class: "none" }, "No events yet: they appear with the first step that can run."),
      );
      return;
    }
    const unheard = new Set((map.unheard ?? []).map((/** @type {any} */ it) => `${it.step} ${it.word}`));
    /** @type {Map<string, Published[]>} */
    const ofSteps = new Map();
    for (const it of map.published) ofSteps.set(it.step, [...(ofSteps.get(it.step) ?? []), it]);
    const strangers = (map.unknown ?? []).map((/** @type {any} */ it) => stranger(it));
    body.replaceChildren(
      ...[...ofSteps].map(([step, events]) => publisher(step, events, unheard)),
      strangers.length
        ? html(
            "section",
            { class: "publisher", "data-unknown": true },
            html("h3", {}, "Nobody publishes"),
            ...strangers,
          )
        : "",
    );
  };

  /** @param {string} step @param {Published[]} events @param {Set<string>} unheard */
  function publisher(step, events, unheard) {
    const name = html("button", { class: "link mono", type: "button" }, step);
    name.addEventListener("click", () => store.select([step]));
    const rows = events.map((it) => row(it, unheard.has(`${step} ${it.word}`)));
    return html(
      "section",
      { class: "publisher" },
      html("h3", {}, name, " publishes"),
      html("ul", {}, ...rows),
    );
  }

  /** @param {Published} it @param {boolean} isUnheard */
  function row(it, isUnheard) {
    const says = SAYS[/** @type {keyof typeof SAYS} */ (it.word)] ?? it.word;
    const listeners = REACTIONS.flatMap(([reaction, key, words]) =>
      it[reaction].map((name) => listener(it, name, key, words)),
    );
    const item = html("li", { class: "event", "data-unheard": isUnheard });
    item.append(
      html("code", {}, it.event),
      html("span", { class: "event-says" }, says),
      html(
        "span",
        { class: "listeners" },
        ...(listeners.length ? listeners : [html("span", { class: "unheard" }, "nobody hears it")]),
      ),
      add(it),
    );
    return item;
  }

  /** @param {Published} it @param {string} name @param {string} key @param {string} words */
  function listener(it, name, key, words) {
    const written = key ? stepOf(store.get().data, name)?.[key] : undefined;
    const isWritten = Array.isArray(written) && written.includes(it.event);
    const chip = html(
      "span",
      { class: "chip", "data-default": !isWritten, "data-reaction": key || "stops" },
      html("b", {}, name),
      ` ${words}`,
    );
    if (isWritten) {
      const remove = html("button", { class: "chip-remove", type: "button" }, "×");
      remove.setAttribute("aria-label", `${name} no longer listens to ${it.event}`);
      remove.addEventListener("click", () =>
        hear(name, key, (events) => events.filter((event) => event !== it.event)),
      );
      chip.append(remove);
    }
    return chip;
  }

  /** @param {Published} it */
  function add(it) {
    const select = html("select", { class: "listen", "aria-label": `Let a step listen to ${it.event}` });
    select.append(html("option", { value: "" }, "+ listener"));
    for (const [, key, words] of REACTIONS) {
      if (!key) continue;
      const group = html("optgroup", { label: `${words} on it` });
      const others = stepNames(store.get().data).filter((name) => name !== it.step);
      group.append(...others.map((name) => html("option", { value: `${key} ${name}` }, `${name} ${words}`)));
      select.append(group);
    }
    select.addEventListener("change", () => {
      const [key = "", name = ""] = select.value.split(" ");
      if (name) hear(name, key, (events) => [...events, it.event]);
    });
    return select;
  }

  /** @param {string} name @param {string} key @param {(events: string[]) => string[]} change */
  function hear(name, key, change) {
    store.edit(`Set what ${name} listens to`, (data) => {
      const written = stepOf(data, name)?.[key];
      const usual = key === "starts_on" ? standardsOf(data, name).starts_on : [];
      const events = [...new Set(change(Array.isArray(written) ? written : usual))];
      put(data, ["steps", placeOf(data, name), key], events.length ? events : undefined);
    });
  }

  /** @param {any} it */
  function stranger(it) {
    const event = typeof it === "string" ? it : it.event;
    const who = typeof it === "string" ? "" : it.step;
    return html(
      "p",
      { class: "event" },
      html("code", {}, event),
      html(
        "span",
        { class: "event-says" },
        who ? ` but ${who} waits for it${it.from_outside ? " from outside" : ""}` : "",
      ),
    );
  }
}
