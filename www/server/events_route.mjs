/**
 * `GET /api/conversations/{id}/events`: the V0 server's route.
 *
 * @typedef {import("./conversation.mjs").Conversation} Conversation
 */
import { boolean, HttpError, integer } from "./query.mjs";

/**
 * @param {Conversation} conversation
 * @param {URLSearchParams} query start_id, end_id (both inclusive), reverse, limit
 * @returns {string} `{"events": […], "has_more": …}` with the events' exact texts
 */
export function eventsPage(conversation, query) {
  const startId = integer(query, "start_id", 0);
  const endId = integer(query, "end_id", null);
  const reverse = boolean(query, "reverse", false);
  const limit = integer(query, "limit", 20);
  if (limit < 0 || limit > 100) throw new HttpError(400, "Invalid limit");
  const events = conversation.range(startId, endId);
  if (reverse) events.reverse();
  const texts = events.slice(0, limit).map((event) => event.text);
  return `{"events": [${texts.join(", ")}], "has_more": ${events.length > limit}}`;
}
