// The panel's one script. Everything works without it; it only saves steps.
"use strict";

document.documentElement.classList.add("js");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
document.cookie = `tz=${zone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;

const KEYS_OFF = "pingadmin.keys-off";
const keysAreOn = () => localStorage.getItem(KEYS_OFF) === null;
const isTyping = (element) => element.closest("input, textarea, select, [contenteditable], dialog") !== null;

function focusBox(event) {
  const box = document.getElementById("find");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
}

function openHelp() {
  const dialog = document.getElementById("help");
  if (!dialog || dialog.open) return;
  dialog.querySelector("[data-keys]").checked = keysAreOn();
  dialog.showModal();
}

function moveBetweenRows(step) {
  const links = [...document.querySelectorAll("tbody tr")].map((row) => row.querySelector("a[href]")).filter(Boolean);
  const focused = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const here = focused < 0 ? links.findIndex((link) => link.closest("tr").hasAttribute("aria-current")) : focused;
  const next = links[Math.max(0, Math.min(links.length - 1, here + step))];
  if (next) next.focus();
}

// No key here acts on a session: they move and open, nothing else.
const KEYS = { "/": focusBox, "?": openHelp, j: () => moveBetweenRows(1), k: () => moveBetweenRows(-1) };

function words(seconds) {
  const [unit, size] = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]].find(([, least]) => seconds >= least) || ["s", 1];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

function tickAges() {
  for (const time of document.querySelectorAll("time[data-age], i[data-age]")) {
    // The server's age plus our own stopwatch: the two clocks need not agree.
    time.seenAt ??= performance.now();
    const seconds = Number(time.dataset.age) + Math.floor((performance.now() - time.seenAt) / 1000);
    const text = words(seconds);
    if (seconds >= 0 && time.textContent !== text) time.textContent = text;
  }
}

document.addEventListener("keydown", (event) => {
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !keysAreOn()) return;
  act(event);
});

// A long ticket does not fit into an address: then only words with a digit are kept, as every id has one.
function pasteable(text) {
  const words = text.trim().split(/\s+/);
  return (text.length > 2000 ? words.filter((word) => /\d/.test(word)) : words).join(" ");
}

document.addEventListener("paste", (event) => {
  const box = event.target;
  if (box.id !== "find") return;
  event.preventDefault();
  box.setRangeText(pasteable(event.clipboardData.getData("text")), box.selectionStart, box.selectionEnd, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("click", (event) => {
  const chip = event.target.closest("button[data-fill]");
  if (chip) {
    const field = document.getElementById(chip.dataset.for);
    field.value = chip.dataset.fill;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }
  const copy = event.target.closest("button[data-copy]");
  if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => { copy.textContent = "Copied"; });
  if (event.target.closest("[data-help]")) openHelp();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-keys]")) return;
  if (event.target.checked) localStorage.removeItem(KEYS_OFF);
  else localStorage.setItem(KEYS_OFF, "1");
});

// What was typed survives a reload and a lapsed sign-in: in this tab alone, and for the same person alone.
const keptName = (field) => `pingadmin.kept ${field.dataset.keep} ${location.pathname} ${field.id}`;
function giveBack() {
  for (const field of document.querySelectorAll("[data-keep]")) {
    const kept = sessionStorage.getItem(keptName(field));
    if (kept && !field.value) field.value = kept;
  }
}
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-keep]")) sessionStorage.setItem(keptName(event.target), event.target.value);
});
document.addEventListener("DOMContentLoaded", giveBack);
document.addEventListener("htmx:afterSettle", giveBack);

// A part of the page that looks after itself waits while somebody uses it; what has an id keeps its focus.
function isInUse(part) {
  const active = document.activeElement;
  return part.querySelector("details[open]") !== null || (part.contains(active) && !active.id);
}
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches("[data-poll]") && isInUse(event.detail.target)) event.preventDefault();
});

document.addEventListener("DOMContentLoaded", tickAges);
document.addEventListener("htmx:afterSwap", tickAges);
setInterval(tickAges, 5000);
