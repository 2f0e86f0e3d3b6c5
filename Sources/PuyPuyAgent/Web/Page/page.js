import { clock } from '/chart.js';
import { Refused, Silent, ask, keep } from '/client.js';
import { $, setText } from '/elements.js';
import { begin, refresh } from '/explore.js';
import { setHealth, show } from '/overview.js';

// Asks the daemon again and again, as long as somebody looks, and shows what it says.

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
  $('live').className = isLive ? 'running' : '';
  setText($('live'), isLive ? 'Pause' : 'Resume');
  if (isLive) poll(); else plan(0);
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) plan(0); else if (isLive && $('key').hidden) poll();
});

$('key').addEventListener('submit', (event) => {
  event.preventDefault();
  keep($('key-input').value);
  poll();
});

function askForKey(words) {
  keep(null);
  $('key-words').textContent = words;
  $('content').hidden = true;
  $('silence').hidden = true;
  if ($('key').hidden) {
    $('key').hidden = false;
    $('key-input').focus();
  }
  setHealth('none', 'locked');
}

poll();
