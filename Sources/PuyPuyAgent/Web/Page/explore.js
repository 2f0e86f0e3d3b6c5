import { Chart, clock, nearest, short } from '/chart.js';
import { Refused, ask } from '/client.js';
import { $, count, element, setRows, setText } from '/elements.js';

// Finds series and draws them.

// ---- Series: search ---------------------------------------------------------------------------

const shown = 100;
let searching = null;
let searchTimer = null;

async function search() {
  searching?.abort();
  const mine = searching = new AbortController();
  try {
    const answer = await ask('series', [['match', $('search').value.trim()], ['limit', shown]], mine.signal);
    if (mine !== searching) return;
    const more = answer.matching > answer.found.length ? `, the first ${answer.found.length} are here` : '';
    setText($('found-words'), `${count(answer.matching)} of ${count(answer.series)} series${more}`);
    setRows($('found'), answer.found.map((one) => ({
      key: one.key, text: one.key,
      make: () => {
        const button = element('button', { type: 'button' }, one.metric);
        const tags = Object.entries(one.tags).filter(([name]) => !usual.has(name)).map(([name, value]) => `${name}=${value}`).join(' ');
        if (tags) button.append(element('small', {}, tags));
        button.title = one.key;
        button.addEventListener('click', () => toggle(one.key, one));
        return element('li', {}, button);
      },
    })));
    markPicked();
  } catch (error) {
    if (mine !== searching || error.name === 'AbortError') return;
    setText($('found-words'), error instanceof Refused ? 'The key is missing.' : `The search failed: ${error.message}`);
  }
}

function markPicked() {
  for (const row of $('found').children) row.firstElementChild.setAttribute('aria-pressed', String(picked.has(row.dataset.key)));
}

$('search').addEventListener('input', () => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(search, 60);
});
$('search').addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown') {
    event.preventDefault();
    $('found').querySelector('button')?.focus();
  } else if (event.key === 'Enter') {
    $('found').querySelector('button')?.click();
  }
});
$('found').addEventListener('keydown', (event) => {
  const row = event.target.closest('li');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : event.key === 'ArrowUp' ? row?.previousElementSibling : null;
  if (event.key === 'Escape' || (event.key === 'ArrowUp' && row && !next)) $('search').focus();
  else if (next) next.firstElementChild.focus();
  else return;
  event.preventDefault();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target.matches('input') || $('content').hidden) return;
  event.preventDefault();
  $('search').focus();
});

// ---- Series: the chart ------------------------------------------------------------------------

/** Tags that all series of a host have: they name none. */
const usual = new Set(['host', 'cluster', 'group', 'location', 'type']);
const ranges = { '15m': [900, 5], '1h': [3600, 10], '6h': [21600, 60], '24h': [86400, 300] };
const mostPicked = 16;

/** By key: number, metric, tags, buckets by their number, whether all were read. */
const picked = new Map();
let rangeName = '1h';
let loading = new AbortController();
let clockShiftMs = 0;
const chart = new Chart($('canvas'));

const rangeMs = () => ranges[rangeName][0] * 1000;
const stepMs = () => ranges[rangeName][1] * 1000;
const nowThere = () => Date.now() + clockShiftMs;

function toggle(name, one) {
  if (picked.has(name)) {
    picked.delete(name);
  } else if (picked.size >= mostPicked) {
    setText($('cursor-words'), `At most ${mostPicked} series are drawn at a time.`);
    return;
  } else {
    const numbers = new Set([...picked.values()].map((other) => other.number));
    let free = 0;
    while (numbers.has(free)) free += 1;
    picked.set(name, { number: free, metric: one?.metric, tags: one?.tags, buckets: new Map(), isWhole: false });
    load(name, loading.signal);
  }
  remember();
  redraw();
}

/** Takes over what an answer has of the picked series. Pieces of one bucket are joined. */
function take(answer, joins) {
  clockShiftMs = answer.to_ns / 1e6 - Date.now();
  const step = answer.step_ns;
  const first = Math.round(answer.from_ns / step);
  for (const one of answer.series) {
    const mine = picked.get(one.key);
    if (!mine) continue;
    mine.metric = one.metric;
    mine.tags = one.tags;
    if (!joins) for (const place of mine.buckets.keys()) if (place >= first) mine.buckets.delete(place);
    for (const [place, amount, min, max, mean] of one.buckets) {
      const old = joins ? mine.buckets.get(first + place) : undefined;
      const all = amount + (old ? old[0] : 0);
      mine.buckets.set(first + place, old
        ? [all, Math.min(min, old[1]), Math.max(max, old[2]), mean * (amount / all) + old[3] * (old[0] / all)]
        : [amount, min, max, mean]);
    }
  }
}

