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

import { duplicateStep, moveStep, removeSteps } from "sagasim/composer/model.js";

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
    share: () => share(desk),
    help: () => help(desk),
  };
  for (const kind of ["yaml", "json", "mermaid", "svg", "png"])
    acts[`export-${kind}`] = () => {
      exported(kind, desk).catch((failure) => tell(why(failure), "refused"));
    };
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

/** Applies the one change that repairs a problem. @param {Desk} desk @param {import("./store.js").Problem} problem */
export async function fix({ store, server, tell }, problem) {
  await store.settled();
  const before = store.get().revision;
  try {
    const answer = await server.fix({ text: store.get().text, edit: problem.fix });
    if (!answer.valid) tell(answer.detail, "refused");
    else if (store.get().revision !== before)
      tell("The saga was changed meanwhile, so the fix was not applied; press it again.", "refused");
    else {
      store.adopt(`Fix: ${problem.fix_text}`, answer);
      tell(`Done: ${problem.fix_text}. Undo takes it back.`);
    }
  } catch (failure) {
    tell(why(failure), "refused");
  }
}

/** Opens the stage beside this page, with a run of the draft as it stands. @param {Desk} desk @param {Shown} shown */
export async function show({ store, server, tell }, { faults, coordination, order = [] }) {
  const stage = open("about:blank", "_blank"); // now, while the click allows it
  await store.settled();
  try {
    const answer = await server.show({ text: store.get().text, faults, coordination, order });
    if ("url" in answer && stage) {
      stage.location.href = new URL(answer.url, location.href).href;
      return;
    }
    const sentence = "The browser did not let the stage open in a new tab.";
    tell("detail" in answer ? answer.detail : sentence, "refused");
  } catch (failure) {
    tell(why(failure), "refused");
  }
  stage?.close();
}

/** A link to the saved version; or, where this is not saved, one that carries the saga itself. @param {Desk} desk */
async function share({ page, store, keeping, tell }) {
  const isSaved = page.base > 0 && !keeping.isDirty;
  const address = new URL(isSaved ? page.urls.page : page.urls.new, location.href);
  if (isSaved) address.searchParams.set("version", String(page.base));
  else {
    await store.settled();
    const { linkOf } = await import("sagasim/composer/sharing.js");
    address.hash = await linkOf(store.get().text);
  }
  try {
    await navigator.clipboard.writeText(address.href);
    const what = isSaved ? `the link to version ${page.base}` : "a link that carries the saga as it stands";
    tell(`Copied ${what}.`);
  } catch {
    tell(address.href); // no clipboard here: it can be copied by hand
  }
}

/** @param {string} kind @param {Desk} desk */
async function exported(kind, { page, store, keeping, tell, views }) {
  if (keeping.isDirty && ["mermaid", "svg"].includes(kind))
    tell(`The drawing is of version ${page.base}, as it is saved.`);
  if (kind === "png") await views().open("canvas");
  await store.settled();
  const { takeAway } = await import("sagasim/composer/takeaway.js");
  await takeAway(kind, store.get(), page.urls.export, tell);
}

/** @param {Desk} desk */
async function help({ root, tour }) {
  const [{ help: open }, { CANVAS_KEYS }] = await Promise.all([
    import("sagasim/composer/help.js"),
    import("sagasim/composer/canvas/keys.js"),
  ]);
  open(root, CANVAS_KEYS, tour);
}
