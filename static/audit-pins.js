// A reviewer's pin: number and hash of the reviewer's last mark, stored in this browser. The hash covers every event
// up to it, so whoever rewrites one of them later must also explain why the pin no longer matches.

const box = document.getElementById("pin");
const part = (name) => box.querySelector(`[data-pin="${name}"]`);
const storageKey = () => `pingadmin.pin.${box.dataset.person}`;
const loadPin = () => JSON.parse(localStorage.getItem(storageKey()) || "null");

function show(meaning, heading, sentence) {
  box.hidden = false;
  box.className = `notice pin when-js notice-${meaning}`;
  box.dataset.meaning = meaning;
  part("heading").textContent = heading;
  part("sentence").textContent = sentence;
}

function showMismatch(sentence) {
  show("failed", "The log is not what you reviewed.", `${sentence} Download the pin, and show it to somebody who doesn’t run this panel.`);
}

async function request(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" }, redirect: "error" });
  if (!response.ok) throw new Error(`the panel answered ${response.status}`);
  return response;
}

// The hash that the panel states for an event now, and the log's head.
const fetchStated = async (seq) => (await request(`${box.dataset.rows}${seq}/`)).json();
const TIME = new Intl.DateTimeFormat([], { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" });
const formatTime = (pin) => TIME.format(new Date(pin.at));

// How the panel's answer differs from the pin, as a sentence; null where it does not.
function describeMismatch(pin, stated) {
  if (stated.row_hash === pin.row_hash) return null;
  if (stated.row_hash === null) return `The log ends at #${stated.head ? stated.head.seq : 0}; you reviewed up to #${pin.seq} on ${formatTime(pin)}.`;
  return `#${pin.seq} had the hash ${pin.row_hash.slice(0, 12)}… on ${formatTime(pin)}; it now has ${stated.row_hash.slice(0, 12)}…, so this event or an earlier one was replaced.`;
}

// A browser forgets: its storage was cleared, or it is another one. Nobody must take that for "nothing has changed".
function showNoPin() {
  for (const name of ["verify", "download", "forget"]) part(name).hidden = true;
  part("load").hidden = false;
  if (!box.dataset.last) {
    box.hidden = true;
    return;
  }
  show("paused", "There is no pin in this browser.", `You last reviewed on ${formatTime({ at: box.dataset.lastAt })}, and #${box.dataset.last} records it. Load the pin that you downloaded then, or the log can’t be compared with what you reviewed.`);
}

// A downloaded pin comes back. Returns why not, null where it did.
function storeLoaded(text) {
  let pin;
  try {
    pin = JSON.parse(text);
  } catch {
    return "This file isn’t a pin.";
  }
  if (!Number.isSafeInteger(pin?.seq) || !/^[0-9a-f]{64}$/.test(pin.row_hash) || Number.isNaN(Date.parse(pin.at))) return "This file isn’t a pin.";
  if (pin.panel && pin.panel !== location.origin) return `This pin is of ${pin.panel}.`;
  localStorage.setItem(storageKey(), JSON.stringify(pin));
  return null;
}

async function loadFile(event) {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  const problem = storeLoaded(await file.text());
  if (problem) show("failed", "The pin wasn’t loaded.", problem);
  else await comparePin();
}

// Returns whether a later pin may replace this one.
async function comparePin() {
  const pin = loadPin();
  if (pin === null) {
    showNoPin();
    return true;
  }
  for (const name of ["verify", "download", "forget"]) part(name).hidden = false;
  part("load").hidden = true;
  box.hidden = false;
  part("download").href = URL.createObjectURL(new Blob([JSON.stringify(pin, null, 2)], { type: "application/json" }));
  part("download").download = `pingadmin-pin-${pin.seq}.json`;
  try {
    const stated = await fetchStated(pin.seq);
    const mismatch = describeMismatch(pin, stated);
    if (mismatch) showMismatch(mismatch);
    else show("idle", `Your pin at #${pin.seq} matches.`, `It still has the hash from ${formatTime(pin)}; newer events: ${stated.head.seq - pin.seq}. To find out whether earlier events were changed, verify them.`);
    return mismatch === null;
  } catch (error) {
    show("idle", `Your pin at #${pin.seq} couldn’t be compared.`, `${error.message}.`);
    return false;
  }
}

async function sha256(line) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(line));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The sentence that names the first bad event.
class LogDiffers extends Error {}

// Hashes every event from the first to the head. Returns how many there are, or throws LogDiffers.
async function hashLog(pin, reportProgress) {
  let seq = 0, hash = "0".repeat(64);
  for (;;) {
    const lines = (await (await request(`${box.dataset.rows}${seq ? `?after=${seq}` : ""}`)).text()).split("\n").filter(Boolean);
    if (lines.length === 0) break;
    const hashes = await Promise.all(lines.map(sha256));
    lines.forEach((line, index) => {
      const event = JSON.parse(line);
      if (event.seq !== seq + 1) throw new LogDiffers(`#${seq + 1} is missing.`);
      if (event.unreadable) throw new LogDiffers(`#${event.seq} can’t be read.`);
      if (event.prev_hash !== hash) throw new LogDiffers(seq ? `#${seq} is not the event that #${event.seq} followed: one of the two was changed.` : "#1 doesn’t begin the log.");
      seq = event.seq;
      hash = hashes[index];
      if (seq === pin.seq && hash !== pin.row_hash) throw new LogDiffers(`#${seq} is not what it was on ${formatTime(pin)}.`);
    });
    reportProgress(seq);
  }
  if (seq < pin.seq) throw new LogDiffers(`The log ends at #${seq}; you reviewed up to #${pin.seq}.`);
  if ((await fetchStated(seq)).row_hash !== hash) throw new LogDiffers(`#${seq} doesn’t have the hash that it states.`);
  return seq;
}

async function verifyLog() {
  const pin = loadPin();
  if (!crypto.subtle) {
    show("idle", "Not verified.", "This browser can hash only over HTTPS or on localhost. Use the offline verifier.");
    return;
  }
  part("verify").disabled = true;
  try {
    const count = await hashLog(pin, (seq) => show("idle", "Verifying…", `${seq.toLocaleString()} events hashed.`));
    show("ok", `Nothing that you reviewed before #${pin.seq} has changed.`, `This browser hashed ${count.toLocaleString()} events, and each follows the one before it.`);
  } catch (error) {
    if (error instanceof LogDiffers) showMismatch(error.message);
    else show("idle", "Not fully verified.", `${error.message}.`);
  } finally {
    part("verify").disabled = false;
  }
}

// A pin that does not match is evidence: no later one takes its place.
async function storeNewPin() {
  const mark = document.getElementById("marked");
  if (!mark || !(await comparePin())) return;
  const old = loadPin();
  if (old && old.seq >= mark.value) return;
  localStorage.setItem(storageKey(), JSON.stringify({ seq: Number(mark.value), row_hash: mark.dataset.hash, at: new Date().toISOString(), panel: location.origin, log: box.dataset.log }));
  await comparePin();
}

if (box) {
  part("verify").addEventListener("click", verifyLog);
  part("forget").addEventListener("click", () => { localStorage.removeItem(storageKey()); comparePin(); });
  part("file").addEventListener("change", loadFile);
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "log") storeNewPin(); });
  if (document.getElementById("marked")) storeNewPin();
  else comparePin();
}
