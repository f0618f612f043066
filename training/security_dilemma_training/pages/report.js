// What a report does: one run is lit in all charts at once, panels of a figure share what is chosen, tables are sorted.
const runs = read("runs");
const chooser = document.querySelector("select[data-run]");

function has(view, signal) {
  return signal in view.getState({ signals: (name) => name === signal, data: () => false }).signals;
}

function light(run) {
  for (const view of Object.values(window.charts)) {
    if (has(view, "lit") && view.signal("lit") !== run) view.signal("lit", run).runAsync();
  }
}

function tell(run) {
  const output = document.querySelector(".run output");
  output.textContent = run ? `${runs[run].told} ` : "";
  if (run && runs[run].replay) {
    const command = document.createElement("code");
    command.textContent = runs[run].replay;
    output.append(command);
  }
}

function choose(run) {
  chooser.value = run;
  light(run);
  tell(run);
}

function runOf(item) {
  const run = item && item.datum && item.datum.run;
  return run in runs ? run : "";
}

function followRuns(view) {
  view.addEventListener("pointerover", (event, item) => light(runOf(item) || chooser.value));
  view.addEventListener("pointerout", () => light(chooser.value));
  view.addEventListener("click", (event, item) => { if (runOf(item)) choose(runOf(item)); });
}

function shareLegend(views) {
  for (const view of views) {
    const legends = Object.keys(view.getState({ signals: (name) => name.endsWith("_legend"), data: () => false }).signals);
    for (const legend of legends) {
      view.addSignalListener(legend, (name, value) => {
        for (const other of views) {
          if (other !== view && other.signal(name) !== value) other.signal(name, value).runAsync();
        }
      });
    }
  }
}

function shareChoice(section, views) {
  const choice = section.querySelector("select[data-signal]");
  if (!choice) return;
  const set = () => views.forEach((view) => view.signal(choice.dataset.signal, choice.value).runAsync());
  choice.addEventListener("change", set);
  set();
}

const NUMBER = /^[-+]?[\d,]*\.?\d+(e[-+]?\d+)?(\/\d+)?( \[.*\])?$/;

function valueOf(text) {
  const [first, second] = text.replaceAll(",", "").split(" [")[0].split("/").map(Number);
  return second ? first / second : first;
}

function sortBy(head, place, numbers) {
  const down = head.ariaSort === "ascending";
  for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
  head.ariaSort = down ? "descending" : "ascending";
  const body = head.closest("table").tBodies[0];
  const text = (row) => row.cells[place].textContent.trim();
  const order = (a, b) => numbers ? valueOf(text(a)) - valueOf(text(b)) : text(a).localeCompare(text(b));
  const rows = [...body.rows];
  const missing = rows.filter((row) => text(row) === "–");
  const known = rows.filter((row) => text(row) !== "–").sort((a, b) => down ? order(b, a) : order(a, b));
  body.append(...known, ...missing);
}

function makeSortable(table) {
  const rows = [...table.tBodies[0].rows];
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const cells = rows.map((row) => row.cells[place].textContent.trim()).filter((text) => text !== "–");
    const numbers = cells.every((text) => NUMBER.test(text));
    // numbers with words, as times in seconds and minutes, have no order that could be told from the text
    if (rows.length < 3 || (!numbers && cells.some((text) => /^[-+\d.]/.test(text)))) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(head, place, numbers));
    head.append(button);
  });
}

async function started() {
  for (const section of document.querySelectorAll(".panels")) {
    const views = [...section.querySelectorAll("figure.chart")].map((figure) => window.charts[figure.dataset.chart]);
    views.forEach(followRuns);
    shareLegend(views);
    shareChoice(section, views);
  }
  if (chooser) {
    chooser.addEventListener("change", () => choose(chooser.value));
    chooser.form.addEventListener("submit", (event) => event.preventDefault());
    if (chooser.value) choose(chooser.value);
  }
  document.querySelectorAll("table").forEach(makeSortable);
}
