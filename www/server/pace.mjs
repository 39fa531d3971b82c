/**
 * When a recorded event is due in a playback: its recorded distance from the event before, idle time
 * shortened, divided by the speed.
 *
 * @typedef {import("./recording.mjs").StoredEvent} StoredEvent
 */

/** The longest pause of a recording that is played, in milliseconds of the recording. */
export const MAX_IDLE = 2000;

/**
 * @param {StoredEvent | undefined} previous the event before, undefined at the start
 * @param {StoredEvent} event
 * @param {number} speed times as fast as recorded; 0 = everything at once
 * @returns {number} milliseconds to wait after the event before
 */
export function delay(previous, event, speed) {
  if (speed === 0 || !previous) return 0;
  const recorded =
    Date.parse(event.header.timestamp ?? "") - Date.parse(previous.header.timestamp ?? "");
  if (!(recorded > 0)) return 0;
  return Math.min(recorded, MAX_IDLE) / speed;
}

/**
 * A speed as it is written in a URL or on a command line.
 * @param {string} text a number ≥ 0 or "instant"
 * @returns {number | null} null when it can't be read
 */
export function parseSpeed(text) {
  if (text === "instant") return 0;
  const speed = Number(text);
  return text.trim() !== "" && Number.isFinite(speed) && speed >= 0 ? speed : null;
}
