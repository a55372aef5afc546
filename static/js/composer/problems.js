/**
 * Everything that is wrong, in one list: why a draft is no saga yet, what the lint says, and what exploring has found.
 * Each has its sentence, leads to its step, offers its one-change repair where there is one, and the run that shows it.
 *
 * @typedef {import("./store.js").Problem} Problem
 * @typedef {import("./verdict.js").Finding} Finding
 * @typedef {{
 *   fix: (problem: Problem) => void, show: (shown: {faults: readonly string[], coordination: string | null, order?: readonly string[]}) => void,
 *   goTo: (step: string) => void, goToLine: (line: number) => void,
 * }} Acts
 */

import { scopeOf } from "sagasim/composer/verdict.js";
import { html } from "sagasim/runs/elements.js";
import { icon } from "sagasim/runs/icons.js";

/** @param {HTMLElement} element @param {Acts} acts */
export function problemList(element, acts) {
  const heading = html("h2", { id: "problems-title" }, "Problems");
  const list = html("ul", { class: "found-list" });
  const found = html("ul", { class: "found-list", "data-of": "verdict" });
  const foundTitle = html("h2", { id: "findings-title" }, "Found by exploring");
  const said = html("p", { class: "visually-hidden", role: "status", "aria-live": "polite" });
  const scroll = { class: "problem-scroll", tabindex: 0, role: "group" };
  element.replaceChildren(
    html(
      "section",
      { "aria-labelledby": heading.id },
      heading,
      html("div", { ...scroll, "aria-labelledby": heading.id }, list),
    ),
    html(
      "section",
      { "aria-labelledby": foundTitle.id },
      foundTitle,
      html("div", { ...scroll, "aria-labelledby": foundTitle.id }, found),
    ),
    said,
  );
  let toldLast = "";

  return {
    /** @param {import("./store.js").State} state @param {import("./store.js").Checked | null} last */
    update(state, last) {
      element.toggleAttribute("data-waiting", !state.checked && !state.error);
      const problems = state.error ? [] : ((state.checked ?? last)?.problems ?? []);
      const items = problems.map((problem) => problemItem(problem, acts));
      if (state.error) items.unshift(mistakeItem(state.error, acts));
      if (state.server)
        items.unshift(
          html(
            "li",
            { class: "problem", "data-severity": "gone" },
            icon("lost"),
            html("p", {}, state.server),
          ),
        );
      const count = items.length;
      heading.replaceChildren("Problems ", html("span", { class: "count" }, String(count)));
      const nothing = state.checked ? "The lint has nothing to say." : "Checking …";
      list.replaceChildren(...(items.length ? items : [html("li", { class: "none" }, nothing)]));
      if (!state.checked && !state.error && !state.server) return;
      const sentence = state.server ?? summary(state.error?.detail ?? null, problems);
      if (sentence === toldLast) return;
      toldLast = sentence;
      said.textContent = sentence;
    },

    /** @param {import("./verdict.js").Verdict} verdict */
    tell({ known, isOld, phase, sentence }) {
      const findings = known?.findings ?? [];
      foundTitle.replaceChildren(
        "Found by exploring ",
        html("span", { class: "count" }, String(findings.length)),
      );
      found.toggleAttribute("data-old", isOld);
      const isDone = known && !isOld && (phase === "none" || phase === "limited");
      const nothing = isDone ? `${scopeOf(known)}: nothing is broken.` : sentence || "Exploring …";
      found.replaceChildren(
        ...(findings.length
          ? findings.map((finding) => findingItem(finding, acts))
          : [html("li", { class: "none" }, nothing)]),
      );
    },
  };
}

/** @param {string | null} mistake @param {readonly Problem[]} problems */
function summary(mistake, problems) {
  if (mistake) return `Not a saga yet. ${mistake}`;
  if (!problems.length) return "No problems.";
  return `${problems.length === 1 ? "1 problem" : `${problems.length} problems`}. ${problems[0]?.sentence}`;
}

/** @param {import("./store.js").Mistake} mistake @param {Acts} acts */
function mistakeItem({ detail, line, path }, acts) {
  const item = html("li", { class: "problem", "data-severity": "error" }, icon("failed"));
  const words = html("p", {}, html("b", {}, "Not a saga yet. "), detail, " ");
  if (line) {
    const there = html("button", { class: "link", type: "button" }, `Line ${line}`);
    there.addEventListener("click", () => acts.goToLine(line));
    words.append(there, " ");
  }
  if (path) words.append(html("code", { class: "problem-rule" }, path));
  item.append(words);
  return item;
}

/**
 * A sentence in which its step leads there.
 * @param {string} sentence
 * @param {string} step
 * @param {Acts} acts
 * @returns {(Node | string)[]}
 */
function linked(sentence, step, acts) {
  if (!step || step === "saga") return [sentence];
  const link = html("button", { class: "link mono", type: "button" }, step);
  link.addEventListener("click", () => acts.goTo(step));
  const at = sentence.indexOf(step);
  return at < 0 ? [link, " ", sentence] : [sentence.slice(0, at), link, sentence.slice(at + step.length)];
}

/** @param {Problem} problem @param {Acts} acts */
export function problemItem(problem, acts) {
  const isError = problem.severity === "error";
  const item = html(
    "li",
    { class: "problem", "data-severity": problem.severity, "data-rule": problem.rule },
    icon(isError ? "failed" : "stuck"),
  );
  const kind = html("span", { class: "problem-rule" }, `${isError ? "Error" : "Warning"} · ${problem.rule}`);
  const words = html("p", {}, ...linked(problem.sentence, problem.step, acts), " ", kind);
  const buttons = html("span", { class: "problem-acts" });
  if (problem.fix) {
    const fix = html(
      "button",
      { class: "quiet small", type: "button", title: problem.fix_text ?? "" },
      "Fix",
    );
    fix.setAttribute("aria-label", `Fix: ${problem.fix_text}`);
    fix.addEventListener("click", () => acts.fix(problem));
    buttons.append(fix);
  }
  if (problem.proof) {
    const { proof, coordination } = problem;
    const show = html("button", { class: "quiet small", type: "button", title: proof.join(", ") }, "Show me");
    show.addEventListener("click", () => acts.show({ faults: proof, coordination }));
    buttons.append(show);
  }
  item.append(words, buttons);
  return item;
}

/** @param {Finding} finding @param {Acts} acts */
function findingItem(finding, acts) {
  const item = html(
    "li",
    { class: "problem", "data-severity": "finding", "data-harm": finding.harm },
    icon("harm"),
  );
  const kind = html(
    "span",
    { class: "problem-rule" },
    `${finding.harm} · ${finding.coordination} · `,
    html("code", {}, finding.faults.join(", ")),
  );
  const words = html("p", {}, ...linked(finding.sentence, finding.step, acts), " ", kind);
  const show = html("button", { class: "quiet small", type: "button" }, "Show me");
  show.addEventListener("click", () => acts.show(finding));
  item.append(words, html("span", { class: "problem-acts" }, show));
  return item;
}
