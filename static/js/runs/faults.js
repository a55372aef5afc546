/**
 * Faults as objects: a menu on every step, and kinds that can be dragged onto it.
 *
 * Which kinds can strike where, and what each means, comes from the server with the page.
 *
 * @typedef {{
 *   sentences: Record<string, string>, phases: Record<string, string>, moments: Record<string, string[]>,
 *   for_ever: string[],
 *   strikes: Record<string, Record<string, {do: string[], undo: string[]}>>,
 * }} Kinds `strikes` by coordination and step; `moments` what can stand behind the @, with {step} for the step's name
 * @typedef {{place: (fault: string) => void}} Plan
 */

import { html, set } from "sagasim/runs/elements.js";
import { icon } from "sagasim/runs/icons.js";

/** @typedef {"do" | "undo"} Way */

const PHASES = /** @type {const} */ ([
  ["before", "Before the effect"],
  ["effect", "At the effect"],
  ["reply", "After the effect, on the way back"],
]);

const MIME = "text/x-sagasim-fault";

/** @type {Record<string, string>} */
const SIGNS = {
  refused: "failed",
  error: "failed",
  "error-after": "failed",
  "request-lost": "lost",
  "reply-lost": "lost",
  late: "late",
  duplicate: "second",
  reordered: "late",
  crash: "crash",
  "coordinator-crash": "crash",
  outage: "crash",
  cancelled: "cancel",
  deadline: "late",
  poisoned: "stuck",
};

/** @param {string} kind */
export function faultSign(kind) {
  return SIGNS[kind] ?? "fault";
}

/**
 * Every kind that can strike this call in one of the coordinations, each once; `only` names the one that has it.
 * @param {Kinds} kinds
 * @param {string} step
 * @param {Way} way
 */
export function offered(kinds, step, way) {
  const coordinations = Object.keys(kinds.strikes);
  const names = new Set(coordinations.flatMap((each) => kinds.strikes[each]?.[step]?.[way] ?? []));
  return [...names].map((kind) => {
    const where = coordinations.filter((each) => kinds.strikes[each]?.[step]?.[way].includes(kind));
    return { kind, only: where.length < coordinations.length ? where.join() : "" };
  });
}

/** The moments worth offering: on which side of the effect, or when a copy lands. @param {Kinds} kinds @param {string} kind @param {string} step */
function moments(kinds, kind, step) {
  const undoable = offered(kinds, step, "undo").length > 0;
  return (kinds.moments[kind] ?? [""])
    .filter((moment) => undoable || !moment.includes(".undo."))
    .map((moment) => moment.replaceAll("{step}", step));
}

/** When, for whoever does not read `@`: the text of the fault is the button's title. @param {string} moment */
function inWords(moment) {
  const step = moment.match(/^(.+)\.undo\.after$/)?.[1];
  if (step) return `once ${step} is undone`;
  return { end: "after the end", before: "before the effect", after: "after the effect" }[moment] ?? moment;
}

/**
 * The text of a fault, as core/faults.py reads it.
 * @param {{
 *   step: string, way: Way, attempt: number, instance: number, kind: string, moment: string, forEver: boolean,
 * }} fault
 */
function faultText({ step, way, attempt, instance, kind, moment, forEver }) {
  const which = `${attempt > 1 ? `#${attempt}` : ""}${instance > 1 ? `[${instance}]` : ""}`;
  const call = `${step}${way === "undo" ? ".undo" : ""}${which}`;
  return `${call}:${kind}${moment ? `@${moment}` : ""}${forEver ? "*for-ever" : ""}`;
}

/** The menu of one step: which call, which attempt, how often, and what happens to it. */
export class FaultMenu {
  /**
   * @param {HTMLDialogElement} dialog
   * @param {Kinds} kinds
   * @param {Plan} plan
   */
  constructor(dialog, kinds, plan) {
    this.dialog = dialog;
    this.kinds = kinds;
    this.plan = plan;
    this.step = "";
    this.instance = 1;
  }

  /**
   * @param {string} step
   * @param {Element} anchor
   * @param {Way} way
   */
  open(step, anchor, way) {
    this.step = step;
    this.instance = Number(anchor.getAttribute("data-instance") ?? 1);
    const undoable = offered(this.kinds, step, "undo").length > 0;
    const heading = html("h2", { id: "fault-menu-title" }, "Place a fault on ", html("code", {}, step));
    const close = html("button", { type: "button", class: "key", "aria-label": "Close" }, icon("failed"));
    close.addEventListener("click", () => this.dialog.close());
    this.options = html(
      "div",
      { class: "fault-options" },
      choice("way", "Strikes", undoable ? { do: "its action", undo: "its undo" } : { do: "its action" }, way),
      choice("attempt", "Attempt", { 1: "1st", 2: "2nd", 3: "3rd" }, "1"),
      choice("times", "Times", { once: "once", "for-ever": "for ever" }, "once"),
    );
    this.options.addEventListener("change", () => this.#fill());
    this.list = html("div", { class: "fault-kinds" });
    this.dialog.replaceChildren(html("header", {}, heading, close), this.options, this.list);
    this.#fill();
    this.dialog.showModal();
    this.#near(anchor);
  }

  /** @param {string} name */
  #chosen(name) {
    const input = this.options?.querySelector(`input[name=${name}]:checked`);
    return input instanceof HTMLInputElement ? input.value : "";
  }

