// The script of every page. Everything works without it; it only saves steps.
"use strict";

document.documentElement.classList.add("js");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;

// Version 0.2.0 kept this in the browser.
const KEYS_OFF = "pingadmin.keys-off";
const keysAreOn = () => document.getElementById("help")?.dataset.keys !== "off" && localStorage.getItem(KEYS_OFF) === null;
const isTyping = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog") !== null;

function focusSearch(event) {
  const search = document.getElementById("find");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
}

function openHelp() {
  const dialog = document.getElementById("help");
  if (!dialog || dialog.open) return;
  dialog.showModal();
}

function moveBetweenRows(step) {
  const links = [...document.querySelectorAll("tbody tr")].map((row) => row.querySelector("a[href]")).filter(Boolean);
  const indexWhere = (isCurrent) => links.findIndex((link) => isCurrent(link.closest("tr")));
  let index = indexWhere((row) => row.contains(document.activeElement));
  // With the focus elsewhere, moving starts from the row whose details are open.
  if (index < 0) index = indexWhere((row) => row.hasAttribute("aria-current"));
  links[Math.max(0, Math.min(links.length - 1, index + step))]?.focus();
}

// Keys move and open, nothing else: none of them acts on a session.
const KEYS = { "/": focusSearch, "?": openHelp, j: () => moveBetweenRows(1), k: () => moveBetweenRows(-1) };

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
function ageText(seconds) {
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) || UNITS.at(-1);
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

// A machine that sleeps stops performance.now(), and a clock that is set moves Date.now(). An age may be shown too
// old, never too young: the longer span counts.
function startStopwatch() {
  return { steady: performance.now(), clock: Date.now() };
}
function secondsSince(start) {
  return Math.max(performance.now() - start.steady, Date.now() - start.clock) / 1000;
}

function updateAges() {
  for (const age of document.querySelectorAll("time[data-age], i[data-age]")) {
    // The server's age and the time since then: the browser's clock may differ from the server's.
    age.startedAt ??= startStopwatch();
    const seconds = Number(age.dataset.age) + Math.floor(secondsSince(age.startedAt));
    const text = ageText(seconds);
    if (seconds >= 0 && age.textContent !== text) age.textContent = text;
  }
}

function updateCountdowns() {
  for (const countdown of document.querySelectorAll("[data-countdown]")) {
    countdown.startedAt ??= startStopwatch();
    const seconds = Math.ceil(Number(countdown.dataset.countdown) - secondsSince(countdown.startedAt));
    if (seconds > 0) countdown.textContent = `${seconds} s`;
    else countdown.parentElement.textContent = "You can try again now.";
  }
}

// The time until a scheduled resume, in the words of wording.countdown().
function updateTimesUntil() {
  for (const until of document.querySelectorAll("time[data-until]")) {
    until.startedAt ??= startStopwatch();
    const seconds = Number(until.dataset.until) - Math.floor(secondsSince(until.startedAt));
    const text = seconds > 0 ? ageText(seconds).replace(/^(.*) ago$/, "in $1") : "due now";
    if (until.textContent !== text) until.textContent = text;
  }
}
setInterval(updateTimesUntil, 1000);
setInterval(updateCountdowns, 1000);

// The box and what it suggests are one list for the arrow keys; Escape goes back, then out.
function moveInSuggestions(event) {
  const box = document.getElementById("find");
  const stops = [box, ...box.form.querySelectorAll("#suggestions a")];
  const index = stops.indexOf(event.target);
  if (event.key === "Escape") {
    document.getElementById("suggestions").replaceChildren();
    if (event.target === box) box.blur();
    else box.focus();
  } else if (event.key in ARROWS && stops.length > 1) {
    event.preventDefault();
    stops[(index + ARROWS[event.key] + stops.length) % stops.length].focus();
  }
}

const ARROWS = { ArrowDown: 1, ArrowUp: -1 };
document.addEventListener("keydown", (event) => {
  if (event.target.closest(".find")) moveInSuggestions(event);
  if (event.key in ARROWS && event.target.closest("tbody tr") && !isTyping(event.target)) {
    event.preventDefault();
    moveBetweenRows(ARROWS[event.key]);
  }
  const action = KEYS[event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !keysAreOn()) return;
  action(event);
});

// A long ticket doesn't fit into an address: of such a one only words with a digit are kept, as every id has one.
function shortenPaste(text) {
  const words = text.trim().split(/\s+/);
  return (text.length > 2000 ? words.filter((word) => /\d/.test(word)) : words).join(" ");
}

