// Draws every <canvas data-plot="ID"> from the JSON in <script id="plot-ID">:
// {title, kind: line|bar, unit, labels: [...], lines: [{name, values: [number|null, ...]}]}.
const COLOURS = ['#1f5fa8', '#c4501b', '#1b7f4b', '#7a3fa0', '#8a6100', '#0f7c86'];

for (const canvas of document.querySelectorAll('canvas[data-plot]')) {
  const plot = JSON.parse(document.getElementById('plot-' + canvas.dataset.plot).textContent);
  new Chart(canvas, {
    type: plot.kind,
    data: {
      labels: plot.labels,
      datasets: plot.lines.map((line, i) => ({
        label: line.name, data: line.values, borderColor: COLOURS[i % COLOURS.length],
        backgroundColor: COLOURS[i % COLOURS.length] + (plot.kind === 'bar' ? 'cc' : '33'),
        borderWidth: 1.6, pointRadius: 0, spanGaps: true,
      })),
    },
    options: {
      animation: false, maintainAspectRatio: false, interaction: {mode: 'index', intersect: false},
      plugins: {title: {display: true, text: plot.title}},
      scales: {y: {beginAtZero: true, title: {display: true, text: plot.unit}},
        x: {ticks: {maxTicksLimit: 12}}},
    },
  });
}
