// The page on which one video at a time is rated by the items of a rubric.
const SLOT = "turn", REST_AFTER_TURNS = Infinity, ITEMS = PACK.rubric.items;
const WORDS = { turns: "videos", answer: "rating", answers: "ratings", answered: "rated", work: "ratings", controls: "submit" };

// a video on the page with the answers so far
class ShownVideo {
  constructor(index, practised = null) {
    this.index = index;
    this.practised = practised; // a practice video with its answers, or null
    this.code = practised ? practised.code : turns[index];
    this.clip = PACK.clips[this.code];
    this.answers = ITEMS.map(() => undefined); // a step, null where it cannot be judged, undefined while open
    this.item = 0;
    this.mark_s = null;
    this.broken = false;
    this.seenAt = null;
    this.taken = 0;
    this.watchedBefore = 0; // share that was watched before an earlier rating, which was taken back
    const video = this.video = makeVideo(this.code);
    video.setAttribute("aria-label", "Video");
    video.playbackRate = video.defaultPlaybackRate = PACK.speed;
    video.addEventListener("error", () => { this.broken = true; if (shown === this) tellBroken(); });
    for (const name of ["timeupdate", "seeked", "play", "pause", "ended"]) video.addEventListener(name, () => { if (shown === this) show(); });
  }
  get playing() { return !this.video.paused && !this.video.ended; }
  get step_s() { return this.clip.seconds / this.clip.frames; }
  get ready() { return this.broken || this.video.readyState >= 2; }
  get complete() { return this.answers.every((answer) => answer !== undefined); }
  get share() { return Math.max(this.watchedBefore, watchedShare(this.video, this.clip.seconds)); }
  seek(time) { this.video.currentTime = clamp(time, 0, Math.max(this.clip.seconds - this.step_s / 2, 0)); show(); }
  skip(seconds) { this.seek(this.video.currentTime + seconds); }
  play() { this.video.play().catch(() => {}); }
  pause() { this.video.pause(); }
  frame(n) { this.pause(); this.skip(n * this.step_s); }
  mark() {
    const here = Math.round(Math.min(this.video.currentTime, this.clip.seconds) * 1000) / 1000;
    this.mark_s = this.mark_s === here ? null : here;
    show();
  }
  restore(form) {
    const given = new Map(form.answers);
    this.answers = ITEMS.map((item) => (given.has(item.name) ? given.get(item.name) : null));
    this.mark_s = form.mark_s;
    this.watchedBefore = form.watched;
  }
  free() { this.pause(); releaseVideo(this.video); }
}

const tellBroken = () => tell("This video cannot be shown. Copy the whole folder anew, or mark all items as not to be judged.");

// the items of the rubric: buttons, one that is pressed
function makeForm() {
  ITEMS.forEach((item, i) => {
    const box = document.createElement("fieldset"), name = document.createElement("legend");
    name.textContent = item.name;
    box.append(name);
    if (item.question) { const line = document.createElement("p"); line.className = "note"; line.textContent = item.question; box.append(line); }
    const row = document.createElement("div");
    row.className = "steps";
    [...item.steps, null].forEach((step, s) => {
      const button = document.createElement("button"), key = document.createElement("kbd"), word = document.createElement("span");
      key.className = "keys";
      key.textContent = step === null ? "N" : item.keys[s];
      word.textContent = step === null ? "cannot judge" : String(step);
      const anchor = item.anchors.find(([at]) => at === step);
      button.setAttribute("aria-label", `${item.name}: ${step === null ? "cannot be judged" : step}${anchor ? `, ${anchor[1]}` : ""}`);
      button.title = anchor ? anchor[1] : "";
      if (step === null || item.keys[s] !== String(step)) button.append(key);
      button.append(word);
      button.addEventListener("click", (event) => { answer(i, step); if (event.detail) button.blur(); });
      row.append(button);
    });
    const words = document.createElement("dl");
    for (const [step, text] of item.anchors) {
      const term = document.createElement("dt"), said = document.createElement("dd");
      term.textContent = String(step);
      said.textContent = text;
      words.append(term, said);
    }
    box.append(row, words);
    box.addEventListener("focusin", () => mark(i));
    box.addEventListener("pointerdown", () => mark(i));
    $("items").append(box);
  });
}

function mark(i) {
  if (shown && shown.item !== i) { shown.item = i; showForm(); }
}

function showForm() {
  [...$("items").children].forEach((box, i) => {
    const steps = [...ITEMS[i].steps, null], given = shown.answers[i];
    box.classList.toggle("active", i === shown.item);
    [...box.querySelectorAll("button")].forEach((button, s) => button.setAttribute("aria-pressed", given !== undefined && steps[s] === given));
  });
  const open = shown.answers.filter((given) => given === undefined).length;
  $("submit").disabled = open > 0;
  $("submit").textContent = open ? `${open} ${open === 1 ? "item" : "items"} to rate` : shown.practised ? "See the stated ratings" : "Next video";
}

