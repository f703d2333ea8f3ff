const SLOT = "pair";
let pairs = [], practice = null, at = null, busy = false, more = 0, sitting = now(), sinceRest = 0;
let shown = null, ahead = null;

// phones held upright show the videos one above the other
const STACKED = matchMedia("(max-width: 40rem) and (orientation: portrait)"), TOUCH = matchMedia("(hover: none) and (pointer: coarse)");
const sideWords = () => (STACKED.matches ? ["Top", "Bottom"] : ["Left", "Right"]);
const byKey = (name) => (TOUCH.matches ? "" : ` (${name})`);

// a pair on the page: two videos on one clock, whose 0 s is the sync point of both
class ShownPair {
  constructor(index, practised = null) {
    this.index = index;
    this.practised = practised; // a practice pair with its answer, or null
    this.codes = practised ? practised.codes : pairs[index];
    this.clips = this.codes.map((code) => PACK.clips[code]);
    this.videos = this.codes.map((code) => {
      const video = document.createElement("video");
      video.muted = video.playsInline = true;
      video.preload = "auto";
      video.disablePictureInPicture = true;
      video.src = `clips/${code}.mp4`;
      video.addEventListener("error", () => { this.broken = true; if (shown === this) tell(`A video of this pair cannot be shown. Copy the whole folder anew, or skip the pair${byKey("X")}.`); });
      return video;
    });
    this.swapped = false;
    this.playing = false;
    this.together = true;
    this.active = 0;
    this.marks = [null, null];
    this.broken = false;
    this.seenAt = null;
    this.taken = 0;
    this.at = [this.start([0, 1]), this.start([0, 1])];
  }
  get moving() { return this.together ? [0, 1] : [this.active]; }
  start(which) { return Math.min(...which.map((v) => -this.clips[v].sync)); }
  stop(which) { return Math.max(...which.map((v) => this.clips[v].seconds - this.clips[v].sync)); }
  // mark the time of the videos that move; a second time takes the marks away; none before a video begins
  mark() {
    const here = this.moving.map((v) => {
      const own = this.at[v] + this.clips[v].sync;
      return own >= -1e-3 && own <= this.clips[v].seconds + 1e-3 ? Math.round(this.videos[v].currentTime * 1000) / 1000 : null;
    });
    const again = this.moving.every((v, i) => this.marks[v] === here[i]);
    this.moving.forEach((v, i) => { this.marks[v] = again ? null : here[i]; });
    show();
  }
  // as it was when a vote was given
  restore(vote) {
    this.swapped = vote.left !== this.codes[0];
    this.sides.forEach((v, i) => { this.marks[v] = [vote.left_mark_s, vote.right_mark_s][i]; });
  }
  // browsers hold a limited number of videos
  free() {
    this.pause();
    for (const video of this.videos) { video.removeAttribute("src"); video.load(); }
  }
  step_s(v) { return this.clips[v].seconds / this.clips[v].frames; }
  get sides() { return this.swapped ? [1, 0] : [0, 1]; }
  share(v) {
    let seen = 0;
    const played = this.videos[v].played;
    for (let i = 0; i < played.length; i++) seen += played.end(i) - played.start(i);
    return clamp(seen / this.clips[v].seconds, 0, 1);
  }
  get ready() { return this.broken || this.videos.every((video) => video.readyState >= 2); }
  place(v) {
    const last = this.clips[v].seconds - this.step_s(v) / 2;
    this.videos[v].currentTime = clamp(this.at[v] + this.clips[v].sync + 1e-3, 0, Math.max(last, 0));
  }
  seek(time) {
    const to = clamp(time, this.start(this.moving), this.stop(this.moving));
    for (const v of this.moving) { this.at[v] = to; this.place(v); }
    show();
  }
  play() {
    if (this.at[this.moving[0]] >= this.stop(this.moving) - 1e-3) this.seek(-Infinity);
    this.playing = true;
    this.last = now();
    requestAnimationFrame(() => this.tick());
    show();
  }
  pause() {
    this.playing = false;
    this.videos.forEach((video) => video.pause());
    show();
  }
  step(n) {
    this.pause();
    const step = Math.min(...this.moving.map((v) => this.step_s(v)));
    this.seek(this.at[this.moving[0]] + n * step);
  }
  tick() {
    if (!this.playing || shown !== this) return;
    const time = now(), moving = this.moving;
    const stalled = moving.some((v) => this.inside(v) && (this.videos[v].readyState < 3 || this.videos[v].seeking) && !this.videos[v].ended);
    if (!stalled) for (const v of moving) this.at[v] += (time - this.last) * PACK.speed;
    this.last = time;
    for (const v of moving) this.follow(v, stalled);
    if (this.at[moving[0]] >= this.stop(moving)) { this.at[moving[0]] = this.stop(moving); this.pause(); return; }
    show();
    requestAnimationFrame(() => this.tick());
  }
  inside(v) {
    const own = this.at[v] + this.clips[v].sync;
    return own >= 0 && own < this.clips[v].seconds;
  }
  // keep a video at the time of the clock: by its rate where it is nearly right, else by a jump
  follow(v, stalled) {
    const video = this.videos[v], own = this.at[v] + this.clips[v].sync;
    if (!this.inside(v)) { if (!video.paused) { video.pause(); this.place(v); } return; }
    if (stalled && video.readyState >= 3) { video.pause(); return; }
    if (video.paused && !stalled) { video.play().catch(() => {}); }
    const off = video.currentTime - own;
    if (Math.abs(off) > 0.25 && !video.seeking) video.currentTime = own;
    const rate = PACK.speed * (Math.abs(off) > 0.015 ? 1 - clamp(off, -0.1, 0.1) : 1);
    if (Math.abs(video.playbackRate - rate) > 1e-3) video.playbackRate = clamp(rate, 0.0625, 16);
  }
}