/** Reads a series over the whole range, newest first, in as many pieces as it takes. */
async function load(name, signal) {
  const [seconds, step] = ranges[rangeName];
  let next = null;
  try {
    const parameters = [['series', name], ['from', -seconds], ['step', step]];
    do {
      const answer = await ask('points', next === null ? parameters : parameters.concat([['before', next]]), signal);
      const mine = picked.get(name);
      if (signal.aborted || !mine) return;
      take(answer, true);
      next = answer.next;
      mine.isWhole = next === null;
      mine.isMissing = answer.missing.length > 0;
      redraw();
    } while (next !== null);
  } catch (error) {
    if (signal.aborted) return;
    const mine = picked.get(name);
    if (mine) mine.failed = true;
    redraw();
  }
}

let refreshing = null;

/** Reads what came since, for one reader at a time. */
export function refresh() {
  refreshing ??= readOn(loading.signal).finally(() => { refreshing = null; });
  return refreshing;
}

async function readOn(signal) {
  for (const [name, one] of picked) {
    if (!one.failed) continue;
    one.failed = false;
    one.buckets.clear();
    load(name, signal);
  }
  const whole = [...picked].filter(([, one]) => one.isWhole);
  if (!whole.length) return redraw();
  const newest = whole.map(([, one]) => Math.max(...one.buckets.keys(), 0)).filter((place) => place > 0);
  const from = newest.length ? (Math.min(...newest) - 1) * stepMs() / 1000 : nowThere() / 1000 - stepMs() / 200;
  const oldest = (nowThere() - rangeMs()) / 1000;
  try {
    let next = null;
    do {
      const parameters = whole.map(([name]) => ['series', name]);
      parameters.push(['from', Math.max(from, oldest)], ['step', stepMs() / 1000]);
      if (next !== null) parameters.push(['before', next]);
      const answer = await ask('points', parameters, signal);
      if (signal.aborted) return;
      take(answer, next !== null);
      next = answer.next;
    } while (next !== null);
  } catch (error) {
    if (signal.aborted) return;
  }
  const first = Math.floor((nowThere() - rangeMs()) / stepMs()) - 1;
  for (const [, one] of whole) for (const place of one.buckets.keys()) if (place < first) one.buckets.delete(place);
  redraw();
}

function reload() {
  loading.abort();
  loading = new AbortController();
  for (const [name, one] of picked) {
    Object.assign(one, { isWhole: false, failed: false });
    one.buckets.clear();
    load(name, loading.signal);
  }
  remember();
  redraw();
}

/** What tells the picked series apart: the metric, and the tags that differ or are not usual. */
function labels() {
  const all = [...picked.values()];
  return new Map([...picked].map(([name, one]) => {
    if (!one.tags) return [name, name];
    const tags = Object.entries(one.tags).filter(([tag, value]) => !usual.has(tag) || all.some((other) => other.tags && other.tags[tag] !== value && other.metric === one.metric));
    return [name, one.metric + (tags.length ? ` ${tags.map(([tag, value]) => `${tag}=${value}`).join(' ')}` : '')];
  }));
}

function redraw() {
  const step = stepMs();
  const series = [...picked].map(([name, one]) => ({
    key: name, number: one.number,
    buckets: [...one.buckets].sort((a, b) => a[0] - b[0]).map(([place, bucket]) => [(place + 0.5) * step, ...bucket]),
  }));
  const toMs = nowThere();
  chart.show(series, toMs - rangeMs(), toMs);
  showLegend(series);
  markPicked();
  const isEmpty = series.every((one) => !one.buckets.length);
  const isLoading = [...picked.values()].some((one) => !one.isWhole && !one.failed);
  $('empty').hidden = !isEmpty;
  setText($('empty'), !picked.size ? 'Pick a series to draw it.' : isLoading ? 'Reading …' : [...picked.values()].some((one) => one.failed) ? 'The points could not be read.' : 'There are no points in this time.');
  $('plot').setAttribute('aria-busy', String(isLoading));
  const names = [...labels().values()];
  setText($('chart-words'), picked.size ? `Chart of ${names.join(', ')} over the last ${rangeName}` : 'Chart without a series');
}

