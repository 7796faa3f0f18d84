/** Keys that work everywhere on a page: Ctrl or Command with Enter sends. */

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
    const form = document.querySelector("form[data-draft]");
    if (!(form instanceof HTMLFormElement)) return;
    const submit = form.querySelector("button[type=submit][data-key=send]");
    event.preventDefault();
    if (submit instanceof HTMLButtonElement && !submit.disabled) form.requestSubmit(submit);
  });
  // A double click sends one request: the button is disabled until the first is answered.
  document.addEventListener("htmx:beforeRequest", (event) => toggle(event, true));
  document.addEventListener("htmx:afterRequest", (event) => toggle(event, false));
}

/**
 * @param {Event} event
 * @param {boolean} isOff
 */
function toggle(event, isOff) {
  const form = /** @type {CustomEvent} */ (event).detail.elt;
  if (!(form instanceof HTMLFormElement)) return;
  for (const button of form.querySelectorAll("button[type=submit]")) {
    /** @type {HTMLButtonElement} */ (button).disabled = isOff;
  }
}
