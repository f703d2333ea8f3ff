"use strict";
// Shared by both pages of packs, of pairs and of single videos: a turn is a pair or a video, an answer a vote or a
// rating. Each page's own script states SLOT, WORDS, REST_AFTER_TURNS, acts, actOf and next. An answer is on the disk (IndexedDB, strict) before the
// next turn shows; localStorage holds a second copy. Files share both with other local pages in some browsers: names
// begin with the pack's identity. Codes of several raters stand here as hashes alone: a rater cannot answer as another.
const PACK = JSON.parse(document.getElementById("pack").textContent);
const GUARD_MS = 250, REST_AFTER_S = 25 * 60, SENSIBLE_SHARE = 0.5, FEW_TURNS = 5;
const $ = (id) => document.getElementById(id);
const now = () => performance.now() / 1000;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// SHA-256 (FIPS 180-4): browsers offer theirs to secure pages only, and a page of a folder is none in some
function sha256(text) {
  const data = new TextEncoder().encode(text), bits = data.length * 8;
  const padded = new Uint8Array((((data.length + 8) >> 6) + 1) << 6);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bits / 2 ** 32));
  view.setUint32(padded.length - 4, bits >>> 0);
  const primes = [], fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) >>> 0;
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const K = primes.map((p) => fraction(Math.cbrt(p)));
  const H = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
  const turn = (x, n) => (x >>> n) | (x << (32 - n)), w = new Uint32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = H;
    for (let i = 0; i < 64; i++) {
      const t1 = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
      const t2 = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { H[i] = (H[i] + x) >>> 0; });
  }
  return H.map((x) => x.toString(16).padStart(8, "0")).join("");
}

// the key under which the turns of a rater stand: the code itself if it is the only one, else its hash
function keyOf(code) {
  const keys = Object.keys(PACK.raters);
  if (!PACK.locked) return keys[0];
  let key = `${PACK.pack}|${code}`;
  for (let i = 0; i < PACK.locked; i++) key = sha256(key);
  return keys.find((other) => key.startsWith(other)) ?? null;
}