// What was copied can be looked up without going to the box first.
document.addEventListener("paste", (event) => {
  const search = document.getElementById("find");
  if (!search || (event.target !== search && isTyping(event.target))) return;
  event.preventDefault();
  search.focus();
  const text = shortenPaste(event.clipboardData.getData("text"));
  search.setRangeText(text, search.selectionStart, search.selectionEnd, "end");
  search.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("click", (event) => {
  const suggestion = event.target.closest("button[data-fill]");
  if (suggestion) {
    const field = document.getElementById(suggestion.dataset.for);
    const text = field.value.trim() ? `${/\s$/.test(field.value) ? "" : " "}${suggestion.dataset.fill}` : suggestion.dataset.fill;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    // As typing would: only so does the browser know how to undo it.
    document.execCommand("insertText", false, text);
  }
  const copy = event.target.closest("button[data-copy]");
  if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => { copy.textContent = "Copied"; });
  if (event.target.closest("[data-help]")) openHelp();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("#help form");
  if (!form || localStorage.getItem(KEYS_OFF) === null) return;
  const fields = new FormData(form);
  fields.set("keys", "no");
  fetch(form.action, { method: "POST", body: fields }).then((answer) => { if (answer.ok) localStorage.removeItem(KEYS_OFF); });
});

// Drafts: what was typed survives a reload and an expired sign-in, in this tab and for this person only.
const draftKey = (field) => `pingadmin.kept ${field.dataset.keep} ${location.pathname} ${field.id}`;
function restoreDrafts() {
  for (const field of document.querySelectorAll("[data-keep]")) {
    const draft = sessionStorage.getItem(draftKey(field));
    // What somebody typed wins over what the server filled in, field by field.
    if (draft !== null && field.value !== draft) field.value = draft;
  }
}
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-keep]")) sessionStorage.setItem(draftKey(event.target), event.target.value);
});
document.addEventListener("DOMContentLoaded", restoreDrafts);
document.addEventListener("htmx:afterSettle", restoreDrafts);

// After a swap the focus goes to what needs attention: a refused field, or else the heading of the part where it was.
const sectionOf = (element) => element.closest("section[aria-labelledby]")?.getAttribute("aria-labelledby") ?? "";
// Read before the request, which disables its button and so takes the focus from it.
const sectionsBefore = new WeakMap();
document.addEventListener("htmx:beforeRequest", (event) => {
  const active = document.activeElement;
  if (event.detail.elt.contains(active)) sectionsBefore.set(event.detail.xhr, sectionOf(active));
});
let sectionInUse = null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const active = document.activeElement;
  const isInside = event.detail.target.contains(active);
  sectionInUse = sectionsBefore.get(event.detail.xhr) ?? (isInside ? sectionOf(active) : null);
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (sectionInUse === null) return;
  const refused = [...event.target.querySelectorAll(".field-error:not(:empty)")].map((error) => document.querySelector(`[aria-describedby~="${error.id}"]`)).filter(Boolean);
  for (const field of refused) field.setAttribute("aria-invalid", "true");
  const heading = document.getElementById(sectionInUse);
  if (refused.length) refused[0].focus();
  else if (heading && document.activeElement === document.body) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
});
document.addEventListener("input", (event) => event.target.removeAttribute("aria-invalid"));

// A part of the page that polls waits while somebody uses it. An element with an id keeps its focus through a swap.
function isInUse(part) {
  const active = document.activeElement;
  return part.querySelector("details[open]") !== null || (part.contains(active) && !active.id);
}
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches("[data-poll]") && isInUse(event.detail.target)) event.preventDefault();
});

// A button that says how many sessions it will resume, while somebody selects them.
function updateCounts() {
  for (const button of document.querySelectorAll("[data-counts]")) {
    const count = document.querySelectorAll(`${button.dataset.counts} input[name=item]:checked`).length;
    button.textContent = `Resume ${count} session${count === 1 ? "" : "s"}`;
    button.disabled = count === 0;
  }
}
for (const event of ["DOMContentLoaded", "change", "htmx:afterSwap"]) document.addEventListener(event, updateCounts);
addEventListener("pageshow", updateCounts);

document.addEventListener("DOMContentLoaded", updateAges);
document.addEventListener("htmx:afterSwap", updateAges);
setInterval(updateAges, 5000);

// What was shown when the machine fell asleep must not stand for a moment after it woke.
let tickedAt = Date.now();
function noticeSleep() {
  const hasSlept = Date.now() - tickedAt > 3000;
  tickedAt = Date.now();
  if (!hasSlept) return;
  updateAges();
  document.dispatchEvent(new Event("pingadmin:woke"));
}
setInterval(noticeSleep, 1000);
for (const wake of ["visibilitychange", "pageshow", "focus"]) addEventListener(wake, noticeSleep, true);
