// A reviewer's pin: number and hash of the reviewer's last mark, kept in this browser. The hash covers every row
// up to it, so whoever rewrites one of them later must also explain why the pin no longer fits.

const box = document.getElementById("pin");
const part = (name) => box.querySelector(`[data-pin="${name}"]`);
const key = () => `pingadmin.pin.${box.dataset.person}`;
const load = () => JSON.parse(localStorage.getItem(key()) || "null");

function say(meaning, word, sentence) {
  box.className = `notice pin when-js notice-${meaning}`;
  box.dataset.meaning = meaning;
  part("word").textContent = word;
  part("sentence").textContent = sentence;
}

async function ask(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, redirect: "error" });
  if (!answer.ok) throw new Error(`the panel answered ${answer.status}`);
  return answer;
}

const stated = async (seq) => (await ask(`${box.dataset.rows}${seq}/`)).json();
const when = (pin) => new Date(pin.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

// What the panel says now of the pinned row; null when it says the same.
function difference(pin, now) {
  if (now.row_hash === pin.row_hash) return null;
  if (now.row_hash === null) return `The log ends at #${now.head ? now.head.seq : 0}; you reviewed up to #${pin.seq} on ${when(pin)}.`;
  return `#${pin.seq} had the hash ${pin.row_hash.slice(0, 12)}… on ${when(pin)}; it now has ${now.row_hash.slice(0, 12)}…, so it or a row before it was replaced.`;
}

const alarm = (sentence) => say("failed", "The log is not what you reviewed.", `${sentence} Download the pin, and show it to somebody who does not run this panel.`);

async function compare() {
  const pin = load();
  box.hidden = pin === null;
  if (pin === null) return true;
  part("download").href = URL.createObjectURL(new Blob([JSON.stringify(pin, null, 2)], { type: "application/json" }));
  part("download").download = `pingadmin-pin-${pin.seq}.json`;
  try {
    const now = await stated(pin.seq);
    const differs = difference(pin, now);
    if (differs) alarm(differs);
    else say("idle", `Your pin at #${pin.seq} fits.`, `It has the hash that you kept on ${when(pin)}; newer events: ${now.head.seq - pin.seq}. Whether a row before it was changed, a check tells.`);
    return differs === null;
  } catch (problem) {
    say("idle", `Your pin at #${pin.seq} was not compared.`, `${problem.message}.`);
    return false;
  }
}

async function sha256(line) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(line));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Hashes every row from the first to the head. Returns how many there are, or throws the sentence that names the first bad one.
async function recompute(pin, progress) {
  let seq = 0, hash = "0".repeat(64);
  for (;;) {
    const lines = (await (await ask(`${box.dataset.rows}${seq ? `?after=${seq}` : ""}`)).text()).split("\n").filter(Boolean);
    if (lines.length === 0) break;
    const hashes = await Promise.all(lines.map(sha256));
    lines.forEach((line, place) => {
      const row = JSON.parse(line);
      if (row.seq !== seq + 1) throw new Difference(`#${seq + 1} is missing.`);
      if (row.unreadable) throw new Difference(`#${row.seq} cannot be read.`);
      if (row.prev_hash !== hash) throw new Difference(seq ? `#${seq} is not the row that #${row.seq} followed: one of the two was changed.` : "#1 does not begin the log.");
      seq = row.seq;
      hash = hashes[place];
      if (seq === pin.seq && hash !== pin.row_hash) throw new Difference(`#${seq} is not what it was on ${when(pin)}.`);
    });
    progress(seq);
  }
  if (seq < pin.seq) throw new Difference(`The log ends at #${seq}; you reviewed up to #${pin.seq}.`);
  if ((await stated(seq)).row_hash !== hash) throw new Difference(`#${seq} does not have the hash that it states.`);
  return seq;
}

class Difference extends Error {}

async function check() {
  const pin = load();
  if (!crypto.subtle) {
    say("idle", "Not checked.", "This browser hashes only over HTTPS or on localhost. Use the offline verifier.");
    return;
  }
  part("check").disabled = true;
  try {
    const count = await recompute(pin, (seq) => say("idle", "Checking…", `${seq.toLocaleString()} events hashed.`));
    say("ok", `Nothing that you reviewed before #${pin.seq} has changed.`, `${count.toLocaleString()} events were hashed in this browser, and each follows the one before it.`);
  } catch (problem) {
    if (problem instanceof Difference) alarm(problem.message);
    else say("idle", "Not checked to the end.", `${problem.message}.`);
  } finally {
    part("check").disabled = false;
  }
}

// A pin that does not fit is evidence: no later one takes its place.
async function keep() {
  const mark = document.getElementById("marked");
  if (!mark || !(await compare())) return;
  const old = load();
  if (old && old.seq >= mark.value) return;
  localStorage.setItem(key(), JSON.stringify({ seq: Number(mark.value), row_hash: mark.dataset.hash, at: new Date().toISOString(), panel: location.origin }));
  await compare();
}

if (box) {
  part("check").addEventListener("click", check);
  part("forget").addEventListener("click", () => { localStorage.removeItem(key()); compare(); });
  document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "log") keep(); });
  if (document.getElementById("marked")) keep();
  else compare();
}
