/** One run's history in sentences. Pointing at a line shows its twin in the other run; choosing one shows its causes. */

import { html, set } from "sagasim/runs/elements.js";
import { icon } from "sagasim/runs/icons.js";
import { inShort } from "sagasim/runs/sentences.js";
import { kindOf, time } from "sagasim/runs/words.js";

/** @typedef {import("sagasim/runs/wire.js").Line} Line */
/**
 * @typedef {{point: (line: Line | null) => void, choose: (line: Line) => void}} Interest
 */

export class Log {
  /**
   * @param {HTMLElement} element an ordered list
   * @param {number} shared up to which line another run on this page, or the one before it, says the same
   * @param {Interest} interest
   */
  constructor(element, shared, interest) {
    this.element = element;
    this.shared = shared;
    /** @type {Line[]} */
    this.lines = [];
    this.shown = 0;
    /** @type {Map<number, string>} sentences may be here before their lines */
    this.sentences = new Map();
    const line = (/** @type {Event} */ event) => {
      const item = event.target instanceof Element ? event.target.closest("[data-seq]") : null;
      return item ? this.lines[Number(item.getAttribute("data-seq")) - 1] : undefined;
    };
    element.addEventListener("pointerover", (event) => interest.point(line(event) ?? null));
    element.addEventListener("pointerleave", () => interest.point(null));
    element.addEventListener("focusin", (event) => interest.point(line(event) ?? null));
    element.addEventListener("click", (event) => {
      const chosen = line(event);
      if (chosen) interest.choose(chosen);
    });
  }

  /** @param {Line[]} lines */
  append(lines) {
    this.lines.push(...lines);
    for (const line of lines) {
      const told = item(line, this.sentences.get(line.seq) ?? inShort(line));
      set(told, {
        "data-shared": line.seq <= this.shared,
        "data-parting": line.seq === this.shared + 1 && this.shared > 0,
      });
      this.element.append(told);
    }
  }

  /** @param {number} seq @param {string} sentence */
  tell(seq, sentence) {
    this.sentences.set(seq, sentence);
    const says = this.element.children[seq - 1]?.querySelector(".line-says");
    const line = this.lines[seq - 1];
    if (says && line) says.textContent = which(line) + sentence;
  }

  /** @param {number} seq */
  said(seq) {
    return this.element.children[seq - 1]?.querySelector(".line-says")?.textContent ?? "";
  }

  /** Shows the first lines, those that have happened; the newest stays in sight. @param {number} count @param {boolean} follow */
  show(count, follow) {
    const items = this.element.children;
    for (let index = Math.min(count, this.shown); index < Math.max(count, this.shown); index++) {
      items[index]?.toggleAttribute("hidden", index >= count);
    }
    items[this.current ?? -1]?.removeAttribute("aria-current");
    this.current = count - 1;
    items[this.current]?.setAttribute("aria-current", "step");
    this.shown = count;
    if (follow) this.element.scrollTop = this.element.scrollHeight;
  }

  /**
   * Fades all lines but these; the one they led to is the one that was chosen.
   * @param {Set<number> | null} lit
   * @param {number} chosen
   */
  light(lit, chosen) {
    this.element.toggleAttribute("data-lit", lit !== null);
    for (const [index, each] of [...this.element.children].entries()) {
      each.toggleAttribute("data-on", lit?.has(index + 1) ?? false);
      each.firstElementChild?.setAttribute("aria-pressed", String(index + 1 === chosen));
    }
  }

  /** @param {number} seq 0: nothing */
  point(seq) {
    for (const each of this.element.querySelectorAll("[data-twin]")) each.removeAttribute("data-twin");
    const twin = seq ? this.element.children[seq - 1] : undefined;
    twin?.setAttribute("data-twin", "");
    if (twin instanceof HTMLElement && !twin.hidden) {
      const { offsetTop, offsetHeight } = twin;
      const { scrollTop, clientHeight } = this.element;
      if (offsetTop < scrollTop || offsetTop + offsetHeight > scrollTop + clientHeight)
        this.element.scrollTop = offsetTop - clientHeight / 2;
    }
  }
}

/** @param {Line} line @param {string} sentence */
function item(line, sentence) {
  const { icon: sign, tone } = kindOf(line.kind);
  const button = html(
    "button",
    { type: "button", class: "line", "aria-pressed": "false", "data-tone": tone },
    html("span", { class: "line-time" }, time(line.at_ms)),
    icon(sign),
    html("span", { class: "line-says" }, which(line) + sentence),
  );
  return html("li", { "data-seq": line.seq, "data-kind": line.kind, hidden: true }, button);
}

/** Which of several sagas it is about. @param {Line} line */
function which({ data }) {
  return data.instance > 1 ? `[${data.instance}] ` : "";
}
