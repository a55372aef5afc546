/**
 * Wakes what the page asks for: an element with data-controller="runs/stage" is handed to the default export of
 * sagasim/runs/stage.js, once, also when a fragment brings it later. The export may return a function that puts
 * the element to sleep again when it leaves the page.
 *
 * @typedef {(element: HTMLElement) => void | (() => void)} Controller
 */

/** @type {Map<HTMLElement, Promise<void | (() => void)>>} */
const awake = new Map();

/** @param {HTMLElement} element */
async function wake(element) {
  /** @type {{default: Controller}} */
  const { default: connect } = await import(`sagasim/${element.dataset.controller}.js`);
  return element.isConnected ? connect(element) : undefined;
}

function look() {
  for (const [element, woken] of awake) {
    if (element.isConnected) continue;
    awake.delete(element);
    woken.then((sleep) => sleep?.());
  }
  for (const element of document.querySelectorAll("[data-controller]")) {
    if (element instanceof HTMLElement && !awake.has(element)) awake.set(element, wake(element));
  }
}

new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
look();
