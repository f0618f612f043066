// The replay: one step for all charts and texts of the page, moved by buttons, slider, keyboard, clicks and time.
const slider = document.querySelector(".controls input");
const playButton = document.querySelector(".controls .play");
const speed = document.querySelector(".controls select");
const stepText = document.querySelector(".controls output");
const panels = [...document.querySelectorAll(".panel")];
const episodes = [...document.querySelectorAll(".episode")].map((element) => ({
  element,
  panel: element.querySelector(".panel"),
  steps: [...element.querySelectorAll("template")],
  jumps: [...element.querySelectorAll(".goto")],
  charts: [...element.querySelectorAll("figure.chart")].map((figure) => figure.dataset.chart),
}));
const last = Number(slider.max);
let now = 0;
let timer = null;

function setSignal(name, signal, value) {
  return window.charts[name].signal(signal, value).runAsync();
}

// An episode that is over stays at its last step while the other goes on.
function showStep(episode) {
  const step = Math.min(now, episode.steps.length - 1);
  episode.panel.replaceChildren(episode.steps[step].content.cloneNode(true));
  for (const jump of episode.jumps) {
    const at = Number(jump.dataset.step);
    jump.classList.toggle("now", at === step);
    jump.classList.toggle("later", at > step);
  }
  return Promise.all(episode.charts.map((name) => setSignal(name, "step", step)));
}

function go(step) {
  now = Math.max(0, Math.min(last, step));
  slider.value = String(now);
  slider.setAttribute("aria-valuetext", `step ${now} of ${last}`);
  stepText.textContent = `step ${now} of ${last}`;
  return Promise.all(episodes.map(showStep));
}

function playing(on) {
  clearInterval(timer);
  timer = on ? setInterval(advance, 1000 / Number(speed.value)) : null;
  playButton.textContent = on ? "‖ pause" : "▶ play";
  playButton.setAttribute("aria-pressed", String(on));
  // what is read aloud would fall behind a replay that runs
  for (const panel of panels) panel.setAttribute("aria-live", on ? "off" : "polite");
}

function advance() {
  go(now + 1);
  if (now === last) playing(false);
}

function toggle() {
  if (timer === null && now === last) go(0);
  playing(timer === null);
}

function jump(step) {
  playing(false);
  go(step);
}

const moves = {
  first: () => jump(0),
  back: () => jump(now - 1),
  play: toggle,
  forward: () => jump(now + 1),
  last: () => jump(last),
};
const keys = {
  " ": toggle,
  ArrowLeft: moves.back,
  ArrowRight: moves.forward,
  Home: moves.first,
  End: moves.last,
};

// Form controls keep the keys that they need themselves.
function isTaken(target, key) {
  if (target.closest("select")) return true;
  if (target.closest("input")) return key !== " ";
  return key === " " && target.closest("button, summary, a") !== null;
}

function onKey(event) {
  const known = keys[event.key];
  if (!known || event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target, event.key)) return;
  event.preventDefault();
  known();
}

function showPair(episode, changed) {
  const [one, other] = episode.element.querySelectorAll(".pair select");
  if (one.value === other.value) {
    const free = [...other.options].find((option) => option.value !== changed.value);
    (changed === one ? other : one).value = free.value;
  }
  for (const name of episode.charts.filter((chart) => chart.startsWith("phase") || chart.startsWith("belief"))) {
    setSignal(name, "one", one.value);
    setSignal(name, "other", other.value);
  }
}

function listen(episode) {
  for (const button of episode.jumps) button.addEventListener("click", () => jump(Number(button.dataset.step)));
  for (const choice of episode.element.querySelectorAll(".pair select")) {
    choice.addEventListener("change", () => showPair(episode, choice));
  }
  for (const name of episode.charts) {
    window.charts[name].addEventListener("click", (event, item) => {
      if (item && item.datum && "step" in item.datum) jump(item.datum.step);
    });
  }
}

async function started() {
  for (const [name, move] of Object.entries(moves)) {
    document.querySelector(`.controls .${name}`).addEventListener("click", move);
  }
  slider.addEventListener("input", () => jump(Number(slider.value)));
  speed.addEventListener("change", () => playing(timer !== null));
  document.addEventListener("keydown", onKey);
  episodes.forEach(listen);
  await go(0);
}