  #fill() {
    /** @type {Way} */
    const way = this.#chosen("way") === "undo" ? "undo" : "do";
    const offers = offered(this.kinds, this.step, way);
    this.list?.replaceChildren(
      ...PHASES.flatMap(([phase, title]) => {
        const here = offers.filter(({ kind }) => (this.kinds.phases[kind] ?? "effect") === phase);
        if (!here.length) return [];
        const rows = here.map((offer) => this.#row(offer, way));
        return [
          html("section", { class: "fault-phase", "data-phase": phase }, html("h3", {}, title), ...rows),
        ];
      }),
    );
  }

  /**
   * One kind: a button for its usual moment, and smaller ones for the others.
   * @param {{kind: string, only: string}} offer
   * @param {Way} way
   */
  #row({ kind, only }, way) {
    const [usual = "", ...others] = moments(this.kinds, kind, this.step);
    const says = html("span", {}, html("strong", {}, usual ? `${kind} @${usual}` : kind));
    if (only) says.append(html("small", { class: "only" }, `${only} only`));
    says.append(html("small", {}, this.kinds.sentences[kind] ?? ""));
    const main = this.#button("fault-kind", { kind, moment: usual, way }, icon(faultSign(kind)), says);
    const rest = others.map((moment) => this.#button("fault-moment", { kind, moment, way }, inWords(moment)));
    return html("div", { class: "fault-row" }, main, ...rest);
  }

  /**
   * @param {string} look
   * @param {{kind: string, moment: string, way: Way}} fault
   * @param {...(Node | string)} children
   */
  #button(look, { kind, moment, way }, ...children) {
    const attempt = Number(this.#chosen("attempt"));
    const forEver = this.#chosen("times") === "for-ever" && this.kinds.for_ever.includes(kind);
    const text = faultText({ step: this.step, way, attempt, instance: this.instance, kind, moment, forEver });
    const button = html(
      "button",
      { type: "button", class: look, "data-fault": text, title: text },
      ...children,
    );
    button.addEventListener("click", () => {
      this.dialog.close();
      this.plan.place(text);
    });
    return button;
  }

  /** Beside the step, where there is room. @param {Element} anchor */
  #near(anchor) {
    const { left, bottom } = anchor.getBoundingClientRect();
    const { offsetWidth, offsetHeight, style } = this.dialog;
    const narrow = innerWidth < 640;
    style.left = narrow ? "" : `${Math.max(12, Math.min(left, innerWidth - offsetWidth - 12))}px`;
    style.top = narrow ? "" : `${Math.max(12, Math.min(bottom + 6, innerHeight - offsetHeight - 12))}px`;
  }
}

/**
 * A row of radio buttons.
 * @param {string} name
 * @param {string} legend
 * @param {Record<string, string>} options
 * @param {string} chosen
 */
function choice(name, legend, options, chosen) {
  const buttons = Object.entries(options).map(([value, text]) =>
    html(
      "label",
      {},
      html("input", { type: "radio", name, value, checked: value === chosen }),
      html("span", {}, text),
    ),
  );
  return html("fieldset", { class: "choice" }, html("legend", {}, legend), ...buttons);
}

/** The kinds as objects that one can drag onto a step. @param {HTMLElement} tray @param {Kinds} kinds */
export function fillTray(tray, kinds) {
  const strikes = Object.values(kinds.strikes).flatMap((steps) => Object.values(steps));
  const names = new Set(strikes.flatMap((ways) => [...ways.do, ...ways.undo]));
  tray.replaceChildren(
    ...[...names].map((kind) => {
      const title = kinds.sentences[kind] ?? "";
      const attributes = { class: "tray-kind", draggable: "true", "data-kind": kind, title };
      return html("span", attributes, icon(faultSign(kind)), kind);
    }),
  );
  tray.addEventListener("dragstart", (event) => {
    const kind = event.target instanceof HTMLElement ? event.target.dataset.kind : undefined;
    if (kind) event.dataTransfer?.setData(MIME, kind);
  });
}

/** Lets steps take what is dragged; a step that is being undone is struck in its undo. @param {HTMLElement} stage @param {Kinds} kinds @param {Plan} plan */
export function acceptDrops(stage, kinds, plan) {
  const card = (/** @type {DragEvent} */ event) =>
    event.target instanceof Element ? event.target.closest(".card-step") : null;
  stage.addEventListener("dragover", (event) => {
    const over = card(event);
    if (!over || !event.dataTransfer?.types.includes(MIME)) return;
    event.preventDefault();
    set(over, { "data-dropping": true });
  });
  stage.addEventListener("dragleave", (event) => card(event)?.removeAttribute("data-dropping"));
  stage.addEventListener("drop", (event) => {
    const over = card(event);
    const kind = event.dataTransfer?.getData(MIME);
    if (!over || !kind) return;
    event.preventDefault();
    set(over, { "data-dropping": null });
    const step = over.getAttribute("data-step") ?? "";
    const instance = Number(over.getAttribute("data-instance") ?? 1);
    const moment = moments(kinds, kind, step)[0] ?? "";
    plan.place(faultText({ step, way: wayOf(over), attempt: 1, instance, kind, moment, forEver: false }));
  });
}

/** Which call of a step one means, going by how it stands. @param {Element} card @returns {Way} */
export function wayOf(card) {
  return card.getAttribute("data-state") === "undoing" ? "undo" : "do";
}
