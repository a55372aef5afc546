/**
 * What was reported, line by line: what is not reached yet is hidden, and the table says what was believed then.
 *
 * @param {HTMLElement} boards
 */
export default function connect(boards) {
  const player = boards.querySelector("[data-player]");
  const lines = [...boards.querySelectorAll("[data-log] li")];
  if (!(player instanceof HTMLElement) || lines.length === 0) return;
  const where = player.querySelector("[data-where]");
  const rows = new Map(
    [...boards.querySelectorAll("tr[data-step]")].map((row) => [row.getAttribute("data-step"), row]),
  );
  let shown = lines.length;

  function show() {
    lines.forEach((line, number) => {
      line.toggleAttribute("hidden", number >= shown);
      if (number === shown - 1 && shown < lines.length) line.setAttribute("aria-current", "step");
      else line.removeAttribute("aria-current");
    });
    believe();
    if (where) where.textContent = `line ${shown} of ${lines.length}`;
    toTheLast();
  }

  /** The last line shown is in sight; the page stays where it is. */
  function toTheLast() {
    const log = boards.querySelector("[data-log]");
    if (log) log.scrollTop = log.scrollHeight;
  }

  /** Beliefs are those of the last line shown that says something new of a step. */
  function believe() {
    const known = new Map();
    for (const line of lines.slice(0, shown)) {
      if (line.getAttribute("data-word")) known.set(line.getAttribute("data-step"), line);
    }
    for (const [step, row] of rows) {
      const belief = row.querySelector(".step");
      const line = known.get(step);
      belief?.setAttribute("data-state", line?.getAttribute("data-state") ?? "idle");
      if (belief) belief.textContent = line?.getAttribute("data-word") ?? "not begun";
    }
  }

  /** @type {Record<string, () => number>} */
  const moves = {
    first: () => 1,
    back: () => Math.max(1, shown - 1),
    next: () => Math.min(lines.length, shown + 1),
    all: () => lines.length,
  };
  player.addEventListener("click", (event) => {
    const move =
      event.target instanceof Element && event.target.closest("[data-do]")?.getAttribute("data-do");
    if (!move || !(move in moves)) return;
    shown = moves[move]?.() ?? shown;
    show();
  });
  player.hidden = false;
  toTheLast();
  if (where) where.textContent = `line ${shown} of ${lines.length}`;
}
