/** Decisions by one key: J and K move between the cases, the key of a button presses it. */

let isListening = false;

/** Listens once for the whole page, and looks up the current list at each key. */
export function startDecisions() {
  if (isListening) return;
  isListening = true;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    const list = document.querySelector("[data-decisions]");
    const key = event.key.toLowerCase();
    if (list && (key === "j" || key === "k")) {
      event.preventDefault();
      move(list, key === "j" ? 1 : -1);
      return;
    }
    // The last decision can also be undone when no case is left.
    const place = key === "u" ? document : list && (currentCase(list) ?? list.firstElementChild);
    const button = place?.querySelector(`button[data-key="${CSS.escape(key)}"]`);
    if (!(button instanceof HTMLButtonElement) || button.disabled) return;
    event.preventDefault();
    button.click(); // a click tells htmx which button it was
  });
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

/** @param {Element} list */
function currentCase(list) {
  return [...list.children].find((item) => item.contains(document.activeElement)) ?? null;
}

/**
 * @param {Element} list
 * @param {number} step
 */
function move(list, step) {
  const cases = [...list.children];
  const current = currentCase(list);
  const place = current ? cases.indexOf(current) + step : 0;
  const next = cases[Math.min(Math.max(place, 0), cases.length - 1)];
  if (!(next instanceof HTMLElement)) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}
