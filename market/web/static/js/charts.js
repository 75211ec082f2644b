// Draws the charts of a page with plotly, in the page's own colours; the table beside each says the same.
const style = getComputedStyle(document.documentElement);
const token = (name) => style.getPropertyValue(name).trim();

// plotly and a map library inside it write styles into the page, which our policy forbids. They do not where something
// of these names is there already; what of plotly's rules is needed stands in karez.css.
for (const name of [
  "plotly.js-style-global", "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53",
]) {
  const instead = document.createElement("meta");
  instead.id = name;
  instead.className = "no-inline-styles";
  document.head.append(instead);
}

function load(address) {
  return new Promise((resolve, reject) => {
    if (globalThis.Plotly) { resolve(globalThis.Plotly); return; }
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
}

// "--water" in a chart's figures means the colour of that name.
function coloured(value) {
  if (typeof value === "string") return value.startsWith("--") ? token(value) : value;
  if (Array.isArray(value)) return value.map(coloured);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, coloured(inner)]));
  }
  return value;
}

// Times in figures, which every language reads: plotly itself would name the months in English.
const DAY_MS = 86_400_000;
const times = {
  type: "date", hoverformat: "%Y-%m-%d %H:%M", tickangle: 0, nticks: 5,
  tickformatstops: [
    { dtickrange: [null, DAY_MS - 1], value: "%H:%M\n%m-%d" }, { dtickrange: [DAY_MS, "M1"], value: "%m-%d\n%Y" },
    { dtickrange: ["M1", "M11"], value: "%Y-%m" }, { dtickrange: ["M12", null], value: "%Y" },
  ],
};

// What plotly would guess from the first values, and guesses wrongly where there is one only.
function kinds(data) {
  const at = data.flatMap((each) => each.x ?? []), values = data.flatMap((each) => each.y ?? []);
  const isOfTime = at.length > 0 && at.every((each) => /^\d{4}-\d\d-\d\d/.test(each));
  const once = isOfTime && new Set(at).size === 1 ? new Date(at[0].slice(0, 10)).getTime() : null;
  return {
    x: { ...(isOfTime ? times : {}), ...(once === null ? {} : { range: [once - DAY_MS, once + 2 * DAY_MS] }) },
    y: values.every((each) => each === null || /^-?[\d.]+$/.test(each)) ? { type: "linear" } : { type: "category" },
  };
}

function layout(given, kind) {
  const axis = {
    gridcolor: token("--line"), zerolinecolor: token("--line"), linecolor: token("--line"), automargin: true,
    exponentformat: "none", separatethousands: true,
  };
  const own = {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 48, r: 16, t: 16, b: 40 }, height: 320,
    font: { family: token("--letters"), size: 13, color: token("--quiet") }, hovermode: "closest",
    colorway: ["--water", "--sand", "--good", "--bad", "--quiet"].map(token),
    dragmode: false, hoverlabel: { bgcolor: token("--sheet"), bordercolor: token("--line"), font: { color: token("--ink") } },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
  };
  const found = { ...own, ...coloured(given ?? {}) };
  found.xaxis ??= {};
  found.yaxis ??= {};
  for (const name of Object.keys(found)) {
    if (/^[xy]axis/.test(name)) found[name] = { ...axis, ...kind[name[0]], ...found[name] };
  }
  return found;
}

// A chart may say what is otherwise where it has little room.
const NARROW = 480;
function fitted(spec, width) {
  if (!spec.narrow || width >= NARROW) return spec;
  return {
    data: spec.data.map((each, place) => ({ ...each, ...spec.narrow.data?.[place] })),
    layout: { ...spec.layout, ...spec.narrow.layout },
  };
}

async function draw(figure) {
  const spec = JSON.parse(figure.dataset.chart);
  const plotly = await load(figure.dataset.plotly);
  const { data, layout: given } = fitted(spec, figure.clientWidth);
  await plotly.newPlot(figure.querySelector(".canvas"), coloured(data), layout(given, kinds(data)), {
    displayModeBar: false, responsive: true, staticPlot: matchMedia("print").matches,
  });
  figure.classList.add("drawn");
}

const seen = new IntersectionObserver((entries) => {
  for (const each of entries) {
    if (!each.isIntersecting) continue;
    seen.unobserve(each.target);
    draw(each.target).catch(() => each.target.querySelector("details").setAttribute("open", ""));
  }
}, { rootMargin: "200px" });
for (const figure of document.querySelectorAll("[data-chart]")) seen.observe(figure);
