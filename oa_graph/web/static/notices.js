/** Messages of the scripts. The sentences are in the page, in its language. */

/**
 * @param {string} name of the sentence
 * @param {Record<string, string | number>} [values] for the names in braces
 * @returns {string}
 */
export function text(name, values = {}) {
  const sentence = document.getElementById("texts")?.dataset[name] ?? "";
  return sentence.replace(/\{(\w+)\}/g, (whole, key) => String(values[key] ?? whole));
}

/** @param {string} sentence for screen readers alone */
export function announce(sentence) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = sentence;
}

/**
 * @param {"done" | "error" | "offline"} kind
 * @param {string} sentence
 */
export function showNotice(kind, sentence) {
  const place = document.getElementById("notices");
  if (!place) return;
  const notice = document.createElement("div");
  notice.className = `notice ${kind}`;
  notice.setAttribute("role", "alert");
  const spacer = document.createElement("span");
  const words = document.createElement("p");
  words.textContent = sentence;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button quiet";
  close.textContent = text("close");
  close.addEventListener("click", hideNotice);
  notice.append(spacer, words, close);
  place.replaceChildren(notice);
}

export function hideNotice() {
  document.getElementById("notices")?.replaceChildren();
}
