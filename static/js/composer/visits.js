/** Tells one visit to a field from the next: what is typed during one is one step of undo. */

let visits = 0;
document.addEventListener("focusin", () => {
  visits += 1;
});

/** @param {string} where @returns {string} What edits of one visit have in common. */
export function visit(where) {
  return `${where}#${visits}`;
}
