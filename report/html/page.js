'use strict';
// Draws every <canvas data-plot="ID"> from the JSON in <script id="plot-ID">; report/html/markup.h
// says what may stand there. Draws again when the colours change and for paper.
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colour = (i) => css('--c' + (i % 8));

// 90 -> "90 s" under two minutes of axis, else 1:30, else 1:02:30.
function clock(seconds, span) {
  const s = Math.round(seconds);
  if (span <= 120) return s + ' s';
  const two = (n) => String(n).padStart(2, '0');
  const m = Math.floor(s / 60);
  if (span < 7200) return m + ':' + two(s % 60);
  return Math.floor(m / 60) + ':' + two(m % 60) + (s % 60 ? ':' + two(s % 60) : '');
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400];
const stepFor = (span) => STEPS.find((step) => span / step <= 10) || Math.ceil(span / 10);

// Numbers of the disturbances above their lines; what is too near together shares one: "4-6".
function numberMarks(ctx, area, numbered) {
  ctx.globalAlpha = 1;
  ctx.fillStyle = css('--bad');
  ctx.font = 'bold 11px sans-serif';
  for (let i = 0; i < numbered.length;) {
    let j = i;
    while (j + 1 < numbered.length && numbered[j + 1].at - numbered[i].at < 16) ++j;
    const text = numbered[i].number + (j > i ? '-' + numbered[j].number : '');
    const right = numbered[j].at > area.right - 26;
    ctx.textAlign = right ? 'right' : 'left';
    ctx.fillText(text, right ? numbered[i].at - 3 : numbered[j].at + 3, area.top + 10);
    i = j + 1;
  }
}

// Vertical lines: {at, text, kind: fault|scaling|stage, number}.
const marks = {
  id: 'marks',
  afterDatasetsDraw(chart, args, options) {
    const {ctx, chartArea: area, scales: {x}} = chart;
    const numbered = [];
    ctx.save();
    for (const mark of options.list || []) {
      if (mark.at < x.min || mark.at > x.max) continue;
      const at = x.getPixelForValue(mark.at);
      ctx.strokeStyle = css(mark.kind === 'fault' ? '--bad' : '--soft');
      ctx.lineWidth = mark.kind === 'fault' ? 1.4 : 0.8;
      ctx.globalAlpha = mark.kind === 'fault' ? 0.9 : 0.5;
      ctx.setLineDash(mark.kind === 'fault' ? [] : mark.kind === 'stage' ? [2, 4] : [5, 3]);
      ctx.beginPath();
      ctx.moveTo(at, area.top);
      ctx.lineTo(at, area.bottom);
      ctx.stroke();
      if (mark.number) numbered.push({at, number: mark.number});
    }
    numberMarks(ctx, area, numbered);
    ctx.restore();
  },
};

function pointsOf(plot, values) {
  return plot.x ? values.map((y, i) => ({x: plot.x[i], y})) : values;
}

function datasetsOf(plot) {
  const sets = [];
  plot.lines.forEach((line, i) => {
    const own = colour(line.colour === undefined ? i : line.colour);
    const bar = plot.kind === 'bar';
    if (line.low) {
      const edge = {borderWidth: 0, pointRadius: 0, pointHitRadius: 0, band: true, spanGaps: true};
      sets.push({...edge, label: line.name + ' low', data: pointsOf(plot, line.low), fill: false});
      sets.push({...edge, label: line.name + ' high', data: pointsOf(plot, line.high), fill: '-1',
        backgroundColor: own + '30'});
    }
    sets.push({label: line.name, data: pointsOf(plot, line.values), borderColor: own,
      backgroundColor: bar ? own + 'cc' : own, borderWidth: bar ? 0 : 1.7,
      borderDash: line.dashed ? [6, 4] : [], pointRadius: plot.kind === 'xy' ? 3 : 0,
      pointHitRadius: 6, spanGaps: false, tension: 0});
  });
  const ends = plot.x ? [plot.x[0], plot.x[plot.x.length - 1]] : null;
  for (const limit of plot.limits || []) {
    const data = ends ? ends.map((x) => ({x, y: limit.value})) : plot.labels.map(() => limit.value);
    sets.push({type: 'line', label: limit.name, data, borderColor: css('--bad'), borderWidth: 1.3,
      backgroundColor: css('--bad'), borderDash: [8, 4], pointRadius: 0, pointHitRadius: 0});
  }
  return sets;
}

