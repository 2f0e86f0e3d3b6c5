import { short } from '/chart.js';
import { $, bytes, count, element, plural, setRows, setTable, setText, span, took, words } from '/elements.js';

// Shows the state of the daemon: all but the chart.

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

export function setHealth(kind, text) {
  const health = $('health');
  health.className = `pill ${kind}`;
  setText(health, text);
}

/** Shows the answers to the five questions that the page asks again and again. */
export function show(status, backends, checks, ledger, spool) {
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
  const collected = checks.reduce((sum, one) => sum + one.points, 0);
  tile('tile-rate', short(collected, 4), `points${perSecond < 0 ? '' : `, ${short(perSecond, 3)}/s`}`);
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
