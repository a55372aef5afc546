/**
 * The composer's page: one store, and the parts that show it. The page tells what it begins with (a template element
 * with JSON); canvas and text are fetched when they are first looked at. What a button does is in `acts`; every part
 * learns of a change from the store and from nobody else.
 *
 * @typedef {{
 *   name: string, text: string, data: any, checked: any, layout: any, base: number, latest: number, is_unsaved: boolean,
 *   may_save: boolean, suggest: string, in_gallery: boolean, csrf: string, urls: Record<string, any>,
 *   presets: Record<string, Record<string, unknown>>,
 * }} Page
 */

import { Drafts, when } from "sagasim/composer/drafts.js";
import { keys } from "sagasim/composer/keys.js";
import { alike, duplicateStep, moveStep, removeSteps, stepNames } from "sagasim/composer/model.js";
import { panel } from "sagasim/composer/panel.js";
import { problemList } from "sagasim/composer/problems.js";
import { server as serverAt } from "sagasim/composer/server.js";
import { createStore } from "sagasim/composer/store.js";
import { tabs } from "sagasim/composer/tabs.js";
import { toolbar } from "sagasim/composer/toolbar.js";
import { badge, told, verdicts } from "sagasim/composer/verdict.js";
import { viewing } from "sagasim/composer/viewing.js";
import { html } from "sagasim/runs/elements.js";