function xAxisOf(plot) {
  if (!plot.x) return {ticks: {maxRotation: 60, autoSkip: true}};
  const title = {display: !!plot.xTitle, text: plot.xTitle || ''};
  if (plot.kind !== 'time') {
    return {type: plot.xLogarithmic ? 'logarithmic' : 'linear', title, ticks: {maxTicksLimit: 10}};
  }
  const first = plot.x[0], end = plot.x[plot.x.length - 1], span = Math.max(1, end - first);
  return {type: 'linear', title, min: first, max: end,
    ticks: {stepSize: stepFor(span), callback: (value) => clock(value, span), maxRotation: 0,
      autoSkipPadding: 8}};
}

function settingsOf(plot) {
  const span = plot.x ? plot.x[plot.x.length - 1] - plot.x[0] : 0;
  const text = (value) => Number(value.toPrecision(4)).toLocaleString('en-US');
  const own = (item) => !item.dataset.band;
  return {
    type: plot.kind === 'bar' ? 'bar' : 'line',
    data: {labels: plot.x ? undefined : plot.labels, datasets: datasetsOf(plot)},
    plugins: [marks],
    options: {
      animation: false, responsive: true, maintainAspectRatio: false,
      interaction: {mode: plot.x ? 'nearest' : 'index', axis: 'x', intersect: false},
      plugins: {
        title: {display: true, text: plot.title, color: css('--ink'), font: {size: 13}},
        legend: {labels: {boxWidth: 12, boxHeight: 2, padding: 8,
          filter: (item, data) => !data.datasets[item.datasetIndex].band}},
        marks: {list: plot.marks || []},
        tooltip: {filter: own, callbacks: {
          title: (items) => items.length === 0 ? '' : plot.kind === 'time' ?
            clock(items[0].parsed.x, span) : plot.x ? text(items[0].parsed.x) : items[0].label,
          label: (item) => item.dataset.label + ': ' + text(item.parsed.y) + ' ' + plot.unit,
        }},
      },
      scales: {
        y: {type: plot.logarithmic ? 'logarithmic' : 'linear', beginAtZero: true,
          suggestedMax: plot.suggestedMax, title: {display: !!plot.unit, text: plot.unit},
          ticks: {maxTicksLimit: 7}},
        x: xAxisOf(plot),
      },
    },
  };
}

let charts = [];
function draw() {
  for (const chart of charts) chart.destroy();
  Chart.defaults.color = css('--soft');
  Chart.defaults.borderColor = css('--line');
  charts = [...document.querySelectorAll('canvas[data-plot]')].map((canvas) => {
    const data = document.getElementById('plot-' + canvas.dataset.plot).textContent;
    return new Chart(canvas, settingsOf(JSON.parse(data)));
  });
  document.documentElement.dataset.drawn = charts.length;
}

// A table's rows by the check boxes above it: a row is shown while its box is ticked.
function filterRows() {
  const off = [...document.querySelectorAll('input[data-show]')].filter((box) => !box.checked)
    .map((box) => box.dataset.show);
  for (const row of document.querySelectorAll('tr[data-kind]')) {
    row.classList.toggle('hidden', row.dataset.kind.split(' ').some((kind) => off.includes(kind)));
  }
}

draw();
for (const box of document.querySelectorAll('input[data-show]')) box.onchange = filterRows;
const paper = (on) => { document.documentElement.classList.toggle('paper', on); draw(); };
window.addEventListener('beforeprint', () => paper(true));
window.addEventListener('afterprint', () => paper(false));
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