// the answers of one rater, kept twice: votes, or ratings of videos; their turn is the field SLOT
const store = {
  async open(key) {
    this.db?.close();
    this.key = key;
    this.name = this.nameOf(key);
    this.db = await new Promise((done) => {
      try {
        const asked = indexedDB.open(this.name, 1);
        asked.onupgradeneeded = () => asked.result.createObjectStore("votes", { keyPath: "key" });
        asked.onsuccess = () => done(asked.result);
        asked.onerror = asked.onblocked = () => done(null);
      } catch { done(null); }
    });
    // deleteDatabase of another tab: nothing may come back from this one
    if (this.db) this.db.onversionchange = () => { this.db.close(); location.reload(); };
    const votes = new Map(), first = await this.first();
    for (const vote of [...first, ...this.second()]) if (!votes.get(vote.key)?.withdrawn_at) votes.set(vote.key, vote);
    this.votes = [...votes.values()].sort((one, other) => one.n - other.n);
    for (const vote of this.votes) if (!first.includes(vote)) await this.write(vote, false);
    this.mirror();
  },
  nameOf: (key) => `skillviewer-${PACK.pack}-${key}`,
  second(name = this.name) {
    try { return JSON.parse(localStorage.getItem(name)) ?? []; } catch { return []; }
  },
  // true if the second copy has answers of any rater of the pack
  get hasAny() { return Object.keys(PACK.raters).some((key) => this.second(this.nameOf(key)).length); },
  async first() {
    if (!this.db) return [];
    return await new Promise((done) => {
      const asked = this.db.transaction("votes").objectStore("votes").getAll();
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => done([]);
    });
  },
  mirror() {
    try { localStorage.setItem(this.name, JSON.stringify(this.votes)); this.mirrored = true; } catch { this.mirrored = false; }
  },
  // "kept"; "taken" where another tab has voted on the pair meanwhile; "failed" where nothing can be written
  async write(vote, isNew) {
    if (!this.db) return isNew && this.second().some((other) => this.takes(other, vote)) ? "taken" : "kept";
    return await new Promise((done) => {
      let taken = false;
      try {
        const act = this.db.transaction("votes", "readwrite", { durability: "strict" });
        act.oncomplete = () => done(taken ? "taken" : "kept");
        act.onabort = act.onerror = () => done("failed");
        const votes = act.objectStore("votes"), there = votes.getAll();
        there.onsuccess = () => {
          taken = isNew && there.result.some((other) => this.takes(other, vote));
          if (!taken) votes.put(vote);
        };
      } catch { done("failed"); }
    });
  },
  takes: (other, vote) => other[SLOT] === vote[SLOT] && !other.withdrawn_at && other.key !== vote.key,
  async add(vote) {
    vote.n = 1 + Math.max(0, ...this.votes.map((other) => other.n));
    const result = await this.write(vote, true);
    if (result === "taken") { await this.open(this.key); return result; }
    this.votes.push(vote);
    this.mirror();
    if (result === "failed" && !this.mirrored) { this.votes.pop(); return result; }
    return "kept";
  },
  async withdraw(vote) {
    vote.withdrawn_at = new Date().toISOString();
    await this.write(vote, false);
    this.mirror();
  },
  // true if no answer of the rater is left in this browser
  async erase() {
    try { for (const name of ["", "-saved", "-practised"]) localStorage.removeItem(this.name + name); } catch { /* nothing was kept there */ }
    const db = this.db;
    const cleared = !db || await new Promise((done) => {
      try {
        const act = db.transaction("votes", "readwrite", { durability: "strict" });
        act.objectStore("votes").clear();
        act.oncomplete = () => done(true);
        act.onabort = act.onerror = () => done(false);
      } catch { done(false); }
    });
    if (!cleared) { this.mirror(); return false; }
    if (db) { db.onversionchange = null; db.close(); indexedDB.deleteDatabase(this.name); }
    this.db = null;
    this.votes = [];
    this.savedHere = this.practisedHere = undefined;
    return true;
  },
  get keeps() { return Boolean(this.db) || this.mirrored; },
  get standing() { return this.votes.filter((vote) => !vote.withdrawn_at); },
  get saved() { try { return Number(localStorage.getItem(`${this.name}-saved`)); } catch { return this.savedHere ?? 0; } },
  set saved(n) { this.savedHere = n; try { localStorage.setItem(`${this.name}-saved`, n); } catch { /* told on the page */ } },
  get state() { return this.votes.length + this.votes.filter((vote) => vote.withdrawn_at).length; },
  get practised() { try { return Boolean(localStorage.getItem(`${this.name}-practised`)); } catch { return Boolean(this.practisedHere); } },
  set practised(done) { this.practisedHere = done; try { localStorage.setItem(`${this.name}-practised`, done); } catch { /* practice comes again */ } },
};


// the sitting: the turns of the rater, the practice turn or null, the turn on screen, and the one loaded ahead
let rater = "", turns = [], practice = null, shown = null, ahead = null, busy = false, sitting = now(), sinceRest = 0;
const TOUCH = matchMedia("(hover: none) and (pointer: coarse)");
const byKey = (name) => (TOUCH.matches ? "" : ` (${name})`);

const tell = (words) => { $("message").textContent = words; };
const clockWords = (s) => `${String(Math.floor(s / 60)).padStart(2, "0")}:${(s % 60).toFixed(2).padStart(5, "0")}`;

// focus goes to the heading of a page that replaces another: the element that had it is gone
function showPage(name) {
  const pages = ["start", "judge", "end"], before = pages.find((page) => !$(page).hidden);
  for (const page of pages) $(page).hidden = page !== name;
  if (before && before !== name) { scrollTo(0, 0); $(name).querySelector("h1").focus({ preventScroll: true }); }
}

function makeVideo(code) {
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  video.preload = "auto";
  video.disablePictureInPicture = true;
  video.src = `clips/${code}.mp4`;
  return video;
}

// browsers hold a limited number of videos
function releaseVideo(video) { video.removeAttribute("src"); video.load(); }

function watchedShare(video, seconds) {
  let seen = 0;
  for (let i = 0; i < video.played.length; i++) seen += video.played.end(i) - video.played.start(i);
  return clamp(seen / seconds, 0, 1);
}

// the time of an answer counts from when its turn can be seen
function waitUntilSeen() {
  const turn = shown;
  const wait = () => {
    if (shown !== turn) return;
    if (turn.ready && !document.hidden) turn.seenAt = now(); else requestAnimationFrame(wait);
  };
  requestAnimationFrame(wait);
}

