/** The books: what each run believes beside what is true, per step and per resource, and whether the invariants hold. */

import { believed } from "sagasim/runs/beliefs.js";
import { html, set } from "sagasim/runs/elements.js";
import { icon } from "sagasim/runs/icons.js";
import { standing } from "sagasim/runs/reducer.js";
import { differs, truthSign, truthWord } from "sagasim/runs/shape.js";
import { lookOf } from "sagasim/runs/words.js";

/** @typedef {import("sagasim/runs/pane.js").Pane} Pane */
/** @typedef {import("sagasim/runs/reducer.js").View} View */
/** @typedef {{shown: string, cell: HTMLElement}} Cell */

export class Ledger {
  /**
   * @param {HTMLElement} element
   * @param {Pane[]} panes
   */
  constructor(element, panes) {
    this.panes = panes;
    /** @type {Map<string, Cell>} */
    this.cells = new Map();
    const [first] = panes;
    if (!first) return;
    const casts = panes.map((pane) => pane.cast); // of two versions, one may know more than the other
    const instances = Math.max(...casts.map((cast) => cast.instances));
    const several = instances > 1;
    const steps = named(casts.flatMap((cast) => cast.steps)).flatMap((step) =>
      Array.from({ length: instances }, (_, index) =>
        this.#row(
          several ? `${step.name} [${index + 1}]` : step.name,
          `step/${step.name}/${index + 1}`,
          step.name,
        ),
      ),
    );
    const known = new Set(casts.flatMap((cast) => Object.keys(cast.resources)));
    const resources = [...known].map((name) => this.#row(name, `resource/${name}`, name));
    const groups = [this.#group("Steps", ["believes", "is true"], steps)];
    if (resources.length) groups.push(this.#group("Resources", ["believes", "is true"], resources));
    const invariants = named(casts.flatMap((cast) => cast.invariants));
    if (invariants.length) {
      const rows = invariants.map(({ name, when }) => this.#verdictRow(name, when));
      groups.push(this.#group("Invariants", ["verdict"], rows));
    }
    const sides = panes.map((pane) => {
      const sign = icon(pane.shape.orchestrated ? "hub" : "bus");
      return html("th", { scope: "colgroup", colspan: 2, class: "side" }, sign, pane.name);
    });
    const head = html("thead", {}, html("tr", {}, html("td", {}), ...sides));
    element.replaceChildren(html("table", { class: "ledger-table" }, head, ...groups));
  }

  /**
   * @param {string} name
   * @param {string[]} columns per run
   * @param {HTMLElement[]} rows
   */
  #group(name, columns, rows) {
    const heads = this.panes.flatMap(() =>
      columns.map((column, index) =>
        html("th", { scope: "col", colspan: 2 / columns.length, class: index ? null : "believed" }, column),
      ),
    );
    const head = html("tr", { class: "group" }, html("th", { scope: "col" }, name), ...heads);
    return html("tbody", { "data-books": name.toLowerCase() }, head, ...rows);
  }

  /** @param {string} name @param {string} key @param {string} title */
  #row(name, key, title) {
    const row = html("tr", { "data-row": key }, html("th", { scope: "row", title }, name));
    for (const index of this.panes.keys()) {
      for (const side of ["believed", "true"]) {
        const cell = html("td", { class: side });
        this.cells.set(`${key}/${index}/${side}`, { shown: "", cell });
        row.append(cell);
      }
    }
    return row;
  }

  /** @param {string} name @param {string} when */
  #verdictRow(name, when) {
    const row = html(
      "tr",
      { "data-row": `invariant/${name}` },
      html(
        "th",
        { scope: "row", title: name },
        name,
        html("small", {}, when === "always" ? "at every moment" : "at the end"),
      ),
    );
    for (const index of this.panes.keys()) {
      const cell = html("td", { class: "believed", colspan: 2 });
      this.cells.set(`invariant/${name}/${index}`, { shown: "", cell });
      row.append(cell);
    }
    return row;
  }

  /** Fills one cell, if it says something else than before. @param {string} key @param {string} sign @param {string} text @param {Record<string, string | boolean | null>} [state] */
  #put(key, sign, text, state = {}) {
    const known = this.cells.get(key);
    const shown = `${sign} ${text} ${Object.values(state).join()}`;
    if (!known || known.shown === shown) return;
    known.shown = shown;
    known.cell.replaceChildren(
      html("span", { class: "entry" }, ...(sign ? [icon(sign)] : []), html("span", {}, text)),
    );
    set(known.cell, state);
  }

