/** Where the steps stand in the text, as far as their names can be seen there. */

const NAMED = /^(\s*)-\s*(?:\{\s*)?name:\s*["']?([a-z0-9_-]+)/;

/** @param {string} text */
function stepLines(text) {
  /** @type {{name: string, line: number, indent: number}[]} */
  const found = [];
  let isWithin = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (/^[a-z_]+:/.test(line)) isWithin = line.startsWith("steps:");
    const [, indent, name] = (isWithin && NAMED.exec(line)) || [];
    if (name !== undefined) found.push({ name, line: index + 1, indent: indent?.length ?? 0 });
  }
  return found;
}

/** @param {string} text @param {string} name @returns {number | undefined} */
export function lineOfStep(text, name) {
  return stepLines(text).find((each) => each.name === name)?.line;
}

/** @param {string} text @param {number} line @returns {string | undefined} */
export function stepAtLine(text, line) {
  const above = stepLines(text).findLast((each) => each.line <= line);
  if (!above) return undefined;
  const between = text.split("\n").slice(above.line, line);
  return between.some((each) => /^[a-z_]+:/.test(each)) ? undefined : above.name;
}
