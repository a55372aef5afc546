/**
 * Sends what is asked for to the server and shows what comes back: the stage of a new run, or one sentence why not.
 *
 * The form works without this script. What is handed over to the next stage (the moment, whether it plays) waits here.
 */

/** @typedef {{at_ms: number, playing: boolean, speed: number}} Handover */

/** @type {Handover | null} */
let handover = null;

/** What the stage before left for this one, once. */
export function takeOver() {
  const left = handover;
  handover = null;
  return left;
}

/**
 * @param {string} address
 * @param {FormData} fields with the form's csrf token
 * @param {Handover} moment at which the new stage goes on
 * @returns {Promise<string>} why it was refused; empty: a new stage stands
 */
export async function send(address, fields, moment) {
  const token = String(fields.get("csrfmiddlewaretoken") ?? "");
  const headers = { "HX-Request": "true", "X-CSRFToken": token };
  let answer;
  try {
    answer = await fetch(address, { method: "POST", body: fields, headers });
  } catch {
    return "The server cannot be reached. What is on this page is complete; try again when the server is back.";
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const stage = page.querySelector("#stage");
  if (answer.ok && stage) {
    handover = moment;
    const to = answer.headers.get("HX-Push-Url");
    if (to) history.pushState(null, "", to);
    document.querySelector("#stage")?.replaceWith(document.adoptNode(stage));
    return "";
  }
  const refused = page.querySelector("#refused [role=alert]")?.textContent?.trim();
  return refused || `The server answered ${answer.status} and gave no reason; reload the page and try again.`;
}
