import { Chart, clock, nearest, short } from '/chart.js';

const $ = (id) => document.getElementById(id);

// ---- Asking the daemon ------------------------------------------------------------------------

const keyName = 'puypuy-key';
let key = sessionStorage.getItem(keyName);

/** The key is missing or wrong. */
class Refused extends Error {}
/** Nobody answers. */
class Silent extends Error {}

async function ask(path, parameters = [], signal = undefined) {
  const query = new URLSearchParams(parameters).toString();
  const limit = AbortSignal.timeout(15000);
  let answer, body;
  try {
    answer = await fetch('/api/v1/' + path + (query ? '?' + query : ''), {
      headers: key ? { Apikey: key } : {}, cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    body = await answer.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Silent(error.message);
  }
  if (answer.status === 401) throw new Refused(key ? 'The key is wrong.' : '');
  if (!answer.ok) throw new Error(body.error || `status ${answer.status}`);
  return body;
}

$('key').addEventListener('submit', (event) => {
  event.preventDefault();
  key = $('key-input').value;
  sessionStorage.setItem(keyName, key);
  poll();
});

function askForKey(words) {
  key = null;
  sessionStorage.removeItem(keyName);
  $('key-words').textContent = words;
  $('content').hidden = true;
  $('silence').hidden = true;
  if ($('key').hidden) {
    $('key').hidden = false;
    $('key-input').focus();
  }
  setHealth('none', 'locked');
}

// ---- Words and numbers ------------------------------------------------------------------------

const number = new Intl.NumberFormat('en-US');
const count = (value) => (value === null || value === undefined ? '–' : number.format(value));

function bytes(value) {
  if (value === null || value === undefined) return '–';
  let unit = 0;
  while (value >= 1000 && unit < 5) { value /= 1000; unit += 1; }
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${['B', 'KB', 'MB', 'GB', 'TB', 'PB'][unit]}`;
}

function span(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 0) seconds = 0;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

function took(seconds) {
  if (seconds === null) return '–';
  return seconds < 1 ? `${(seconds * 1000).toPrecision(3)} ms` : `${seconds.toFixed(2)} s`;
}

const plural = (amount, one, many = one + 's') => `${count(amount)} ${amount === 1 ? one : many}`;

// ---- Elements ---------------------------------------------------------------------------------

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (property in made) made[property] = value; else made.setAttribute(property, value);
  }
  made.append(...children);
  return made;
}

const pill = (kind, words) => element('span', { className: `pill ${kind}` }, words);

/** Sets what differs only, so that a selection and the focus stay where they are. */
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

const textOf = new WeakMap();

/** Makes the children of `target` those of `rows`: each has a key, a text that says what it shows, and
    make(), which is asked only when the text is another one than before. What changes often is for
    fill(child), which leaves the focus where it is. */
function setRows(target, rows) {
  const kept = new Map([...target.children].map((child) => [child.dataset.key, child]));
  let place = target.firstElementChild;
  for (const row of rows) {
    let child = kept.get(row.key);
    kept.delete(row.key);
    if (!child || textOf.get(child) !== row.text) {
      const made = row.make();
      made.dataset.key = row.key;
      textOf.set(made, row.text);
      if (child) {
        if (place === child) place = made;
        child.replaceWith(made);
      }
      child = made;
    }
    row.fill?.(child);
    if (place === child) place = child.nextElementSibling; else target.insertBefore(child, place);
  }
  for (const child of kept.values()) child.remove();
}

/** Rows of a table: the first cell is the row's head; a cell is a text, or [class, what], or for what is
    made of elements [class, make, text]. Narrow windows show a row as a card, so that all says what it is. */
function setTable(target, rows) {
  const heads = [...target.parentElement.tHead.rows[0].cells].map((head) => head.textContent);
  setRows(target, rows.map(({ key: name, cells }) => ({
    key: name,
    text: JSON.stringify(cells.map((cell) => (cell instanceof Array ? [cell[0], cell[2] || cell[1]] : cell))),
    make: () => element('tr', { role: 'row' }, ...cells.map((cell, index) => {
      const [kind, what] = cell instanceof Array ? cell : ['', cell];
      const made = element(index ? 'td' : 'th', { className: kind, role: index ? 'cell' : 'rowheader' });
      if (what === '–' || (cell instanceof Array && cell[2] === '')) made.classList.add('nothing');
      made.dataset.label = heads[index];
      if (!index) made.scope = 'row';
      made.append(...(what instanceof Function ? what() : [what]));
      return made;
    })),
  })));
}

const words = (kind, text) => ['plain', () => [pill(kind, text)], `${kind} ${text}`];

// ---- The state of the daemon ------------------------------------------------------------------

const states = {
  flowing: ['ok', 'flowing'], local: ['ok', 'in the spool'], backing_off: ['warn', 'backing off'],
  holding: ['bad', 'holding'], removed: ['none', 'removed'], stopped: ['none', 'stopped'],
};
const checkStates = {
  ok: ['ok', 'ok'], failing: ['bad', 'failing'], late: ['warn', 'late'], waiting: ['none', 'waiting'],
  removed: ['none', 'not enabled'],
};

/** What was delivered and collected in the last minute, for rates. */
const history = [];

function rates(backends, nowMs) {
  const books = new Map(backends.map((one) => [one.name, one]));
  history.push({ nowMs, books });
  while (history.length > 2 && history[0].nowMs < nowMs - 60000) history.shift();
  const first = history[0];
  const seconds = (nowMs - first.nowMs) / 1000;
  return (name, what) => {
    const before = first.books.get(name), now = books.get(name);
    if (!before || !now || seconds < 0.5) return null;
    return Math.max(0, now[what] - before[what]) / seconds;
  };
}

function setHealth(kind, text) {
  const health = $('health');
  health.className = `pill ${kind}`;
  setText(health, text);
}

function show(status, backends, checks, ledger, spool) {
  const nowMs = Date.now();
  // The clock of the daemon's host counts, not that of whoever looks.
  const daemonMs = status.started_ns / 1e6 + status.uptime_seconds * 1000;
  const rate = rates(backends, nowMs);
  setText($('host'), status.host);
  document.title = `${status.host} · PuyPuy`;
  setText($('version'), `PuyPuy ${status.version}`);
  setText($('uptime'), `up ${span(status.uptime_seconds)}`);

  const reasons = [];
  const reason = (kind, text) => reasons.push({ kind, text });
  if (spool.trouble) reason('bad', `The spool cannot commit: ${spool.trouble}. ${plural(spool.buffered_points, 'point waits', 'points wait')} in memory.`);
  for (const one of ledger.backends) if (!one.balances) reason('bad', `The books of ${one.backend} do not balance: run puypuy spool verify.`);
  for (const one of backends) {
    const pending = plural(one.pending, 'point is', 'points are') + ' pending';
    if (one.state === 'holding') reason('bad', `Backend ${one.name} holds: ${one.last_error}.${one.hint ? ` What to do: ${one.hint}.` : ''} ${pending}.`);
    if (one.state === 'backing_off') reason('warn', `Backend ${one.name} is backing off: ${one.last_error}. ${pending}.`);
    if (one.state === 'removed' && one.pending > 0) reason('warn', `Backend ${one.name} is configured no more: ${one.hint}.`);
  }
  for (const one of checks) {
    if (one.state === 'failing') reason('bad', `Check ${one.name} fails: ${one.last_error}`);
    if (one.state === 'late') reason('warn', `Check ${one.name} last ran ${span(daemonMs / 1000 - one.last_run_ns / 1e9)} ago, and should every ${span(one.interval_seconds)}.`);
  }
  const used = spool.used_bytes / spool.max_bytes;
  if (used > 0.9) reason(used > 0.98 ? 'bad' : 'warn', `The spool has ${bytes(spool.used_bytes)} of at most ${bytes(spool.max_bytes)}: at the cap ${spool.overflow === 'drop_oldest' ? 'the oldest' : 'new'} points are dropped and counted as expired.`);
  if (spool.free_bytes !== null && spool.free_bytes < spool.min_free_bytes) reason('bad', `The file system has ${bytes(spool.free_bytes)} left, less than the ${bytes(spool.min_free_bytes)} that spool_min_free_mb leaves to others.`);
  const worst = reasons.some((one) => one.kind === 'bad') ? 'bad' : reasons.length ? 'warn' : 'ok';
  setHealth(worst, worst === 'ok' ? 'healthy' : worst === 'warn' ? 'degraded' : 'needs attention');
  const most = 8;
  if (reasons.length > most) reasons.splice(most, reasons.length, { kind: 'warn', text: `and ${reasons.length - most} more` });
  setRows($('reasons'), reasons.map((one, index) => ({
    key: String(index), text: one.kind + one.text, make: () => element('li', { className: one.kind }, one.text),
  })));

  showTiles(status, backends, checks, spool, rate);
  showBackends(backends, rate, daemonMs);
  showChecks(checks, daemonMs);
  showLedger(ledger);
  showSpool(spool, daemonMs);
}

function showTiles(status, backends, checks, spool, rate) {
  const tile = (id, main, more) => setRows($(id), [{
    key: 'only', text: main + more, make: () => element('span', {}, main, ' ', element('small', {}, more)),
  }]);
  const perSecond = Math.max(...backends.map((one) => rate(one.name, 'collected') ?? -1), -1);
  tile('tile-rate', perSecond < 0 ? '–' : short(perSecond, 3), 'points/s');
  tile('tile-series', count(status.series), 'now');
  const enabled = checks.filter((one) => one.state !== 'removed');
  tile('tile-checks', `${enabled.filter((one) => one.state === 'ok').length}`, `of ${enabled.length} ok`);
  const active = backends.filter((one) => one.state !== 'removed');
  tile('tile-backends', `${active.filter((one) => one.state === 'flowing' || one.state === 'local').length}`, `of ${active.length} ok`);
  tile('tile-pending', short(backends.reduce((sum, one) => sum + one.pending, 0), 4), 'points');
  tile('tile-disk', bytes(spool.used_bytes), `of ${bytes(spool.max_bytes)}`);
}

function showBackends(backends, rate, daemonMs) {
  setTable($('backends'), backends.map((one) => {
    const perSecond = rate(one.name, 'delivered');
    const problem = [];
    if (one.last_error) problem.push(one.state === 'flowing' ? `${one.last_error} (${span(one.last_error_age_seconds)} ago)` : one.last_error);
    const advice = [];
    if (one.hint) advice.push(one.hint);
    if (one.next_attempt_seconds !== null) advice.push(`next attempt ${one.next_attempt_seconds < 1 ? 'now' : `in ${span(one.next_attempt_seconds)}`}`);
    return {
      key: one.name,
      cells: [
        one.name, one.type, words(...(states[one.state] || ['none', one.state])), ['number', count(one.pending)],
        ['number', one.oldest_pending_ns === null ? '–' : span(daemonMs / 1000 - one.oldest_pending_ns / 1e9)],
        ['number', perSecond === null ? '–' : `${short(perSecond, 3)}/s`],
        ['number', one.requests ? `${count(one.requests)}${one.failed_requests ? `, ${count(one.failed_requests)} failed` : ''}` : '–'],
        ['words', () => [problem.join(' ') || (advice.length ? '' : '–'), ...advice.map((text) => element('span', { className: 'hint' }, text))], problem.concat(advice).join('\n')],
      ],
    };
  }));
}

function showChecks(checks, daemonMs) {
  setTable($('checks'), checks.map((one) => ({
    key: one.name,
    cells: [
      one.name, words(...checkStates[one.state]),
      ['number', one.interval_seconds === null ? '–' : span(one.interval_seconds)],
      ['number', one.last_run_ns === null ? '–' : `${span(daemonMs / 1000 - one.last_run_ns / 1e9)} ago`],
      ['number', took(one.last_seconds)], ['number', count(one.last_points)], ['number', count(one.runs)],
      ['number', count(one.failed_runs)], ['words', one.last_error || '–'],
    ],
  })));
}

function showLedger(ledger) {
  setTable($('ledger'), ledger.backends.map((one) => ({
    key: one.backend,
    cells: [
      one.backend, ['number', count(one.collected)], ['number', count(one.delivered)], ['number', count(one.pending)],
      ['number', count(one.dead)], ['number', count(one.expired)],
      words(one.balances ? 'ok' : 'bad', one.balances ? 'balance' : 'do not balance'),
    ],
  })));
  $('refused-box').hidden = !ledger.refused.length;
  setText($('refused-title'), `Values that never became points: ${count(ledger.refused.reduce((sum, one) => sum + one.values, 0))}`);
  setTable($('refused'), ledger.refused.map((one) => ({
    key: JSON.stringify([one.check, one.metric, one.reason]),
    cells: [one.check, one.metric, one.reason, ['number', count(one.values)]],
  })));
}

function showSpool(spool, daemonMs) {
  const used = spool.used_bytes / spool.max_bytes;
  const kind = used > 0.98 ? 'bad' : used > 0.9 ? 'warn' : '';
  const rows = [
    ['In use', `${bytes(spool.used_bytes)} of at most ${bytes(spool.max_bytes)} (${(used * 100).toFixed(used < 0.1 ? 1 : 0)} %)`, used],
    ['File', `${bytes(spool.file_bytes)} and ${bytes(spool.log_bytes)} of write-ahead log`],
    ['Free on disk', `${bytes(spool.free_bytes)}; ${bytes(spool.min_free_bytes)} are left to others`],
    ['History', spool.oldest_batch_ns === null ? 'none yet' : `${span(daemonMs / 1000 - spool.oldest_batch_ns / 1e9)}; delivered points stay ${span(spool.retain_seconds)}`],
    ['At the cap', spool.overflow === 'drop_oldest' ? 'the oldest points go' : 'new points go'],
    ['Path', spool.path],
  ];
  if (spool.buffered_points) rows.unshift(['In memory', `${count(spool.buffered_points)} points of at most ${count(spool.max_buffered_points)} wait for the disk`]);
  setRows($('spool'), rows.map(([name, text, part]) => ({
    key: name, text,
    make: () => {
      const what = element('dd', {}, text);
      if (part !== undefined) {
        const fill = element('span');
        fill.style.width = `${Math.min(100, part * 100)}%`;
        what.append(element('div', { className: `bar ${kind}`, role: 'img', 'aria-label': `${Math.round(part * 100)} % of the cap` }, fill));
      }
      return element('div', {}, element('dt', {}, name), what);
    },
  })));
}

// ---- Asking again and again -------------------------------------------------------------------

let isLive = true;
let timer = null;
let polling = null;
let failures = 0;
let period = 5;
let answeredMs = null;

function plan(seconds) {
  clearTimeout(timer);
  timer = null;
  if (isLive && !document.hidden) timer = setTimeout(poll, seconds * 1000);
}

async function poll() {
  clearTimeout(timer);
  polling?.abort();
  const mine = polling = new AbortController();
  let answers;
  try {
    answers = await Promise.all(
      ['status', 'backends', 'checks', 'ledger', 'spool'].map((path) => ask(path, [], mine.signal)));
  } catch (error) {
    if (mine !== polling) return;
    // What is still under way asks for nothing more.
    mine.abort();
    if (error instanceof Refused) askForKey(error.message); else showFailure(error);
    return;
  }
  if (mine !== polling) return;
  const [status, { backends }, { checks }, ledger, spool] = answers;
  failures = 0;
  answeredMs = Date.now();
  period = Math.min(5, Math.max(1, status.period_seconds));
  const isFirst = $('content').hidden;
  for (const id of ['key', 'silence']) $(id).hidden = true;
  $('content').hidden = false;
  $('content').classList.remove('stale');
  show(status, backends, checks, ledger, spool);
  setText($('updated'), `updated ${clock(answeredMs)}`);
  plan(period);
  if (isFirst) await begin(spool); else await refresh();
}

function showFailure(error) {
  failures += 1;
  const pause = Math.min(30, 2 ** failures);
  const isSilent = error instanceof Silent;
  setHealth('bad', isSilent ? 'no answer' : 'cannot say');
  $('content').classList.add('stale');
  $('silence').hidden = false;
  const since = answeredMs === null ? '' : ` since ${clock(answeredMs)}; what is below is as it was then`;
  setText($('silence-words'), isSilent ? `The daemon does not answer${since}. It is asked again.` : `The daemon cannot say how it is: ${error.message}`);
  plan(pause);
}

$('retry').addEventListener('click', poll);
$('live').addEventListener('click', () => {
  isLive = !isLive;
  $('live').setAttribute('aria-pressed', String(isLive));
  setText($('live'), isLive ? 'Live' : 'Paused');
  if (isLive) poll(); else plan(0);
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) plan(0); else if (isLive && $('key').hidden) poll();
});

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

/** Reads what came since. */
async function refresh() {
  const signal = loading.signal;
  for (const [name, one] of picked) {
    if (!one.failed) continue;
    one.failed = false;
    one.buckets.clear();
    load(name, signal);
  }
  const whole = [...picked].filter(([, one]) => one.isWhole);
  if (!whole.length) return redraw();
  const newest = whole.map(([, one]) => Math.max(...one.buckets.keys(), 0)).filter((place) => place > 0);
  const from = newest.length === whole.length ? (Math.min(...newest) - 1) * stepMs() / 1000 : nowThere() / 1000 - stepMs() / 200;
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

async function begin(spool) {
  const wanted = new URLSearchParams(location.hash.slice(1));
  // A history that has just begun would be a line at the edge of an hour.
  const isYoung = spool.newest_batch_ns - spool.oldest_batch_ns < 900e9;
  if (!picked.size) rangeName = ranges[wanted.get('range')] ? wanted.get('range') : isYoung ? '15m' : '1h';
  document.querySelector(`input[value="${rangeName}"]`).checked = true;
  for (const name of wanted.getAll('series').slice(0, mostPicked)) if (!picked.has(name)) toggle(name);
  await search();
  if (!picked.size && !wanted.has('range')) {
    try {
      const { found } = await ask('series', [['match', 'cpu_load'], ['limit', 20]]);
      const first = found.find((one) => one.tags.core === 'all') || found[0];
      if (first) toggle(first.key, first);
    } catch (error) {
      setText($('found-words'), `The search failed: ${error.message}`);
    }
  }
  redraw();
}

poll();