function showLegend(series) {
  const names = labels();
  const at = chart.cursorMs;
  setText($('at-head'), at === null ? 'Last' : clock(at));
  setRows($('legend'), series.map((one) => {
    const inside = one.buckets.filter(([ms]) => ms >= chart.fromMs - stepMs());
    const amount = inside.reduce((sum, bucket) => sum + bucket[1], 0);
    const bucket = at === null ? inside[inside.length - 1] : nearest(inside, at);
    const values = inside.length
      ? [bucket[4], Math.min(...inside.map((b) => b[2])), inside.reduce((sum, b) => sum + b[4] * (b[1] / amount), 0), Math.max(...inside.map((b) => b[3]))]
      : [null, null, null, null];
    const texts = values.map((value) => short(value));
    const name = names.get(one.key);
    return {
      key: one.key, text: JSON.stringify([name, one.number]),
      fill: (row) => texts.forEach((text, index) => setText(row.children[index + 1], text)),
      make: () => {
        const swatch = element('span', { className: 'swatch' });
        swatch.style.background = `var(--s${one.number % 8})`;
        const remove = element('button', { type: 'button', title: 'Remove', 'aria-label': `Remove ${name}` }, '×');
        remove.addEventListener('click', () => {
          toggle(one.key);
          ($('legend').querySelector('button') || $('search')).focus();
        });
        const row = element('tr', {}, element('th', { scope: 'row', title: one.key }, swatch, name),
          ...texts.map(() => element('td')), element('td', {}, remove));
        row.addEventListener('pointerenter', () => { chart.highlighted = one.key; chart.draw(); });
        row.addEventListener('pointerleave', () => { chart.highlighted = null; chart.draw(); });
        return row;
      },
    };
  }));
}

let cursorFrame = null;
function moveCursor(ms, isSpoken = false) {
  chart.cursorMs = ms;
  if (cursorFrame === null) {
    cursorFrame = requestAnimationFrame(() => {
      cursorFrame = null;
      chart.draw();
      showLegend(chart.series);
    });
  }
  if (isSpoken) {
    const names = labels();
    setText($('cursor-words'), [clock(ms), ...chart.series.map((one) => `${names.get(one.key)}: ${short(nearest(one.buckets, ms)?.[4])}`)].join(', '));
  } else {
    setText($('cursor-words'), '');
  }
}
$('plot').addEventListener('pointermove', (event) => {
  const at = chart.timeAt(event.clientX - $('canvas').getBoundingClientRect().left);
  const times = chart.times();
  if (times.length) moveCursor(times.reduce((best, ms) => (Math.abs(ms - at) < Math.abs(best - at) ? ms : best)));
});
$('plot').addEventListener('pointerleave', () => moveCursor(null));
$('plot').addEventListener('blur', () => moveCursor(null));
$('plot').addEventListener('keydown', (event) => {
  const times = chart.times();
  if (!times.length) return;
  const at = chart.cursorMs === null ? times.length : times.findIndex((ms) => ms >= chart.cursorMs);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 20, PageDown: at + 20, Home: 0, End: times.length - 1 }[event.key];
  if (event.key === 'Escape') return moveCursor(null);
  if (to === undefined) return;
  event.preventDefault();
  moveCursor(times[Math.min(times.length - 1, Math.max(0, to))], true);
});

for (const input of document.querySelectorAll('input[name="range"]')) {
  input.addEventListener('change', () => {
    rangeName = input.value;
    chart.cursorMs = null;
    reload();
  });
}
new ResizeObserver(() => chart.draw()).observe($('plot'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart.draw());

// ---- What was looked at last ------------------------------------------------------------------

/** The address says what is drawn, so that it can be kept and given to others. */
function remember() {
  const parameters = new URLSearchParams([['range', rangeName], ...[...picked.keys()].map((name) => ['series', name])]);
  window.history.replaceState(null, '', `#${parameters}`);
}

/** Searches for all, and draws what the address says, or the load of the processors. */
export async function begin(spool) {
  const wanted = new URLSearchParams(location.hash.slice(1));
  // A history that has just begun would be a line at the edge of an hour.
  const isYoung = spool.newest_batch_ns - spool.oldest_batch_ns < 900e9;
  if (!picked.size) rangeName = ranges[wanted.get('range')] ? wanted.get('range') : isYoung ? '15m' : '1h';
  document.querySelector(`input[value="${rangeName}"]`).checked = true;
  for (const name of wanted.getAll('series').slice(0, mostPicked)) if (!picked.has(name)) toggle(name);
  await search();
  if (!picked.size && !wanted.has('range')) {
    try {
      await pickFirst(10);
    } catch (error) {
      setText($('found-words'), `The search failed: ${error.message}`);
    }
  }
  redraw();
}

// The load of the processors, which needs two readings: where collection has just begun, it is asked for again.
async function pickFirst(tries) {
  const { found } = await ask('series', [['match', 'cpu_load'], ['limit', 20]]);
  if (picked.size) return;
  const first = found.find((one) => one.tags.core === 'all') || found[0];
  if (first) {
    toggle(first.key, first);
    redraw();
  } else if (tries > 1) {
    setTimeout(function again() {
      if (document.hidden) setTimeout(again, 1000); else pickFirst(tries - 1).catch(() => {});
    }, 1000);
  }
}

// Somebody wrote another address by hand.
window.addEventListener('hashchange', () => location.reload());
