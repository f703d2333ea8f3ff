// The page on which two videos are compared.
const SLOT = "pair", REST_AFTER_TURNS = 50;
const WORDS = { turns: "pairs", answer: "vote", answers: "votes", answered: "judged", work: "judgement", controls: "votes" };

// phones held upright show the videos one above the other
const STACKED = matchMedia("(max-width: 40rem) and (orientation: portrait)");
const sideWords = () => (STACKED.matches ? ["Top", "Bottom"] : ["Left", "Right"]);
const tellBroken = () => tell(`A video of this pair cannot be shown. Copy the whole folder anew, or skip the pair${byKey("X")}.`);

// a pair on the page: two videos on one clock, whose 0 s is the sync point of both
class ShownPair {
  constructor(index, practised = null) {
    this.index = index;
    this.practised = practised; // a practice pair with its answer, or null
    this.codes = practised ? practised.codes : turns[index];
    this.clips = this.codes.map((code) => PACK.clips[code]);
    this.videos = this.codes.map((code) => {
      const video = makeVideo(code);
      video.addEventListener("error", () => { this.broken = true; if (shown === this) tellBroken(); });
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
    this.watchedBefore = 0; // share of both videos that was watched before an earlier vote, which was taken back
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
    this.watchedBefore = vote.watched;
    this.sides.forEach((v, i) => { this.marks[v] = [vote.left_mark_s, vote.right_mark_s][i]; });
  }
  free() { this.pause(); this.videos.forEach(releaseVideo); }
  step_s(v) { return this.clips[v].seconds / this.clips[v].frames; }
  get sides() { return this.swapped ? [1, 0] : [0, 1]; }
  share(v) { return Math.max(this.watchedBefore, watchedShare(this.videos[v], this.clips[v].seconds)); }
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
  const which = shown.practised ? `Practice pair ${practice + 1} of ${PACK.practice.length}.` : `Pair ${shown.index + 1} of ${turns.length}.`;
  $("announcement").textContent = `${which} ${left} video ${lengths[0]}, ${right.toLowerCase()} video ${lengths[1]}.`;
}

function present(next, again) {
  const before = [shown, ahead].filter((pair) => pair && pair !== next);
  shown = next;
  ahead = null;
  before.forEach((pair) => pair.free());
  $("reason").value = again?.reason ?? "";
  if (again) shown.restore(again);
  tally();
  stage();
  shown.videos.forEach((_, v) => shown.place(v));
  if (shown.broken) tellBroken();
  waitUntilSeen();
  showPage("judge");
  announce();
}

function answerPractice(word) {
  const pair = shown, stated = pair.practised.better;
  if (pair.answered) return;
  pair.answered = true;
  pair.pause();
  const verdict = { 1: pair.sides[0], "-1": pair.sides[1] }[word] ?? null;
  const side = sideWords()[pair.sides[0] === stated ? 0 : 1].toLowerCase();
  showPracticeAnswer(`Practice: ${verdict === stated ? "as stated" : "stated otherwise"}, the ${side} one is better. ${pair.practised.note}`);
}

// the next pair without a vote, or the last page
function next(again) {
  if (practice !== null) { present(new ShownPair(0, PACK.practice[practice])); return; }
  const open = openTurns();
  tally();
  if (sittingEnds(open)) return;
  present(ahead?.index === open[0] ? ahead : new ShownPair(open[0]), again);
  ahead = open.length > 1 ? new ShownPair(open[1]) : null;
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
      tell(`Your last vote came after ${Math.round(100 * shares[0])} % of the ${left} and ${Math.round(100 * shares[1])} % of the ${right} video. “Undo” takes it back${byKey("Ctrl+Z")}.`);
    }
  }
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
const actOf = (key) => acts[key];

document.querySelectorAll("[data-vote]").forEach((button) => button.addEventListener("click", (event) => { if (event.detail < 2) vote(button.dataset.vote); $("question").focus({ preventScroll: true }); }));
for (const [i, side] of ["left", "right"].entries()) {
  $(side).addEventListener("click", () => { if (shown && !shown.together && shown.active !== shown.sides[i]) acts.a(); });
}
$("clock").addEventListener("input", () => {
  if (!shown) return;
  const from = shown.start([0, 1]);
  shown.seek(from + (Number($("clock").value) / 1000) * (shown.stop([0, 1]) - from));
});
document.querySelector('[data-vote="0"]').hidden = !PACK.neither;
nameSides();
startPage([["back", ","], ["play", " "], ["on", "."], ["together", "f"], ["other", "a"], ["swap", "s"], ["mark", "m"]]);
