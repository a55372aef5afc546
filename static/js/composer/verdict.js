/**
 * The live verdict: what exploring says about the saga as it stands, any one fault first, then any two, in both
 * coordinations. It is always said for how many faults, how many states, and whether that was all of them; what is
 * shown belongs to the newest edit or is marked as older.
 *
 * @typedef {{
 *   harm: string, step: string, coordination: string, sentence: string, faults: string[], order?: string[],
 * }} Finding
 * @typedef {{
 *   n: number, faults: number, done: boolean, exhaustive: boolean, scope: string, states: number,
 *   coordinations: Record<string, {findings: number, states: number}>, findings: Finding[],
 * }} Known What is known so far.
 * @typedef {"idle" | "asking" | "partial" | "found" | "none" | "limited" | "gone" | "refused"} Phase
 * @typedef {{phase: Phase, known: Known | null, isOld: boolean, sentence: string}} Verdict
 */

import { Explorer } from "sagasim/composer/explorer.js";
import { html } from "sagasim/runs/elements.js";
import { icon } from "sagasim/runs/icons.js";

const WORDS = /** @type {const} */ ({
  orchestration: "Orchestration",
  choreography: "Choreography",
});

/** @param {number} count */
function findings(count) {
  return count === 0 ? "no finding" : count === 1 ? "1 finding" : `${count} findings`;
}

/** @param {Known} known How far it goes: never a verdict without it. */
export function scopeOf(known) {
  const { done, exhaustive, faults, scope, states } = known;
  const which = faults === 1 ? "any 1 fault" : `any ${faults} faults`;
  if (!done) return `${scope.slice(0, 1).toUpperCase()}${scope.slice(1)}`;
  return exhaustive
    ? `Any${which.slice(3)}: ${states.toLocaleString("en")} states, exhaustive`
    : `Any${which.slice(3)}: ${scope}`;
}

/** @param {Verdict} verdict In one sentence, for those who do not see it. */
export function told({ phase, known, sentence }) {
  if (!known || phase === "gone" || phase === "refused" || phase === "idle") return sentence;
  const each = Object.entries(known.coordinations).map(([name, its]) => `${name} ${findings(its.findings)}`);
  return `${scopeOf(known)}. ${each.join(", ")}.`;
}

/**
 * While more faults are explored, what fewer have found still counts.
 * @param {Known} known
 * @returns {Known}
 */
function withFound(known) {
  const found = (/** @type {string} */ name) =>
    known.findings.filter((finding) => finding.coordination === name).length;
  const coordinations = Object.entries(known.coordinations).map(([name, its]) => [
    name,
    { ...its, findings: Math.max(its.findings, found(name)) },
  ]);
  return { ...known, coordinations: Object.fromEntries(coordinations) };
}

/**
 * @param {string} address of the socket
 * @param {(verdict: Verdict) => void} changed
 */
export function verdicts(address, changed) {
  let n = 0;
  let hash = "";
  /** @type {Verdict} */
  let now = {
    phase: "idle",
    known: null,
    isOld: false,
    sentence: "Add steps, and every combination of faults is tried.",
  };
  const become = (/** @type {Partial<Verdict>} */ next) => {
    now = { ...now, ...next };
    changed(now);
  };
  const explorer = new Explorer(address, {
    heard: (message) => {
      if (message.n !== n) return;
      if (message.error) return become({ phase: "refused", sentence: message.error });
      const known = withFound(/** @type {Known} */ (message));
      const isLast = known.done && known.faults >= 2;
      const findings = known.findings.length;
      const ended = findings ? "found" : known.exhaustive ? "none" : "limited";
      become({ phase: isLast ? ended : "partial", known, isOld: false, sentence: "" });
    },
    gone: () =>
      become({
        phase: "gone",
        sentence: "The server that explores does not answer; this page tries again.",
        isOld: true,
      }),
  });

  changed(now);

  return {
    /** @param {import("./store.js").State} state */
    follow(state) {
      if (state.checked && state.checked.hash !== hash) {
        hash = state.checked.hash;
        n += 1;
        become({ phase: "asking", isOld: true, sentence: "" });
        explorer.ask({ text: state.text, n });
      } else if (state.error && now.phase !== "idle") {
        hash = "";
        n += 1; // whatever is still on its way is about something else
        explorer.ask(null);
        become({ phase: "idle", isOld: true, sentence: "Not a saga yet: see the problem below." });
      }
    },
    close: () => explorer.close(),
    get now() {
      return now;
    },
  };
}

const SIGNS = /** @type {const} */ ({
  idle: "idle",
  asking: "running",
  partial: "running",
  found: "harm",
  none: "done",
  limited: "unknown",
  gone: "lost",
  refused: "failed",
});

/** @param {HTMLElement} element */
export function badge(element) {
  element.classList.add("verdict-badge");
  element.setAttribute("aria-label", "Live verdict");
  element.setAttribute("role", "region");
  return (/** @type {Verdict} */ verdict) => {
    const { phase, known, isOld, sentence } = verdict;
    element.dataset.phase = phase;
    element.toggleAttribute("data-old", isOld);
    const scope = known ? scopeOf(known) : "";
    const isOnTheWay = phase === "asking" || (phase === "partial" && known?.done);
    const more = isOnTheWay && known ? nextOf(verdict) : "";
    const sides = Object.entries(known?.coordinations ?? {}).map(([name, its]) =>
      side(name, its, isOld || Boolean(known?.done)),
    );
    element.replaceChildren(
      icon(SIGNS[phase]),
      html(
        "div",
        { class: "verdict-words" },
        html(
          "p",
          { class: "verdict-sides" },
          ...(sides.length ? sides : [html("span", {}, sentence || "Exploring any 1 fault …")]),
        ),
        html(
          "p",
          { class: "verdict-scope" },
          [isOld && known ? `Before this edit. ${scope}` : scope, sides.length ? sentence : "", more]
            .filter(Boolean)
            .join(" · "),
        ),
      ),
    );
  };
}

/** @param {Verdict} verdict */
function nextOf({ phase, known, isOld }) {
  const next = phase === "asking" || isOld || !known ? 1 : known.done ? known.faults + 1 : known.faults;
  return `exploring any ${next} ${next === 1 ? "fault" : "faults"} …`;
}

/** @param {string} name @param {{findings: number, states: number}} its @param {boolean} isDone */
function side(name, its, isDone) {
  const word = WORDS[/** @type {keyof typeof WORDS} */ (name)] ?? name;
  return html(
    "span",
    { class: "verdict-side", "data-found": String(its.findings) },
    icon(its.findings ? "failed" : isDone ? "done" : "running"),
    html("b", {}, word),
    ` ${findings(its.findings)}${isDone ? "" : " so far"}`,
  );
}
