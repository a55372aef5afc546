/** The stage: one or two runs of a saga on one clock. Wires tapes, panes, books and the player together. */

import { castOf } from "sagasim/runs/cast.js";
import { say, set } from "sagasim/runs/elements.js";
import { icon } from "sagasim/runs/icons.js";
import { Interest } from "sagasim/runs/interest.js";
import { keys } from "sagasim/runs/keys.js";
import { Ledger } from "sagasim/runs/ledger.js";
import { Log } from "sagasim/runs/log.js";
import { Pane } from "sagasim/runs/pane.js";
import { Plan } from "sagasim/runs/plan.js";
import { Player, SPEEDS } from "sagasim/runs/player.js";
import { next, Scale } from "sagasim/runs/scale.js";
import { Sentences } from "sagasim/runs/sentences.js";
import { Cursor } from "sagasim/runs/socket.js";
import { takeOver } from "sagasim/runs/start.js";
import { Together } from "sagasim/runs/together.js";
import { Transport } from "sagasim/runs/transport.js";
import { kindOf } from "sagasim/runs/words.js";

const CUT_OFF =
  "Nothing more came from the recorder of this run: it was cut off. If it is heard again, the run goes on.";

/** @typedef {import("sagasim/runs/wire.js").Line} Line */
/** @typedef {import("sagasim/runs/wire.js").Lead} Lead */

/** @param {HTMLElement} element */
export default function connect(element) {
  const stage = new Stage(element);
  return () => stage.close();
}

