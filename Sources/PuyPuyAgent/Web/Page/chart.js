// Draws series over time on a canvas: a line through the means, and behind it the band from the
// smallest to the largest value of each bucket.

const left = 62, right = 12, top = 10, bottom = 24;
const daySeconds = 86400;
const timeSteps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, daySeconds];

/** A number as people read it on an axis or in a legend: 1.25M, 0.031, 87. */
export function short(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e18 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  for (const [unit, name] of [[1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e4, 'k']]) {
    if (size >= unit) return trimmed(value / (unit === 1e4 ? 1e3 : unit), digits) + name;
  }
  return trimmed(value, digits);
}

function trimmed(value, digits) {
  const text = value.toPrecision(digits);
  return text.includes('e') ? String(Math.round(value)) : text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Round steps of an axis that has room for about `count` of them. */
export function valueTicks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999);
  if (!step || !Number.isFinite(step)) return [];
  const ticks = [];
  for (let number = Math.ceil(low / step); number * step <= high + step * 1e-9 && ticks.length < 50; number += 1) ticks.push(number * step);
  return ticks;
}

/** What lies between two neighbours that belong together: several times the usual distance does not. */
export function longestDistance(times) {
  const distances = [];
  for (let index = 1; index < times.length; index += 1) distances.push(times[index] - times[index - 1]);
  if (!distances.length) return Infinity;
  distances.sort((a, b) => a - b);
  return distances[distances.length >> 1] * 3.5;
}

export class Chart {
  constructor(canvas) {
    this.canvas = canvas;
    this.series = [];
    this.fromMs = 0;
    this.toMs = 1;
    this.cursorMs = null;
    this.highlighted = null;
  }

  /** Each of `series`: key, color and dash by number, buckets as [ms, count, min, max, mean] in order. */
  show(series, fromMs, toMs) {
    this.series = series;
    this.fromMs = fromMs;
    this.toMs = toMs;
    this.draw();
  }

  timeAt(x) {
    const width = this.canvas.clientWidth - left - right;
    const part = Math.min(1, Math.max(0, (x - left) / width));
    return this.fromMs + part * (this.toMs - this.fromMs);
  }

  /** The times at which there are points, in order. */
  times() {
    const all = new Set();
    for (const one of this.series) for (const bucket of one.buckets) if (bucket[0] >= this.fromMs && bucket[0] <= this.toMs) all.add(bucket[0]);
    return [...all].sort((a, b) => a - b);
  }

  range() {
    let low = Infinity, high = -Infinity;
    for (const one of this.series) {
      for (const [ms, , min, max] of one.buckets) {
        if (ms < this.fromMs || ms > this.toMs) continue;
        if (min < low) low = min;
        if (max > high) high = max;
      }
    }
    if (low > high) return null;
    // From zero where the values are not far from it, as most are.
    if (low > 0 && low < high * 0.6) low = 0;
    if (high < 0 && high > low * 0.6) high = 0;
    if (low === high) {
      if (low === 0) return [0, 1];
      const margin = Math.abs(low) * 0.05;
      return [low - margin, high + margin];
    }
    const margin = high / 2 - low / 2;
    return [low === 0 ? 0 : low - margin * 0.1, high === 0 ? 0 : high + margin * 0.1];
  }

