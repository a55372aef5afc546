/**
 * What the composer's buttons and keys do, by name: `data-do="undo"`. Each is a change of the store, a question to the
 * server, or a way to another page; what comes of it is told in the line under the toolbar.
 *
 * @typedef {{
 *   root: HTMLElement, page: import("./composer.js").Page, store: import("./store.js").Store,
 *   server: ReturnType<typeof import("./server.js").server>, keeping: import("./keeping.js").Keeping,
 *   tell: (sentence: string, state?: "refused") => void, tour: () => void,
 *   views: () => ReturnType<typeof import("./tabs.js").tabs>,
 * }} Desk
 * @typedef {{faults: readonly string[], coordination: string | null, order?: readonly string[]}} Shown
 */

import { duplicateStep, moveStep, removeSteps } from "sagasim/composer/edits.js";

/** @param {unknown} failure */
function why(failure) {
  return failure instanceof Error ? failure.message : String(failure);
}

/** @param {Desk} desk */
export function actsOf(desk) {
  const { page, store, keeping, tell } = desk;
  const save = saver(desk);
  /** @type {Record<string, () => void>} */
  const acts = {
    undo: () => store.undo(),
    redo: () => store.redo(),
    nothing: () => store.select([]),
    ...stepActs(store),
    save: () => {
      if (keeping.isDirty || !page.may_save) save();
      else tell("Nothing to save: this is the saved version.");
    },
    run: () => {
      if (keeping.isDirty || !page.urls.run) show(desk, { faults: [], coordination: "both" });
      else location.assign(page.urls.run);
    },
    explore: async () => {
      const isSaved = !keeping.isDirty || (await save());
      if (isSaved && page.urls.matrix) location.assign(page.urls.matrix);
    },
    share: () => errand(desk, ({ share }) => share(desk)),
    help: () => errand(desk, ({ help }) => help(desk)),
  };
  for (const kind of ["yaml", "json", "mermaid", "svg", "png"])
    acts[`export-${kind}`] = () => errand(desk, ({ exported }) => exported(kind, desk));
  return acts;
}

/** What is done to the selected steps. @param {import("./store.js").Store} store */
function stepActs(store) {
  const move = (/** @type {number} */ by) => {
    const [name] = store.selection;
    if (name) store.edit(`Move ${name} ${by < 0 ? "up" : "down"}`, (data) => moveStep(data, name, by));
  };
  return {
    delete: () => {
      const names = [...store.selection];
      const label = names.length === 1 ? `Delete ${names[0]}` : `Delete ${names.length} steps`;
      if (names.length) store.edit(label, (data, layout) => removeSteps(data, layout, names), { select: [] });
    },
    duplicate: () => {
      const [name] = store.selection;
      let copy = "";
      if (!name) return;
      store.edit(`Duplicate ${name}`, (data) => {
        copy = duplicateStep(data, name);
      });
      store.select([copy]);
    },
    up: () => move(-1),
    down: () => move(1),
  };
}

/** @param {Desk} desk @returns {() => Promise<boolean>} Saves once at a time; gives whether it is saved. */
function saver({ root, page, store, server, keeping, tell }) {
  let isSaving = false;
  /** @type {Parameters<typeof import("./saving.js").saving>[0]} */
  const sheet = {
    store,
    server,
    place: page,
    tell,
    saved: (version, text, layout) => {
      keeping.isSaved(text, layout);
      const eyebrow = root.querySelector(".composer-title .eyebrow");
      if (eyebrow && page.name) eyebrow.textContent = `${page.name} · version ${version}`;
      root.dispatchEvent(new CustomEvent("composer:saved"));
    },
    leave: (url) => {
      keeping.forget();
      location.assign(url);
    },
  };
  return async () => {
    if (isSaving) return false;
    isSaving = true;
    try {
      const { saving } = await import("sagasim/composer/saving.js");
      return await saving(sheet);
    } catch (failure) {
      tell(`Not saved. ${why(failure)}`, "refused");
      return false;
    } finally {
      isSaving = false;
    }
  };
}

/**
 * What is done now and then is fetched when it is done.
 * @param {Desk} desk
 * @param {(errands: typeof import("./errands.js")) => Promise<void>} run
 */
async function errand({ tell }, run) {
  try {
    await run(await import("sagasim/composer/errands.js"));
  } catch (failure) {
    tell(why(failure), "refused");
  }
}

/** Applies the one change that repairs a problem. @param {Desk} desk @param {import("./store.js").Problem} problem */
export function fix(desk, problem) {
  return errand(desk, (errands) => errands.fix(desk, problem));
}

/** Opens the stage beside this page, with a run of the draft as it stands. @param {Desk} desk @param {Shown} shown */
export function show(desk, shown) {
  const stage = open("about:blank", "_blank"); // now, while the click allows it
  return errand(desk, (errands) => errands.show(desk, shown, stage));
}
