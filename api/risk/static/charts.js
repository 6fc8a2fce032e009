// Draws `<div class="chart" data-chart="KIND" data-series="#ID">` from the JSON in `<script type="application/json" id="ID">`.
// The chart is decoration: the table beside it, rendered by the server, holds the same figures.
//
// JSON: {categories: [text], series: [{name, role?, values: [number|null]}], unit?, max?, stack?, horizontal?, whole?, unknown?}
//   line, bar   categories along the axis, one value each per series
//   radar       categories are the axes, `max` their common end; an axis without any value is marked `unknown`
//   funnel      categories are the steps, one series; `told` says each value with its unit
//   heatmap     {categories: columns, rows: [text], matrix: [row][column], unit?}
// `role` gives colour, pattern and shape: red, orange, yellow, blue, none, unknown, accent, compare.

const SHAPES = { red: "triangle", orange: "diamond", yellow: "rect", blue: "circle", accent: "circle", compare: "emptyCircle" };
const DASHES = { red: "solid", orange: [10, 4], yellow: [4, 4], blue: [2, 3], accent: "solid", compare: [6, 4] };
const DECALS = {
  red: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [3, 4], rotation: -Math.PI / 4 },
  orange: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 6], rotation: Math.PI / 4 },
  yellow: { symbol: "circle", dashArrayX: [[8, 8], [0, 8, 8, 0]], dashArrayY: [6, 0], symbolSize: 0.6 },
  blue: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 8], rotation: 0 },
};
const ROLES = ["accent", "compare", "red", "orange", "yellow", "blue", "none", "unknown"];
const WIDE = 560; // pixels from which labels have room
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function look() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  const colours = { accent: token("primary"), compare: token("seal") };
  for (const role of ROLES.slice(2)) colours[role] = token(`grade-${role}`);
  return {
    colours,
    ink: token("ink"), quiet: token("ink-2"), line: token("line"), surface: token("surface"), sunken: token("sunken"),
    low: token("primary-soft"), high: token("primary-strong"),
    font: token("sans"),
  };
}

// The colour (#rrggbb) mixed with white, 0 to 1.
function tint(colour, part) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `#${parts.map((one) => Math.round(one + (255 - one) * part).toString(16).padStart(2, "0")).join("")}`;
}

const written = (value, unit) => (value === null || value === undefined ? "—" : `${Number(value).toLocaleString("en-US")}${unit ? ` ${unit}` : ""}`);
const known = (data, at) => data.series.some((one) => one.values[at] !== null && one.values[at] !== undefined);
const roleOf = (series, number) => (ROLES.includes(series.role) ? series.role : ROLES[number % 2]);

function shared(style) {
  const text = { color: style.ink, fontFamily: style.font, fontSize: 13 };
  return {
    animation: !calm.matches,
    animationDuration: 350,
    textStyle: text,
    aria: { enabled: false },
    tooltip: {
      renderMode: "richText", // the HTML form needs inline styles, which the policy forbids
      confine: true,
      backgroundColor: style.surface,
      borderColor: style.line,
      textStyle: text,
    },
    legend: { type: "scroll", bottom: 0, textStyle: text, itemWidth: 26, itemHeight: 12, pageIconColor: style.ink },
  };
}

function axes(data, style, wide) {
  const label = { color: style.quiet, fontSize: 12 };
  const named = {
    type: "category", data: data.categories, inverse: Boolean(data.horizontal),
    axisLabel: data.horizontal ? { ...label, width: wide ? 220 : 136, overflow: "truncate", interval: 0 } : { ...label, hideOverlap: true },
    axisLine: { lineStyle: { color: style.quiet } }, axisTick: { show: false },
  };
  const counted = {
    type: "value", max: data.max, name: data.unit ?? "", nameTextStyle: { ...label, align: "left" },
    minInterval: data.whole === false ? 0 : 1,
    axisLabel: { ...label, hideOverlap: true }, splitLine: { lineStyle: { color: style.line } },
  };
  return data.horizontal ? { xAxis: counted, yAxis: named } : { xAxis: named, yAxis: counted };
}

function plane(data) {
  return {
    left: 8, right: 16, top: data.unit ? 34 : 16, bottom: 40, outerBoundsMode: "same", outerBoundsContain: "axisLabel",
  };
}

function series(data, style, kind) {
  return data.series.map((one, number) => {
    const role = roleOf(one, number);
    const colour = style.colours[role];
    const made = { type: kind, name: one.name, data: one.values, color: colour, tooltip: { valueFormatter: (value) => written(value, data.unit) } };
    if (kind === "line") {
      Object.assign(made, {
        symbol: SHAPES[role] ?? "circle", symbolSize: 8, showSymbol: data.categories.length <= 40, connectNulls: false,
        lineStyle: { color: colour, width: 2.5, type: DASHES[role] ?? "solid" }, itemStyle: { color: colour },
      });
    } else {
      const decal = DECALS[role] ? { ...DECALS[role], color: "rgba(255,255,255,0.45)" } : undefined;
      Object.assign(made, {
        stack: data.stack ? "all" : undefined, barMaxWidth: 34, itemStyle: { color: colour, decal, borderColor: style.surface },
        data: one.values.map((value) => ({ value, itemStyle: { borderWidth: data.stack && value ? 1 : 0 } })),
      });
    }
    return made;
  });
}

