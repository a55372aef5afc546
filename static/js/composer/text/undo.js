/** Undo and redo keys in a field are the store's: there is one history for all views. */

/** @param {KeyboardEvent} event @param {{undo(): void, redo(): void}} store */
export function undoKey(event, store) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) store.undo();
  else if (key === "y" || key === "z") store.redo();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