function tally() {
  const n = store.standing.length, due = store.state !== store.saved;
  $("progress-words").textContent = practice === null ? `${n} of ${turns.length} ${WORDS.turns}` : `Practice ${practice + 1} of ${PACK.practice.length}: does not count`;
  $("progress").max = turns.length;
  $("progress").value = n;
  $("progress").setAttribute("aria-valuetext", `${n} of ${turns.length}`);
  document.querySelectorAll(".save").forEach((button) => button.classList.toggle("due", due && n > 0));
  [$("undo"), document.querySelector(".undo")].forEach((button) => { button.disabled = n === 0 || practice !== null; });
  $("end-next").classList.toggle("due", due && n > 0);
  $("end-next").hidden = $("erase").hidden = !store.votes.length;
  $("end-next").textContent = due ? `One step is left: these ${WORDS.answers} are not saved to a file yet. Press “Save ${WORDS.answers}”, and give the file back to whoever gave you this folder.` : `All ${WORDS.answers} are saved to a file, in the folder of your downloads. Give it back to whoever gave you this folder. Once it has arrived, delete the ${WORDS.answers} from this browser.`;
}

// the first turns without an answer, from one on
function openTurns() {
  const answered = new Set(store.standing.map((answer) => answer[SLOT]));
  return turns.map((_, i) => i).filter((i) => !answered.has(i));
}

// show the last page, or suggest a pause; false where the sitting goes on
function sittingEnds(open) {
  if (!open.length) { end("All done", "Thank you."); return true; }
  if (open.length <= FEW_TURNS) return false;
  if (sinceRest < REST_AFTER_TURNS && now() - sitting <= REST_AFTER_S) return false;
  const minutes = Math.max(1, Math.round((now() - sitting) / 60));
  end("Time for a pause", `You have ${WORDS.answered} ${sinceRest} ${WORDS.turns} in ${minutes} min. A few minutes away from the screen keep your ${WORDS.work} fair.`);
  return true;
}

function end(heading, words) {
  shown?.free();
  ahead?.free();
  shown = ahead = null;
  const n = store.standing.length;
  $("end-heading").textContent = heading;
  $("end-words").textContent = `${words} ${n} of ${turns.length} ${WORDS.turns} ${n === 1 ? "is" : "are"} ${WORDS.answered}.${store.keeps ? "" : ` This browser cannot store your answers: save the ${WORDS.answers} before you close the page.`}`;
  $("go-on").hidden = n === turns.length;
  tally();
  showPage("end");
}

// practice: the stated answer is read before the next turn
function showPracticeAnswer(words) {
  tell(words.trim());
  $(WORDS.controls).hidden = true;
  $("proceed").hidden = false;
  $("proceed").focus();
}

function proceed() {
  practice += 1;
  const last = practice >= PACK.practice.length;
  if (last) { practice = null; store.practised = true; }
  $(WORDS.controls).hidden = false;
  $("proceed").hidden = true;
  next();
  tell(last ? `The real ${WORDS.turns} begin now: from here on every ${WORDS.answer} counts.` : "");
  $("question").focus({ preventScroll: true });
}

async function undo() {
  // keys go to the turn that returns: Space on a button that kept the focus would take back one answer more
  $("question").focus({ preventScroll: true });
  const last = store.standing.at(-1);
  if (!last || busy || practice !== null) return;
  busy = true;
  await store.withdraw(last);
  busy = false;
  sinceRest = Math.max(sinceRest - 1, 0);
  next(last);
  tell(`The last ${WORDS.answer} was taken back.`);
}

// asks first: what is deleted cannot come back
function askErase() {
  const unsaved = store.state !== store.saved;
  $("erase-words").textContent = `${unsaved ? `They are not all saved to a file: what is not saved is lost. ` : ""}This cannot be undone. Files that you saved stay where they are.`;
  $("erase-dialog").showModal();
}

async function erase() {
  if (busy) return;
  busy = true;
  const erased = await store.erase();
  busy = false;
  $("erase-dialog").close();
  if (!erased) { $("end-words").textContent = `The ${WORDS.answers} could not be deleted. Delete the data of this page in the settings of the browser.`; return; }
  rater = $("code").value = $("refused").textContent = "";
  $("erased").textContent = `Your ${WORDS.answers} are deleted from this browser. Files that you saved and this folder are still there: delete them too once the file has arrived.`;
  showPage("start");
}