class Stage {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    const template = element.querySelector("#stage-data");
    this.data = JSON.parse((template instanceof HTMLTemplateElement && template.content.textContent) || "{}");
    /** @type {any[]} the runs on this page; before the first, an empty pane for each coordination */
    this.runs = this.data.runs;
    element.addEventListener("click", (event) => this.#found(event));
    element.addEventListener("click", (event) => this.#linked(event));
    const articles = [...element.querySelectorAll(".pane")].filter((each) => each instanceof HTMLElement);
    this.panes = articles.map((article) => this.#pane(article));
    this.logs = this.panes.map((_, index) => this.#log(index));
    this.interest = new Interest(this.panes, this.logs, (chosen) => this.#chosen(chosen));
    this.company = new Together({
      now: () => ({
        playing: this.player.playing,
        at_ms: Math.round(this.player.at_ms),
        speed: this.player.speed,
      }),
      send: (lead) => this.cursors[0]?.lead(lead),
      obey: (lead) => this.#obey(lead),
      say: (sentence) => this.#notice(sentence),
    });
    this.sentences = this.runs.map(
      ({ url }, index) => new Sentences(url, (seq, sentence) => this.#tell(index, seq, sentence)),
    );
    this.ledger = new Ledger(this.#find("#ledger"), this.panes);
    /** @type {Plan | undefined} two runs that are compared have none: nothing is placed on them */
    this.plan = "beside" in element.dataset ? undefined : new Plan(element, this.data, () => this.#now());
    this.transport = new Transport(element, this.#does(), (place) => this.seek(this.scale.from(place)));
    this.folded = true;
    this.moved = false;
    /** @type {number | undefined} */
    this.waiting = undefined;
    /** @type {number[]} when something goes wrong, in ms */
    this.troubles = [];
    this.scale = new Scale([], true);
    this.player = new Player(this.scale, (at_ms, playing) => this.#show(at_ms, playing));
    this.#begin();
    this.watcher = new ResizeObserver(() => this.#measure());
    for (const pane of this.panes) this.watcher.observe(pane.view);
    this.forget = keys(element, this);
    this.cursors = this.runs.map((run, index) => this.#listen(run, index));
    element.dataset.awake = "";
  }

  close() {
    this.player.close();
    this.watcher.disconnect();
    this.forget();
    for (const cursor of this.cursors) cursor.close();
  }

  /** @param {string} selector @returns {HTMLElement} */
  #find(selector) {
    const found = this.element.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error(`the stage has no ${selector}`);
    return found;
  }

  // ---------------------------------------------------------------- the runs

  /** @param {HTMLElement} article */
  #pane(article) {
    const run = this.runs.find((each) => each.id === article.dataset.run);
    const cast = castOf(
      run?.blueprint ? run : this.data,
      article.dataset.coordination ?? "",
      run?.clock === "wall",
    );
    const pane = new Pane(article, cast, run);
    pane.view.addEventListener("scroll", () => {
      for (const other of this.panes) if (other !== pane) other.scrollLike(pane);
    });
    pane.canvas.addEventListener("click", (event) => this.#clicked(pane, event));
    return pane;
  }

  /** @param {number} index */
  #log(index) {
    return new Log(this.#find(`[data-log="${index}"]`), this.runs[index]?.shared_seq ?? 0, {
      point: (line) => this.interest.point(index, line),
      choose: (line) => this.interest.choose(index, line),
    });
  }

  /** @param {any} run @param {number} index */
  #listen(run, index) {
    return new Cursor(run.socket, {
      lines: (lines) => this.#append(index, lines),
      ended: (end) => {
        const wasRunning = run.status === "running";
        run.status = end.status;
        if (end.status === "cut") this.#told({ state: "quiet", sentence: CUT_OFF });
        this.#live();
        this.player.measure(this.scale); // it may have waited at the end for more
        if (wasRunning) void this.#judge();
      },
      lead: (lead) => this.company.hear(lead),
      told: (note) => this.#told(note),
    });
  }

  /** @param {number} index @param {Line[]} lines */
  #append(index, lines) {
    this.panes[index]?.append(lines);
    this.logs[index]?.append(lines);
    void this.sentences[index]?.until(lines.at(-1)?.seq ?? 0);
    this.waiting ??= setTimeout(() => this.#measure(), 0); // both runs, and all that comes at once, are drawn once
  }

  /** One scale for all panes, heads of one height. */
  #measure() {
    this.waiting = undefined;
    if (!this.element.isConnected) return;
    const lines = this.panes.flatMap((pane) => pane.tape.lines);
    this.scale = new Scale(
      lines.map((line) => line.at_ms),
      this.folded,
    );
    const wrong = lines.filter((line) => kindOf(line.kind).trouble).map((line) => line.at_ms);
    this.troubles = [...new Set(wrong)].sort((one, other) => one - other);
    this.element.style.removeProperty("--head");
    const tallest = Math.max(...this.panes.map((pane) => pane.shape.element.offsetHeight));
    this.element.style.setProperty("--head", `${tallest}px`);
    for (const pane of this.panes) pane.measure(this.scale);
    this.transport.measure(this.scale, this.troubles);
    this.#live();
    this.player.measure(this.scale);
    this.#arrive();
    this.interest.light();
  }

  #live() {
    this.player.live = this.runs.some((run) => run.status === "running");
    set(this.element, { "data-live": this.player.live });
  }

  // ---------------------------------------------------------------- the moment

  /** Where the page begins: where the stage before stood, or where its address says, or at the start, playing. */
  #begin() {
    const left = takeOver();
    const linked = new URLSearchParams(location.search).get("t") ?? this.data.t;
    this.#wanted = left?.at_ms ?? (Number(linked) || 0);
    this.autoplay = left ? left.playing : linked === null || linked === undefined;
    this.player.speed = left?.speed ?? 1;
    this.transport.pace(this.player.speed);
  }

  /** @type {number | null} a moment that is asked for before its lines are here */
  #wanted = null;

  #arrive() {
    if (this.#wanted === null || !this.runs.length) return;
    if (this.panes.some((pane, index) => pane.tape.lines.length < (this.runs[index]?.last_seq ?? 0))) return;
    const wanted = this.#wanted;
    this.#wanted = null;
    this.moved = true;
    this.player.seek(wanted);
    if (this.autoplay) this.player.play();
  }

  /** @param {number} at_ms @param {boolean} playing */
  #show(at_ms, playing) {
    const changed = this.panes.map((pane) => pane.show(at_ms)).some(Boolean);
    if (changed) {
      this.ledger.show();
      for (const [index, pane] of this.panes.entries()) this.logs[index]?.show(pane.count, true);
      this.#verdict();
      this.#subtitles();
    }
    if (playing || this.moved) for (const pane of this.panes) pane.follow(at_ms);
    this.moved = false;
    this.transport.show(at_ms, this.scale);
    this.transport.play(playing);
    if (!playing && this.#wanted === null) this.#address(at_ms);
  }

  /** A moment at rest is in the address bar, to be shared. @param {number} at_ms */
  #address(at_ms) {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => {
      const url = new URL(location.href);
      url.searchParams.set("t", String(Math.round(at_ms)));
      if (this.element.isConnected && url.href !== location.href)
        history.replaceState(history.state, "", url);
    }, 150); // browsers ration this
  }

  #now() {
    const { at_ms, playing, speed } = this.player;
    return { at_ms, playing, speed, seq: Math.max(0, this.panes[0]?.count ?? 0) };
  }

  /** The verdict is said when every run has reached its end on the clock. */
  #verdict() {
    const over = this.panes.every((pane) => pane.tape.lines.length && pane.count >= pane.tape.lines.length);
    set(this.#find("#verdict"), { "data-shown": over && !this.player.live });
  }