  draw() {
    const scale = window.devicePixelRatio || 1;
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width || !height) return;
    if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const pen = this.canvas.getContext('2d');
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim();
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const range = this.range();
    if (!range) return;
    const [low, high] = range;
    const x = (ms) => left + (ms - this.fromMs) / (this.toMs - this.fromMs) * (width - left - right);
    // Halves, since the difference of two values may be beyond all numbers.
    const y = (value) => height - bottom - (value / 2 - low / 2) / (high / 2 - low / 2) * (height - top - bottom);
    this.drawAxes(pen, color, x, y, low, high, width, height);
    pen.save();
    pen.beginPath();
    pen.rect(left, top - 2, width - left - right, height - top - bottom + 4);
    pen.clip();
    for (const one of this.series) this.drawSeries(pen, color, one, x, y);
    pen.restore();
    if (this.cursorMs !== null) {
      pen.strokeStyle = color('--edge');
      pen.lineWidth = 1;
      pen.setLineDash([]);
      pen.beginPath();
      pen.moveTo(Math.round(x(this.cursorMs)) + 0.5, top);
      pen.lineTo(Math.round(x(this.cursorMs)) + 0.5, height - bottom);
      pen.stroke();
      for (const one of this.series) {
        const bucket = nearest(one.buckets, this.cursorMs);
        if (!bucket || Math.abs(bucket[0] - this.cursorMs) > longestDistance(one.buckets.map((b) => b[0]))) continue;
        pen.fillStyle = color(`--s${one.number % 8}`);
        pen.beginPath();
        pen.arc(x(bucket[0]), y(bucket[4]), 3.5, 0, 7);
        pen.fill();
      }
    }
  }

  drawAxes(pen, color, x, y, low, high, width, height) {
    pen.lineWidth = 1;
    pen.setLineDash([]);
    pen.textBaseline = 'middle';
    pen.textAlign = 'right';
    for (const tick of valueTicks(low, high, Math.max(2, Math.floor(height / 55)))) {
      const at = Math.round(y(tick)) + 0.5;
      pen.strokeStyle = color('--grid');
      pen.beginPath();
      pen.moveTo(left, at);
      pen.lineTo(width - right, at);
      pen.stroke();
      pen.fillStyle = color('--muted');
      pen.fillText(short(tick, 5), left - 8, at);
    }
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    const seconds = (this.toMs - this.fromMs) / 1000;
    const room = Math.max(2, Math.floor((width - left - right) / 80));
    const step = timeSteps.find((candidate) => seconds / candidate <= room) || daySeconds;
    // In the hours of this place, whose distance from UTC may be a part of an hour.
    const shift = new Date(this.toMs).getTimezoneOffset() * 60;
    let tick = Math.ceil((this.fromMs / 1000 - shift) / step) * step + shift;
    for (; tick * 1000 <= this.toMs; tick += step) {
      const at = Math.round(x(tick * 1000)) + 0.5;
      pen.strokeStyle = color('--grid');
      pen.beginPath();
      pen.moveTo(at, top);
      pen.lineTo(at, height - bottom + 4);
      pen.stroke();
      pen.fillStyle = color('--muted');
      const text = clock(tick * 1000, step < 60);
      const half = pen.measureText(text).width / 2;
      pen.fillText(text, Math.min(at, width - half - 2), height - bottom + 7);
    }
  }

  drawSeries(pen, color, one, x, y) {
    const longest = longestDistance(one.buckets.map((bucket) => bucket[0]));
    const runs = [];
    let before = null;
    for (const bucket of one.buckets) {
      if (before === null || bucket[0] - before > longest) runs.push([]);
      runs[runs.length - 1].push(bucket);
      before = bucket[0];
    }
    const isFaint = this.highlighted !== null && this.highlighted !== one.key;
    pen.globalAlpha = isFaint ? 0.25 : 1;
    pen.strokeStyle = pen.fillStyle = color(`--s${one.number % 8}`);
    pen.lineWidth = this.highlighted === one.key ? 2.5 : 1.6;
    pen.lineJoin = 'round';
    for (const run of runs) {
      if (run.some((bucket) => bucket[2] < bucket[3])) {
        pen.save();
        pen.globalAlpha = isFaint ? 0.05 : 0.14;
        pen.beginPath();
        run.forEach((bucket, index) => (index ? pen.lineTo(x(bucket[0]), y(bucket[3])) : pen.moveTo(x(bucket[0]), y(bucket[3]))));
        for (let index = run.length - 1; index >= 0; index -= 1) pen.lineTo(x(run[index][0]), y(run[index][2]));
        pen.fill();
        pen.restore();
      }
      if (run.length === 1) {
        pen.beginPath();
        pen.arc(x(run[0][0]), y(run[0][4]), 2, 0, 7);
        pen.fill();
        continue;
      }
      pen.setLineDash(one.number >= 8 ? [5, 3] : []);
      pen.beginPath();
      run.forEach((bucket, index) => (index ? pen.lineTo(x(bucket[0]), y(bucket[4])) : pen.moveTo(x(bucket[0]), y(bucket[4]))));
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }
}

/** The bucket that is nearest to `ms`; null without any. */
export function nearest(buckets, ms) {
  let low = 0, high = buckets.length - 1;
  if (high < 0) return null;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (buckets[middle][0] < ms) low = middle + 1; else high = middle;
  }
  return low > 0 && ms - buckets[low - 1][0] < buckets[low][0] - ms ? buckets[low - 1] : buckets[low];
}

/** The time of day, here. */
export function clock(ms, withSeconds = true) {
  return new Date(ms).toLocaleTimeString('en-GB', withSeconds ? { hour: '2-digit', minute: '2-digit', second: '2-digit' } : { hour: '2-digit', minute: '2-digit' });
}
