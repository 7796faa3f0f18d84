/** The lease of a task: shows its end in local time, and renews it while the user is active. */

import { text } from "./notices.js";

const AT_WORK_MS = 60_000;
/** A user without input for so long is not active. */

/** @param {HTMLElement} lease */
export function startLease(lease) {
  const address = lease.dataset.lease ?? "";
  const words = lease.querySelector("[data-lease-text]");
  const every = Math.max(1_000, (Number(lease.dataset.seconds) * 1000) / 3);
  let lastWork = 0;
  let lastRenewal = Date.now();
  let isOver = false;

  /** @param {string | undefined} until */
  const show = (until) => {
    const isHeld = Boolean(until) && Date.parse(until ?? "") > Date.now();
    lease.classList.toggle("is-lost", !isHeld);
    if (!words) return;
    const time = new Date(until ?? 0).toLocaleTimeString([], {
      hour: "2-digit",
      minute: "2-digit",
    });
    words.textContent = isHeld ? text("held", { time }) : text("lost");
  };

  const renew = async () => {
    lastRenewal = Date.now();
    const form = new FormData();
    form.append("form_token", lease.dataset.token ?? "");
    try {
      const response = await fetch(address, { method: "POST", body: new URLSearchParams(/** @type {any} */ (form)) });
      if (!response.ok) return;
      const renewed = await response.json();
      isOver = renewed.is_over;
      lease.dataset.until = renewed.until ?? "";
      show(lease.dataset.until);
    } catch {
      // No connection: the next renewal is tried as usual.
    }
  };

  const work = () => {
    lastWork = Date.now();
  };
  for (const event of ["input", "keydown", "pointerdown"]) document.addEventListener(event, work);
  const timer = setInterval(() => {
    if (!lease.isConnected) {
      clearInterval(timer);
      for (const event of ["input", "keydown", "pointerdown"]) document.removeEventListener(event, work);
      return;
    }
    if (!isOver && Date.now() - lastWork < AT_WORK_MS && Date.now() - lastRenewal > every) renew();
    show(lease.dataset.until);
  }, 1_000);
  show(lease.dataset.until);
}
