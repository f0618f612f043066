// What every page does: draw the charts into their figures, and switch between light and dark.
// Afterwards window.charts holds each Vega view by name, and the body is marked as ready.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const themeButton = document.querySelector("button.theme");

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const other = theme === "dark" ? "light" : "dark";
  themeButton.textContent = `${other} page`;
  themeButton.setAttribute("aria-label", `show the page in ${other}`);
}

showTheme(dark.matches ? "dark" : "light");
dark.addEventListener("change", (event) => showTheme(event.matches ? "dark" : "light"));
themeButton.addEventListener("click", () =>
  showTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));

function read(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

async function drawCharts() {
  const config = read("chart-config");
  window.charts = {};
  for (const figure of document.querySelectorAll("figure.chart")) {
    const name = figure.dataset.chart;
    // ast: expressions are interpreted, so that the page needs no permission to evaluate code
    const options = { ast: true, renderer: "svg", actions: false, config };
    const drawn = await vegaEmbed(figure.querySelector(".drawing"), read(`chart-${name}`), options);
    window.charts[name] = drawn.view;
  }
}
