/**
 * What a client sends to act, made into the event that a server stores: V0's `oh_user_action`, and
 * the message that a V1 socket takes.
 */
import { randomUUID } from "node:crypto";
import { dumps } from "./python_json.mjs";

/** @typedef {Record<string, unknown>} Members */

/** @type {Record<string, { args: Members, message: (args: Members) => string }>} */
const KNOWN = {
  message: {
    args: {
      content: "",
      file_urls: null,
      image_urls: null,
      wait_for_response: false,
      security_risk: -1,
    },
    message: (args) => String(args.content),
  },
  change_agent_state: {
    args: { agent_state: "", thought: "" },
    message: (args) => `Agent state changed to ${String(args.agent_state)}`,
  },
};

/**
 * @param {unknown} action `{action, args}`
 * @param {number} id
 * @param {Date} now
 * @returns {string} the event's text
 * @throws {TypeError} when it is no action
 */
export function userEventText(action, id, now) {
  const { action: name, args = {} } = /** @type {Members} */ (action ?? {});
  if (typeof name !== "string") throw new TypeError("an action needs a string under `action`");
  if (typeof args !== "object" || args === null || Array.isArray(args)) {
    throw new TypeError("an action's `args` are an object");
  }
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  const members = { ...known?.args, ...args };
  return dumps({
    id,
    timestamp: now.toISOString().replace("Z", "000"),
    source: "user",
    message: known?.message(members) ?? "",
    action: name,
    args: members,
  });
}

/**
 * @param {unknown} message `{role, content}`
 * @param {Date} now
 * @returns {string} the event's text
 * @throws {TypeError} when it is no message of a user
 */
export function userMessageText(message, now) {
  const { role, content } = /** @type {Members} */ (message ?? {});
  if (role !== "user") throw new TypeError("only user messages are allowed");
  if (!Array.isArray(content)) throw new TypeError("a message's `content` is a list");
  return dumps({
    id: randomUUID(),
    timestamp: now.toISOString().replace("Z", "000"),
    source: "user",
    llm_message: {
      role,
      content: content.map((part) => ({ cache_prompt: false, .../** @type {Members} */ (part) })),
      thinking_blocks: [],
    },
    activated_skills: [],
    extended_content: [],
    kind: "MessageEvent",
  });
}
