// A flip-book: shows images one after the other at a speed, never one that is not loaded, and prefetches the next
// ones. Time is the browser's animation clock.
export const speeds = [2, 6, 12, 24, 30, 60] as const;

export class Player {
  private timer = 0;
  private next = 0; // when the next image is due
  private cache = new Map<string, HTMLImageElement>();
  private readonly ahead = 12;
  private readonly kept = 240;
  perSecond = 24;

  /** step(): moves one on; sources(): the URLs of the following images, the next one first. */
  constructor(private readonly step: () => void, private readonly sources: () => string[]) {}

  get playing(): boolean {
    return this.timer !== 0;
  }

  play(): void {
    if (this.playing) return;
    this.next = performance.now();
    this.timer = requestAnimationFrame(this.tick);
  }

  stop(): void {
    cancelAnimationFrame(this.timer);
    this.timer = 0;
  }

  /** Starts to fetch; true when it is there. */
  ready(source: string): boolean {
    let image = this.cache.get(source);
    if (!image) {
      image = new Image();
      image.src = source;
    }
    this.cache.delete(source); // to the end, as the latest used
    this.cache.set(source, image);
    if (this.cache.size > this.kept) {
      const oldest = this.cache.keys().next().value as string;
      this.cache.delete(oldest);
    }
    return image.complete;
  }

  private readonly tick = (now: number): void => {
    this.timer = requestAnimationFrame(this.tick);
    const sources = this.sources().slice(0, this.ahead);
    const [first, ...rest] = sources;
    if (first === undefined) return;
    const there = this.ready(first);
    for (const source of rest) this.ready(source);
    if (now < this.next || !there) return;
    this.next = Math.max(this.next + 1000 / this.perSecond, now - 100); // late by more than that is not caught up
    this.step();
  };
}
