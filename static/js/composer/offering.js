/** What a reader may take up when the page opens: work that was left unsaved, and a saga that the address carries. */

import { when } from "sagasim/composer/drafts.js";
import { alike } from "sagasim/composer/model.js";
import { html } from "sagasim/runs/elements.js";

/** @typedef {import("./store.js").Store} Store */

/** A link may hold a whole saga, for somebody who does not have it. @param {Store} store */
export async function takeShared(store) {
  if (!location.hash.startsWith("#text=")) return;
  const { textOf } = await import("sagasim/composer/sharing.js");
  const text = await textOf(location.hash);
  history.replaceState(null, "", location.pathname + location.search);
  if (text !== null) store.setText("Take the saga of the link", text);
}

/**
 * @param {readonly import("./drafts.js").Draft[]} left
 * @param {HTMLElement} root
 * @param {import("./drafts.js").Drafts} drafts
 * @param {Store} store
 * @param {import("./composer.js").Page} page
 */
export function offerDrafts(left, root, drafts, store, page) {
  for (const draft of left) {
    if (draft.text === page.text && !draft.data && alike(draft.layout, page.layout ?? {}))
      drafts.forget(draft);
    else root.querySelector(".composer-head")?.after(offer(draft, drafts, store, page));
  }
}

/** @param {import("./drafts.js").Draft} draft @param {import("./drafts.js").Drafts} drafts @param {Store} store @param {import("./composer.js").Page} page */
function offer(draft, drafts, store, page) {
  const newest = draft.base === page.latest ? "" : `; the newest is ${page.latest}`;
  const began = draft.base ? ` It began as version ${draft.base}${newest}.` : "";
  const take = html("button", { class: "quiet", type: "button" }, "Take it up");
  const drop = html("button", { class: "quiet", type: "button" }, "Discard it");
  const words = `There is unsaved work of yours, last changed ${when(draft.at)}.${began} `;
  const element = html("p", { class: "offer", role: "status" }, words, take, " ", drop);
  const end = () => {
    drafts.forget(draft);
    element.remove();
  };
  take.addEventListener("click", () => {
    takeUp(draft, store);
    if (draft.base) page.base = draft.base; // whoever saved meanwhile is seen when this is saved
    end();
  });
  drop.addEventListener("click", end);
  return element;
}

/** One step of undo, whichever half of it was the newer. @param {import("./drafts.js").Draft} draft @param {Store} store */
function takeUp({ text, data, layout }, store) {
  const label = "Take up unsaved work";
  const merge = "unsaved work";
  const place = (/** @type {import("./store.js").Layout} */ now) => {
    for (const name of Object.keys(now)) delete now[name];
    Object.assign(now, layout);
  };
  if (!data) {
    store.setText(label, text);
    store.edit(label, (_, now) => place(now), { merge });
    return;
  }
  store.edit(label, (now, places) => {
    for (const key of Object.keys(now)) delete now[key];
    Object.assign(now, data);
    place(places);
  });
}
