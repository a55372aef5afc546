/**
 * What somebody is interested in: the line they point at, shown with its twin in the other run, and the line they have
 * chosen, lit up with everything that led to it while the rest fades.
 */

import { twin } from "sagasim/runs/tape.js";

/** @typedef {import("sagasim/runs/wire.js").Line} Line */

export class Interest {
  /**
   * @param {import("sagasim/runs/pane.js").Pane[]} panes
   * @param {import("sagasim/runs/log.js").Log[]} logs
   * @param {(chosen: {index: number, line: Line} | undefined) => void} changed
   */
  constructor(panes, logs, changed) {
    this.panes = panes;
    this.logs = logs;
    this.changed = changed;
    /** @type {{index: number, line: Line} | undefined} */
    this.chosen = undefined;
  }

  /** @param {number} index of the run @param {Line | null} line */
  point(index, line) {
    for (const [other, pane] of this.panes.entries()) {
      const same = other === index ? line : line && pane.tape.lines.find((each) => twin(each) === twin(line));
      pane.diagram.point(same?.seq ?? 0);
      if (other !== index) this.logs[other]?.point(same?.seq ?? 0);
    }
  }

  /** The same line again brings everything back. @param {number} index of the run @param {Line} line */
  choose(index, line) {
    const again = this.chosen?.index === index && this.chosen.line.seq === line.seq;
    this.chosen = again ? undefined : { index, line };
    this.light();
    this.changed(this.chosen);
  }

  clear() {
    this.chosen = undefined;
    this.light();
    this.changed(undefined);
  }

  /** Also after something was drawn anew. */
  light() {
    for (const [index, pane] of this.panes.entries()) {
      const seq = this.chosen?.index === index ? this.chosen.line.seq : 0;
      const lit = seq ? pane.tape.causes(seq) : null;
      pane.diagram.light(lit);
      this.logs[index]?.light(lit, seq);
    }
  }
}
