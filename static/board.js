// The live board. What a poll brings goes into the rows where they are: no row moves, and nothing is taken from
// somebody who is selecting, reading or typing. htmx does the polling itself.

const board = () => document.getElementById("board");
const live = () => document.getElementById("live");
const linkOf = (row) => row.querySelector("a[href]");

// The server sends ages as text alone, to keep the page small. The seconds behind an age and its exact time are added
// here, by the server's clock: the browser's may differ.
function completeAges() {
  const table = board();
  if (!table?.dataset.now) return;
  table.startedAt ??= startStopwatch();
  const now = (Number(table.dataset.now) + secondsSince(table.startedAt)) * 1000;
  for (const age of table.querySelectorAll("i:not([title])")) {
    const seconds = age.dataset.age ?? parseInt(age.textContent, 10);
    // A session that was never seen has no age.
    if (Number.isNaN(seconds)) continue;
    age.dataset.age = seconds;
    age.title = new Date(now - seconds * 1000).toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC");
  }
}

function applyUpdate() {
  const update = live()?.querySelector("template");
  if (!update || !board()) return;
  const rows = new Map([...board().querySelectorAll("tbody tr:not(.group)")].map((row) => [linkOf(row).getAttribute("href"), row]));
  for (const newRow of update.content.querySelectorAll("tr")) {
    const row = rows.get(linkOf(newRow).getAttribute("href"));
    if (row) [...newRow.cells].forEach((newCell, index) => updateCell(row.cells[index], newCell));
  }
  update.remove();
  completeAges();
}

function updateCell(cell, newCell) {
  // The cell with the check box and the link never changes, so neither a selection nor the focus can be lost.
  if (newCell.querySelector("label") || (cell.contains(document.activeElement) && cell.textContent === newCell.textContent)) return;
  const differs = withoutAge(cell) !== withoutAge(newCell);
  if (!differs && !newCell.querySelector("i")) return;
  cell.className = newCell.className;
  cell.replaceChildren(...newCell.childNodes);
  if (differs) cell.classList.add("changed");
}

// An age that went on counting is no change worth pointing out.
function withoutAge(cell) {
  return [...cell.childNodes].map((node) => (node.nodeName === "I" ? "" : node.textContent)).join("|");
}

let answered = startStopwatch();
const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" });

function showPollError() {
  const error = live()?.querySelector(".live-error");
  if (!error || error.textContent) return;
  error.textContent = `Live updates paused since ${CLOCK.format(Date.now() - secondsSince(answered) * 1000)}`;
  live().querySelector(".live-status").hidden = true;
}

function showReceived(seconds) {
  answered = startStopwatch();
  const error = live()?.querySelector(".live-error");
  if (!error) return;
  error.textContent = "";
  live().querySelector(".live-status").hidden = false;
  const age = live().querySelector("time[data-age]");
  if (age && seconds !== null) {
    age.dataset.age = seconds;
    age.startedAt = startStopwatch();
  }
}

const isPoll = (event) => event.detail.elt?.matches?.("[data-live]");
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => { if (isPoll(event)) showPollError(); });
}
document.addEventListener("pingadmin:woke", showPollError);
document.addEventListener("htmx:afterRequest", (event) => {
  const response = event.detail.xhr;
  if (isPoll(event) && (response.status === 200 || response.status === 304)) showReceived(response.getResponseHeader("X-Received-Age"));
});

// "Show" loads the rows again; what was selected before is selected after.
let selected = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  if (isPoll(event) && event.detail.xhr.status >= 400) event.detail.shouldSwap = false;
  if (event.detail.target === board()) selected = [...board().querySelectorAll("input:checked")].map((box) => box.value);
});
document.addEventListener("htmx:afterSwap", (event) => {
  applyUpdate();
  if (event.target !== board()) return;
  for (const box of board().querySelectorAll("input[name=session]")) box.checked = selected.includes(box.value);
  board().focus({ preventScroll: true });
  completeAges();
  showSelection();
});

// A bar with what is selected, which comes with the first tick.
const boxes = () => [...(board()?.querySelectorAll("input[name=session]") ?? [])];
function showSelection() {
  const bar = document.getElementById("selection");
  if (!bar) return;
  const count = boxes().filter((box) => box.checked).length;
  bar.hidden = count === 0;
  bar.querySelector("[role=status]").textContent = count === 0 ? "" : `${count} selected`;
  const all = board().querySelector("[data-all]");
  all.checked = count > 0 && count === boxes().length;
  all.indeterminate = count > 0 && !all.checked;
}
function selectAll(isSelected) {
  for (const box of boxes()) box.checked = isSelected;
  showSelection();
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) selectAll(event.target.checked);
  else if (event.target.name === "session") showSelection();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-clear]")) return;
  const first = boxes().find((box) => box.checked);
  selectAll(false);
  first?.focus();
});
// A browser that comes back to the page ticks what was ticked.
addEventListener("pageshow", showSelection);

// "Open" in the last cell opens the session by mouse; keyboards and screen readers use the link on the id.
document.addEventListener("click", (event) => {
  const cell = event.target.closest(".board td:last-child:empty");
  if (cell) linkOf(cell.parentElement).click();
});

completeAges();
