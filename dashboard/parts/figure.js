// A Plotly figure that is changed in place: what a person did with it stays while the study goes on. A click on a
// point opens the page of its trial, whose number is the first of the point's custom data; a box or a lasso around
// points goes to Python as the state `chosen`, numbers of trials.

const MODEBAR = ["zoom2d", "select2d", "lasso2d", "resetScale2d"];
const FINGER = matchMedia("(pointer: coarse)"); // which scrolls the page, until a tool is chosen
const KEPT = "kept"; // a uirevision that never changes: zoom, hidden series and selections stay

let library; // Plotly, or its promise: once for all figures of a page

function load(address) {
  library ??= read(address).catch((error) => {
    library = undefined; // the next figure tries again
    throw error;
  });
  return library;
}

// The address names the version, so what the browser has of it is never out of date.
async function read(address) {
  const answer = await fetch(address, { cache: "force-cache" });
  if (!answer.ok) throw new Error(`Plotly cannot be loaded: ${answer.status}`);
  const script = document.createElement("script");
  script.src = URL.createObjectURL(new Blob([await answer.text()], { type: "text/javascript" }));
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error("Plotly cannot be loaded"));
    document.head.append(script);
  });
  URL.revokeObjectURL(script.src);
  return window.Plotly;
}

function lookOf(place) {
  const style = getComputedStyle(place);
  const colour = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    isDark: style.colorScheme === "dark",
    text: colour("text-color"),
    line: colour("border-color"),
    ground: colour("background-color"),
    font: colour("font"),
  };
}

function coloured(json, dark) {
  return json.replace(/#[0-9A-Fa-f]{6}\b/g, (each) => dark[each.toUpperCase()] ?? each);
}

function styled(layout, look) {
  const axes = Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
  const line = { gridcolor: look.line, linecolor: look.line, zeroline: false };
  return {
    ...layout,
    ...Object.fromEntries(axes.map((name) => [name, { ...line, ...layout[name] }])),
    autosize: true,
    font: { color: look.text, family: look.font, size: 13, ...layout.font },
    hoverlabel: { bgcolor: look.ground, bordercolor: look.line, font: { color: look.text, family: look.font }, align: "left" },
    dragmode: FINGER.matches ? false : "zoom",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: look.line, activecolor: look.text },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    uirevision: KEPT,
  };
}

// Plotly keeps what a person zoomed to only while the range it is given stays the same.
function unmoved(place, layout) {
  place.given ??= {};
  for (const name of Object.keys(layout).filter((each) => layout[each]?.range)) {
    const given = place.given[name];
    const shown = place.layout?.[name]?.range;
    const isZoomed = given && shown && given.some((end, position) => end !== shown[position]);
    if (isZoomed) layout[name].range = [...given];
    else place.given[name] = [...layout[name].range];
  }
  return layout;
}

// A uid stands in selectors: letters and digits.
function nameOf(trace) {
  return Array.from(trace.name, (each) => `u${each.codePointAt(0)}`).join("");
}

function trialOf(point) {
  return point.customdata?.[0];
}

function trialsOf(event) {
  const found = (event?.points ?? []).map(trialOf).filter((each) => each !== undefined);
  return [...new Set(found)].sort((a, b) => a - b);
}

function listen(place) {
  place.on("plotly_click", (event) => {
    const trial = trialOf(event.points[0]);
    if (trial !== undefined) window.location.assign(place.wanted.trial + trial);
  });
  place.on("plotly_selected", (event) => place.send("chosen", trialsOf(event)));
  place.on("plotly_deselect", () => place.send("chosen", []));
  place.on("plotly_hover", (event) => {
    place.hovered = { series: event.points[0].data.name, trial: trialOf(event.points[0]) };
  });
  place.on("plotly_unhover", () => {
    place.hovered = null;
  });
}

// What is said of a point stays with its trial, wherever that is drawn now.
function hoverAgain(place) {
  const { series, trial } = place.hovered;
  const curveNumber = place.data.findIndex((each) => each.name === series);
  const pointNumber = place.data[curveNumber]?.customdata?.findIndex((each) => each[0] === trial) ?? -1;
  if (pointNumber >= 0) window.Plotly.Fx.hover(place, [{ curveNumber, pointNumber }]);
}

async function draw(place) {
  if (place.isPressed) return; // a zoom or a choice under way comes first
  const { figure, dark } = place.wanted;
  const look = lookOf(place);
  const shown = JSON.stringify(look) + figure;
  if (place.shown === shown) return;
  const isFirst = place.shown === undefined;
  place.shown = shown;
  const { data, layout } = JSON.parse(look.isDark ? coloured(figure, dark) : figure);
  for (const trace of data) trace.uid = nameOf(trace); // another series may come in before it
  const hovered = place.hovered;
  await window.Plotly.react(place, data, styled(unmoved(place, layout), look), {
    displaylogo: false,
    modeBarButtons: [MODEBAR],
  });
  if (isFirst) listen(place);
  if (hovered) {
    place.hovered = hovered;
    hoverAgain(place);
  }
}

// Streamlit calls this at every change of the figure or of the colours.
export default async function ({ parentElement, data, setStateValue }) {
  const place = parentElement.querySelector(".search-figure");
  place.ariaLabel = data.label;
  place.style.height = `${data.height}px`;
  place.wanted = data;
  place.send = setStateValue;
  await load(data.library);
  if (!place.watched) {
    place.watched = new ResizeObserver(() => place.shown && place.clientWidth && window.Plotly.Plots.resize(place));
    place.watched.observe(place);
    place.addEventListener("pointerdown", () => (place.isPressed = true), true);
    place.released = () => {
      if (!place.isPressed) return;
      place.isPressed = false;
      setTimeout(() => draw(place)); // after Plotly has heard of it
    };
    window.addEventListener("pointerup", place.released, true);
    window.addEventListener("pointercancel", place.released, true);
  }
  await draw(place);
  return () => {
    if (place.isConnected) return; // a later call has drawn here while this one waited for Plotly
    place.watched.disconnect();
    window.removeEventListener("pointerup", place.released, true);
    window.removeEventListener("pointercancel", place.released, true);
    window.Plotly.purge(place);
  };
}
