// The few signs that the pages use, drawn on a grid of 16 with strokes in the colour of the text around them. They are
// decoration: what a control does stands in its text or its label.
const shapes = {
  add: 'M8 3v10M3 8h10',
  back: 'M10 3 5 8l5 5',
  cancel: 'M4 4l8 8M12 4l-8 8',
  check: 'M3 8.5 6.5 12 13 4.5',
  compare: 'M8 2v12M2.5 4h3v8h-3zM10.5 4h3v8h-3z',
  chart: 'M2.5 2.5v11h11M5.5 11V8M8.5 11V4.5M11.5 11V6.5',
  copy: 'M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3',
  down: 'M3.5 6 8 10.5 12.5 6',
  download: 'M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10',
  drop: 'M8 11V3M4.5 6 8 2.5 11.5 6M2.5 9.5v4h11v-4',
  edit: 'M3 13l.6-2.8L11 2.8l2.2 2.2-7.4 7.4zM9.6 4.2l2.2 2.2',
  film: 'M2.5 3h11v10h-11zM5 3v10M11 3v10M2.5 6.3H5M2.5 9.7H5M11 6.3h2.5M11 9.7h2.5',
  folder: 'M2 4h4l1.5 1.5H14v7.5H2z',
  grid: 'M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z',
  home: 'M2.5 8 8 3l5.5 5M4 7v6.5h8V7',
  jobs: 'M2.5 3.5h11v9h-11zM2.5 10l3-3 2.5 2.5L10.5 7l3 3',
  key: 'M9.8 6.2a3.3 3.3 0 1 0-2 2l1 1H10v1.3h1.3v1.3h2V10z',
  log: 'M3 3h10M3 6.3h10M3 9.6h7M3 12.9h9',
  next: 'M6 3l5 5-5 5',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3l8 5-8 5z',
  points: 'M8 1.8l1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z',
  requeue: 'M13 8a5 5 0 1 1-1.6-3.7M13.2 2v3h-3',
  search: 'M7 11.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9zM10.5 10.5l3.5 3.5',
  shield: 'M8 2l5 1.8v3.7c0 3-2 5.2-5 6.5-3-1.3-5-3.5-5-6.5V3.8z',
  slaves: 'M2.5 3h11v7.5h-11zM8 10.5v3M5 13.5h6',
  theme: 'M8 2.5v11a5.5 5.5 0 0 0 0-11zM8 2.5a5.5 5.5 0 0 0 0 11',
  trash: 'M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9',
  user: 'M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zM2.8 14c.4-2.8 2.4-4.2 5.2-4.2s4.8 1.4 5.2 4.2',
  warning: 'M8 2.5 14.3 13.5H1.7zM8 6.5v3.5M8 11.8v.1',
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  );
}
