/**
 * The shape of a coordination: a hub with spokes, or a row of services over a bus; and under each service its steps.
 *
 * The columns go on downwards as the lifelines of the diagram. A step's card says what is believed and, beside it,
 * what is true; it is a button, for a fault is placed on it.
 */

import { html, set, svg } from "sagasim/runs/elements.js";
import { icon } from "sagasim/runs/icons.js";
import { COORDINATOR, standing } from "sagasim/runs/reducer.js";
import { lookOf } from "sagasim/runs/words.js";

/** @typedef {import("sagasim/runs/reducer.js").Cast} Cast */
/** @typedef {import("sagasim/runs/reducer.js").View} View */
/** @typedef {{x: number, top: number, bottom: number}} Column where a participant stands, in px of the pane */
/** @typedef {{card: HTMLButtonElement, sign: HTMLElement, word: HTMLElement, truth: HTMLElement, shown: string}} Card */

const HUB = 52; // px of the row that shows who talks to whom

/**
 * What is really there, in a word and a sign. A step that changes nothing has no truth to show.
 * @param {number | null} times null: nobody here has seen it
 */
export function truthWord(times) {
  if (times === null) return "not seen";
  return times === 0
    ? "not there"
    : times === 1
      ? "there"
      : times < 0
        ? "undone too often"
        : `there ${times} times`;
}

/** Whether belief and truth contradict each other, or nobody knows. @param {string} belief @param {number | null} truth @param {boolean} changes */
export function differs(belief, truth, changes) {
  if (belief === "unknown") return true;
  if (truth === null) return false;
  return changes && belief !== "running" && belief !== "undoing" && !lookOf(belief).there.includes(truth);
}

/** The sign of what is true. @param {number | null} truth @param {boolean} wrong */
export function truthSign(truth, wrong) {
  if (wrong) return "differs";
  return truth === null ? "idle" : truth > 0 ? "there" : "gone";
}

export class Shape {
  /** @param {Cast} cast */
  constructor(cast) {
    this.cast = cast;
    this.orchestrated = cast.coordination === "orchestration";
    const half = Math.ceil(cast.services.length / 2);
    this.places = this.orchestrated
      ? [...cast.services.slice(0, half), COORDINATOR, ...cast.services.slice(half)]
      : [...cast.services];
    /** @type {Map<string, Card[]>} by step, one per instance */
    this.cards = new Map();
    /** @type {Map<string, HTMLElement>} */
    this.heads = new Map();
    this.ways = svg("svg", { class: "ways", "aria-hidden": "true" });
    this.tokens = html("canvas", { class: "tokens", "aria-hidden": "true" });
    this.element = html("div", { class: "shape", "data-shape": cast.coordination });
    this.#build();
  }

  #build() {
    const row = html("div", { class: "cast" });
    const between = html("div", { class: "between" }, this.ways);
    for (const name of this.places)
      row.append(name === COORDINATOR ? html("div", { class: "player" }) : this.#service(name));
    if (this.orchestrated) {
      const down = html("span", { class: "down", hidden: true }, icon("crash"), "down");
      const hub = html("div", { class: "hub" }, icon("hub"), html("span", {}, "coordinator"), down);
      this.heads.set(COORDINATOR, hub);
      between.append(hub);
      this.element.append(between, row);
    } else {
      const bus = html("div", { class: "bus" }, icon("bus"), html("span", {}, "event bus"));
      between.append(bus);
      this.element.append(row, between);
    }
    this.element.append(this.tokens);
    this.between = between;
    this.row = row;
  }

  /** @param {string} name */
  #service(name) {
    const down = html("span", { class: "down", hidden: true }, icon("crash"), "down");
    const kill = html(
      "button",
      { type: "button", class: "service", "data-service": name },
      html("span", {}, name),
      down,
    );
    const column = html("div", { class: "player" }, kill);
    for (const step of this.cast.steps.filter((each) => each.service === name))
      column.append(...this.#cards(step));
    this.heads.set(name, kill);
    return column;
  }