function show() {
  if (!shown) return;
  const pair = shown, from = pair.start([0, 1]), all = pair.stop([0, 1]) - from;
  ["left", "right"].forEach((side, i) => {
    const v = pair.sides[i], own = clamp(pair.at[v] + pair.clips[v].sync, 0, pair.clips[v].seconds);
    $(side).querySelector(".time").textContent = `${clockWords(own)} / ${clockWords(pair.clips[v].seconds)}`;
    $(side).classList.toggle("active", v === pair.active);
  });
  $("pair").classList.toggle("apart", !pair.together);
  $("clock").value = Math.round(((pair.at[pair.moving[0]] - from) / all) * 1000);
  if (!pair.playing) $("clock").setAttribute("aria-valuetext", clockWords(Math.max(pair.at[pair.moving[0]] - from, 0)));
  $("play").textContent = pair.playing ? "Pause" : "Play";
  $("together").setAttribute("aria-pressed", pair.together);
  $("other").disabled = pair.together;
  const marks = pair.sides.map((v) => pair.marks[v]);
  $("marked").textContent = marks.every((mark) => mark === null) ? "" : `marked ${marks.map((mark) => (mark === null ? "–" : clockWords(mark))).join(", ")}`;
}

function stage() {
  shown.sides.forEach((v, i) => $(["left", "right"][i]).querySelector(".stage").replaceChildren(shown.videos[v]));
  nameSides();
  show();
}

function nameSides() {
  const words = sideWords();
  ["left", "right"].forEach((side, i) => {
    $(`${side}-name`).textContent = words[i];
    $(side).querySelector("video")?.setAttribute("aria-label", `${words[i]} video`);
    document.querySelector(`[data-vote="${1 - 2 * i}"] span`).textContent = words[i];
  });
}
STACKED.addEventListener("change", nameSides);

function announce() {
  const [left, right] = sideWords(), lengths = shown.sides.map((v) => `${shown.clips[v].seconds.toFixed(1)} s`);
  const which = shown.practised ? `Practice pair ${practice + 1} of ${PACK.practice.length}.` : `Pair ${shown.index + 1} of ${pairs.length}.`;
  $("announcement").textContent = `${which} ${left} video ${lengths[0]}, ${right.toLowerCase()} video ${lengths[1]}.`;
}

function tally() {
  const n = store.standing.length, due = store.state !== store.saved;
  $("progress-words").textContent = practice === null ? `${n} of ${pairs.length} pairs` : `Practice ${practice + 1} of ${PACK.practice.length}: does not count`;
  $("progress").max = pairs.length;
  $("progress").value = n;
  $("progress").setAttribute("aria-valuetext", `${n} of ${pairs.length}`);
  document.querySelectorAll(".save").forEach((button) => button.classList.toggle("due", due && n > 0));
  [$("undo"), document.querySelector(".undo")].forEach((button) => { button.disabled = n === 0; });
  $("end-next").textContent = due ? "These votes are not saved to a file yet." : `All votes are saved to a file. Give the file back to whoever gave you this folder.`;
}

// a pair with a stated answer, which comes before the real ones; nothing of it is kept
function nextPractice() {
  const before = [shown, ahead];
  shown = new ShownPair(0, PACK.practice[practice]);
  ahead = null;
  before.forEach((pair) => pair?.free());
  $("reason").value = "";
  tally();
  stage();
  shown.videos.forEach((_, v) => shown.place(v));
  waitForPair();
  showPage("judge");
  announce();
}

