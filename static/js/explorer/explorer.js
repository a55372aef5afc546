/**
 * Keeps the page of a running exploration up to date: says how far it is as the socket tells it, and asks for the page
 * anew when there is something new to see, or at the end.
 *
 * Socket gives: {"progress": {"state", "states", "waiting", "level", "findings", ...}}, then {"ended": {...}}.
 * Where there is no socket, it asks every two seconds; without scripts one follows a link to look again.
 *
 * @typedef {{
 *   state?: string, doing?: string, ahead?: number, states?: number, waiting?: number, level?: number,
 *   findings?: number, mended?: number, of?: number, told?: {faults: number, pairs: boolean, fixes: boolean, findings: number} | null,
 * }} Progress
 */

const AGAIN_MS = 2000;
const APART_MS = 700; // a page that is swapped more often cannot be read

/** @param {HTMLElement} element */
export default function connect(element) {
  const watch = new Watch(element);
  return () => watch.close();
}

class Watch {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.known = "";
    this.asked_at = 0;
    this.closed = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.waiting = undefined;
    this.#listen();
  }

  close() {
    this.closed = true;
    clearTimeout(this.waiting);
    this.socket?.close();
  }

  #listen() {
    const url = new URL(this.element.dataset.socket ?? "", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new WebSocket(url);
    this.socket.addEventListener("message", ({ data }) => this.#heard(JSON.parse(data)));
    this.socket.addEventListener("close", () => {
      if (!this.closed) this.waiting = setTimeout(() => this.#renew(), AGAIN_MS);
    });
  }

  /** @param {{progress?: Progress, ended?: object}} said */
  #heard({ progress, ended }) {
    if (progress) this.#tell(progress);
    if (ended) {
      clearTimeout(this.waiting);
      void this.#renew();
      return;
    }
    const known = JSON.stringify([progress?.state, progress?.told]);
    if (progress && known !== this.known) {
      this.known = known;
      this.#soon();
    }
  }

  /** Asks for the page, but not at every word. */
  #soon() {
    clearTimeout(this.waiting);
    const wait = Math.max(0, this.asked_at + APART_MS - performance.now());
    this.waiting = setTimeout(() => this.#renew(), wait);
  }

  /** @param {Progress} progress */
  #tell(progress) {
    const output = this.element.querySelector("[data-progress]");
    if (output) output.textContent = inWords(progress, Number(this.element.dataset.faults));
  }

  /** The page as it is now, with the focus where it was. */
  async #renew() {
    this.asked_at = performance.now();
    // Not stored: else the way back to this address would show the part instead of the page.
    const asked = { headers: { "HX-Request": "true" }, cache: /** @type {const} */ ("no-store") };
    const answer = await fetch(location.href, asked).catch(() => undefined);
    if (this.closed) return;
    if (!answer?.ok) {
      this.waiting = setTimeout(() => this.#renew(), AGAIN_MS);
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focus = whereTheFocusIs(this.element);
    const open = new Set([...this.element.querySelectorAll("details[open][id]")].map(({ id }) => id));
    this.element.replaceChildren(...document.adoptNode(page.body).childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focus)
      for (const found of this.element.querySelectorAll(focus))
        if (found instanceof HTMLElement) found.focus();
    if (!this.element.querySelector("[data-progress]")) this.close();
    else if (this.socket?.readyState === WebSocket.CLOSED) this.#listen();
  }
}

/**
 * The same words as sagasim/explorer/page.py.
 * @param {Progress} progress @param {number} faults
 */
export function inWords(progress, faults) {
  if (progress.state === "queued")
    return progress.ahead ? `Waiting; ${progress.ahead} before it.` : "Not begun yet.";
  const { level = 0, states = 0, waiting = 0, findings = 0, mended = 0, of = 0 } = progress;
  if (progress.doing === "mending") return `Looking for fixes: ${mended} of ${of} findings.`;
  if (progress.doing === "pairing") return "Finding the run of every pair of faults that is worse together.";
  if (progress.doing === "reading")
    return `Reading what follows from what in ${states.toLocaleString("en")} states.`;
  const found = findings ? `${findings} finding${findings === 1 ? "" : "s"}` : "no finding";
  const [seen, left] = [states, waiting].map((it) => it.toLocaleString("en"));
  return `At ${level} of ${faults} fault${faults === 1 ? "" : "s"}: ${seen} states, ${left} waiting, ${found}.`;
}

/** A selector that finds the focused cell again. @param {HTMLElement} element */
function whereTheFocusIs(element) {
  const cell = element.contains(document.activeElement)
    ? document.activeElement?.closest("td[data-target]")
    : null;
  if (!(cell instanceof HTMLElement)) return undefined;
  const { target, kind } = cell.dataset;
  const place = `td[data-target="${CSS.escape(target ?? "")}"][data-kind="${kind}"]`;
  return document.activeElement === cell ? place : `${place} a`;
}
