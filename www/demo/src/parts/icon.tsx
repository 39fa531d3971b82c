// Small signs drawn with one stroke on a 16-unit grid.
import type { ReactElement } from "react";

const PATHS = {
  message: "M2.5 3.5h11v7h-6l-3 2.5v-2.5h-2z",
  user: "M8 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM3 13.5c.6-2.5 2.5-3.7 5-3.7s4.4 1.2 5 3.7",
  terminal: "M2.5 4l3.5 4-3.5 4M8 12h5.5",
  output: "M3 3.5h10M3 6.5h7M3 9.5h10M3 12.5h5",
  file: "M4 2.5h5l3 3v8H4zM9 2.5v3h3",
  edit: "M10.5 3l2.5 2.5-7 7-3 .5.5-3zM9 4.5 11.5 7",
  think: "M8 2.5a4 4 0 0 0-2.2 7.3v1.7h4.4V9.8A4 4 0 0 0 8 2.5ZM6.5 13.5h3",
  check: "M3 8.5l3.2 3.2L13 5",
  cross: "M4 4l8 8M12 4l-8 8",
  branch: "M5 3v10M5 9c4 0 6-1 6-4M11 3.5v.01M5 13v.01",
  globe:
    "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM2.5 8h11M8 2.5c3 3 3 8 0 11M8 2.5c-3 3-3 8 0 11",
  plug: "M5.5 2.5v3M10.5 2.5v3M4 5.5h8V8a4 4 0 0 1-8 0zM8 12v2",
  tasks: "M2.5 4l1.2 1.2L6 3M2.5 9l1.2 1.2L6 8M8.5 4.5h5M8.5 9.5h5M8.5 13h5",
  recall: "M3 8a5 5 0 1 0 1.5-3.5L3 6M3 3v3h3",
  state: "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z",
  gear:
    "M8 5.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4ZM8 2v2M8 12v2M2 8h2M12 8h2" +
    "M3.8 3.8l1.4 1.4M10.8 10.8l1.4 1.4M3.8 12.2l1.4-1.4M10.8 5.2l1.4-1.4",
  fold: "M3 8h10M8 2v3.5M6 4l2 2 2-2M8 14v-3.5M6 12l2-2 2 2",
  dot: "M8 7.5v1",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.5 10.5l3 3",
  play: "M5 3l8 5-8 5z",
  pause: "M5.5 3v10M10.5 3v10",
  step: "M4 3l6 5-6 5zM12.5 3v10",
  start: "M12 3L6 8l6 5zM3.5 3v10",
  trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
  download: "M8 2.5v7.5M5 7.5l3 3 3-3M3 13h10",
  upload: "M8 10.5V3M5 5.5l3-3 3 3M3 13h10",
  sun:
    "M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM8 1.5V3M8 13v1.5M1.5 8H3" +
    "M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
  moon: "M12.8 9.8A5.5 5.5 0 0 1 6.2 3.2a5.5 5.5 0 1 0 6.6 6.6Z",
  auto: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  live:
    "M8 7.2a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6ZM5.2 5.2a4 4 0 0 0 0 5.6M10.8 5.2a4 4 0 0 1 0 5.6" +
    "M3.4 3.4a6.5 6.5 0 0 0 0 9.2M12.6 3.4a6.5 6.5 0 0 1 0 9.2",
  back: "M10 3L5 8l5 5",
  down: "M8 3v10M4 9l4 4 4-4",
  chevron: "M6 4l4 4-4 4",
  database:
    "M3 4c0-1 2.2-1.7 5-1.7S13 3 13 4v8c0 1-2.2 1.7-5 1.7S3 13 3 12z" +
    "M3 4c0 1 2.2 1.7 5 1.7S13 5 13 4M3 8c0 1 2.2 1.7 5 1.7S13 9 13 8",
  cut:
    "M3 3l10 10M6 4.5V3M10 4.5V3M4.5 5.5h4M11.5 8a4 4 0 0 1-.6 1.5" +
    "M9 11.6A4 4 0 0 1 4.5 8V6.5M8 12v2",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }): ReactElement {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
