// Asks the daemon.

const keyName = 'puypuy-key';
let key = sessionStorage.getItem(keyName);

/** Keeps the key for as long as the tab is open; null forgets it. */
export function keep(given) {
  key = given;
  if (given === null) sessionStorage.removeItem(keyName); else sessionStorage.setItem(keyName, given);
}

/** The key is missing or wrong. */
export class Refused extends Error {}
/** Nobody answers. */
export class Silent extends Error {}

/** What is at `path` below /api/v1. */
export async function ask(path, parameters = [], signal = undefined) {
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
