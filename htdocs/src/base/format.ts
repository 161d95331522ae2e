// Figures and times as people read them, in the reader's language of numbers and zone of time.

const whole = new Intl.NumberFormat();
const tenth = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 });
const days = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'long' });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

export const count = (value: number): string => whole.format(value);

/** Weights, powers and boosts: to a tenth, or finer where that would say nothing. */
export const decimal = (value: number): string => (value !== 0 && Math.abs(value) < 10 ? fine : tenth).format(value);

/** The server's whole millipoints as points. */
export const points = (millipoints: number): string => decimal(millipoints / 1000);

/** What a person types, as '120' or '12.5', in millipoints; null when it is no amount that can be moved. */
export function millipointsOf(text: string): number | null {
  const found = /^(\d{1,13})(?:\.(\d{1,3}))?$/.exec(text.trim());
  if (!found) return null;
  const millipoints = Number(found[1]) * 1000 + Number((found[2] ?? '').padEnd(3, '0'));
  return millipoints >= 1 && millipoints <= 1e15 ? millipoints : null;
}

export function percent(fraction: number): string {
  const value = Math.floor(fraction * 1000) / 10; // 99.96 % is not done
  return `${value >= 10 || value === 0 ? Math.floor(value) : tenth.format(value)} %`;
}

export function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? whole.format(Math.round(value)) : tenth.format(value)} ${units[unit]}`;
}

export const memory = (mebibytes: number): string => size(mebibytes * 1024 * 1024);

/** '2.4 s', '3 min 20 s', '5 h 12 min', '3 d 4 h'. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (milliseconds < 95) return `${Math.round(milliseconds)} ms`;
  if (seconds < 60) return `${seconds < 10 ? tenth.format(seconds) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joined(minutes, 'min', Math.floor(seconds % 60), 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return joined(hours, 'h', minutes % 60, 'min');
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

export const exactTime = (iso: string): string => fullTime.format(new Date(iso));

/** 'just now', '3 minutes ago', '14:20', '12 Mar, 14:20', '12 Mar 2024': the nearer, the finer. */
export function time(iso: string, now = Date.now()): string {
  const at = new Date(iso);
  const seconds = (now - at.getTime()) / 1000;
  if (Number.isNaN(seconds)) return '';
  if (seconds >= 0 && seconds < 45) return 'just now';
  if (seconds >= 0 && seconds < 45 * 60) return days.format(-Math.max(1, Math.round(seconds / 60)), 'minute');
  if (at.toDateString() === new Date(now).toDateString()) return clock.format(at);
  return Math.abs(seconds) < 300 * 86400 ? dayAndClock.format(at) : date.format(at);
}

/** [1, 2, 3, 7] -> '1-3,7' */
export function frameList(frames: number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < frames.length; ) {
    let end = i;
    while (end + 1 < frames.length && frames[end + 1] === (frames[end] as number) + 1) end += 1;
    parts.push(end === i ? `${frames[i]}` : `${frames[i]}-${frames[end]}`);
    i = end + 1;
  }
  return parts.join(',');
}

/** How many frames '1-10,20,30-40x2' names; null when it cannot be read. The server has the last word. */
export function countFrames(text: string): number | null {
  let sum = 0;
  for (const part of text.split(',')) {
    const found = /^\s*(\d{1,7})\s*(?:-\s*(\d{1,7})\s*(?:x\s*(\d{1,7})\s*)?)?$/.exec(part);
    if (!found) return null;
    const first = Number(found[1]);
    const last = Number(found[2] ?? first);
    const step = Number(found[3] ?? 1);
    if (last < first || step < 1) return null;
    sum += Math.floor((last - first) / step) + 1;
  }
  return sum;
}