/** @param {HTMLElement} root */
export default async function connect(root) {
  const template = /** @type {HTMLTemplateElement} */ (root.querySelector("#composer-data"));
  /** @type {Page} */
  const page = JSON.parse(template.content.textContent ?? "{}");
  const server = serverAt(page.urls, page.name);
  const schema = await server.schema();

  const store = createStore({
    text: page.text,
    data: page.data ?? {},
    layout: page.layout ?? {},
    check: server.check,
    answer: page.checked && { valid: Boolean(page.checked.hash), ...page.checked },
  });
  const region = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-region="${name}"]`));
  const drafts = new Drafts(page.name);
  let saved = { text: page.is_unsaved ? "" : page.text, layout: page.layout ?? {} };
  const isDirty = () => {
    const { text, layout, behind } = store.get();
    return behind === "text" || text !== saved.text || !alike(layout, saved.layout);
  };

  // ---------------------------------------------------------------- the parts

  const bar = toolbar(region("toolbar"), page);
  const tell = bar.tell;
  const view = viewing(store, page.presets);
  const showPanel = panel(store, schema, region("properties"));
  const problems = problemList(region("problems"), {
    fix: (problem) => fix(problem),
    show: (shown) => show(shown),
    goTo: (step) => goTo(step),
    goToLine: (line) => views.goToLine(line),
  });
  const showBadge = badge(region("verdict"));
  const saidVerdict = root.appendChild(html("p", { class: "visually-hidden", role: "status" }));
  const verdict = verdicts(page.urls.verdict_socket, (now) => {
    showBadge(now);
    problems.tell(now);
    if (["found", "none", "limited", "gone", "refused"].includes(now.phase))
      saidVerdict.textContent = told(now);
  });
  eventsRegion(root);
  root.dataset.scripted = ""; // every part has its place before something is drawn in it
  const views = tabs(root, {
    canvas: async () =>
      (await import("sagasim/composer/canvas/canvas.js")).connectCanvas(region("canvas"), store),
    table: async () => {
      const { Table } = await import("sagasim/composer/table.js");
      return new Table(store, region("table"), { act: (act) => acts[act]?.(), schema });
    },
    events: async () => {
      const { eventMap } = await import("sagasim/composer/events.js");
      return { update: eventMap(region("events"), store) };
    },
    text: async () =>
      (await import("sagasim/composer/text/text.js")).connectText(region("text"), store, {
        schema: () => Promise.resolve(schema),
      }),
    shown: () => showAll(),
  });
  const tour = () => import("sagasim/composer/tour.js").then(({ tour: start }) => start(root));
  if (!localStorage.getItem("sagasim tour seen")) tour();

  // ---------------------------------------------------------------- what buttons and keys do

  const place = page;
  /** @type {Parameters<typeof import("./saving.js").saving>[0]} */
  const sheet = {
    store,
    server,
    place,
    tell,
    saved: (version, text) => {
      saved = { text, layout: store.get().layout };
      drafts.note(null);
      drafts.flush();
      const eyebrow = root.querySelector(".composer-title .eyebrow");
      if (eyebrow && page.name) eyebrow.textContent = `${page.name} · version ${version}`;
      showBar();
    },
    leave: (url) => {
      drafts.note(null);
      drafts.flush();
      location.assign(url);
    },
  };
  let isSaving = false;
  async function save() {
    if (isSaving) return false;
    isSaving = true;
    try {
      const { saving } = await import("sagasim/composer/saving.js");
      return await saving(sheet);
    } catch (failure) {
      tell(`Not saved. ${failure instanceof Error ? failure.message : failure}`, "refused");
      return false;
    } finally {
      isSaving = false;
    }
  }

  /** @param {import("./store.js").Problem} problem */
  async function fix(problem) {
    await store.settled();
    const before = store.get();
    try {
      const answer = await server.fix({ text: before.text, edit: problem.fix });
      if (store.get() !== before && store.get().revision !== before.revision) {
        tell("The saga was changed meanwhile, so the fix was not applied; press it again.", "refused");
      } else if (answer.text !== undefined && answer.data && answer.valid) {
        store.adopt(`Fix: ${problem.fix_text}`, { ...answer, text: answer.text, data: answer.data });
        tell(`Done: ${problem.fix_text}. Undo takes it back.`);
      } else if (!answer.valid) tell(answer.detail, "refused");
    } catch (failure) {
      tell(failure instanceof Error ? failure.message : String(failure), "refused");
    }
  }

  /** Opens the stage beside this page, with a run of the draft as it stands. @param {{faults: readonly string[], coordination: string | null, order?: readonly string[]}} shown */
  async function show({ faults, coordination, order }) {
    const stage = open("about:blank", "_blank"); // now, while the click allows it
    await store.settled();
    try {
      const answer = await server.show({
        text: store.get().text,
        faults,
        coordination,
        ...(order ? { order } : {}),
      });
      if ("url" in answer && stage) stage.location.href = new URL(answer.url, location.href).href;
      else {
        stage?.close();
        tell(
          "detail" in answer ? answer.detail : "The browser did not let the stage open in a new tab.",
          "refused",
        );
      }
    } catch (failure) {
      stage?.close();
      tell(failure instanceof Error ? failure.message : String(failure), "refused");
    }
  }

  /** @param {string} step */
  function goTo(step) {
    store.select([step]);
    if (views.now === "table") views.made.table?.reveal(step);
    else region("properties").querySelector("input")?.focus();
  }

  /** @type {Record<string, () => void>} */
  const acts = {
    undo: () => store.undo(),
    redo: () => store.redo(),
    save: () => (isDirty() || !page.may_save ? save() : tell("Nothing to save: this is the saved version.")),
    run: () => {
      if (isDirty() || !page.urls.run) show({ faults: [], coordination: "both" });
      else location.assign(page.urls.run);
    },
    explore: async () => {
      const isSaved = !isDirty() || (await save());
      if (isSaved && page.urls.matrix) location.assign(page.urls.matrix);
    },
    share: () => share(),
    help: async () => {
      const [{ help }, { CANVAS_KEYS }] = await Promise.all([
        import("sagasim/composer/help.js"),
        import("sagasim/composer/canvas/keys.js"),
      ]);
      help(root, CANVAS_KEYS, tour);
    },
    nothing: () => store.select([]),
    delete: () => {
      const names = [...store.selection];
      if (!names.length) return;
      const label = names.length === 1 ? `Delete ${names[0]}` : `Delete ${names.length} steps`;
      store.edit(label, (data, layout) => removeSteps(data, layout, names), { select: [] });
    },
    duplicate: () => {
      const [name] = store.selection;
      if (!name) return;
      let copy = "";
      store.edit(`Duplicate ${name}`, (data) => {
        copy = duplicateStep(data, name);
      });
      store.select([copy]);
    },
    up: () => move(-1),
    down: () => move(1),
  };
  for (const kind of ["yaml", "json", "mermaid", "svg", "png"])
    acts[`export-${kind}`] = () => {
      if (isDirty() && ["mermaid", "svg"].includes(kind))
        tell(`The drawing is of version ${place.base}, as it is saved.`);
      (kind === "png" ? views.open("canvas") : Promise.resolve())
        .then(() => import("sagasim/composer/takeaway.js"))
        .then(({ takeAway }) => takeAway(kind, store.get(), page.urls.export, tell))
        .catch((failure) => tell(failure.message, "refused"));
    };

  /** @param {number} by */
  function move(by) {
    const [name] = store.selection;
    if (name) store.edit(`Move ${name} ${by < 0 ? "up" : "down"}`, (data) => moveStep(data, name, by));
  }

  /** A link to the saved version; or, where this is not saved, one that carries the saga itself. */
  async function share() {
    const isSaved = place.base > 0 && !isDirty();
    const address = new URL(isSaved ? page.urls.page : page.urls.new, location.href);
    if (isSaved) address.searchParams.set("version", String(place.base));
    else {
      await store.settled();
      const { linkOf } = await import("sagasim/composer/sharing.js");
      address.hash = await linkOf(store.get().text);
    }
    try {
      await navigator.clipboard.writeText(address.href);
      tell(
        isSaved
          ? `Copied the link to version ${place.base}.`
          : "Copied a link that carries the saga as it stands.",
      );
    } catch {
      tell(address.href);
    }
  }

  root.addEventListener("click", (event) => {
    const control = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    const act = control instanceof HTMLElement ? acts[control.dataset.do ?? ""] : undefined;
    if (!act || control?.getAttribute("aria-disabled") === "true") return;
    event.preventDefault();
    act();
  });
  root.addEventListener("canvas:edit", (event) => {
    event.preventDefault();
    region("properties").querySelector("input")?.focus();
  });
  const sleepKeys = keys(root, acts, views);

  // ---------------------------------------------------------------- what follows a change

  const title = document.title;
  const heading = root.querySelector(".composer-title h1");

  function showBar() {
    bar.update(store, isDirty());
    document.title = `${isDirty() ? "• " : ""}${title}`;
  }

  function showAll() {
    const state = store.get();
    const now = view(state);
    showPanel(now);
    views.made[views.now]?.update?.(now);
    problems.update(state, now.checked);
    showBar();
    const count = stepNames(state.data).length;
    const begin = root.querySelector("details.begin");
    if (begin instanceof HTMLDetailsElement && count && root.dataset.steps === "0") begin.open = false;
    root.dataset.steps = String(count);
    root.dataset.behind = state.behind ?? "";
    root.dataset.hash = state.checked?.hash ?? "";
    const called = state.data?.title || state.data?.name;
    if (heading && typeof called === "string" && called) heading.textContent = called;
  }

  const unsubscribe = store.subscribe((state, change) => {
    showAll();
    if (change.kind === "selection") return;
    verdict.follow(state);
    if (change.kind === "undo") tell(`Undone: ${change.label}.`);
    else if (change.kind === "redo") tell(`Done again: ${change.label}.`);
    else if (change.kind === "edit" || change.kind === "text") tell("");
    const { text, data, layout, behind } = state;
    drafts.note(isDirty() ? { base: place.base, text, layout, data: behind === "text" ? data : null } : null);
  });
  const askAgain = () => store.askAgain();
  addEventListener("online", askAgain);
  const guard = (/** @type {BeforeUnloadEvent} */ event) => {
    drafts.flush();
    if (isDirty() && !drafts.isSafe) event.preventDefault(); // the browser would not keep it for us
  };
  addEventListener("beforeunload", guard);

  showAll();
  verdict.follow(store.get());
  await views.open();
  await takeShared(store);
  root.dataset.awake = "";
  offerDrafts(root, drafts, store, page);

  return () => {
    unsubscribe();
    verdict.close();
    sleepKeys();
    views.close();
    removeEventListener("online", askAgain);
    removeEventListener("beforeunload", guard);
  };
}

/** A saga that the address carries. @param {import("./store.js").Store} store */
async function takeShared(store) {
  if (!location.hash.startsWith("#text=")) return;
  const { textOf } = await import("sagasim/composer/sharing.js");
  const text = await textOf(location.hash);
  history.replaceState(null, "", location.pathname + location.search);
  if (text !== null) store.setText("Take the saga of the link", text);
}

/** @param {HTMLElement} root */
function eventsRegion(root) {
  const events = html("div", { "data-region": "events" });
  root.querySelector('[data-region="text"]')?.after(events);
  return events;
}

/**
 * @param {HTMLElement} root
 * @param {Drafts} drafts
 * @param {import("./store.js").Store} store
 * @param {Page} page
 */
async function offerDrafts(root, drafts, store, page) {
  for (const draft of await drafts.left()) {
    if (draft.text === page.text && !draft.data && alike(draft.layout, page.layout ?? {})) {
      drafts.forget(draft);
      continue;
    }
    const began = draft.base
      ? ` It began as version ${draft.base}${draft.base === page.latest ? "" : `; the newest is ${page.latest}`}.`
      : "";
    const take = html("button", { class: "quiet", type: "button" }, "Take it up");
    const drop = html("button", { class: "quiet", type: "button" }, "Discard it");
    const offer = html(
      "p",
      { class: "offer", role: "status" },
      `There is unsaved work of yours from ${when(draft.at).replace(/^(at|on) /, "")}.${began} `,
      take,
      " ",
      drop,
    );
    root.querySelector(".composer-head")?.after(offer);
    take.addEventListener("click", () => {
      const label = "Take up unsaved work";
      if (draft.data) {
        const { data } = draft;
        store.edit(label, (now, layout) => {
          for (const key of Object.keys(now)) delete now[key];
          Object.assign(now, data);
          Object.assign(layout, draft.layout);
        });
      } else {
        store.setText(label, draft.text);
        store.edit(label, (_, layout) => Object.assign(layout, draft.layout));
      }
      drafts.forget(draft);
      offer.remove();
    });
    drop.addEventListener("click", () => {
      drafts.forget(draft);
      offer.remove();
    });
  }
}