function waitForPair() {
  const pair = shown;
  const wait = () => {
    if (shown !== pair) return;
    if (pair.ready && !document.hidden) pair.seenAt = now(); else requestAnimationFrame(wait);
  };
  requestAnimationFrame(wait);
}

function answerPractice(word) {
  const pair = shown, stated = pair.practised.better;
  if (pair.answered) return;
  pair.answered = true;
  pair.pause();
  const verdict = { 1: pair.sides[0], "-1": pair.sides[1] }[word] ?? null;
  const side = sideWords()[pair.sides[0] === stated ? 0 : 1].toLowerCase();
  tell(`Practice: ${verdict === stated ? "as stated" : "stated otherwise"}, the ${side} one is better. ${pair.practised.note}`.trim());
  $("votes").hidden = true;
  $("proceed").hidden = false;
  $("proceed").focus();
}

function proceed() {
  practice += 1;
  const last = practice >= PACK.practice.length;
  if (last) { practice = null; store.practised = true; }
  $("votes").hidden = false;
  $("proceed").hidden = true;
  next();
  tell(last ? "The real pairs begin now: from here on every vote counts." : "");
  $("question").focus({ preventScroll: true });
}

// the next pair without a vote, or the last page
function next(again) {
  if (practice !== null) { nextPractice(); return; }
  const voted = new Set(store.standing.map((vote) => vote.pair));
  const free = (from) => { let i = from; while (voted.has(i)) i++; return i; };
  at = free(0);
  tally();
  if (at >= pairs.length) { end("All done", "Thank you."); return; }
  if (sinceRest >= REST_AFTER_PAIRS || now() - sitting > REST_AFTER_S) {
    end("Time for a pause", `You have judged ${sinceRest} pairs in ${Math.max(1, Math.round((now() - sitting) / 60))} min. A few minutes away from the screen keep your judgement fair.`);
    return;
  }
  const before = [shown, ahead], after = free(at + 1);
  shown = ahead?.index === at ? ahead : new ShownPair(at);
  ahead = after < pairs.length ? new ShownPair(after) : null;
  before.forEach((pair) => { if (pair && pair !== shown) pair.free(); });
  $("reason").value = again?.reason ?? "";
  if (again) shown.restore(again);
  stage();
  shown.videos.forEach((_, v) => shown.place(v));
  if (shown.broken) tell(`A video of this pair cannot be shown. Copy the whole folder anew, or skip the pair${byKey("X")}.`);
  waitForPair();
  showPage("judge");
  announce();
}

function end(heading, words) {
  shown?.free();
  shown = null;
  const left = pairs.length - store.standing.length;
  $("end-heading").textContent = heading;
  $("end-words").textContent = `${words} ${store.standing.length} of ${pairs.length} pairs are judged.${store.keeps ? "" : " This browser keeps nothing: save the votes before you close the page."}`;
  $("go-on").hidden = left === 0;
  tally();
  showPage("end");
}

async function vote(word) {
  const pair = shown;
  if (!pair || busy || pair.seenAt === null || now() - pair.seenAt < GUARD_MS / 1000) return;
  if (word === "0" && !PACK.neither) return;
  if (pair.practised) { answerPractice(word); return; }
  if (pair.broken && word !== "x") return;
  busy = true;
  pair.pause();
  const [l, r] = pair.sides, shares = [pair.share(l), pair.share(r)];
  const given = {
    key: hex(crypto.getRandomValues(new Uint8Array(16))),
    pair: pair.index,
    left: pair.codes[l],
    right: pair.codes[r],
    verdict: word === "x" ? null : Number(word),
    judged_at: new Date().toISOString(),
    taken_s: Math.round((pair.taken + now() - pair.seenAt) * 1000) / 1000,
    watched: Math.round(Math.min(...shares) * 1e4) / 1e4,
    reason: $("reason").value.trim(),
    left_mark_s: pair.marks[l],
    right_mark_s: pair.marks[r],
    withdrawn_at: null,
  };
  const result = await store.add(given);
  busy = false;
  if (result === "failed") { tell("The vote was not stored. Please vote again."); return; }
  tell("");
  if (result === "taken") tell("This pair was judged in another tab of this browser. Its vote stays.");
  else {
    sinceRest += 1;
    if (word !== "x" && Math.min(...shares) < SENSIBLE_SHARE) {
      const [left, right] = sideWords().map((word) => word.toLowerCase());
      tell(`That vote came after ${Math.round(100 * shares[0])} % of the ${left} and ${Math.round(100 * shares[1])} % of the ${right} video. “Undo” takes it back${byKey("Ctrl+Z")}.`);
    }
  }
  next();
}

