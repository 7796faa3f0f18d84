/** A drawing to zoom and to move. Without this module it is a still picture that scrolls. */

import { announce } from "./notices.js";

const STEP = 1.25;
const SMALLEST = 0.1;
const LARGEST = 2;
const DRAG = 4; // pixels after which a press is no click

/** @param {HTMLElement} picture a part of the page with a frame, the drawing in it, and buttons */
export function startPicture(picture) {
  const frame = /** @type {HTMLElement} */ (picture.querySelector(".picture-frame"));
  const drawing = frame.querySelector("svg");
  if (!drawing) return;
  const { width, height } = drawing.viewBox.baseVal;
  let scale = 1;

  /**
   * @param {number} wanted
   * @param {number} x of the point that stays where it is, in the frame
   * @param {number} y
   */
  function zoom(wanted, x = frame.clientWidth / 2, y = frame.clientHeight / 2) {
    const next = Math.min(LARGEST, Math.max(SMALLEST, wanted));
    const left = (frame.scrollLeft + x) / scale;
    const top = (frame.scrollTop + y) / scale;
    scale = next;
    drawing?.setAttribute("width", String(width * scale));
    drawing?.setAttribute("height", String(height * scale));
    frame.scrollLeft = left * scale - x;
    frame.scrollTop = top * scale - y;
  }

  function fit() {
    zoom(Math.min(1, (frame.clientWidth - 2) / width, (frame.clientHeight - 2) / height));
  }

  /** @param {boolean} isSmooth */
  function show(isSmooth) {
    const box = frame.querySelector("a[aria-current]") ?? frame.querySelector("a[data-post]");
    if (!box) return;
    const place = box.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    const isSeen = place.top >= around.top && place.bottom <= around.bottom;
    frame.scrollBy({
      left: place.left + place.width / 2 - around.left - around.width / 2,
      top: isSeen ? 0 : place.top + place.height / 2 - around.top - around.height / 2,
      behavior: isSmooth && !matchMedia("(prefers-reduced-motion: reduce)").matches ? "smooth" : "auto",
    });
  }

  for (const button of picture.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      const kind = /** @type {HTMLElement} */ (button).dataset.zoom;
      if (kind === "fit") fit();
      else zoom(kind === "in" ? scale * STEP : scale / STEP);
    });
  }
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") zoom(scale * STEP);
    else if (event.key === "-") zoom(scale / STEP);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  });
  frame.addEventListener(
    "wheel",
    (event) => {
      if (!(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      const { left, top } = frame.getBoundingClientRect();
      zoom(scale * Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
    },
    { passive: false },
  );
  startDrag(frame);
  frame.addEventListener("click", (event) => follow(event, frame));

  // A wide tree begins as small as can be read, at its selected post, else at its root; another picture as a whole.
  if (frame.querySelector("a[data-post]")) {
    zoom(Math.max(0.7, Math.min(1, (frame.clientWidth - 2) / width)));
    show(false);
  } else {
    fit();
  }
  document.addEventListener("htmx:afterSwap", function select(event) {
    if (!frame.isConnected) document.removeEventListener("htmx:afterSwap", select);
    else if (/** @type {CustomEvent} */ (event).detail.target?.id === "reader") {
      mark(frame, document.getElementById("reader")?.dataset.post ?? "");
      show(true);
    }
  });
}

/**
 * @param {HTMLElement} frame
 * @param {string} id of the post that the page shows beside the drawing
 */
function mark(frame, id) {
  for (const link of frame.querySelectorAll("a[data-post]")) {
    if (link.getAttribute("data-post") === id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** @param {HTMLElement} frame moved by the mouse; fingers scroll it as everything else */
function startDrag(frame) {
  frame.addEventListener("pointerdown", (down) => {
    if (down.pointerType !== "mouse" || down.button !== 0) return;
    const { scrollLeft, scrollTop } = frame;
    delete frame.dataset.dragged;
    /** @param {PointerEvent} move */
    function drag(move) {
      const [x, y] = [move.clientX - down.clientX, move.clientY - down.clientY];
      if (Math.hypot(x, y) > DRAG) frame.dataset.dragged = "yes";
      if (!frame.dataset.dragged) return;
      frame.scrollLeft = scrollLeft - x;
      frame.scrollTop = scrollTop - y;
    }
    document.addEventListener("pointermove", drag);
    document.addEventListener("pointerup", () => document.removeEventListener("pointermove", drag), { once: true });
  });
  frame.addEventListener("dragstart", (event) => event.preventDefault());
}

/**
 * Show a post beside the drawing, without loading the page anew.
 *
 * @param {MouseEvent} event
 * @param {HTMLElement} frame
 */
async function follow(event, frame) {
  const link = /** @type {Element} */ (event.target).closest("a[data-post]");
  if (frame.dataset.dragged) {
    delete frame.dataset.dragged;
    event.preventDefault();
    return;
  }
  if (!link || !document.getElementById("reader") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = link.getAttribute("href") ?? "";
  await /** @type {any} */ (window).htmx.ajax("GET", address, {
    source: link,
    target: "#reader",
    select: "#reader",
    swap: "outerHTML show:none",
  });
  const reader = document.getElementById("reader");
  announce(reader?.getAttribute("aria-label") ?? "");
  if (reader && reader.getBoundingClientRect().top > innerHeight * 0.8) reader.scrollIntoView({ block: "start" });
}
