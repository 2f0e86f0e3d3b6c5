// What is wrong with the page for people who see little, or use a keyboard or a screen reader: a list of
// sentences. After WCAG 2.2: 1.1.1, 1.3.1, 1.4.3, 1.4.10, 2.4.2, 2.5.8, 3.1.1, 3.3.2, 4.1.2.
const wrong = [];
const isShown = (element) => element.checkVisibility({ checkOpacity: false, checkVisibilityCSS: true });
const isClipped = (element) => element.closest('.hidden, .skip, .stack thead') !== null;
const name = (element) => `${element.tagName.toLowerCase()}${element.id ? '#' + element.id : ''} "${element.textContent.trim().slice(0, 30)}"`;

// Contrast: of each text on what is behind it.
const color = (text) => {
  const parts = text.match(/[\d.]+/g).map(Number);
  return [parts[0], parts[1], parts[2], parts[3] === undefined ? 1 : parts[3]];
};
const over = (front, back) => [0, 1, 2].map((part) => front[part] * front[3] + back[part] * (1 - front[3])).concat([1]);
const behind = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const layer = color(getComputedStyle(at).backgroundColor);
    layers.push(layer);
    if (layer[3] === 1) break;
  }
  return layers.reduceRight((back, layer) => over(layer, back), [255, 255, 255, 1]);
};
const light = (one) => {
  const [r, g, b] = one.slice(0, 3).map((part) => (part /= 255, part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !isShown(element) || isClipped(element) || element.closest('noscript')) continue;
  const style = getComputedStyle(element);
  const back = behind(element);
  const ratio = contrast(over(color(style.color), back), back);
  if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)} of ${name(element)}`);
}
for (const input of document.querySelectorAll('input[placeholder]')) {
  const back = behind(input);
  const ratio = contrast(over(color(getComputedStyle(input, '::placeholder').color), back), back);
  if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)} of the placeholder of ${name(input)}`);
}
// Lines of the chart and edges of controls: 3 to 1.
const page = getComputedStyle(document.documentElement);
const probe = document.createElement('i');
document.body.append(probe);
const variable = (text) => (probe.style.color = page.getPropertyValue(text).trim(), color(getComputedStyle(probe).color));
for (const line of ['--s0', '--s1', '--s2', '--s3', '--s4', '--s5', '--s6', '--s7', '--edge']) {
  const ratio = contrast(variable(line), variable('--panel'));
  if (ratio < 3) wrong.push(`contrast ${ratio.toFixed(2)} of the line ${line}`);
}
probe.remove();

// Names, of what is operated and of what is only seen.
const label = (element) => element.getAttribute('aria-label')
  || (element.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean).map((id) => document.getElementById(id)?.textContent || '').join(' ')
  || [...(element.labels || [])].map((one) => one.textContent).join(' ')
  || (element.matches('input') ? '' : element.textContent) || element.title;
for (const element of document.querySelectorAll('a[href], button, input, summary, [tabindex="0"], [role="img"], fieldset, section')) {
  if (isShown(element) && !label(element).trim()) wrong.push(`no name: ${element.outerHTML.slice(0, 80)}`);
}
for (const image of document.querySelectorAll('img')) if (!image.hasAttribute('alt')) wrong.push(`no alt: ${image.src}`);
for (const reference of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
  for (const element of document.querySelectorAll(`[${reference}]`)) {
    for (const id of element.getAttribute(reference).split(' ')) if (!document.getElementById(id)) wrong.push(`${reference} ${id} is not there`);
  }
}
const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index))) wrong.push(`id ${id} is there twice`);
for (const head of document.querySelectorAll('th')) if (!head.scope) wrong.push(`no scope: ${name(head)}`);
let level = 0;
for (const head of document.querySelectorAll('h1, h2, h3, h4')) {
  const next = Number(head.tagName[1]);
  if (next > level + 1) wrong.push(`a level is left out before ${name(head)}`);
  level = next;
}
if (!document.documentElement.lang) wrong.push('no lang');
if (!document.title) wrong.push('no title');
if (!document.querySelector('main, [role="main"]')) wrong.push('no main');
if (!document.querySelector('[role="status"], [aria-live]')) wrong.push('nothing is live');

// Room: nothing to scroll to the side, and targets that a finger meets.
if (document.documentElement.scrollWidth > innerWidth) wrong.push(`wider than the window: ${document.documentElement.scrollWidth} of ${innerWidth}`);
for (const element of document.querySelectorAll('button, input, summary')) {
  const box = (element.type === 'radio' ? element.parentElement : element).getBoundingClientRect();
  if (isShown(element) && (box.width < 24 || box.height < 24)) wrong.push(`small: ${name(element)} ${box.width} x ${box.height}`);
}
return [...new Set(wrong)];
