/**
 * The plan of this run: its faults as chips, and everything that starts another run.
 *
 * What is changed while the run stands at its start is a new run; what happens in its middle is a what-if: the server
 * runs the same prefix and another story from there, and the page goes on at the same moment.
 */

import { html, say, set } from "sagasim/runs/elements.js";
import { acceptDrops, FaultMenu, faultSign, fillTray, wayOf } from "sagasim/runs/faults.js";
import { icon } from "sagasim/runs/icons.js";
import { send } from "sagasim/runs/start.js";

/** @typedef {{at_ms: number, playing: boolean, speed: number, seq: number}} Moment as the first run's last line says it */

export class Plan {
  /**
   * @param {HTMLElement} stage
   * @param {any} data of the page
   * @param {() => Moment} now
   */
  constructor(stage, data, now) {
    const form = stage.querySelector("form.plan");
    const dialog = stage.querySelector("#fault-menu");
    if (!(form instanceof HTMLFormElement) || !(dialog instanceof HTMLDialogElement))
      throw new Error("no plan");
    this.stage = stage;
    this.form = form;
    this.data = data;
    this.now = now;
    this.menu = new FaultMenu(dialog, data.kinds, this);
    acceptDrops(stage, data.kinds, this);
    const tray = stage.querySelector("#tray");
    if (tray instanceof HTMLElement) fillTray(tray, data.kinds);
    this.#chips();
    stage.addEventListener("click", (event) => this.#clicked(event));
    form.addEventListener("input", () => this.#chips());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#run();
    });
  }

  /** @param {Event} event */
  #clicked({ target }) {
    if (!(target instanceof Element)) return;
    const card = target.closest(".card-step");
    const service = target.closest(".service")?.getAttribute("data-service");
    const without = target.closest("[data-without]")?.getAttribute("data-without");
    if (card) this.menu.open(card.getAttribute("data-step") ?? "", card, wayOf(card));
    if (service) this.#service(service);
    if (without) this.#remove(without);
  }

  get #text() {
    const text = this.form.elements.namedItem("faults");
    if (!(text instanceof HTMLTextAreaElement)) throw new Error("the plan has no faults");
    return text;
  }

  /** @returns {string[]} */
  faults() {
    return this.#text.value.split(/\s+/).filter(Boolean);
  }

  #chips() {
    const chips = this.faults().map((fault) => {
      const kind = /:([a-z-]+)/.exec(fault)?.[1] ?? "";
      const name = `Run again without ${fault}`;
      const remove = html(
        "button",
        { type: "button", "data-without": fault, "aria-label": name },
        icon("failed"),
      );
      return html(
        "li",
        { class: "fault-chip", "data-kind": kind },
        icon(faultSign(kind)),
        html("code", {}, fault),
        remove,
      );
    });
    this.stage.querySelector("#faults")?.replaceChildren(...chips);
  }

  get #run0() {
    return this.data.runs[0];
  }

  /** Places a fault: now, if the run is under way; else from the beginning. @param {string} fault */
  place(fault) {
    if (this.#run0 && this.now().at_ms > 0) return void this.#whatIf({ does: "place", fault });
    this.#text.value = [...this.faults().filter((each) => each !== fault), fault].join("\n");
    this.#chips();
    if (this.#run0) void this.#run();
  }

  /** @param {string} fault */
  #remove(fault) {
    this.#text.value = this.faults()
      .filter((each) => each !== fault)
      .join("\n");
    this.#chips();
    if (this.#run0) void this.#run();
  }

  /** Kills a service from its next call on; one that was killed is started again. @param {string} service */
  #service(service) {
    if (!this.#run0) return;
    const killed = this.faults().some(
      (each) => each.startsWith(`${service}:outage`) && each.endsWith("*for-ever"),
    );
    void this.#whatIf({ does: killed ? "restart" : "kill", service });
  }

  cancel() {
    if (this.#run0) void this.#whatIf({ does: "cancel" });
  }

  #run() {
    const { speed } = this.now();
    const fields = new FormData(this.form);
    fields.set("parent", this.#run0?.id ?? "");
    return this.#send(this.form.action, fields, { at_ms: 0, playing: true, speed });
  }

  /** @param {Record<string, string>} wish */
  #whatIf(wish) {
    const { seq, at_ms, speed } = this.now();
    const fields = new FormData();
    fields.set("csrfmiddlewaretoken", String(new FormData(this.form).get("csrfmiddlewaretoken") ?? ""));
    fields.set("from_seq", String(seq));
    for (const [name, value] of Object.entries(wish)) fields.set(name, value);
    return this.#send(this.#run0.what_if, fields, { at_ms, playing: true, speed });
  }

  /**
   * @param {string} address
   * @param {FormData} fields
   * @param {import("sagasim/runs/start.js").Handover} moment
   */
  async #send(address, fields, moment) {
    set(this.stage, { "aria-busy": "true" });
    const refused = await send(address, fields, moment);
    set(this.stage, { "aria-busy": null });
    const line = this.form.querySelector(".refusal");
    if (!refused || !line) return;
    say(line, refused);
    set(line, { hidden: null });
    line.scrollIntoView({ block: "nearest" });
  }
}
