/**
 * Reads one run's history and loses none of it: a cursor, not a queue.
 *
 * What has a number that is not higher is dropped; on a gap, and after every cut, we ask again for everything after
 * the last line we have. What happened to the connection is told in a sentence.
 */

import { decode, encode } from "sagasim/runs/wire.js";

/** @typedef {import("sagasim/runs/wire.js").Line} Line */
/** @typedef {import("sagasim/runs/wire.js").Lead} Lead */
/**
 * @typedef {{
 *   lines: (lines: Line[]) => void,
 *   ended: (end: Record<string, any>) => void,
 *   lead: (lead: Lead) => void,
 *   told: (note: {state: "open" | "cut" | "again" | "quiet" | "refused", sentence: string}) => void,
 * }} Listener
 */

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8000;
const REFUSED = 4000; // from here on, our server closes with a reason of its own
const TRY_AGAIN = [4408, 4429, 4503]; // too slow, too eager, too many: after a while it is another story

/**
 * The lines that are new, in order; `gap` where one is missing before them.
 * @param {number} cursor
 * @param {Line[]} lines
 */
export function fresh(cursor, lines) {
  /** @type {Line[]} */
  const taken = [];
  let last = cursor;
  for (const line of lines) {
    if (line.seq <= last) continue;
    if (line.seq !== last + 1) return { taken, gap: true };
    taken.push(line);
    last = line.seq;
  }
  return { taken, gap: false };
}

export class Cursor {
  /**
   * @param {string} address of the socket, absolute or from the root
   * @param {Listener} listener
   */
  constructor(address, listener) {
    this.address = new URL(address, location.href.replace(/^http/, "ws")).href;
    this.listener = listener;
    this.seq = 0;
    this.window = 0; // bytes that may be on their way to us; the server says it
    this.unsaid = 0; // bytes that have come since we last said so
    this.ended = false;
    this.closed = false;
    this.cuts = 0;
    this.wait_ms = FIRST_WAIT_MS;
    this.timer = 0;
    this.cutAt = 0;
    this.retryNow = () => this.#retry();
    addEventListener("online", this.retryNow);
    this.#connect();
  }

  /** @param {Lead} lead */
  lead(lead) {
    this.#send({ lead });
  }

  /** @param {boolean} follow */
  follow(follow) {
    this.#send({ follow });
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.retryNow);
    this.socket?.close(1000);
  }

  /** @param {Parameters<typeof encode>[0]} message */
  #send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(encode(message));
  }

  #connect() {
    const socket = new WebSocket(this.address);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.unsaid = 0;
    let before = Promise.resolve(); // what is compressed takes a moment, and what comes behind it waits
    socket.addEventListener("open", () => {
      this.cutAt = this.seq;
      this.#send({ after: this.seq });
    });
    socket.addEventListener("message", ({ data }) => {
      const message = decode(data);
      before = before
        .then(async () => {
          const frame = await message;
          if (socket === this.socket) this.#read(frame, data.length ?? data.byteLength);
        })
        .catch(() => socket.close(3000, "a message is broken"));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      void before.then(() => {
        if (socket === this.socket && !this.closed) this.#cut(code, reason);
      });
    });
  }

  /** @param {import("sagasim/runs/wire.js").Frame} frame @param {number} bytes */
  #read(frame, bytes) {
    if (frame.hello) this.#greeted(frame.hello);
    if (frame.lines) {
      const { taken, gap } = fresh(this.seq, frame.lines);
      this.seq = taken.at(-1)?.seq ?? this.seq;
      if (taken.length) {
        this.listener.lines(taken);
        this.#acknowledge(bytes);
      }
      if (gap) this.socket?.close(3000, "a line is missing"); // closing asks again for what is after our cursor
    }
    if (frame.lead) this.listener.lead(frame.lead);
    if (frame.quiet) this.#quiet(frame.quiet.since);
    if (frame.error) this.listener.told({ state: "refused", sentence: frame.error });
    if (frame.ended) {
      this.ended = true;
      this.listener.ended(frame.ended);
    }
  }

  /** @param {string | null} since when its recorder was last heard */
  #quiet(since) {
    const heard = since && new Date(since).toLocaleTimeString();
    const sentence = since
      ? `No news since ${heard}: whoever records this run may have died. If it stays silent, the run is cut off.`
      : "The recorder of this run is heard again; nothing was lost.";
    this.listener.told({ state: since ? "quiet" : "again", sentence });
  }

  /** Says how far we have read, well before the server waits for it, and no more often. @param {number} bytes */
  #acknowledge(bytes) {
    this.unsaid += bytes;
    if (this.unsaid < this.window / 6) return;
    this.unsaid = 0;
    this.#send({ ack: this.seq });
  }

  /** @param {{head: number, window: number}} hello */
  #greeted({ head, window }) {
    this.wait_ms = FIRST_WAIT_MS;
    this.window = window;
    if (!this.cuts) return;
    const missed = Math.max(0, head - this.cutAt);
    const caught = missed
      ? `${missed} line${missed === 1 ? "" : "s"} caught up`
      : "nothing had happened since";
    this.listener.told({ state: "again", sentence: `Connected again: ${caught}, none missing.` });
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #cut(code, reason) {
    this.socket = undefined;
    this.cuts += 1;
    if (code >= REFUSED && !TRY_AGAIN.includes(code)) {
      this.listener.told({
        state: "refused",
        sentence: `The server closed the connection: ${reason || code}.`,
      });
      return;
    }
    const wait_ms = this.wait_ms;
    this.wait_ms = Math.min(LONGEST_WAIT_MS, wait_ms * 2);
    this.timer = setTimeout(() => this.#retry(), wait_ms * (0.75 + Math.random() / 2));
    const kept = this.seq ? `you have everything up to line ${this.seq}` : "no line has arrived yet";
    this.listener.told({ state: "cut", sentence: `The connection was cut; ${kept}. Trying again …` });
  }

  #retry() {
    clearTimeout(this.timer);
    if (!this.closed && !this.socket) this.#connect();
  }
}
