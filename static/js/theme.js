/**
 * The button that chooses between the system's, the light and the dark theme; the choice stays in this browser, and
 * is that of the admin too, whose word for the system's is "auto".
 */

/** @type {Record<string, string>} what is kept, and what is said */
const THEMES = { auto: "system", light: "light", dark: "dark" };

/** @param {string | undefined} theme */
function next(theme) {
  const known = Object.keys(THEMES);
  return known[(known.indexOf(theme ?? "") + 1) % known.length] ?? "auto";
}

/** @param {HTMLElement} button */
export default function connect(button) {
  const root = document.documentElement;
  const show = () => {
    button.textContent = `Theme: ${THEMES[root.dataset.theme ?? ""] ?? THEMES.auto}`;
  };
  button.addEventListener("click", () => {
    const theme = next(root.dataset.theme);
    root.dataset.theme = theme;
    localStorage.setItem("theme", theme);
    show();
  });
  show();
  button.hidden = false; // without scripts there is nothing to press
}
