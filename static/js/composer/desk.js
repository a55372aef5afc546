/**
 * The desk around the drawing: toolbar, panel, problems, verdict, what is kept, and the keys. It is set up once the
 * drawing stands; from then on every part learns of a change from the store and from nobody else. What buttons and
 * keys do is in acts.js.
 *
 * @typedef {import("./acts.js").Desk} Desk
 */

import { actsOf, fix, show } from "sagasim/composer/acts.js";
import { Keeping } from "sagasim/composer/keeping.js";
import { keys } from "sagasim/composer/keys.js";
import { stepNames } from "sagasim/composer/model.js";
import { panel } from "sagasim/composer/panel.js";
import { problemList } from "sagasim/composer/problems.js";
import { toolbar } from "sagasim/composer/toolbar.js";
import { badge, told, verdicts } from "sagasim/composer/verdict.js";
import { viewing } from "sagasim/composer/viewing.js";
import { html } from "sagasim/runs/elements.js";

/**
 * @param {Pick<Desk, "root" | "page" | "store" | "server"> & {views: ReturnType<typeof import("./tabs.js").tabs>}} given
 * @param {import("./shapes.js").Shape} schema
 */
export async function setUp({ root, page, store, server, views }, schema) {
  const region = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (root.querySelector(`[data-region="${name}"]`));
  const keeping = new Keeping(store, page);
  const bar = toolbar(region("toolbar"), page);
  const tour = () => import("sagasim/composer/tour.js").then(({ tour: start }) => start(root));
  /** @type {Desk} */
  const desk = { root, page, store, server, keeping, tell: bar.tell, tour, views: () => views };
  const acts = actsOf(desk);
  const properties = panel(store, schema, region("properties"));
  const problems = problemList(region("problems"), {
    fix: (problem) => fix(desk, problem),
    show: (shown) => show(desk, shown),
    goTo: (step) => {
      store.select([step]);
      if (views.now === "table") views.made.table?.reveal(step);
      else properties.focus();
    },
    goToLine: (line) => views.goToLine(line),
  });
  const verdict = verdicts(page.urls.verdict_socket, verdictShown(root, region("verdict"), problems));
  const follow = following(desk, { bar, problems, verdict, properties, views });

  const sleepKeys = keys(root, acts, views);
  pressed(root, acts, properties);
  follow.show();
  verdict.follow(store.get());
  if (keeping.isDirty) keeping.note(); // something was drawn before there was somebody to keep it
  await offered(desk);
  if (!localStorage.getItem("sagasim tour seen")) tour();

  return {
    acts,
    show: follow.show,
    close: () => {
      for (const sleep of [follow, verdict, keeping]) sleep.close();
      sleepKeys();
    },
  };
}

/** What the reader may take up: mostly nothing. @param {Desk} desk */
async function offered({ root, page, store, keeping }) {
  const left = await keeping.drafts.left();
  if (!left.length && !location.hash) return;
  const { offerDrafts, takeShared } = await import("sagasim/composer/offering.js");
  await takeShared(store);
  offerDrafts(left, root, keeping.drafts, store, page);
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

/** @param {HTMLElement} root @param {Record<string, () => void>} acts @param {ReturnType<typeof panel>} properties */
function pressed(root, acts, properties) {
  root.addEventListener("click", (event) => {
    const control = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    const act = control instanceof HTMLElement ? acts[control.dataset.do ?? ""] : undefined;
    if (!act || control?.getAttribute("aria-disabled") === "true") return;
    event.preventDefault();
    act();
  });
  root.addEventListener("canvas:edit", (event) => {
    event.preventDefault();
    properties.focus();
  });
}

/**
 * What follows a change of the store, wherever it was made.
 * @param {Desk} desk
 * @param {{
 *   bar: ReturnType<typeof toolbar>, problems: ReturnType<typeof problemList>, verdict: ReturnType<typeof verdicts>,
 *   properties: ReturnType<typeof panel>, views: ReturnType<typeof import("./tabs.js").tabs>,
 * }} parts
 */
function following({ root, page, store, keeping, tell }, { bar, problems, verdict, properties, views }) {
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
    properties.update(now);
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
