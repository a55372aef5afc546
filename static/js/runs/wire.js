/**
 * What comes over the socket, as lines: the only script that knows the wire format.
 *
 * @typedef {{seq: number, at_ms: number, kind: string, data: Record<string, any>}} Line
 * @typedef {{
 *   hello?: {run?: unknown, head?: number, status?: string, names?: string[]},
 *   lines?: Line[], ended?: Record<string, any>, lead?: Lead, error?: string,
 * }} Frame
 * @typedef {{playing: boolean, at_ms: number, speed: number}} Lead
 */

/**
 * @param {string} text
 * @returns {Frame}
 */
export function decode(text) {
  const frame = JSON.parse(text);
  return frame !== null && typeof frame === "object" ? frame : {};
}

/**
 * Resume after a line; say how far we have read; lead or follow those who watch together.
 * @param {{after: number} | {ack: number} | {lead: Lead} | {follow: boolean}} message
 */
export function encode(message) {
  return JSON.stringify(message);
}