  show() {
    for (const [index, pane] of this.panes.entries()) {
      if (!pane.now) continue;
      this.#steps(pane, pane.now, index);
      this.#resources(pane, pane.now, index);
      this.#invariants(pane, pane.now, index);
    }
  }

  /** @param {Pane} pane @param {View} view @param {number} index */
  #steps(pane, view, index) {
    for (const step of pane.cast.steps) {
      const changes = step.kind !== "read";
      for (let instance = 1; instance <= pane.cast.instances; instance++) {
        const { belief, truth, harms } = standing(view, step.name, instance);
        const look = lookOf(belief);
        const wrong = differs(belief, truth, changes);
        const key = `step/${step.name}/${instance}/${index}`;
        this.#put(`${key}/believed`, look.icon, look.word, { "data-state": look.state });
        const says = changes ? truthWord(truth) : "changes nothing";
        const mark = harms.length ? "harm" : changes || wrong ? truthSign(truth, wrong) : "";
        const why = belief === "unknown" ? "nobody knows" : "differs";
        this.#put(
          `${key}/true`,
          mark,
          harms.length ? `${says}: ${harms.join(", ")}` : wrong ? `${says}: ${why}` : says,
          {
            "data-differs": wrong || harms.length > 0,
            "data-there": (truth ?? 0) > 0,
          },
        );
      }
    }
  }

  /** @param {Pane} pane @param {View} view @param {number} index */
  #resources(pane, view, index) {
    for (const name of Object.keys(pane.cast.resources)) {
      const { least, most, doubt } = believed(pane.cast, view, name);
      const truth = view.resources[name] ?? (pane.cast.recorded ? null : 0);
      const unsure = doubt && least !== most;
      if (truth === null) {
        this.#put(
          `resource/${name}/${index}/believed`,
          unsure ? "unknown" : "",
          unsure ? `${least} to ${most}` : `${least}`,
        );
        this.#put(`resource/${name}/${index}/true`, "", "not seen");
        continue;
      }
      const wrong = doubt ? least !== most : truth < least || truth > most;
      this.#put(
        `resource/${name}/${index}/believed`,
        doubt && least !== most ? "unknown" : "",
        least === most ? `${least}` : `${least} to ${most}`,
        {
          "data-state": doubt && least !== most ? "unknown" : null,
        },
      );
      this.#put(
        `resource/${name}/${index}/true`,
        wrong ? "differs" : "",
        wrong ? `${truth}: ${doubt ? "nobody knows" : "differs"}` : `${truth}`,
        { "data-differs": wrong },
      );
    }
  }

  /** @param {Pane} pane @param {View} view @param {number} index */
  #invariants(pane, view, index) {
    for (const { name, when } of pane.cast.invariants) {
      const broken = view.harms.some(({ harm, step }) => harm === "invariant" && step === name);
      const judged = when === "finally" ? view.outcome !== "" : view.seq > 0;
      const judge = broken
        ? ["harm", "broken"]
        : judged
          ? ["done", view.outcome ? "holds" : "holds so far"]
          : ["idle", when === "finally" ? "judged at the end" : "not begun"];
      this.#put(`invariant/${name}/${index}`, judge[0] ?? "", judge[1] ?? "", { "data-differs": broken });
    }
  }
}

/** The first of each name. @template {{name: string}} T @param {T[]} all */
function named(all) {
  return [...new Map(all.toReversed().map((each) => [each.name, each])).values()].toReversed();
}
