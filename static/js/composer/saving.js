/**
 * Saving: a new version of the saga, a first one of a new saga, or a copy where the saga is not the reader's to change.
 * Where somebody else has saved meanwhile both versions are shown and the reader chooses; none of the choices loses one.
 *
 * @typedef {import("./store.js").Store} Store
 * @typedef {ReturnType<typeof import("./server.js").server>} Server
 * @typedef {{
 *   name: string, base: number, may_save: boolean, suggest: string, in_gallery: boolean,
 * }} Place What is edited, and since which version.
 */

import { ask, marked } from "sagasim/composer/dialogs.js";
import { slug } from "sagasim/composer/model.js";
import { html } from "sagasim/runs/elements.js";

const RENAMED =
  "Renamed, it keeps its versions and runs, and the old address leads to the new one. A copy is a saga of its own, and leaves this one as it is.";

/**
 * Saves what is on the page; gives whether it is saved.
 * @param {{
 *   store: Store, server: Server, place: Place, tell: (sentence: string, state?: "refused") => void,
 *   saved: (version: number, text: string, layout: import("./store.js").Layout) => void, leave: (url: string) => void,
 * }} page
 */
export async function saving({ store, server, place, tell, saved, leave }) {
  /** @param {{under?: string, rename?: true}} [as] as another saga, or under another name @returns {Promise<boolean>} whether it is saved */
  async function save(as = {}) {
    if (!(await store.settled())) {
      tell(store.get().server ?? "The server does not answer; your work is kept in this browser.", "refused");
      return false;
    }
    const { text, layout, error } = store.get();
    if (error) return refused(error);
    const answer = await server.save({ text, base: place.base, layout, ...as });
    if (answer.saved) return kept(answer, { text, layout }, Boolean(as.under));
    if ("refused" in answer) return refused(answer.refused);
    if ("taken" in answer) return copy(answer.taken.suggest, answer.taken.detail);
    return choose(answer.conflict, text);
  }

  /** @param {{detail: string, line?: number | null}} mistake Why this is no version yet. */
  function refused({ detail, line }) {
    tell(`Not saved. ${detail}${line ? ` (line ${line})` : ""}`, "refused");
    return false;
  }

  /** @param {{name: string, version: number, url: string}} answer @param {{text: string, layout: import("./store.js").Layout}} sent @param {boolean} isCopy */
  function kept(answer, sent, isCopy) {
    if (isCopy || answer.name !== place.name) leave(answer.url);
    else {
      place.base = answer.version;
      saved(answer.version, sent.text, sent.layout);
      tell(`Saved as version ${answer.version}.`);
    }
    return true;
  }

  /** @param {string} called @returns {Promise<boolean>} */
  async function renameOrCopy(called) {
    const chosen = await ask({
      title: `Rename ${place.name}?`,
      body: [html("p", {}, `A saga's name is its address. ${RENAMED}`)],
      choices: [
        { value: "rename", label: `Rename it ${called}`, primary: true },
        { value: "copy", label: `Save a copy as ${called}` },
      ],
    });
    if (!chosen) return false;
    return save(chosen.choice === "rename" ? { rename: true } : { under: called });
  }

  /** @param {string} suggest @param {string} why @returns {Promise<boolean>} */
  async function copy(suggest, why) {
    const input = html("input", {
      name: "name",
      class: "mono",
      value: suggest,
      required: true,
      maxlength: 100,
      spellcheck: "false",
    });
    const chosen = await ask({
      title: "Save a copy",
      body: [html("p", {}, why), html("label", {}, "Name of the copy ", input)],
      choices: [{ value: "copy", label: "Save the copy", primary: true }],
    });
    return chosen ? save({ under: slug(input.value) || suggest }) : false;
  }

  /** @param {{detail: string, theirs: import("./server.js").Theirs, base_text: string, suggest: string}} conflict @param {string} mine */
  async function choose({ detail, theirs, base_text, suggest }, mine) {
    const whose = `Version ${theirs.number}${theirs.by ? ` by ${theirs.by}` : ""}`;
    const changes = html("ul", {}, ...theirs.changes.map((sentence) => html("li", {}, sentence)));
    const chosen = await ask({
      title: "Somebody else has saved this saga meanwhile",
      wide: true,
      body: [
        html("p", {}, detail),
        html("p", {}, `${whose} changed:`),
        changes,
        html(
          "div",
          { class: "versions-beside" },
          marked(whose, theirs.text, base_text),
          marked("Yours", mine, base_text),
        ),
      ],
      choices: [
        { value: "mine", label: `Save mine after it, as version ${theirs.number + 1}`, primary: true },
        { value: "theirs", label: "Take theirs; undo brings mine back" },
        { value: "copy", label: `Save mine as ${suggest}` },
      ],
    });
    if (chosen?.choice === "mine") {
      place.base = theirs.number;
      return save();
    }
    if (chosen?.choice === "copy") return save({ under: suggest });
    if (chosen?.choice === "theirs") {
      const answer = await server.check({ text: theirs.text });
      if (answer.text !== undefined && answer.data) {
        place.base = theirs.number;
        store.adopt(`Take version ${theirs.number}`, { ...answer, text: answer.text, data: answer.data });
        saved(theirs.number, theirs.text, store.get().layout);
        tell(`This is version ${theirs.number} now. Undo brings yours back.`);
      }
    }
    return false;
  }

  const called = store.get().data?.name;
  const isRenamed =
    place.name && typeof called === "string" && slug(called) === called && called !== place.name;
  if (place.may_save && isRenamed) return renameOrCopy(called);
  if (place.may_save) return save();
  const whose = place.in_gallery ? "The gallery stays as it is" : "This saga belongs to somebody else";
  return copy(place.suggest || `${place.name}-2`, `${whose}; keep your changes under a name of your own.`);
}