  /** @param {number} index @param {number} seq @param {string} sentence */
  #tell(index, seq, sentence) {
    this.logs[index]?.tell(seq, sentence);
    if (seq === this.panes[index]?.count) this.#subtitles();
  }

  /** While the run is under way, what happened last stands where the verdict will be. */
  #subtitles() {
    for (const [index, pane] of this.panes.entries()) {
      const line = pane.tape.line(pane.count);
      const subtitle = this.element.querySelector(`[data-subtitle="${index}"]`);
      if (subtitle)
        subtitle.replaceChildren(
          ...(line ? [icon(kindOf(line.kind).icon), this.logs[index]?.said(line.seq) ?? ""] : []),
        );
    }
  }

  /** A run that was under way when the page came has a verdict only now. */
  async #judge() {
    const answer = await fetch(location.pathname);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const verdict = page.querySelector("#verdict");
    if (verdict) this.#find("#verdict").replaceChildren(...document.adoptNode(verdict).childNodes);
    this.#subtitles();
    this.#verdict();
  }

  // ---------------------------------------------------------------- what a person does

  #does() {
    return {
      toggle: () => this.toggle(),
      forward: () => this.step(1),
      back: () => this.step(-1),
      trouble: () => this.jump(1),
      slower: () => this.pace(-1),
      faster: () => this.pace(1),
      fold: () => this.fold(),
      together: () => this.together(),
      cancel: () => this.plan?.cancel(),
      help: () => this.help(),
      clear: () => this.clear(),
    };
  }

  toggle() {
    if (this.player.playing) this.player.pause();
    else this.player.play();
    this.company.lead();
  }

  /** @param {number} at_ms */
  seek(at_ms) {
    this.moved = true;
    this.player.seek(at_ms);
    this.company.lead();
  }

  /** @param {1 | -1} direction */
  step(direction) {
    this.player.pause();
    this.seek(this.scale.neighbour(this.player.at_ms, direction));
  }

  /** To the next thing that went wrong. @param {1 | -1} direction */
  jump(direction) {
    this.player.pause();
    const at = next(this.troubles, this.player.at_ms, direction);
    if (at !== undefined) return this.seek(at);
    this.#notice(`Nothing goes wrong ${direction > 0 ? "after" : "before"} this moment.`);
  }

  /** @param {1 | -1} direction */
  ends(direction) {
    this.player.pause();
    this.seek(direction > 0 ? this.scale.end_ms : 0);
  }

  /** @param {1 | -1} direction */
  pace(direction) {
    const at = SPEEDS.indexOf(this.player.speed) + direction;
    this.player.pace(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at))] ?? 1);
    this.transport.pace(this.player.speed);
    this.company.lead();
  }

  fold() {
    this.folded = !this.folded;
    this.transport.press("fold", this.folded);
    this.moved = true;
    this.#measure();
  }

  help() {
    const dialog = this.#find("#stage-help");
    if (dialog instanceof HTMLDialogElement) dialog.showModal();
  }

  // ---------------------------------------------------------------- with others, and what one looks at

  together() {
    this.transport.press("together", this.company.toggle());
  }

  /** @param {Lead} lead */
  #obey(lead) {
    this.player.pause();
    this.player.pace(lead.speed);
    this.transport.pace(lead.speed);
    this.moved = true;
    this.player.seek(lead.at_ms);
    if (lead.playing) this.player.play();
  }

  clear() {
    this.interest.clear();
  }

  /** A chosen line is shown, and shown at rest. @param {{index: number, line: Line} | undefined} chosen */
  #chosen(chosen) {
    this.transport.button("clear").hidden = !chosen;
    if (!chosen) return;
    const { index, line } = chosen;
    this.player.pause();
    if (line.at_ms > this.player.at_ms) this.seek(line.at_ms);
    this.panes[index]?.follow(line.at_ms);
  }

  /** Shows where a finding happened, with everything that led to it. @param {Event} event */
  #found({ target }) {
    const finding = target instanceof Element ? target.closest("[data-finding]") : null;
    const index = Number(finding?.getAttribute("data-run-index") ?? 0);
    const line = finding && this.panes[index]?.tape.line(Number(finding.getAttribute("data-finding")));
    if (!line) return;
    this.interest.choose(index, line);
    this.panes[index]?.element.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** To a moment that a sentence of the page speaks of. @param {Event} event */
  #linked({ target }) {
    const moment = target instanceof Element ? target.closest("[data-moment]") : null;
    if (!moment) return;
    this.player.pause();
    this.seek(Number(moment.getAttribute("data-moment")));
  }

  /** @param {Pane} pane @param {MouseEvent} event */
  #clicked(pane, event) {
    const part = event.target instanceof Element ? event.target.closest("[data-seq]") : null;
    const line = part ? pane.tape.line(Number(part.getAttribute("data-seq"))) : undefined;
    if (line && line.at_ms <= this.player.at_ms) this.interest.choose(this.panes.indexOf(pane), line);
    else this.seek(Math.round(pane.momentAt(event.clientY)));
  }

  // ---------------------------------------------------------------- words

  /** @param {{state: string, sentence: string}} note */
  #told(note) {
    const line = this.#find("#connection");
    say(line, note.sentence);
    set(line, { "data-state": note.state, hidden: null });
  }

  /** @param {string} sentence */
  #notice(sentence) {
    const line = this.#find("#notice");
    say(line, sentence);
    line.hidden = false;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      line.hidden = true;
    }, 6000);
  }
}
