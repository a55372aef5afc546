/**
 * The composer's page: one store, and the parts that show it. The page tells what it begins with (a template element
 * with JSON); each view is fetched when it is first looked at. Every part learns of a change from the store and from
 * nobody else; what buttons and keys do is in acts.js.
 *
 * @typedef {{
 *   name: string, text: string, data: any, checked: any, layout: any, base: number, latest: number, is_unsaved: boolean,
 *   may_save: boolean, suggest: string, in_gallery: boolean, csrf: string, urls: Record<string, any>,
 *   presets: Record<string, Record<string, unknown>>,
 * }} Page
 */

import { actsOf, fix, show } from "sagasim/composer/acts.js";
import { Keeping } from "sagasim/composer/keeping.js";
import { keys } from "sagasim/composer/keys.js";
import { stepNames } from "sagasim/composer/model.js";
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
  const keeping = new Keeping(store, page);
  const region = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-region="${name}"]`));
  region("text").after(html("div", { "data-region": "events" }));
  root.dataset.scripted = ""; // every part has its place before something is drawn in it

  const bar = toolbar(region("toolbar"), page);
  const tour = () => import("sagasim/composer/tour.js").then(({ tour: start }) => start(root));
  /** @type {import("./acts.js").Desk} */
  const desk = { root, page, store, server, keeping, tell: bar.tell, tour, views: () => views };
  const acts = actsOf(desk);
  const views = tabs(root, { ...viewMakers(region, store, schema, acts), shown: () => follow.show() });
  const problems = problemList(region("problems"), {
    fix: (problem) => fix(desk, problem),
    show: (shown) => show(desk, shown),
    goTo: (step) => {
      store.select([step]);
      if (views.now === "table") views.made.table?.reveal(step);
      else region("properties").querySelector("input")?.focus();
    },
    goToLine: (line) => views.goToLine(line),
  });
  const verdict = verdicts(page.urls.verdict_socket, verdictShown(root, region("verdict"), problems));
  const showPanel = panel(store, schema, region("properties"));
  const follow = following(desk, { bar, problems, verdict, showPanel, views });

  const sleepKeys = keys(root, acts, views);
  pressed(root, acts, region);
  follow.show();
  verdict.follow(store.get());
  await views.open();
  await offered(desk);
  if (!localStorage.getItem("sagasim tour seen")) tour();
  root.dataset.awake = "";

  return () => {
    for (const sleep of [follow, verdict, views, keeping]) sleep.close();
    sleepKeys();
  };
}

/** What the reader may take up: mostly nothing. @param {import("./acts.js").Desk} desk */
async function offered({ root, page, store, keeping }) {
  const left = await keeping.drafts.left();
  if (!left.length && !location.hash) return;
  const { offerDrafts, takeShared } = await import("sagasim/composer/offering.js");
  await takeShared(store);
  offerDrafts(left, root, keeping.drafts, store, page);
}

/**
 * @param {(name: string) => HTMLElement} region
 * @param {import("./store.js").Store} store
 * @param {import("./shapes.js").Shape} schema
 * @param {Record<string, () => void>} acts
 * @returns {Record<import("./tabs.js").ViewName, () => Promise<any>>}
 */
function viewMakers(region, store, schema, acts) {
  return {
    canvas: async () => {
      const { connectCanvas } = await import("sagasim/composer/canvas/canvas.js");
      return connectCanvas(region("canvas"), store);
    },
    table: async () => {
      const { Table } = await import("sagasim/composer/table.js");
      return new Table(store, region("table"), { act: (act) => acts[act]?.(), schema });
    },
    text: async () => {
      const { connectText } = await import("sagasim/composer/text/text.js");
      return connectText(region("text"), store, { schema: () => Promise.resolve(schema) });
    },
    events: async () => {
      const { eventMap } = await import("sagasim/composer/events.js");
      return { update: eventMap(region("events"), store) };
    },
  };
}

/** Shows a verdict to the eye, and tells it when it has ended. @param {HTMLElement} root @param {HTMLElement} element @param {ReturnType<typeof problemList>} problems */
function verdictShown(root, element, problems) {
  const showBadge = badge(element);
  const said = root.appendChild(html("p", { class: "visually-hidden", role: "status" }));
  return (/** @type {import("./verdict.js").Verdict} */ now) => {
    showBadge(now);
    problems.tell(now);
    const isEnded = ["found", "none", "limited", "gone", "refused"].includes(now.phase);
    if (isEnded && !now.isOld) said.textContent = told(now);
  };
}

/** @param {HTMLElement} root @param {Record<string, () => void>} acts @param {(name: string) => HTMLElement} region */
function pressed(root, acts, region) {
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
}

/**
 * What follows a change of the store, wherever it was made.
 * @param {import("./acts.js").Desk} desk
 * @param {{
 *   bar: ReturnType<typeof toolbar>, problems: ReturnType<typeof problemList>, verdict: ReturnType<typeof verdicts>,
 *   showPanel: ReturnType<typeof panel>, views: ReturnType<typeof tabs>,
 * }} parts
 */
function following({ root, page, store, keeping, tell }, { bar, problems, verdict, showPanel, views }) {
  const view = viewing(store, page.presets);
  const title = document.title;
  const heading = root.querySelector(".composer-title h1");
  const begin = root.querySelector("details.begin");

  const showBar = () => {
    bar.update(store, keeping.isDirty);
    document.title = `${keeping.isDirty ? "• " : ""}${title}`;
  };
  const showHead = (/** @type {import("./store.js").State} */ { data, behind, checked }) => {
    const count = stepNames(data).length;
    if (begin instanceof HTMLDetailsElement && count && root.dataset.steps === "0") begin.open = false;
    root.dataset.steps = String(count);
    root.dataset.behind = behind ?? "";
    root.dataset.hash = checked?.hash ?? "";
    const called = data?.title || data?.name;
    if (heading && typeof called === "string" && called) heading.textContent = called;
  };
  const show = () => {
    const state = store.get();
    const now = view(state);
    showPanel(now);
    views.made[views.now]?.update?.(now);
    problems.update(state, now.checked);
    showBar();
    showHead(state);
  };
  const unsubscribe = store.subscribe((state, { kind, label }) => {
    show();
    if (kind === "selection") return;
    verdict.follow(state);
    keeping.note();
    if (kind === "undo") tell(`Undone: ${label}.`);
    else if (kind === "redo") tell(`Done again: ${label}.`);
    else if (kind === "edit" || kind === "text") tell("");
  });
  const askAgain = () => store.askAgain();
  addEventListener("online", askAgain);
  root.addEventListener("composer:saved", showBar);
  return {
    show,
    close: () => {
      unsubscribe();
      removeEventListener("online", askAgain);
    },
  };
}
