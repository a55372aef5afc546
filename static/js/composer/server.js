/**
 * What the composer asks the server. A saga that cannot run, or that somebody else has saved meanwhile, is an answer;
 * everything else that goes wrong is an error whose message is a sentence for the reader.
 *
 * @typedef {import("./store.js").Answer} Answer
 * @typedef {{number: number, by: string, at: string, text: string, changes: string[]}} Theirs
 * @typedef {{saved: true, name: string, version: number, hash: string, url: string}
 *   | {saved: false, conflict: {detail: string, theirs: Theirs, base_text: string, suggest: string}}
 *   | {saved: false, taken: {detail: string, suggest: string}}
 *   | {saved: false, refused: {detail: string, line: number | null}}} Saved
 */

const LONGEST_MS = 20_000;

export const NO_ANSWER =
  "The server does not answer. Your work is kept in this browser, and this page tries again.";

function token() {
  /** @type {Record<string, string>} */
  const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  return headers["x-csrftoken"] ?? "";
}

/** @param {Response} response */
function why(response) {
  if (response.status === 413) return "The saga is longer than 1 MiB, so the server does not read it.";
  if (response.redirected || response.status === 401 || response.status === 403)
    return "You are signed out. Sign in in another tab; your work is kept in this browser.";
  if (response.status === 404)
    return "The server does not know this saga any more. Your work is kept in this browser.";
  return `The server has failed (${response.status}). Your work is kept in this browser, and this page tries again.`;
}

/** @param {string} url @param {object} body */
async function sent(url, body) {
  try {
    return await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrftoken": token() },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LONGEST_MS),
    });
  } catch {
    throw new Error(NO_ANSWER);
  }
}

/**
 * @param {string} url
 * @param {object} body
 * @param {readonly number[]} expected Statuses whose answer is told in JSON.
 * @returns {Promise<{status: number, said: any}>}
 */
async function post(url, body, expected) {
  const response = await sent(url, body);
  const isJson = response.headers.get("content-type")?.includes("json");
  if (!isJson || !expected.includes(response.status)) throw new Error(why(response));
  return { status: response.status, said: await response.json() };
}

/** What the server says of a draft; a 422 is about how it was asked. @param {string} url @param {object} asked @returns {Promise<Answer>} */
async function answer(url, asked) {
  const { said } = await post(url, asked, [200, 422]);
  return { valid: false, ...said };
}

/** @param {Record<string, any>} urls @param {string} name of the saga, so that a problem knows where it can be shown */
export function server(urls, name) {
  const to = (/** @type {string} */ name) => urls[name] ?? "";
  return {
    /** @param {{text: string, data?: object}} asked */
    check: (asked) => answer(to("check"), { ...asked, name }),

    /** @param {{text: string, edit: object}} asked */
    fix: (asked) => answer(to("fix"), { ...asked, name }),

    /** @param {{text: string, as: string}} asked @returns {Promise<Blob>} A drawing of what is on the page. */
    draw: async (asked) => {
      const response = await sent(to("draw"), asked);
      if (response.status === 422) throw new Error((await response.json()).detail);
      if (!response.ok) throw new Error(why(response));
      return await response.blob();
    },

    /**
     * @param {{text: string, base: number, layout: object, under?: string, rename?: true}} asked `under`: as another saga; `rename`:
     *   this one is called what its text says
     * @returns {Promise<Saved>}
     */
    save: async (asked) => {
      const { status, said } = await post(to("save"), asked, [200, 201, 403, 409, 422]);
      if (status === 409) return { saved: false, conflict: said };
      if (status === 403) return { saved: false, taken: said };
      if (status === 422) return { saved: false, refused: said };
      return { saved: true, ...said };
    },

    /**
     * Runs the draft without saving it.
     * @param {{text: string, faults: readonly string[], coordination: string | null, order?: readonly string[]}} asked
     * @returns {Promise<{url: string} | {detail: string}>}
     */
    show: async (asked) => (await post(to("show"), asked, [200, 422])).said,

    schema: async () => {
      const response = await fetch(to("schema"), { headers: { accept: "application/json" } });
      if (!response.ok) throw new Error(why(response));
      return await response.json();
    },
  };
}