  /** @param {import("sagasim/runs/reducer.js").Step} step */
  #cards(step) {
    const cards = Array.from({ length: this.cast.instances }, (_, index) => {
      const sign = html("span", { class: "card-sign" });
      const word = html("span", { class: "card-word" });
      const truth = html("span", { class: "card-truth" });
      const which = this.cast.instances > 1 ? ` [${index + 1}]` : "";
      const name = html("span", { class: "card-name" }, `${step.name}${which}`);
      const card = html(
        "button",
        {
          type: "button",
          class: "card-step",
          "data-step": step.name,
          "data-instance": index + 1,
          "data-kind": step.kind,
          title: step.name,
        },
        name,
        html("span", { class: "card-belief" }, sign, word),
        truth,
      );
      return { card, sign, word, truth, shown: "" };
    });
    this.cards.set(step.name, cards);
    return cards.map(({ card }) => card);
  }

  /** @param {View} view */
  show(view) {
    for (const step of this.cast.steps)
      for (const [index, card] of (this.cards.get(step.name) ?? []).entries())
        this.#card(card, step, standing(view, step.name, index + 1), index + 1);
    for (const [name, head] of this.heads) {
      const down = name in view.down;
      set(head, { "data-down": down });
      if (name !== COORDINATOR) set(head, { title: `${name}: ${down ? "restart" : "kill"} this service` });
      head.querySelector(".down")?.toggleAttribute("hidden", !down);
    }
  }

  /**
   * @param {Card} card
   * @param {import("sagasim/runs/reducer.js").Step} step
   * @param {import("sagasim/runs/reducer.js").Standing} now
   * @param {number} instance
   */
  #card(card, step, now, instance) {
    const changes = step.kind !== "read";
    const shown = `${now.belief}/${now.truth}/${now.attempt}/${now.harms.length}/${now.trouble}`;
    if (card.shown === shown) return;
    card.shown = shown;
    const look = lookOf(now.belief);
    const stuck = now.trouble === "stuck" ? "stuck" : look.state;
    const wrong = differs(now.belief, now.truth, changes);
    const word = stuck === "stuck" && look.state !== "stuck" ? "stuck" : look.word;
    set(card.card, {
      "data-state": stuck,
      "data-differs": wrong,
      "data-harm": now.harms.length > 0,
      "aria-label": [
        `${step.name}${this.cast.instances > 1 ? `, instance ${instance}` : ""}: believed ${word}`,
        changes ? `in truth ${truthWord(now.truth)}` : "changes nothing",
        ...(wrong ? ["belief and truth differ"] : []),
        "place a fault",
      ].join(", "),
    });
    card.sign.replaceChildren(icon(stuck === "stuck" ? "stuck" : look.icon));
    const again = now.attempt > 1 && ["running", "unknown", "undoing"].includes(now.belief);
    card.word.replaceChildren(
      word,
      ...(again ? [html("span", { class: "card-attempt" }, ` #${now.attempt}`)] : []),
    );
    card.truth.replaceChildren();
    if (changes) card.truth.append(icon(truthSign(now.truth, wrong)), html("span", {}, truthWord(now.truth)));
    set(card.truth, { "data-there": (now.truth ?? 0) > 0 });
  }

  /** Where everybody stands now; measured, because names wrap and people zoom. @returns {Map<string, Column>} */
  measure() {
    const origin = this.element.getBoundingClientRect();
    /** @type {Map<string, Column>} */
    const columns = new Map();
    for (const [index, name] of this.places.entries()) {
      const box = this.row?.children[index]?.getBoundingClientRect();
      if (box)
        columns.set(name, {
          x: box.left - origin.left + box.width / 2,
          top: box.top - origin.top,
          bottom: box.bottom - origin.top,
        });
    }
    this.columns = columns;
    this.#draw(origin.width);
    return columns;
  }

  /** @param {number} width */
  #draw(width) {
    const top = (this.between?.offsetTop ?? 0) + this.element.clientTop;
    this.top = top;
    set(this.ways, { width, height: HUB, viewBox: `0 0 ${width} ${HUB}` });
    this.ways.replaceChildren();
    for (const name of this.cast.services) {
      const d = this.orchestrated ? this.#spoke(name) : this.#stub(name);
      this.ways.append(svg("path", { d, class: "way" }));
    }
    const hub = this.columns?.get(COORDINATOR);
    if (hub) this.heads.get(COORDINATOR)?.style.setProperty("left", `${hub.x}px`);
    const box = this.element.getBoundingClientRect();
    const density = devicePixelRatio || 1;
    this.tokens.width = box.width * density;
    this.tokens.height = box.height * density;
    this.density = density;
    this.paints = paints(this.element);
  }

  /** @param {string} name */
  #spoke(name) {
    const hub = this.columns?.get(COORDINATOR)?.x ?? 0;
    const x = this.columns?.get(name)?.x ?? 0;
    return `M${hub} 26C${hub} ${HUB - 8} ${x} 18 ${x} ${HUB}`;
  }

  /** @param {string} name */
  #stub(name) {
    const x = this.columns?.get(name)?.x ?? 0;
    return `M${x} 0V24`;
  }

  /**
   * Where a token is on its way, in px of the shape.
   * @param {string} from
   * @param {string} to
   * @param {number} part of the way, 0 to 1
   */
  #at(from, to, part) {
    const top = this.top ?? 0;
    if (this.orchestrated) {
      const back = from !== COORDINATOR;
      const hub = this.columns?.get(COORDINATOR)?.x ?? 0;
      const x = this.columns?.get(back ? from : to)?.x ?? 0;
      const t = back ? 1 - part : part;
      const rest = 1 - t;
      const bend = 3 * rest * rest * t;
      const reach = 3 * rest * t * t;
      return {
        x: hub * (rest ** 3 + bend) + x * (reach + t ** 3),
        y: top + 26 * rest ** 3 + (HUB - 8) * bend + 18 * reach + HUB * t ** 3,
      };
    }
    const start = this.columns?.get(from)?.x ?? 0;
    const end = this.columns?.get(to)?.x ?? 0;
    const across = Math.abs(end - start);
    const gone = part * (48 + across);
    if (gone < 24) return { x: start, y: top + gone };
    if (gone < 24 + across) return { x: start + Math.sign(end - start) * (gone - 24), y: top + 24 };
    return { x: end, y: top + 24 - (gone - 24 - across) };
  }

  /** @param {{message: import("sagasim/runs/ink.js").Message, part: number}[]} flying */
  fly(flying) {
    const pen = this.tokens.getContext("2d");
    if (!pen || !this.columns) return;
    if (!flying.length && !this.flown) return;
    this.flown = flying.length > 0;
    const density = this.density ?? 1;
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, this.tokens.width, this.tokens.height);
    for (const { message, part } of flying) {
      const { x, y } = this.#at(message.from, message.to, part);
      token(pen, x, y, message, this.paints ?? {});
    }
  }
}

