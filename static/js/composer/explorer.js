/**
 * The socket to who explores: asks about one text at a time, and is there again after it was cut. A question cancels
 * the one before; after a cut the newest one is asked again.
 *
 * @typedef {{heard: (message: any) => void, gone: () => void}} Listener
 */

const TRIES_AGAIN_MS = [300, 1000, 2000, 5000, 10000];

export class Explorer {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {{text: string, n: number} | null} */ #asked = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #failures = 0;
  #isClosed = false;

  /** @param {string} address @param {Listener} listener */
  constructor(address, listener) {
    this.listener = listener;
    this.url = new URL(address, location.href);
    this.url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.again = () => {
      this.#failures = 0;
      this.#connect();
    };
    addEventListener("online", this.again);
  }

  /** @param {{text: string, n: number} | null} asked null: nothing to explore any more */
  ask(asked) {
    this.#asked = asked;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#send();
    else if (asked) this.#connect();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    removeEventListener("online", this.again);
    this.#socket?.close();
  }

  #send() {
    if (this.#asked) this.#socket?.send(JSON.stringify({ explore: this.#asked }));
  }

  #connect() {
    if (this.#isClosed || this.#socket) return;
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#failures = 0;
      this.#send();
    });
    socket.addEventListener("message", (event) => {
      /** @type {any} */
      let message = null;
      try {
        message = JSON.parse(event.data);
      } catch {
        return; // not ours
      }
      this.listener.heard(message);
    });
    socket.addEventListener("close", () => {
      this.#socket = null;
      if (this.#isClosed) return;
      if (this.#asked) this.listener.gone();
      const waitsMs = TRIES_AGAIN_MS[Math.min(this.#failures, TRIES_AGAIN_MS.length - 1)];
      this.#failures += 1;
      this.#timer = setTimeout(() => this.#connect(), waitsMs);
    });
  }
}
