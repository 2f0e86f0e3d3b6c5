// Words for numbers, and elements that change only where they have to.

export const $ = (id) => document.getElementById(id);

const number = new Intl.NumberFormat('en-US');
export const count = (value) => (value === null || value === undefined ? '–' : number.format(value));

export function bytes(value) {
  if (value === null || value === undefined) return '–';
  let unit = 0;
  while (value >= 1000 && unit < 5) { value /= 1000; unit += 1; }
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${['B', 'KB', 'MB', 'GB', 'TB', 'PB'][unit]}`;
}

export function span(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 0) seconds = 0;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

export function took(seconds) {
  if (seconds === null) return '–';
  return seconds < 1 ? `${(seconds * 1000).toPrecision(3)} ms` : `${seconds.toFixed(2)} s`;
}

export const plural = (amount, one, many = one + 's') => `${count(amount)} ${amount === 1 ? one : many}`;

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (property in made) made[property] = value; else made.setAttribute(property, value);
  }
  made.append(...children);
  return made;
}

export const pill = (kind, words) => element('span', { className: `pill ${kind}` }, words);

/** Sets what differs only, so that a selection and the focus stay where they are. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

const textOf = new WeakMap();

/** Makes the children of `target` those of `rows`: each has a key, a text that says what it shows, and
    make(), which is asked only when the text is another one than before. What changes often is for
    fill(child), which leaves the focus where it is. */
export function setRows(target, rows) {
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
export function setTable(target, rows) {
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

export const words = (kind, text) => ['plain', () => [pill(kind, text)], `${kind} ${text}`];
