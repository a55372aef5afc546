/**
 * What comes over the socket, as lines: the only script that knows the wire format (core/lines.py, runs/consumers.py).
 *
 * A frame of lines says every name once and every number as it is:
 * {"seq", "kinds": [["StepCommitted", "step:name", ...]], "names", "lines": [[kind, ms after the line before,
 * seqs after its cause, instance, belief, truth, ...fields, resources]]}.
 *
 * @typedef {{seq: number, at_ms: number, kind: string, data: Record<string, any>}} Line
 * @typedef {{playing: boolean, at_ms: number, speed: number, by?: string}} Lead
 * @typedef {{
 *   hello?: {head: number, status: string, window: number}, lines?: Line[], ended?: {outcome: string, status: string, last_seq: number},
 *   lead?: Lead, quiet?: {since: string | null}, error?: string,
 * }} Frame
 */

/**
 * A message as it came: text, or, where it is a long frame of lines, compressed.
 * @param {string | ArrayBuffer} message
 * @returns {Promise<Frame>}
 */
export async function decode(message) {
  const frame = JSON.parse(typeof message === "string" ? message : await inflated(message));
  return "lines" in frame ? { lines: unpack(frame) } : frame;
}

/** @param {ArrayBuffer} packed @returns {Promise<string>} */
function inflated(packed) {
  const bytes = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(bytes).text();
}

/** @param {{seq: number, kinds: string[][], names: string[], lines: any[][]}} frame @returns {Line[]} */
function unpack({ seq, kinds, names, lines }) {
  let at_ms = 0;
  return lines.map(([kind, later, back, instance, belief, truth, ...rest], place) => {
    at_ms += later;
    const [name = "", ...fields] = kinds[kind] ?? [];
    /** @type {Record<string, any>} */
    const data = { instance, because: seq + place - back };
    if (names[belief]) data.belief = names[belief];
    if (truth !== null) data.truth = truth;
    for (const [index, field] of fields.entries()) {
      const [key = "", shape] = field.split(":");
      data[key] = unfold(rest[index], shape, names);
    }
    const changed = rest[fields.length];
    if (changed) data.resources = pairs(changed, names);
    return { seq: seq + place, at_ms, kind: name, data };
  });
}

/** @param {any} value @param {string | undefined} shape @param {string[]} names */
function unfold(value, shape, names) {
  if (shape === "name") return names[value] ?? "";
  if (shape === "names") return value.map((/** @type {number} */ each) => names[each] ?? "");
  return shape === "flag" ? Boolean(value) : value;
}

/** @param {number[]} changed names and values by turns @param {string[]} names */
function pairs(changed, names) {
  /** @type {Record<string, number>} */
  const resources = {};
  for (let index = 0; index < changed.length; index += 2) {
    resources[names[changed[index] ?? -1] ?? ""] = changed[index + 1] ?? 0;
  }
  return resources;
}

/**
 * Resume after a line; say how far we have read; lead those who watch together, or go one's own way.
 * @param {{after: number} | {ack: number} | {lead: Lead} | {follow: boolean}} message
 */
export function encode(message) {
  return JSON.stringify(message);
}
