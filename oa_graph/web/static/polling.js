/** Parts of a page that are refreshed every few seconds: not while the page is hidden, and never replaced by an error. */

/**
 * @param {Event} event of htmx
 * @returns {HTMLElement | null} the part that it concerns
 */
export function polledPart(event) {
  const part = /** @type {CustomEvent} */ (event).detail.elt;
  return part instanceof HTMLElement && part.matches("[data-poll]") ? part : null;
}

export function startPolling() {
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (polledPart(event) && document.hidden) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = /** @type {CustomEvent} */ (event).detail;
    const part = polledPart(event);
    if (!part || detail.serverResponse.includes(`id="${part.id}"`)) return;
    detail.shouldSwap = false;
    part.classList.add("is-stale");
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => polledPart(event)?.classList.add("is-stale"));
  }
}
