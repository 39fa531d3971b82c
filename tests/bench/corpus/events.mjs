// Made-up V0 events as they come over the wire, each decided by the seed and its id alone.
import { random, seedOf } from "../random.mjs";
import { Chance, prose, source, terminal } from "./text.mjs";
import { FREQUENT, RARE } from "./words.mjs";

const START = Date.UTC(2026, 0, 5, 9);
const SECONDS_PER_EVENT = 20;
const NON_ASCII_SHARE = 0.187;
const FREQUENT_SHARE = 0.5;

/** The server's local time of an event: microseconds, no zone. */
export function timestampOf(id) {
  const time = new Date(START + id * SECONDS_PER_EVENT * 1000).toISOString().slice(0, 19);
  return `${time}.${String((id * 7919) % 1_000_000).padStart(6, "0")}`;
}

/** Where the events with a rare needle are, in a corpus of `count`: three for each needle. */
export function rareIds(needle, count) {
  const shift = RARE.indexOf(needle) * 0.043;
  return [0.137, 0.508, 0.871].map((part) => Math.floor((part + shift) * count));
}

/** Lengths as in real conversations: many short texts, a few long ones. */
function length(chance, typical, most) {
  return Math.min(most, Math.floor(typical * Math.exp((chance.next() - 0.5) * 3.2)));
}

const observation = (kind, id, content, extras, message = `Observed ${kind}`) => ({
  source: "agent",
  message,
  cause: id - 1,
  observation: kind,
  content,
  extras,
});

const action = (kind, message, args, from = "agent") => ({
  source: from,
  message,
  action: kind,
  args,
});

/** Kinds of events with their share in a thousand; `extra` is text that has to be in it. */
const KINDS = [
  [
    230,
    (c, id, extra) => {
      const command = `${c.verb()} --${c.noun()}=${c.path()} ${extra}`;
      return {
        ...action("run", `Running command: ${command}`, {
          command,
          is_input: false,
          thought: c.next() < 0.5 ? prose(c, length(c, 150, 2000)) : "",
          blocking: false,
          hidden: c.next() < 0.02,
          confirmation_state: "confirmed",
          security_risk: -1,
        }),
        timeout: 120,
      };
    },
  ],
  [
    300,
    (c, id, extra) => {
      const text = terminal(c, length(c, 1900, 24000)) + extra;
      const metadata = { exit_code: c.next() < 0.8 ? 0 : 1, pid: -1, working_dir: "/workspace" };
      const extras = { command: c.name(), metadata, hidden: false };
      return { ...observation("run", id, text, extras), success: metadata.exit_code === 0 };
    },
  ],
  [
    110,
    (c, id, extra) => {
      const text = source(c, length(c, 2700, 26000)) + extra;
      return observation("read", id, text, {
        path: `/workspace/${c.path()}`,
        impl_source: "oh_aci",
      });
    },
  ],
  [
    90,
    (c, id, extra) =>
      action("edit", "", {
        path: `/workspace/${c.path()}`,
        command: "str_replace",
        old_str: source(c, length(c, 300, 4000)),
        new_str: source(c, length(c, 420, 6000)) + extra,
        thought: prose(c, 80),
        security_risk: -1,
      }),
  ],
  [
    90,
    (c, id, extra) => {
      const [before, after] = [source(c, length(c, 500, 8000)), source(c, length(c, 500, 8000))];
      const extras = { path: `/workspace/${c.path()}`, prev_exist: true, old_content: before };
      return observation("edit", id, after + extra, { ...extras, impl_source: "oh_aci" });
    },
  ],
  [
    60,
    (c, id, extra) => {
      const content = `${prose(c, length(c, 220, 3000))} ${extra}`;
      const args = { content, file_urls: [], image_urls: [], wait_for_response: false };
      return action("message", content, { ...args, security_risk: -1 }, "user");
    },
  ],
  [
    60,
    (c, id, extra) => {
      const content = `${prose(c, length(c, 500, 5000))} ${extra}`;
      const args = { content, file_urls: [], image_urls: [], wait_for_response: true };
      return action("message", content, { ...args, security_risk: -1 });
    },
  ],
  [
    40,
    (c, id, extra) => {
      const thought = `${prose(c, length(c, 400, 3000))} ${extra}`;
      return action("think", `I am thinking...: ${thought}`, { thought });
    },
  ],
  [
    20,
    (c, id, extra) => ({
      ...observation("agent_state_changed", id, "", { agent_state: "running", reason: extra }, ""),
      source: "environment",
    }),
  ],
];

function kindFor(chance) {
  let place = chance.below(1000);
  return KINDS.find(([share]) => (place -= share) < 0)[1];
}

/** The text of one event as a socket brings it. */
export function eventText(seed, id, count) {
  const chance = new Chance(random(seedOf(seed, id)));
  const extras = [];
  if (chance.next() < FREQUENT_SHARE) extras.push(`${FREQUENT} ${chance.hex(16)}`);
  if (chance.next() < NON_ASCII_SHARE) extras.push(chance.nonAscii(), chance.nonAscii());
  for (const needle of RARE) if (rareIds(needle, count).includes(id)) extras.push(needle);
  const body = kindFor(chance)(chance, id, extras.join(" "));
  return JSON.stringify({ id, timestamp: timestampOf(id), ...body });
}