/**
 * A command is a disc, a reply a ring, an event a diamond; what goes back is drawn dashed, a second copy twice.
 * @param {CanvasRenderingContext2D} pen
 * @param {number} x
 * @param {number} y
 * @param {import("sagasim/runs/ink.js").Message} message
 * @param {Record<string, string>} paints
 */
function token(pen, x, y, { kind, undo, answer, fate }, paints) {
  const bad = answer === "refused" || answer === "error";
  pen.strokeStyle = pen.fillStyle =
    paints[
      fate === "lost" || bad
        ? "failed"
        : undo
          ? "undoing"
          : fate === "late"
            ? "unknown"
            : kind === "reply"
              ? "done"
              : "running"
    ] ?? "";
  pen.lineWidth = 2.5;
  pen.setLineDash(undo ? [3, 2] : []);
  for (const shift of fate === "second" ? [-4, 4] : [0]) {
    pen.beginPath();
    if (kind === "event") {
      pen.moveTo(x + shift, y - 7);
      pen.lineTo(x + shift + 7, y);
      pen.lineTo(x + shift, y + 7);
      pen.lineTo(x + shift - 7, y);
      pen.closePath();
    } else pen.arc(x + shift, y, 5.5, 0, 2 * Math.PI);
    if (kind === "reply" || undo) {
      pen.save();
      pen.fillStyle = paints.surface ?? "";
      pen.fill();
      pen.restore();
      pen.stroke();
    } else pen.fill();
  }
}

/** The tokens' colours as the canvas wants them; only a computed colour has chosen between light and dark. @param {HTMLElement} element */
function paints(element) {
  const probe = html("span", { hidden: true });
  element.append(probe);
  const found = ["running", "done", "failed", "undoing", "unknown", "idle", "surface"].map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found);
}
