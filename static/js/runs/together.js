/**
 * Watching together: whoever plays, pauses or seeks moves everybody who wants to be moved. Who goes their own way is
 * only told that somebody leads.
 */

/** @typedef {import("sagasim/runs/wire.js").Lead} Lead */

const SELDOM_MS = 100; // a hand on the scrubber leads in steps, not with every pixel

export class Together {
  /**
   * @param {{
   *   now: () => Lead, send: (lead: Lead) => void, obey: (lead: Lead) => void, say: (sentence: string) => void,
   * }} stage
   */
  constructor(stage) {
    this.stage = stage;
    this.on = false;
    /** @type {Lead | undefined} where whoever leads is, as far as we have heard */
    this.heard = undefined;
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  toggle() {
    this.on = !this.on;
    this.stage.say(
      this.on
        ? "You watch together: whoever plays, pauses or seeks moves everybody."
        : "You go your own way.",
    );
    if (this.on && this.heard) this.stage.obey(this.heard);
    else this.lead();
    return this.on;
  }

  lead() {
    if (!this.on || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.on) this.stage.send(this.stage.now());
    }, SELDOM_MS);
  }

  /** @param {Lead} lead */
  hear(lead) {
    this.heard = lead;
    if (this.on) this.stage.obey(lead);
    else this.stage.say("Somebody leads through this run; press “Watch together” to go along.");
  }
}