const KINDS = {
  line: (data, style, wide) => ({ ...axes(data, style, wide), grid: plane(data), series: series(data, style, "line"), tooltip: { trigger: "axis" } }),
  bar: (data, style, wide) => ({ ...axes(data, style, wide), grid: plane(data), series: series(data, style, "bar"), tooltip: { trigger: "axis", axisPointer: { type: "shadow" } } }),

  radar: (data, style, wide) => ({
    radar: {
      indicator: data.categories.map((name, at) => ({ name: known(data, at) ? name : `${name}\n${data.unknown ?? "?"}`, max: data.max })), radius: wide ? "64%" : "52%", center: ["50%", "46%"],
      axisName: { color: style.ink, fontSize: wide ? 13 : 12, width: wide ? 170 : 78, overflow: "break", lineHeight: 16 }, splitArea: { show: false },
      splitLine: { lineStyle: { color: style.line } }, axisLine: { lineStyle: { color: style.line } },
    },
    series: [{
      type: "radar",
      data: data.series.map((one, number) => {
        const role = roleOf(one, number);
        const colour = style.colours[role];
        return {
          name: one.name, value: one.values.map((value) => value ?? 0), symbol: SHAPES[role] ?? "circle", symbolSize: 7,
          lineStyle: { color: colour, width: 2.5, type: DASHES[role] ?? "solid" }, itemStyle: { color: colour },
          areaStyle: { color: colour, opacity: 0.14 },
          tooltip: {
            formatter: () => [one.name, ...data.categories.map((name, at) => `${name}  ${written(one.values[at], data.unit)}`)].join("\n"),
          },
        };
      }),
    }],
    legend: { show: data.series.length > 1 },
  }),

  funnel: (data, style, wide) => {
    const values = data.series[0].values;
    const first = values[0] || 1;
    return {
      legend: { show: false },
      series: [{
        type: "funnel", sort: "none", left: wide ? "28%" : "45%", width: wide ? "44%" : "53%", funnelAlign: "left", top: 8, bottom: 8, gap: 3, min: 0, max: Math.max(1, ...values), minSize: "2%",
        label: {
          position: "left", color: style.ink, fontSize: 13, lineHeight: 18, // the straight side: no step, however steep, covers a word
          formatter: (one) => `${one.name}\n${data.told[one.dataIndex]} · ${Math.round((one.value / first) * 100)} %`,
        },
        labelLine: { length: 8, lineStyle: { color: style.quiet } },
        data: data.categories.map((name, at) => ({ name, value: values[at], itemStyle: { color: tint(style.colours.accent, at * 0.11), borderColor: style.surface, borderWidth: 1 } })),
      }],
      tooltip: { formatter: (one) => `${one.name}  ${data.told[one.dataIndex]}` },
    };
  },

  heatmap: (data, style) => {
    // shaded by magnitude, so that one large cell doesn't leave all others equal
    const cells = data.matrix.flatMap((row, y) => row.map((value, x) => [x, y, value ?? "-", Math.log1p(value ?? 0)]));
    const most = Math.max(1, ...cells.map((cell) => cell[3]));
    const label = { color: style.quiet, fontSize: 12 };
    return {
      legend: { show: false },
      grid: { ...plane({}), bottom: 8 },
      xAxis: { type: "category", data: data.categories, position: "top", axisLabel: { ...label, hideOverlap: true }, axisTick: { show: false } },
      yAxis: { type: "category", data: data.rows, inverse: true, axisLabel: { ...label, interval: 0 }, axisTick: { show: false } },
      visualMap: { show: false, dimension: 3, min: 0, max: most, inRange: { color: [style.low, style.colours.accent, style.high] } },
      tooltip: { formatter: (one) => `${data.rows[one.value[1]]} → ${data.categories[one.value[0]]}\n${written(one.value[2], data.unit)}` },
      series: [{
        type: "heatmap",
        data: cells.map((cell) => ({
          value: cell,
          label: { show: cells.length <= 240, color: cell[3] > most * 0.3 ? style.surface : style.ink },
        })),
        label: { formatter: (one) => written(one.value[2], "") },
        itemStyle: { borderColor: style.surface, borderWidth: 2 },
      }],
    };
  },
};

function option(kind, data, style, wide) {
  const base = shared(style);
  const made = KINDS[kind](data, style, wide);
  return { ...base, ...made, tooltip: { ...base.tooltip, ...made.tooltip }, legend: { ...base.legend, ...made.legend } };
}

async function draw(frames) {
  const { init } = await import("../vendor/echarts/echarts.mjs");
  const style = look();
  for (const frame of frames) {
    try {
      const data = JSON.parse(document.querySelector(frame.dataset.series).textContent);
      const chart = init(frame, null, { renderer: "canvas" });
      let wide = frame.clientWidth > WIDE;
      chart.setOption(option(frame.dataset.chart, data, style, wide));
      const fit = () => {
        chart.resize();
        if (wide === frame.clientWidth > WIDE) return;
        wide = !wide;
        chart.setOption(option(frame.dataset.chart, data, style, wide), true);
      };
      new ResizeObserver(fit).observe(frame);
      addEventListener("beforeprint", fit);
      frame.dataset.drawn = "";
    } catch (error) {
      frame.dataset.failed = ""; // the table stays
      console.error(error);
    }
  }
}

const frames = [...document.querySelectorAll(".chart[data-chart]")];
if (frames.length) {
  draw(frames).catch(() => frames.forEach((frame) => { frame.dataset.failed = ""; }));
}