async function undo() {
  const last = store.standing.at(-1);
  if (!last || busy || practice !== null) return;
  busy = true;
  await store.withdraw(last);
  busy = false;
  sinceRest = Math.max(sinceRest - 1, 0);
  next(last);
  tell("The last vote was taken back.");
}

function save() {
  saveFile("skillviewer-votes", "votes");
  tally();
}

async function enter(key) {
  pairs = PACK.raters[key];
  await store.open(key);
  sitting = now();
  sinceRest = 0;
  if (!store.keeps) tell("This browser keeps nothing for pages of a folder: save the votes before you close the page.");
  practice = PACK.practice.length && !store.practised && !store.votes.length ? 0 : null;
  next();
}

const acts = {
  1: () => vote("1"), 2: () => vote("-1"), 0: () => vote("0"), x: () => vote("x"),
  " ": () => (shown.playing ? shown.pause() : shown.play()),
  ",": () => shown.step(-1), ".": () => shown.step(1),
  arrowleft: () => shown.seek(shown.at[shown.moving[0]] - 1), arrowright: () => shown.seek(shown.at[shown.moving[0]] + 1),
  j: () => shown.seek(shown.at[shown.moving[0]] - 10), l: () => shown.seek(shown.at[shown.moving[0]] + 10),
  home: () => shown.seek(-Infinity), end: () => shown.seek(Infinity),
  s: () => { shown.swapped = !shown.swapped; stage(); },
  r: () => $("reason").focus(),
  m: () => shown.mark(),
  f: () => { shown.pause(); shown.together = !shown.together; if (shown.together) shown.seek(shown.at[shown.active]); else show(); },
  a: () => { if (!shown.together) { shown.pause(); shown.active = 1 - shown.active; show(); } },
};
acts.k = acts[" "];
const REPEAT = new Set([",", ".", "arrowleft", "arrowright", "j", "l"]);

document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase(), on = event.target;
  if (on instanceof HTMLInputElement && on.type !== "range") {
    if (shown && (event.key === "Escape" || event.key === "Enter")) on.blur();
    return;
  }
  if ((event.ctrlKey || event.metaKey) && key === "z" && !event.shiftKey && rater) { event.preventDefault(); if (!event.repeat) undo(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || !shown || !acts[key]) return;
  if (on instanceof HTMLButtonElement && key === " ") return;
  if (on instanceof HTMLInputElement && key.startsWith("arrow")) return;
  event.preventDefault();
  if (!event.repeat || REPEAT.has(key)) acts[key]();
});
document.addEventListener("visibilitychange", () => {
  if (!shown || shown.seenAt === null) return;
  if (document.hidden) { shown.pause(); shown.taken += now() - shown.seenAt; shown.seenAt = Infinity; }
  else if (shown.seenAt === Infinity) shown.seenAt = now();
});
document.querySelectorAll("[data-vote]").forEach((button) => button.addEventListener("click", (event) => { if (event.detail < 2) vote(button.dataset.vote); $("question").focus({ preventScroll: true }); }));
document.querySelectorAll(".save").forEach((button) => button.addEventListener("click", save));
for (const [id, key] of [["back", ","], ["play", " "], ["on", "."], ["together", "f"], ["other", "a"], ["swap", "s"], ["mark", "m"]]) {
  // a pointer leaves the keys to the page; a button that was pressed by a key keeps the focus
  $(id).addEventListener("click", (event) => { if (shown) acts[key](); if (event.detail) $(id).blur(); });
}
for (const [i, side] of ["left", "right"].entries()) {
  $(side).addEventListener("click", () => { if (shown && !shown.together && shown.active !== shown.sides[i]) acts.a(); });
}
$("proceed").addEventListener("click", proceed);
$("undo").addEventListener("click", undo);
document.querySelector(".undo").addEventListener("click", undo);
$("finish").addEventListener("click", () => end("Finished for now", "Open this page again in this browser to continue."));
$("go-on").addEventListener("click", () => { sitting = now(); sinceRest = 0; tell(""); next(); });
$("clock").addEventListener("input", () => {
  if (!shown) return;
  const from = shown.start([0, 1]);
  shown.seek(from + (Number($("clock").value) / 1000) * (shown.stop([0, 1]) - from));
});
whenEntered(enter);
document.querySelector('[data-vote="0"]').hidden = !PACK.neither;
$("start-question").textContent = $("question").textContent = PACK.question;
nameSides();
showPage("start");
