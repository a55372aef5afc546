/** What of the page is saved, and the browser's keeping of what is not. */

import { Drafts } from "sagasim/composer/drafts.js";
import { alike } from "sagasim/composer/model.js";

export class Keeping {
  /** @param {import("./store.js").Store} store @param {import("./composer.js").Page} page */
  constructor(store, page) {
    this.store = store;
    this.page = page;
    this.drafts = new Drafts(page.name);
    this.saved = { text: page.is_unsaved ? "" : page.text, layout: page.layout ?? {} };
    this.guard = (/** @type {BeforeUnloadEvent} */ event) => {
      this.drafts.flush();
      if (this.isDirty && !this.drafts.isSafe) event.preventDefault(); // the browser would not keep it for us
    };
    addEventListener("beforeunload", this.guard);
  }

  /** Whether something here is in no version. */
  get isDirty() {
    const { text, layout, behind } = this.store.get();
    return behind === "text" || text !== this.saved.text || !alike(layout, this.saved.layout);
  }

  /** Writes down what is unsaved, or that nothing is. */
  note() {
    const { text, data, layout, behind } = this.store.get();
    const draft = { base: this.page.base, text, layout, data: behind === "text" ? data : null };
    this.drafts.note(this.isDirty ? draft : null);
  }

  /** @param {string} text What has become a version; what was typed meanwhile has not. @param {import("./store.js").Layout} layout */
  isSaved(text, layout) {
    this.saved = { text, layout };
    this.note();
    this.drafts.flush();
  }

  /** Nothing here is needed any more: it goes on at another address. */
  forget() {
    this.drafts.note(null);
    this.drafts.flush();
    removeEventListener("beforeunload", this.guard);
  }

  close() {
    removeEventListener("beforeunload", this.guard);
  }
}
