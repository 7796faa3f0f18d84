/**
 * Ranking by drag, by buttons and by keys: a number moves the focused candidate to that place, the arrows move it by one.
 *
 * The form sends the selects of places, which also work without scripts.
 */

import { announce, text } from "./notices.js";

/** @param {HTMLElement} list */
export function startRanking(list) {
  const form = /** @type {HTMLFormElement} */ (list.closest("form"));

  const items = () => /** @type {HTMLElement[]} */ ([...list.children]);

  /** Write the order of the list into the selects. */
  const write = () => {
    items().forEach((item, index) => {
      const place = item.querySelector(".place");
      if (place) place.textContent = String(index + 1);
      const select = item.querySelector("select");
      if (select) select.value = String(index + 1);
      for (const button of item.querySelectorAll("button[data-move]")) {
        const isUp = /** @type {HTMLElement} */ (button).dataset.move === "-1";
        button.toggleAttribute("disabled", isUp ? index === 0 : index === list.children.length - 1);
      }
    });
  };

  /** Put the list into the order of the selects, as a draft left them. */
  const readBack = () => {
    const place = (/** @type {HTMLElement} */ item) => Number(item.querySelector("select")?.value);
    for (const item of items().sort((one, other) => place(one) - place(other))) list.append(item);
    write();
  };

  /**
   * @param {HTMLElement} item
   * @param {number} index where it goes
   */
  const move = (item, index) => {
    const others = items().filter((other) => other !== item);
    const goal = Math.max(0, Math.min(index, others.length));
    list.insertBefore(item, others[goal] ?? null);
    write();
    form.dispatchEvent(new Event("change"));
    announce(text("place", { place: goal + 1, count: others.length + 1 }));
  };

  list.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button[data-move]");
    if (!(button instanceof HTMLButtonElement)) return;
    const item = /** @type {HTMLElement} */ (button.closest("li"));
    move(item, items().indexOf(item) + Number(button.dataset.move));
    if (button.disabled) item.focus();
    else button.focus();
  });

  list.addEventListener("keydown", (event) => {
    const item = /** @type {Element} */ (event.target).closest("li");
    if (!(item instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const index = items().indexOf(item);
    const onItem = event.target === item;
    if (/^[1-9]$/.test(event.key) && Number(event.key) <= list.children.length) move(item, Number(event.key) - 1);
    else if (onItem && event.key === "ArrowUp") move(item, index - 1);
    else if (onItem && event.key === "ArrowDown") move(item, index + 1);
    else return;
    event.preventDefault();
    item.focus();
  });

  list.addEventListener("pointerdown", (event) => {
    const grip = /** @type {Element} */ (event.target).closest(".grip");
    const item = grip?.closest("li");
    if (!(grip instanceof HTMLElement) || !(item instanceof HTMLElement) || event.button !== 0) return;
    event.preventDefault();
    item.classList.add("is-dragged");
    const drag = (/** @type {PointerEvent} */ moved) => {
      const others = items().filter((other) => other !== item);
      const before = others.find((other) => {
        const box = other.getBoundingClientRect();
        return moved.clientY < box.top + box.height / 2;
      });
      if (before !== item.nextElementSibling) list.insertBefore(item, before ?? null);
    };
    const end = () => {
      document.removeEventListener("pointermove", drag);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      item.classList.remove("is-dragged");
      move(item, items().indexOf(item));
    };
    // On the document: a captured pointer would be lost when its candidate moves in the list.
    document.addEventListener("pointermove", drag);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  });

  form.addEventListener("draft:restored", readBack);
  for (const item of items()) item.tabIndex = 0;
  readBack();
}
