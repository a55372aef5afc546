/** The first visit, in five steps beside the parts that they are about. It stops nothing, and is found again in help. */

import { html } from "sagasim/runs/elements.js";

const SEEN = "sagasim tour seen";

/** @type {readonly {region: string, title: string, text: string}[]} */
const STOPS = [
  {
    region: "canvas",
    title: "Draw the saga",
    text: "Drag a step from the palette, or press 1 to 4. Drag from the right edge of a step to what comes after it.",
  },
  {
    region: "tabs",
    title: "Three views, one saga",
    text: "The table does everything by keyboard: type one step a line, such as payments: charge card / refund. The text is the file itself. Undo goes through all of them.",
  },
  {
    region: "properties",
    title: "Say how it behaves",
    text: "What is selected can be told here: retries, effects, safeguards, the engine's rules. A grey value is the default; a dot marks what you have written.",
  },
  {
    region: "problems",
    title: "What is wrong, and why",
    text: "Each problem has its sentence, its fix where one change does it, and the run that proves it: Show me.",
  },
  {
    region: "verdict",
    title: "The verdict follows every edit",
    text: "Any one fault, then any two, in both coordinations, all of them and not a sample. Save makes a version; Run and Explore show every step of the way.",
  },
];

/** @param {HTMLElement} root Begins it, also where it is under way. */
export function tour(root) {
  root.querySelector(".tour")?.remove();
  const title = html("h2", { id: "tour-title" });
  const text = html("p");
  const place = html("p", { class: "tour-place" });
  const next = html("button", { class: "primary", type: "button" }, "Next");
  const skip = html("button", { class: "quiet", type: "button" }, "Skip the tour");
  const card = html(
    "aside",
    { class: "tour", "aria-labelledby": title.id, hidden: true },
    place,
    title,
    text,
    html("p", { class: "sheet-acts" }, next, skip),
  );
  root.append(card);
  let at = 0;

  const show = () => {
    for (const shown of root.querySelectorAll("[data-toured]")) shown.removeAttribute("data-toured");
    const stop = STOPS[at];
    if (!stop || card.hidden) return;
    root.querySelector(`[data-region="${stop.region}"]`)?.setAttribute("data-toured", "");
    title.textContent = stop.title;
    text.textContent = stop.text;
    place.textContent = `${at + 1} of ${STOPS.length}`;
    next.textContent = at === STOPS.length - 1 ? "Done" : "Next";
    skip.hidden = at === STOPS.length - 1;
  };
  const end = () => {
    localStorage.setItem(SEEN, "yes");
    card.hidden = true;
    show();
  };
  next.addEventListener("click", () => {
    at += 1;
    if (at < STOPS.length) show();
    else end();
  });
  skip.addEventListener("click", end);
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    end();
    event.stopPropagation();
  });
  card.hidden = false;
  show();
  return () => next.focus();
}
