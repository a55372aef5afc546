/**
 * The sentences of a run's lines. They are the server's (core/narration.py) and come apart from the lines, which are
 * all that the drawing needs; until they are here, a line reads by its kind.
 */

/** @typedef {import("sagasim/runs/wire.js").Line} Line */

/** @param {Line} line */
export function inShort({ kind, data }) {
  const words = kind.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return data.step ? `${words}: ${data.undo ? "undo of " : ""}${data.step}` : words;
}

export class Sentences {
  /**
   * @param {string} address of the run
   * @param {(seq: number, sentence: string) => void} tell
   */
  constructor(address, tell) {
    this.address = `${address}history.json`;
    this.tell = tell;
    this.known = 0;
    this.wanted = 0;
    this.asking = false;
  }

  /** Fetches what is missing, one request at a time. @param {number} seq the last line that needs a sentence */
  async until(seq) {
    this.wanted = Math.max(this.wanted, seq);
    if (this.asking) return;
    this.asking = true;
    try {
      while (this.known < this.wanted) {
        const answer = await fetch(`${this.address}?after=${this.known}`);
        /** @type {{lines: {seq: number, sentence: string}[]}} */
        const { lines } = answer.ok ? await answer.json() : { lines: [] };
        if (!lines.length) return;
        for (const line of lines) this.tell(line.seq, line.sentence);
        this.known = lines.at(-1)?.seq ?? this.known;
      }
    } catch {
      // The server is away; the lines read by their kinds until more of them come.
    } finally {
      this.asking = false;
    }
  }
}