// one file with all answers, as often as wanted; its checksum finds damage
function save() {
  const field = WORDS.answers, answers = store.votes.map(({ n, ...answer }) => answer);
  const head = { format: `skillviewer-${field}`, version: PACK.version, pack: PACK.pack, rater, saved_at: new Date().toISOString(), [field]: answers };
  const body = JSON.stringify(head);
  const text = `${body.slice(0, -1)},"sha256":"${sha256(body)}"}`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `${field}-${store.key.slice(0, 4)}-${PACK.pack.slice(0, 6)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  store.saved = store.state;
  tally();
}

async function enter(key) {
  $("erased").textContent = "";
  turns = PACK.raters[key];
  await store.open(key);
  sitting = now();
  sinceRest = 0;
  if (!store.keeps) tell(`This browser cannot store your answers: save the ${WORDS.answers} before you close the page.`);
  practice = PACK.practice.length && !store.practised && !store.votes.length ? 0 : null;
  next();
}

const REPEAT = new Set([",", ".", "arrowleft", "arrowright", "j", "l"]);

document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase(), on = event.target;
  if (on instanceof HTMLInputElement && on.type !== "range") {
    if (shown && (event.key === "Escape" || event.key === "Enter")) on.blur();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && key === "z" && !event.shiftKey && rater) { event.preventDefault(); if (!event.repeat) undo(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || !shown) return;
  const act = actOf(key);
  if (!act) return;
  if (on instanceof HTMLButtonElement && (key === " " || key === "enter")) return;
  if (on instanceof HTMLInputElement && key.startsWith("arrow")) return;
  event.preventDefault();
  if (!event.repeat || REPEAT.has(key)) act();
});
document.addEventListener("visibilitychange", () => {
  if (!shown || shown.seenAt === null) return;
  if (document.hidden) { shown.pause(); shown.taken += now() - shown.seenAt; shown.seenAt = Infinity; }
  else if (shown.seenAt === Infinity) shown.seenAt = now();
});

// connect the controls of both pages and show the first page; buttons: id and key of the act of each
function startPage(buttons) {
  acts.k = acts[" "];
  for (const [id, key] of buttons) {
    // a pointer leaves the keys to the page; a button that was pressed by a key keeps the focus
    $(id).addEventListener("click", (event) => { if (shown) acts[key](); if (event.detail) $(id).blur(); });
  }
  document.querySelectorAll(".save").forEach((button) => button.addEventListener("click", (event) => { save(); if (event.detail) button.blur(); }));
  $("proceed").addEventListener("click", proceed);
  $("undo").addEventListener("click", undo);
  document.querySelector(".undo").addEventListener("click", undo);
  $("finish").addEventListener("click", () => end("Finished for now", "Open this page again in this browser to continue."));
  $("go-on").addEventListener("click", () => { sitting = now(); sinceRest = 0; tell(""); next(); });
  $("start-question").textContent = $("question").textContent = PACK.question;
  $("erase").addEventListener("click", askErase);
  $("erase-yes").addEventListener("click", erase);
  $("erase-no").addEventListener("click", () => $("erase-dialog").close());
  // another tab deleted the answers, in a browser without IndexedDB
  window.addEventListener("storage", (event) => { if (rater && event.key === store.name && event.newValue === null) location.reload(); });
  whenEntered();
  showPage("start");
}

// the start page of both: the code, what the browser keeps
function whenEntered() {
  $("enter").addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = $("code").value.toUpperCase().replace(/[^0-9A-Z]/g, ""), key = keyOf(typed);
    if (key === null) { $("refused").textContent = "This folder has no such code: type the code that you were given."; return; }
    rater = PACK.locked ? typed : key;
    enter(key);
  });
  $("code-row").hidden = !PACK.locked;
  $("stored").hidden = !store.hasAny;
  if (location.protocol === "file:") $("storage").textContent = "Your answers stay in this browser on this computer, where other pages opened from its disk may read them. Some browsers store nothing for such pages: then the page says so. Some browsers delete your answers when you close them: save your answers before.";
  window.addEventListener("beforeunload", (event) => { if (rater && !store.keeps && store.state !== store.saved) event.preventDefault(); });
}
