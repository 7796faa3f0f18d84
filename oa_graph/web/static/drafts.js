/**
 * Drafts: what the user enters is kept in this browser until the service has stored it.
 *
 * A draft is removed only by a page that confirms the answer of its task, or by the user.
 */

import { announce, text } from "./notices.js";

/** @typedef {{fields: Record<string, string[]>, title: string, saved: number}} Draft */

const PREFIX = "oa-graph draft ";
const SAVE_AFTER_MS = 300;
const OWN_FIELDS = new Set(["form_token"]);

/** @returns {string} the prefix of the keys of the user */
function prefix() {
  return `${PREFIX}${document.querySelector("main")?.dataset.user ?? ""} `;
}

/**
 * @param {string} key
 * @returns {Draft | null}
 */
function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {HTMLFormElement} form
 * @returns {Record<string, string[]>}
 */
function values(form) {
  /** @type {Record<string, string[]>} */
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && !OWN_FIELDS.has(name)) (fields[name] ??= []).push(value);
  }
  return fields;
}

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string[]>} fields
 */
function fill(form, fields) {
  for (const control of form.elements) {
    if (control instanceof HTMLTextAreaElement || control instanceof HTMLSelectElement) {
      const value = fields[control.name]?.[0];
      if (value !== undefined) control.value = value;
    } else if (control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio")) {
      control.checked = (fields[control.name] ?? []).includes(control.value);
    }
  }
  form.dispatchEvent(new CustomEvent("draft:restored"));
}

/** @param {HTMLFormElement} form */
export function startDrafts(form) {
  const key = prefix() + form.dataset.draft;
  const status = form.querySelector("[data-draft-status]");
  const untouched = JSON.stringify(values(form));
  const draft = read(key);
  if (draft && JSON.stringify(draft.fields) !== untouched) {
    fill(form, draft.fields);
    if (status) status.textContent = text("restored");
    announce(text("restored"));
  }
  /** @type {number | undefined} */
  let timer;
  const save = () => {
    clearTimeout(timer);
    timer = undefined;
    const fields = values(form);
    if (JSON.stringify(fields) === untouched) return;
    try {
      localStorage.setItem(key, JSON.stringify({ fields, title: form.dataset.title ?? "", saved: Date.now() }));
      if (status) status.textContent = text("draft");
    } catch {
      if (status) status.textContent = "";
    }
  };
  const soon = () => {
    timer ??= window.setTimeout(save, SAVE_AFTER_MS);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", save);
  window.addEventListener("pagehide", () => timer && form.isConnected && save());
  countCharacters(form);
}

/** @param {HTMLFormElement} form */
function countCharacters(form) {
  const area = form.querySelector("textarea[data-limit]");
  const count = form.querySelector("[data-count]");
  if (!(area instanceof HTMLTextAreaElement) || !(count instanceof HTMLElement)) return;
  const limit = Number(area.dataset.limit);
  const show = () => {
    const length = [...area.value.trim()].length;
    count.textContent = `${length} / ${limit}`;
    count.classList.toggle("is-over", length > limit);
  };
  area.addEventListener("input", show);
  form.addEventListener("draft:restored", show);
  show();
}

/**
 * Forget the draft of a task whose answer is stored, and list texts whose task is over.
 *
 * @param {ParentNode} root
 */
export function showUnsent(root) {
  const done = root.querySelector("[data-done]");
  if (done instanceof HTMLElement) localStorage.removeItem(prefix() + done.dataset.done);
  const place = root.querySelector("[data-unsent]");
  if (!(place instanceof HTMLElement)) return;
  const open = new Set((place.dataset.open ?? "").split(" "));
  const list = place.querySelector("ul");
  for (let i = 0; i < localStorage.length; i++) {
    const key = localStorage.key(i) ?? "";
    const draft = key.startsWith(prefix()) ? read(key) : null;
    const words = draft?.fields.text?.[0]?.trim();
    if (!draft || !words || open.has(key.slice(prefix().length))) continue;
    list?.append(unsent(key, draft, words));
    place.hidden = false;
  }
}

/**
 * @param {string} key
 * @param {Draft} draft
 * @param {string} words
 * @returns {HTMLElement}
 */
function unsent(key, draft, words) {
  const item = document.createElement("li");
  const title = document.createElement("p");
  title.className = "small muted";
  title.textContent = `${draft.title} · ${new Date(draft.saved).toLocaleString()}`;
  const post = document.createElement("p");
  post.className = "excerpt";
  post.dir = "auto";
  post.textContent = words;
  const actions = document.createElement("p");
  actions.className = "actions";
  const copy = button(text("copy"), "secondary");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(words);
    announce(text("copied"));
    copy.textContent = text("copied");
  });
  const discard = button(text("discard"), "quiet");
  discard.addEventListener("click", () => {
    localStorage.removeItem(key);
    item.remove();
  });
  actions.append(copy, discard);
  item.append(title, post, actions);
  return item;
}

/**
 * @param {string} label
 * @param {string} kind
 * @returns {HTMLButtonElement}
 */
function button(label, kind) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = `button ${kind}`;
  made.textContent = label;
  return made;
}
