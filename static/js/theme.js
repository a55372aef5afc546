/** The button that chooses between the system's, the light and the dark theme; the choice stays in this browser. */

const THEMES = ["system", "light", "dark"];

/** @param {string | undefined} theme */
function next(theme) {
  return THEMES[(THEMES.indexOf(theme ?? "system") + 1) % THEMES.length] ?? "system";
}

/** @param {HTMLElement} button */
export default function connect(button) {
  const root = document.documentElement;
  const show = () => {
    button.textContent = `Theme: ${root.dataset.theme}`;
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