function answer(i, step) {
  if (!shown || shown.answered || shown.seenAt === null) return;
  shown.answers[i] = step;
  const open = shown.answers.indexOf(undefined);
  shown.item = i + 1 < ITEMS.length ? i + 1 : open >= 0 ? open : i;
  showForm();
  $("items").children[shown.item].scrollIntoView({ block: "nearest" });
}

function show() {
  const { video, clip } = shown;
  $("only").querySelector(".time").textContent = `${clockWords(Math.min(video.currentTime, clip.seconds))} / ${clockWords(clip.seconds)}`;
  $("clock").value = Math.round((video.currentTime / clip.seconds) * 1000);
  if (!shown.playing) $("clock").setAttribute("aria-valuetext", clockWords(video.currentTime));
  $("play").textContent = shown.playing ? "Pause" : "Play";
  $("marked").textContent = shown.mark_s === null ? "" : `marked ${clockWords(shown.mark_s)}`;
}

function present(next, again) {
  const before = [shown, ahead].filter((one) => one && one !== next);
  shown = next;
  ahead = null;
  before.forEach((one) => one.free());
  $("reason").value = again?.remark ?? "";
  if (again) shown.restore(again);
  $("only").querySelector(".stage").replaceChildren(shown.video);
  $("items").scrollTop = 0;
  showForm();
  show();
  tally();
  if (shown.broken) tellBroken();
  waitUntilSeen();
  showPage("judge");
  const which = shown.practised ? `Practice video ${practice + 1} of ${PACK.practice.length}` : `Video ${shown.index + 1} of ${turns.length}`;
  $("announcement").textContent = `${which}, ${shown.clip.seconds.toFixed(1)} s.`;
}

// the next video without a rating, or the last page
function next(again) {
  if (practice !== null) { present(new ShownVideo(0, PACK.practice[practice])); return; }
  const open = openTurns();
  tally();
  if (sittingEnds(open)) return;
  present(ahead?.index === open[0] ? ahead : new ShownVideo(open[0]), again);
  ahead = open.length > 1 ? new ShownVideo(open[1]) : null;
}

async function submit() {
  const video = shown;
  if (!video || busy || video.answered || !video.complete || video.seenAt === null || now() - video.seenAt < GUARD_MS / 1000) return;
  video.pause();
  if (video.practised) { showStated(video); return; }
  busy = true;
  const given = {
    key: hex(crypto.getRandomValues(new Uint8Array(16))),
    turn: video.index,
    video: video.code,
    answers: ITEMS.map((item, i) => [item.name, video.answers[i]]).filter(([, step]) => step !== null),
    rated_at: new Date().toISOString(),
    taken_s: Math.round((video.taken + now() - video.seenAt) * 1000) / 1000,
    watched: Math.round(video.share * 1e4) / 1e4,
    remark: $("reason").value.trim(),
    mark_s: video.mark_s,
    withdrawn_at: null,
  };
  const result = await store.add(given);
  busy = false;
  if (result === "failed") { tell("The rating was not stored. Please press “Next video” again."); return; }
  if (result === "taken") tell("This video was rated in another tab of this browser. That rating stays.");
  else {
    sinceRest += 1;
    const share = video.share, seen = Math.round(100 * share);
    tell(share < SENSIBLE_SHARE && given.answers.length ? `Your last rating came after ${seen} % of the video. “Undo” takes it back${byKey("Ctrl+Z")}.` : "");
  }
  next();
  $("question").focus({ preventScroll: true });
}

// practice: the stated ratings next to one's own; nothing of it is kept
function showStated(video) {
  video.answered = true;
  const lines = video.practised.answers.map(([name, stated]) => {
    const own = video.answers[ITEMS.findIndex((item) => item.name === name)];
    return `${name}: you ${own ?? "cannot judge"}, stated ${stated}.`;
  });
  showPracticeAnswer(`Practice. ${[...lines, video.practised.note].join(" ")}`);
}

const acts = {
  " ": () => (shown.playing ? shown.pause() : shown.play()),
  ",": () => shown.frame(-1), ".": () => shown.frame(1),
  arrowleft: () => shown.skip(-1), arrowright: () => shown.skip(1),
  j: () => shown.skip(-10), l: () => shown.skip(10),
  home: () => shown.seek(0), end: () => shown.seek(Infinity),
  r: () => $("reason").focus(),
  m: () => shown.mark(),
  n: () => answer(shown.item, null),
  arrowup: () => mark(Math.max(shown.item - 1, 0)), arrowdown: () => mark(Math.min(shown.item + 1, ITEMS.length - 1)),
  enter: submit,
};
const actOf = (key) => {
  const step = ITEMS[shown.item].keys.indexOf(key);
  return step < 0 ? acts[key] : () => answer(shown.item, ITEMS[shown.item].steps[step]);
};

$("submit").addEventListener("click", (event) => { if (event.detail < 2) submit(); });
$("clock").addEventListener("input", () => { if (shown) shown.seek((Number($("clock").value) / 1000) * shown.clip.seconds); });
makeForm();
startPage([["back", ","], ["play", " "], ["on", "."], ["mark", "m"]]);
