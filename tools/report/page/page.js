'use strict';
// Draws the report from the JSON in #data; every text goes in as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const main = document.getElementById('main');
  const charts = (window.tenancyCharts = {});
  const redraws = [];

  // --- the document ---------------------------------------------------------------------------
  const SVG = 'http://www.w3.org/2000/svg';
  function set(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined) node.setAttribute(name, value);
    }
    for (const child of [].concat(children ?? [])) {
      if (child !== null) node.append(child);
    }
    return node;
  }
  const el = (name, attributes, children) => set(document.createElement(name), attributes, children);
  const draw = (name, attributes, children) => set(document.createElementNS(SVG, name), attributes, children);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // --- words and numbers ----------------------------------------------------------------------
  const prefixes = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, ''], [1e-3, 'm'], [1e-6, 'µ'], [1e-9, 'n'], [1e-12, 'p']];
  function quantity(value, unit) {
    if (value === null || !Number.isFinite(value)) return '-';
    if (unit === '1') return `${(100 * value).toFixed(1)} %`;
    if (value === 0) return `0 ${unit}`;
    const [factor, prefix] = prefixes.find(([f]) => Math.abs(value) >= 0.9995 * f) || prefixes.at(-1);
    if (unit === '1/s') return prefix ? `${(value / factor).toPrecision(3)} ${prefix}/s` : `${value.toPrecision(3)} /s`;
    return `${(value / factor).toPrecision(3)} ${prefix}${unit}`;
  }
  const shortKeys = (keys) => {
    for (let n = 1; n < 6; ++n) {
      const tails = keys.map((key) => key.split('.').slice(-n).join('.'));
      if (new Set(tails).size === tails.length) return tails;
    }
    return keys;
  };
  const digits = (value) => (value === null || value === undefined ? '-' : Number(value.toPrecision(4)).toString());
  const percent = (value) => (value === null || value === undefined ? '-' : `${(100 * value).toFixed(1)} %`);

  // Okabe and Ito's colours, told apart by all kinds of colour vision; greys for doing nothing.
  const causes = {
    running: '#0072b2', llc_misses: '#56b4e9', remote_memory: '#d55e00', controller_queueing: '#e69f00',
    link_queueing: '#cc79a7', cold_caches: '#009e73', smt: '#f0e442', translation: '#5e4fa2', exits: '#a6761d', ticks: '#66c2a5', spinning: '#b3de69', page_faults: '#7570b3', numa_balancing: '#d95f02', swap_in: '#e7298a', halt_polling: '#b3b3b3', steal: '#8c1d40', co_stop: '#e31a1c', scheduler: '#7a7a7a', io_threads: '#1b9e77', io_limits: '#e6ab02', image_metadata: '#bc80bd', redundancy: '#fb8072', storage: '#80b1d3', network: '#386cb0', idle: '#c9c6bf',
  };
  const others = ['#5e4fa2', '#66c2a5', '#a6761d', '#e7298a', '#1b9e77', '#7570b3', '#b3de69', '#80b1d3'];
  const lines = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c1d40', '#7a7a7a'];
  const dashes = [[], [6, 4], [2, 3], [10, 4, 2, 4]];
  const causeColour = (name, i) => causes[name] || others[i % others.length];
  const causeLabel = (name) => data.labels?.[name] || name.replaceAll('_', ' ');

  // --- tables ---------------------------------------------------------------------------------
  function table(headings, rows, caption) {
    const head = headings.map(([text, number], c) => el('th', { scope: 'col', class: number ? 'number' : null },
      el('button', { type: 'button', title: 'Sort', onclick: () => sort(c) }, text)));
    const body = el('tbody');
    const fill = (list) => body.replaceChildren(...list.map((row) => el('tr', {}, row.map((cell, c) =>
      el('td', { class: headings[c][1] ? 'number' : null }, cell instanceof Node ? cell : String(cell.text ?? cell))))));
    let order = 1;
    let last = -1;
    function sort(c) {
      order = last === c ? -order : 1;
      last = c;
      const key = (row) => row[c].sort ?? row[c].text ?? row[c];
      rows.sort((a, b) => order * (typeof key(a) === 'number' && typeof key(b) === 'number'
        ? key(a) - key(b) : String(key(a)).localeCompare(String(key(b)), undefined, { numeric: true })));
      fill(rows);
    }
    fill(rows);
    const whole = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
      el('table', {}, [el('caption', { class: 'soft', hidden: '' }, caption), el('thead', {}, el('tr', {}, head)), body]));
    whole.filter = (text) => fill(rows.filter((row) => row.some((cell) =>
      String(cell.text ?? cell).toLowerCase().includes(text.toLowerCase()))));
    return whole;
  }
  function searchable(grid, label) {
    const input = el('input', { type: 'search', oninput: () => grid.filter(input.value) });
    return [el('div', { class: 'controls' }, el('label', {}, [`${label} `, input])), grid];
  }
  function section(title, sentence, children, long) {
    return el('section', { class: long ? 'long' : null, 'aria-label': title },
      [el('h2', {}, title), sentence ? el('p', { class: 'soft' }, sentence) : null, ...[].concat(children)]);
  }
  const folded = (summary, children) => el('details', {}, [el('summary', {}, summary), ...[].concat(children)]);
  const choice = (label, options, onchange) => {
    const select = el('select', { onchange: () => onchange(Number(select.value)) },
      options.map((text, i) => el('option', { value: i }, text)));
    return { node: el('label', {}, [`${label} `, select]), select };
  };

  // --- charts ---------------------------------------------------------------------------------
  function base(extra) {
    return {
      animation: false, maintainAspectRatio: false, responsive: true,
      plugins: { legend: { position: 'bottom', labels: { color: colour('--ink'), boxWidth: 14, filter: (item) => !item.text.startsWith('_') } }, ...extra.plugins },
      scales: extra.scales, indexAxis: extra.indexAxis, interaction: { mode: 'nearest', intersect: false },
    };
  }
  const axis = (title, extra) => ({
    title: { display: Boolean(title), text: title, color: colour('--soft') },
    grid: { color: colour('--line') }, ticks: { color: colour('--soft'), ...(extra?.ticks || {}) }, ...Object.fromEntries(Object.entries(extra || {}).filter(([k]) => k !== 'ticks')),
  });
  // A canvas whose chart is made anew when its data or the colour scheme changes.
  function chart(name, label, config, height) {
    const canvas = el('canvas', { role: 'img', tabindex: '0', 'aria-label': label });
    const box = el('div', { class: height ? 'chart tall' : 'chart' }, canvas);
    if (height) box.style.height = `${height}px`;
    const make = () => {
      charts[name]?.destroy();
      charts[name] = new Chart(canvas, config());
    };
    redraws.push(make);
    return { box, make };
  }

  // --- a study --------------------------------------------------------------------------------
  function study() {
    const { results, answer, drawings } = data;
    const points = results.points;
    const keys = points.length ? Object.keys(points[0].at) : [];
    const names = shortKeys(keys);
    const where = (point) => keys.map((key, k) => `${names[k]} ${point.at[key]}`).join(', ') || 'the scenario';
    main.append(el('h1', {}, results.study || 'A study'), el('p', { class: 'answer' }, answer),
      el('p', { class: 'soft' }, `tenancy ${results.tenancy}; ${results.replications} replication${results.replications === 1 ? '' : 's'}, seed ${results.seed}; ` +
        `intervals of ${100 * results.confidence} %` + (results.interrupted ? '; interrupted, not all points are here' : '') + '.'));
    if (!points.length) return;
    const metrics = [...new Set(points.flatMap((point) => Object.keys(point.metrics)))];
    main.append(hostSection(points, drawings, where), scalingSection(points, keys, names, metrics, where),
      timeSection(points, where));
    const latency = latencySection(points, where);
    if (latency) main.append(latency);
    main.append(numbersSection(points, metrics, where));
    if (results.uncertain?.length) main.append(uncertainSection(results));
    main.append(section('The resolved scenario', 'Presets expanded, defaults filled; of the first point of the sweep. tenancy run reads it back.',
      folded('Show it', el('pre', { tabindex: '0' }, JSON.stringify(results.scenario, null, 2))), true));
  }

  function estimateOf(point, metric) {
    // A migration that has not completed has neither a time nor a downtime yet.
    const open = /^(migration\.[^.]+)\.(time|downtime)$/.exec(metric);
    if (open && point.metrics[`${open[1]}.completed`]?.value === 0) return null;
    return point.metrics[metric] || null;
  }

  function scalingSection(points, keys, names, metrics, where) {
    const numeric = keys.findIndex((key) => points.every((point) => typeof point.at[key] === 'number'));
    const first = metrics.findIndex((metric) => metric.endsWith('.throughput.relative'));
    let chosen = first >= 0 ? first : 0;
    const tableBox = el('div');
    const values = (f) => new Set(points.map(f)).size;
    // Keys that are swept together with the axis' make no lines of their own.
    const along = (key) => key === keys[numeric] || (values((point) => point.at[key]) > 1
      && values((point) => JSON.stringify([point.at[keys[numeric]], point.at[key]])) === values((point) => point.at[keys[numeric]]));
    const rest = (point) => keys.map((key, k) => (along(key) ? null : `${names[k]} ${point.at[key]}`)).filter(Boolean).join(', ');
    const xs = numeric >= 0 ? [...new Set(points.map((point) => point.at[keys[numeric]]))].sort((a, b) => a - b) : points.map(where);
    function config() {
      const metric = metrics[chosen];
      const unit = points.map((p) => estimateOf(p, metric)?.unit).find(Boolean) || '1';
      const groups = numeric >= 0 ? [...new Set(points.map(rest))] : [''];
      const scale = unit === '1' ? 100 : 1;
      const datasets = [];
      groups.forEach((group, g) => {
        const own = numeric >= 0 ? points.filter((point) => rest(point) === group) : points;
        const at = (f) => (numeric >= 0
          ? own.map((point) => ({ x: point.at[keys[numeric]], y: f(estimateOf(point, metric)) })).filter((p) => p.y !== null).sort((a, b) => a.x - b.x)
          : own.map((point) => f(estimateOf(point, metric))));
        const pick = (f) => at((e) => (e ? scale * f(e) : null));
        const shade = lines[g % lines.length];
        const wide = (e) => e.pi || e.ci;
        datasets.push({ label: '_lo', data: pick((e) => wide(e)[0]), borderWidth: 0, pointRadius: 0, backgroundColor: 'transparent', showLine: true },
          { label: '_hi', data: pick((e) => wide(e)[1]), borderWidth: 0, pointRadius: 0, backgroundColor: shade + '30', fill: '-1', showLine: true },
          { label: group || metric, data: pick((e) => e.value), borderColor: shade, backgroundColor: shade, borderDash: dashes[g % dashes.length], pointRadius: 4, pointStyle: ['circle', 'rect', 'triangle', 'rectRot'][g % 4], showLine: numeric >= 0 });
      });
      return {
        type: 'line', data: { labels: numeric >= 0 ? undefined : xs, datasets },
        options: base({
          plugins: { tooltip: { filter: (item) => !item.dataset.label.startsWith('_'),
            callbacks: { label: (item) => `${item.dataset.label}: ${quantity(item.parsed.y / scale, unit)}` } } },
          scales: { x: axis(numeric >= 0 ? keys[numeric] : '', numeric >= 0 ? { type: 'linear', min: 0 } : {}),
            y: axis(unit === '1' ? `${metric}, %` : `${metric}, ${unit}`, { beginAtZero: true, ticks: { callback: (v) => (unit === '1' ? `${v} %` : quantity(v, unit)) } }) },
        }),
      };
    }
    function retable() {
      const metric = metrics[chosen];
      tableBox.replaceChildren(table([['point'], ['value', true], ['interval', true], ['prediction interval', true]],
        points.map((point) => {
          const e = estimateOf(point, metric);
          const span = (pair) => (pair ? `${quantity(pair[0], e.unit)} to ${quantity(pair[1], e.unit)}` : '-');
          return [where(point), { text: e ? quantity(e.value, e.unit) : '-', sort: e?.value ?? 0 }, span(e?.ci), span(e?.pi)];
        }), `${metric} at each point`));
    }
    const view = chart('scaling', 'A metric along the sweep, with its interval as a band', config);
    const pick = choice('Metric', metrics, (i) => { chosen = i; view.make(); retable(); });
    pick.select.value = chosen;
    retable();
    const predicted = points.some((point) => Object.values(point.metrics).some((e) => e && e.pi));
    return section('Along the sweep', predicted
      ? 'Bands are the 90 % prediction interval: replications, and what is uncertain of presets, machines and models.'
      : 'Bands are the confidence interval of the replications.',
      [el('div', { class: 'controls' }, pick.node), view.box, folded('The numbers of this chart', tableBox)]);
  }

  function timeSection(points, where) {
    const rows = points.flatMap((point) => Object.entries(point.time).map(([object, shares]) => ({ label: Object.keys(point.time).length > 1 ? `${where(point)}: ${object.replace(/^vm\./, '')}` : where(point), shares })));
    const all = [...new Set(rows.flatMap((row) => Object.keys(row.shares)))].filter((cause) => rows.some((row) => row.shares[cause] > 0.0005));
    const config = () => ({
      type: 'bar',
      data: { labels: rows.map((row) => row.label), datasets: all.map((cause, i) => ({ label: causeLabel(cause), data: rows.map((row) => 100 * (row.shares[cause] || 0)), backgroundColor: causeColour(cause, i), borderColor: colour('--panel'), borderWidth: 1 })) },
      options: base({ indexAxis: 'y', plugins: { tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${item.parsed.x.toFixed(1)} %` } } },
        scales: { x: axis('share of vCPU time, %', { stacked: true, max: 100 }), y: axis('', { stacked: true }) } }),
    });
    const view = chart('time', 'Where the time of vCPUs went, by cause', config, 110 + 30 * rows.length);
    return section('Where the time went', 'Every moment of a vCPU belongs to one cause; each bar adds up to 100 %.',
      [view.box, folded('The numbers of this chart', table([['point'], ...all.map((cause) => [causeLabel(cause), true])],
        rows.map((row) => [row.label, ...all.map((cause) => ({ text: percent(row.shares[cause] || 0), sort: row.shares[cause] || 0 }))]), 'Shares of vCPU time'))], rows.length > 24);
  }

  function latencySection(points, where) {
    const rows = [];
    for (const point of points) {
      const objects = new Set(Object.keys(point.metrics).map((m) => m.match(/^(.*\.latency)\.p\d+$/)?.[1]).filter(Boolean));
      for (const object of objects) {
        const of = (p) => point.metrics[`${object}.${p}`]?.value || 0;
        if (of('p99') > 0) rows.push({ label: objects.size > 1 ? `${where(point)}: ${object.replace(/^vm\.|\.latency$/g, '')}` : where(point), p50: of('p50'), p95: of('p95'), p99: of('p99') });
      }
    }
    if (!rows.length) return null;
    const shades = { p50: '#56b4e9', p95: '#0072b2', p99: '#d55e00' };
    const config = () => ({
      type: 'bar',
      data: { labels: rows.map((row) => row.label), datasets: Object.entries(shades).map(([p, shade]) => ({ label: p, data: rows.map((row) => row[p]), backgroundColor: shade })) },
      options: base({ indexAxis: 'y', plugins: { tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${quantity(item.parsed.x, 's')}` } } },
        scales: { x: axis('latency', { type: 'logarithmic', ticks: { callback: (v) => (/^[125]/.test(v.toExponential()) ? quantity(v, 's') : null) } }), y: axis('') } }),
    });
    const view = chart('latency', 'Latency percentiles of each point', config, 110 + 44 * rows.length);
    return section('Latency', 'Time from being ready to having done a burst of work: median, 95th and 99th percentile.',
      [view.box, folded('The numbers of this chart', table([['point'], ['p50', true], ['p95', true], ['p99', true]],
        rows.map((row) => [row.label, ...['p50', 'p95', 'p99'].map((p) => ({ text: quantity(row[p], 's'), sort: row[p] }))]), 'Latency percentiles'))], rows.length > 16);
  }

  function numbersSection(points, metrics, where) {
    const rows = points.flatMap((point) => metrics.filter((metric) => estimateOf(point, metric)).map((metric) => {
      const e = point.metrics[metric];
      return [where(point), metric, { text: quantity(e.value, e.unit), sort: e.value }, e.ci ? `${quantity(e.ci[0], e.unit)} to ${quantity(e.ci[1], e.unit)}` : '-'];
    }));
    return section('All numbers', `${rows.length} values.`, folded('Show them',
      searchable(table([['point'], ['metric'], ['value', true], ['interval', true]], rows, 'All metrics of all points'), 'Search')), true);
  }

  function uncertainSection(results) {
    return section('What is uncertain', 'Numbers of presets, and groups of costs that move by one factor. All were moved by one standard deviation up or down at once, as the rows of a design say; the prediction intervals carry their effects.',
      table([['key'], ['value', true], ['standard deviation', true], ['source']],
        results.uncertain.map((u) => [u.key, u.value, u.deviation, u.source]), 'Uncertain numbers'));
  }

  // --- the host -------------------------------------------------------------------------------
  // Light to dark of one hue, so that print and colour vision do not matter.
  function heat(u) {
    const t = Math.min(1, Math.max(0, u));
    const mix = (a, b) => Math.round(a + (b - a) * t);
    return `rgb(${mix(244, 179)}, ${mix(241, 48)}, ${mix(232, 12)})`;
  }
  const linkHeat = (u) => {
    const t = Math.min(1, Math.max(0, u));
    const mix = (a, b) => Math.round(a + (b - a) * t);
    return `rgb(${mix(176, 179)}, ${mix(172, 48)}, ${mix(164, 12)})`;
  };
  function hostSection(points, drawings, where) {
    const box = el('div');
    let shown = Math.max(0, data.worst);
    const show = () => box.replaceChildren(hostDrawing(drawings[shown], points[shown].utilisation));
    const pick = choice('Point', points.map(where), (i) => { shown = i; show(); });
    pick.select.value = shown;
    show();
    const legend = el('div', { class: 'legend' }, [0, 0.25, 0.5, 0.75, 1].map((u) => {
      const swatch = el('i');
      swatch.style.background = heat(u);
      return el('span', {}, [swatch, `${100 * u} %`]);
    }));
    return section('The host', 'Mean utilisation of CPUs, memory controllers and links; of a link, the busier direction.',
      [points.length > 1 ? el('div', { class: 'controls' }, pick.node) : null, box, legend].filter(Boolean));
  }
  function hostDrawing(host, utilisation) {
    const nodes = Object.keys(utilisation).filter((name) => /^node\d+\.cpus$/.test(name)).length || 1;
    const perSocket = Math.max(1, Math.round(nodes / host.sockets));
    const sockets = Math.ceil(nodes / perSocket);
    const threads = Math.round((host.sockets * host.nodes_per_socket * host.cores_per_node * host.threads_per_core) / nodes);
    const columns = sockets > 1 ? 2 : 1;
    const [nodeWidth, nodeHeight, gap] = [190, 132, 26];
    const socketWidth = perSocket * nodeWidth + (perSocket + 1) * 16;
    const socketHeight = nodeHeight + 46;
    const width = columns * socketWidth + (columns - 1) * 4 * gap + 2 * gap;
    const rows = Math.ceil(sockets / columns);
    const buses = Object.keys(utilisation).filter((name) => /^bus\d+$/.test(name));
    const height = rows * socketHeight + (rows - 1) * 3 * gap + 2 * gap + (buses.length ? 60 : 0);
    const centre = (node) => {
      const socket = Math.floor(node / perSocket);
      const x = gap + (socket % columns) * (socketWidth + 4 * gap) + 16 + (node % perSocket) * (nodeWidth + 16);
      const y = gap + Math.floor(socket / columns) * (socketHeight + 3 * gap) + 34;
      return { x, y, cx: x + nodeWidth / 2, cy: y + nodeHeight / 2, socket };
    };
    const svg = draw('svg', { class: 'host', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${host.name}: ${nodes} NUMA nodes; figures in the table below` });
    const links = new Map();
    for (const [name, u] of Object.entries(utilisation)) {
      const ends = name.match(/^link(\d+)-(\d+)$/);
      if (!ends) continue;
      const pair = [Number(ends[1]), Number(ends[2])].sort((a, b) => a - b).join('-');
      links.set(pair, Math.max(links.get(pair) ?? 0, u));
    }
    for (const [pair, u] of links) {
      const [a, b] = pair.split('-').map((n) => centre(Number(n)));
      const line = draw('path', { d: `M${a.cx},${a.cy} L${b.cx},${b.cy}`, stroke: linkHeat(u), 'stroke-width': 2 + 6 * u, fill: 'none' });
      line.append(draw('title', {}, `link ${pair}: ${percent(u)}`));
      svg.append(line);
    }
    for (let socket = 0; socket < sockets; ++socket) {
      const at = centre(socket * perSocket);
      svg.append(draw('rect', { class: 'socket', x: at.x - 16, y: at.y - 34, width: socketWidth, height: socketHeight, rx: 8 }),
        draw('text', { x: at.x - 4, y: at.y - 14 }, buses.length ? `${host.name}, ${host.sockets} sockets` : `socket ${socket}`));
    }
    for (let node = 0; node < nodes; ++node) svg.append(...nodeDrawing(node, centre(node), nodeWidth, nodeHeight, threads, utilisation));
    buses.forEach((name, i) => {
      const y = height - 50 + 22 * i;
      svg.append(draw('rect', { class: 'part', x: gap, y, width: width - 2 * gap, height: 18, fill: heat(utilisation[name]) }),
        draw('text', { class: 'small on', x: gap + 8, y: y + 13 }, `front-side bus ${i}: ${percent(utilisation[name])}`));
    });
    const list = Object.entries(utilisation);
    return el('div', {}, [svg, folded('The numbers of this drawing', table([['part'], ['utilisation', true]],
      list.map(([name, u]) => [name, { text: percent(u), sort: u }]), 'Utilisation of each part'))]);
  }
  function nodeDrawing(node, at, width, height, threads, utilisation) {
    const cpus = utilisation[`node${node}.cpus`] ?? 0;
    const controller = utilisation[`node${node}.controller`];
    const parts = [draw('rect', { class: 'part', x: at.x, y: at.y, width, height, rx: 5, fill: 'var(--panel)' }),
      draw('text', { x: at.x + 8, y: at.y + 17 }, `node ${node}`)];
    const columns = Math.min(threads, threads > 16 ? 16 : 8);
    const rows = Math.ceil(threads / columns);
    const cell = Math.min((width - 16) / columns, 46 / rows);
    for (let t = 0; t < threads; ++t)
      parts.push(draw('rect', { class: 'part', x: at.x + 8 + (t % columns) * cell, y: at.y + 25 + Math.floor(t / columns) * cell, width: cell - 2, height: cell - 2, rx: 2, fill: heat(cpus) }));
    parts.push(draw('text', { class: 'small', x: at.x + 8, y: at.y + 90 }, `${threads} CPUs: ${percent(cpus)}`));
    if (controller !== undefined)
      parts.push(draw('rect', { class: 'part', x: at.x + 8, y: at.y + height - 32, width: width - 16, height: 24, rx: 3, fill: heat(controller) }),
        draw('text', { class: 'small on', x: at.x + 14, y: at.y + height - 16 }, `memory controller: ${percent(controller)}`));
    return parts;
  }

  // --- a validation ---------------------------------------------------------------------------
  function validation() {
    const { report } = data;
    const covered = report.points.filter((point) => point.status !== 'uncovered');
    const compared = covered.filter((point) => point.relative_error !== null);
    const all = report.summary.all;
    main.append(el('h1', {}, 'Predictions against recorded measurements'), el('p', { class: 'answer' },
      `${all.covered} of ${all.covered + all.uncovered} recorded points are predicted; the median error of those that no fit has seen is ${percent(all.median_abs_error)}, nine in ten are within ${percent(all.p90_abs_error)}.`),
      el('p', { class: 'soft' }, `tenancy ${data.tenancy}; ${percent(all.pi_coverage)} of them lie inside their 90 % prediction interval.`));
    main.append(scatterSection(compared), summarySection(report), pointsSection(covered), uncoveredSection(report.points.filter((point) => point.status === 'uncovered')));
  }
  function scatterSection(compared) {
    const groups = [...new Set(compared.map((point) => point.subsystem))];
    const usable = compared.filter((point) => point.recorded > 0 && point.predicted > 0);
    const config = () => {
      const span = usable.flatMap((point) => [point.recorded, point.predicted]);
      const lo = Math.min(...span);
      const hi = Math.max(...span);
      return {
        type: 'scatter',
        data: { datasets: [...groups.map((group, g) => ({ label: group, data: usable.filter((p) => p.subsystem === group).map((p) => ({ x: p.recorded, y: p.predicted, id: p.id, unit: p.unit })), backgroundColor: lines[g % lines.length], pointStyle: ['circle', 'rect', 'triangle', 'rectRot', 'star'][g % 5], pointRadius: 4 })),
          { label: '_equal', data: [{ x: lo, y: lo }, { x: hi, y: hi }], showLine: true, pointRadius: 0, borderColor: colour('--soft'), borderWidth: 1 }] },
        options: base({ plugins: { tooltip: { filter: (item) => item.raw.id !== undefined, callbacks: { label: (item) => `${item.raw.id}: recorded ${digits(item.raw.x)}, predicted ${digits(item.raw.y)} ${item.raw.unit}` } } },
          scales: { x: axis('recorded, in its own unit', { type: 'logarithmic' }), y: axis('predicted', { type: 'logarithmic' }) } }),
      };
    };
    const view = chart('scatter', 'Predicted against recorded, both axes logarithmic; on the line they are equal', config);
    return section('Predicted against recorded', 'On the line they are equal. Each point is in the unit of its recording.', view.box);
  }
  function summarySection(report) {
    const rows = Object.entries(report.summary).map(([name, s]) => {
      const b = report.baselines[name] || {};
      return [name, s.covered, s.uncovered, { text: percent(s.median_abs_error), sort: s.median_abs_error ?? -1 }, { text: percent(s.p90_abs_error), sort: s.p90_abs_error ?? -1 }, percent(s.bias), percent(s.pi_coverage), percent(b.fluid_cpu), percent(b.rule_of_thumb), b.skill === null || b.skill === undefined ? '-' : b.skill.toFixed(2)];
    });
    return section('By subsystem', 'Errors are over points that no fit has seen. Skill compares with the better of two baselines that need no simulator.',
      table([['subsystem'], ['covered', true], ['uncovered', true], ['median |error|', true], ['90th percentile', true], ['bias', true], ['in interval', true], ['fluid CPU', true], ['rule of thumb', true], ['skill', true]], rows, 'Errors by subsystem'));
  }
  function pointsSection(covered) {
    const rows = covered.map((p) => [p.id, p.subsystem, p.role, { text: `${digits(p.recorded)} ${p.unit}`, sort: p.recorded }, { text: digits(p.predicted), sort: p.predicted },
      p.pi ? `${digits(p.pi[0])} to ${digits(p.pi[1])}` : '-', { text: p.relative_error === null ? '-' : `${p.relative_error >= 0 ? '+' : ''}${(100 * p.relative_error).toFixed(1)} %`, sort: Math.abs(p.relative_error ?? 0) }, p.status]);
    return section('Every predicted point', 'Click a heading to sort.', searchable(table([['point'], ['subsystem'], ['role'], ['recorded', true], ['predicted', true], ['90 % interval', true], ['error', true], ['status']], rows, 'Predicted points'), 'Search'), true);
  }
  function uncoveredSection(points) {
    const reasons = new Map();
    for (const point of points) reasons.set(point.reason, [...(reasons.get(point.reason) || []), point.id]);
    const rows = [...reasons].map(([reason, ids]) => [ids.length, reason, folded('which', el('p', { class: 'soft' }, ids.join(', ')))]);
    return section('Not predicted yet, and why', `${points.length} points.`, table([['points', true], ['reason'], ['ids']], rows, 'Uncovered points'), true);
  }

  if (data.kind === 'study') study();
  else validation();
  const redraw = () => redraws.forEach((make) => make());
  redraw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  matchMedia('print').addEventListener('change', redraw);
})();
