/**
 * What is done in the composer now and then: a fix, a run to look at, a link, a file, help. acts.js fetches this when
 * it is asked for, and tells what goes wrong.
 *
 * @typedef {import("./acts.js").Desk} Desk
 */

/** Applies the one change that repairs a problem. @param {Desk} desk @param {import("./store.js").Problem} problem */
export async function fix({ store, server, tell }, problem) {
  await store.settled();
  const before = store.get().revision;
  const answer = await server.fix({ text: store.get().text, edit: problem.fix });
  if (!answer.valid) tell(answer.detail, "refused");
  else if (store.get().revision !== before)
    tell("The saga was changed meanwhile, so the fix was not applied; press it again.", "refused");
  else {
    store.adopt(`Fix: ${problem.fix_text}`, answer);
    tell(`Done: ${problem.fix_text}. Undo takes it back.`);
  }
}

/**
 * Opens the stage in a tab of its own, with a run of the draft as it stands.
 * @param {Desk} desk
 * @param {import("./acts.js").Shown} shown
 * @param {Window | null} stage null where the browser lets no tab be opened
 */
export async function show({ store, server, tell }, { faults, coordination, order = [] }, stage) {
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
    tell(failure instanceof Error ? failure.message : String(failure), "refused");
  }
  stage?.close();
}

/** A link to the saved version; or, where this is not saved, one that carries the saga itself. @param {Desk} desk */
export async function share({ page, store, keeping, tell }) {
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

/** What is on the page, saved or not. @param {string} kind @param {Desk} desk */
export async function exported(kind, { store, server, tell, views }) {
  if (kind === "png") await views().open("canvas");
  await store.settled();
  const { takeAway } = await import("sagasim/composer/takeaway.js");
  await takeAway(kind, store.get(), server.draw);
  tell("");
}

/** @param {Desk} desk */
export async function help({ root, tour }) {
  const [{ help: open }, { CANVAS_KEYS }] = await Promise.all([
    import("sagasim/composer/help.js"),
    import("sagasim/composer/canvas/keys.js"),
  ]);
  open(root, CANVAS_KEYS, tour);
}
