/** The entry of the scripts: starts the parts of each page, and reports network failures. */

import { startDecisions } from "./decisions.js";
import { showUnsent, startDrafts } from "./drafts.js";
import { startKeys } from "./keys.js";
import { startLease } from "./lease.js";
import { announce, hideNotice, showNotice, text } from "./notices.js";
import { startPicture } from "./picture.js";
import { polledPart, startPolling } from "./polling.js";
import { startRanking } from "./ranking.js";

document.documentElement.classList.add("has-script");

/** @param {ParentNode} root the part of the page that was just loaded */
function start(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) startDrafts(/** @type {HTMLFormElement} */ (form));
  for (const list of root.querySelectorAll("[data-ranking]")) startRanking(/** @type {HTMLElement} */ (list));
  for (const lease of root.querySelectorAll("[data-lease]")) startLease(/** @type {HTMLElement} */ (lease));
  for (const picture of root.querySelectorAll("[data-picture]")) startPicture(/** @type {HTMLElement} */ (picture));
  for (const guideline of root.querySelectorAll("[data-guideline]")) {
    startGuideline(/** @type {HTMLDetailsElement} */ (guideline));
  }
  root.querySelector(".subnav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  showUnsent(root);
}

const CLOSED = "oa-graph-closed-guidelines";
const MOST_CLOSED = 30;

/**
 * A guideline is open until the user closes it; then it stays closed. The choice is kept in a cookie, so that the service
 * renders the next page right and nothing moves.
 *
 * @param {HTMLDetailsElement} guideline
 */
function startGuideline(guideline) {
  const id = guideline.dataset.guideline ?? "";
  guideline.addEventListener("toggle", () => {
    const known = document.cookie.match(new RegExp(`(?:^|; )${CLOSED}=([^;]*)`))?.[1]?.split(".") ?? [];
    const others = known.filter((other) => other && other !== id);
    const closed = guideline.open ? others : [...others, id].slice(-MOST_CLOSED);
    document.cookie = `${CLOSED}=${closed.join(".")}; path=/; max-age=31536000; samesite=lax`;
  });
}

/**
 * Focus the first control of the work. Not on a touch screen, where that would open the keyboard.
 *
 * @returns {boolean} whether there is one
 */
function focusFirst() {
  const marked = document.querySelector("[data-autofocus]");
  const first = marked?.matches("ol") ? marked.querySelector("li") : marked;
  if (!(first instanceof HTMLElement) || matchMedia("(hover: none)").matches) return false;
  first.focus({ preventScroll: true });
  return true;
}

/**
 * @param {Event} event
 * @param {"error" | "offline"} kind
 * @param {string} sentence
 */
function showFailure(event, kind, sentence) {
  if (!polledPart(event)) showNotice(kind, text(sentence));
}

startKeys();
startDecisions();
startPolling();
start(document);
focusFirst();

document.addEventListener("htmx:afterSwap", (event) => {
  const page = document.getElementById("page");
  if (!page || /** @type {CustomEvent} */ (event).detail.target?.id !== "page") return;
  start(page);
  if (!focusFirst()) page.querySelector("main")?.focus({ preventScroll: true });
  announce(document.title);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (polledPart(event)) return;
  document.body.classList.add("is-loading");
  hideNotice();
});
document.addEventListener("htmx:afterRequest", () => document.body.classList.remove("is-loading"));
document.addEventListener("htmx:sendError", (event) => showFailure(event, "offline", "offline"));
document.addEventListener("htmx:timeout", (event) => showFailure(event, "offline", "offline"));
document.addEventListener("htmx:responseError", (event) => showFailure(event, "error", "failed"));
window.addEventListener("offline", () => showNotice("offline", text("offline")));
window.addEventListener("online", hideNotice);
