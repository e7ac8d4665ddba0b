// The open board: what a poll brings goes into the rows where they stand. No row moves, and nothing is taken from
// whoever is choosing, reading or typing. The asking itself is htmx's.

const board = () => document.getElementById("board");
const live = () => document.getElementById("live");
const linkOf = (row) => row.querySelector("a[href]");

// The server writes ages as words alone, to stay small. What they count from and the exact moment are added here, by
// the server's clock: ours need not agree with it.
function completeAges() {
  const table = board();
  if (!table?.dataset.now) return;
  table.seenAt ??= performance.now();
  const now = Number(table.dataset.now) * 1000 + performance.now() - table.seenAt;
  for (const age of table.querySelectorAll("i:not([title])")) {
    age.dataset.age ??= parseInt(age.textContent, 10);
    age.title = new Date(now - age.dataset.age * 1000).toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC");
  }
}

function applyChanges() {
  const brought = live()?.querySelector("template");
  if (!brought || !board()) return;
  const rows = new Map([...board().querySelectorAll("tbody tr:not(.group)")].map((row) => [linkOf(row).getAttribute("href"), row]));
  for (const row of brought.content.querySelectorAll("tr")) {
    const shown = rows.get(linkOf(row).getAttribute("href"));
    if (shown) [...row.cells].forEach((cell, place) => replaceCell(shown.cells[place], cell));
  }
  brought.remove();
  completeAges();
}

function replaceCell(shown, cell) {
  // The cell that holds the box and the link never changes: so neither a choice nor the focus can be lost.
  if (cell.querySelector("label") || (shown.contains(document.activeElement) && shown.textContent === cell.textContent)) return;
  const differs = withoutAge(shown) !== withoutAge(cell);
  if (!differs && !cell.querySelector("i")) return;
  shown.className = cell.className;
  shown.replaceChildren(...cell.childNodes);
  if (differs) shown.classList.add("changed");
}

function withoutAge(cell) {
  return [...cell.childNodes].map((node) => (node.nodeName === "I" ? "" : node.textContent)).join("|");
}

function sayBroken() {
  const told = live()?.querySelector(".live-broken");
  if (!told || told.textContent) return;
  told.textContent = `Live updates paused since ${new Date().toLocaleTimeString([], { hour12: false })}`;
  live().querySelector(".live-words").hidden = true;
}

function sayHeard(seconds) {
  const told = live()?.querySelector(".live-broken");
  if (!told) return;
  told.textContent = "";
  live().querySelector(".live-words").hidden = false;
  const age = live().querySelector("time[data-age]");
  if (age && seconds !== null) {
    age.dataset.age = seconds;
    age.seenAt = performance.now();
  }
}

const isPoll = (event) => event.detail.elt?.matches?.("[data-live]");
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => { if (isPoll(event)) sayBroken(); });
}
document.addEventListener("htmx:afterRequest", (event) => {
  const answer = event.detail.xhr;
  if (isPoll(event) && (answer.status === 200 || answer.status === 304)) sayHeard(answer.getResponseHeader("X-Heard"));
});

let chosen = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  if (isPoll(event) && event.detail.xhr.status >= 400) event.detail.shouldSwap = false;
  if (event.detail.target === board()) chosen = [...board().querySelectorAll("input:checked")].map((box) => box.value);
});
document.addEventListener("htmx:afterSwap", (event) => {
  applyChanges();
  if (event.target !== board()) return;
  for (const box of board().querySelectorAll("input[name=session]")) box.checked = chosen.includes(box.value);
  board().focus({ preventScroll: true });
  completeAges();
});

// "Open" in the last cell is the row's link for the mouse; with the keyboard, and for readers, the id is that link.
document.addEventListener("click", (event) => {
  const cell = event.target.closest(".board td:last-child:empty");
  if (cell) linkOf(cell.parentElement).click();
});

completeAges();
