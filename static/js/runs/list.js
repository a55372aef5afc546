/**
 * An open list of runs hears that there are new ones and fetches itself again: the server says only that something has
 * changed, and the page asks for what it shows now.
 */

const LONGEST_WAIT_MS = 8000;

/** @param {HTMLElement} rows */
export default function connect(rows) {
  /** @type {WebSocket} */
  let socket;
  let wait_ms = 500;
  let gone = false;
  /** @type {number | undefined} */
  let timer;

  const open = () => {
    socket = new WebSocket(new URL("/ws/runs/", location.href.replace(/^http/, "ws")));
    socket.addEventListener("open", () => {
      if (wait_ms > 500) void fetchAgain(rows); // something may have happened while we were away
      wait_ms = 500;
    });
    socket.addEventListener("message", () => void fetchAgain(rows));
    socket.addEventListener("close", () => {
      if (gone) return;
      timer = setTimeout(open, wait_ms);
      wait_ms = Math.min(LONGEST_WAIT_MS, wait_ms * 2);
    });
  };
  open();
  return () => {
    gone = true;
    clearTimeout(timer);
    socket.close();
  };
}

/** @param {HTMLElement} rows */
async function fetchAgain(rows) {
  if (new URLSearchParams(location.search).has("before")) return; // older pages do not change at their top
  const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.querySelector("#rows");
  if (found) rows.replaceChildren(...document.adoptNode(found).childNodes);
}
