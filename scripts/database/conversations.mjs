/**
 * The conversations of a database that is kept: small, made up, and of every shape that a record
 * can have. `steps` is what is done with each, `events` what has to be there in the end: texts, or
 * for an event that the store made itself a word in its text.
 */
import { dumps, Float } from "../../www/server/python_json.mjs";

/** The whole numbers from `first` to below `end`, without those that a socket would leave out. */
function ids(first, end) {
  return Array.from({ length: end - first }, (_, at) => first + at).filter((id) => id % 11 !== 7);
}

function stamp(id) {
  return new Date(Date.UTC(2025, 7, 31, 12) + id * 61_000).toISOString().slice(0, -1) + "042";
}

/** A V0 event in the server's own form, as a file of it is kept. */
function command(id) {
  return dumps({
    id,
    timestamp: stamp(id),
    source: "agent",
    message: `Running command: ls ${id}`,
    action: "run",
    args: {
      command: `ls ${id}`,
      is_input: false,
      thought: id % 5 === 0 ? "Das Café, \ud83d\ude00" : "",
      blocking: false,
      is_static: false,
      cwd: null,
      hidden: id % 4 === 1,
      confirmation_state: "confirmed",
      security_risk: -1,
    },
    timeout: new Float(120),
  });
}

/** A short one, as a socket sends it. */
function message(id, source = "user") {
  return dumps({ id, timestamp: stamp(id), source, action: "message", args: { content: `${id}` } });
}

/** What a log has to keep as it came. */
const ODD = [
  `{"id": 190, "action": "message", "args": {"x": NaN, "y": -Infinity, "z": 1e+16, "n": 123456789012345678901234567890}}`,
  `{"id": 191, "timestamp": "\\ud83d", "source": 7, "observation": "unheard of", "content": "\\u00e9\\u0000\\ud800", "extras": {"hidden": true}}`,
  `{"id": 192, "timestamp": null, "source": null, "action": "run", "observation": null, "cause": 191}`,
  `{"id": 9007199254740991, "timestamp": "2025-08-31T12:00:00", "source": "environment", "observation": "null", "content": "", "extras": {}}`,
];

/** A V1 event. */
function v1(at) {
  return dumps({
    id: `5e0c1a${String(at).padStart(2, "0")}-9d1f-4c7e-8a39-0d1f2e3a4b5c`,
    timestamp: stamp(at),
    source: at % 3 === 0 ? "user" : "agent",
    kind: at % 2 === 0 ? "MessageEvent" : "ObservationEvent",
    llm_message: { role: "user", content: [{ type: "text", text: `Café ${at}` }] },
    ...(at > 0 ? { parent_id: `parent-${at - 1}` } : {}),
  });
}

const FILE = ids(0, 30).map(command);
const LIVE = ids(40, 94).map((id) => message(id));
const TAIL = ids(120, 123).map((id) => message(id));
const V1_FILE = Array.from({ length: 15 }, (_, at) => v1(at));
const V1_LIVE = [15, 16, 17, 18].map(v1);

export const conversations = [
  {
    // Copies from a socket that a file replaces, many small commits, late events, gaps, a tail.
    id: "bug-hunt",
    file: "bug-hunt.jsonl",
    pinned: false,
    steps: [
      ["feed", [message(2, "environment"), message(5, "environment"), message(29)]],
      ["import", FILE],
      ["feed", LIVE],
      ["feed", [message(18), message(95), message(35)]],
      ["import", ids(100, 107).map(command)],
      ["feed", TAIL],
    ],
    events: [
      ...ids(0, 18).map(command),
      message(18),
      ...ids(19, 29).map(command),
      message(29),
      message(35),
      ...LIVE,
      message(95),
      ...ids(100, 107).map(command),
      ...TAIL,
    ],
  },
  {
    // Nothing is known to be complete, and the events are of all kinds.
    id: "live / café \u{1f600}",
    file: "live.jsonl",
    pinned: false,
    steps: [
      ["feed", [message(180), ...ODD.slice(0, 3)]],
      ["add", { action: "message", args: { content: "made here" } }],
      ["feed", ODD.slice(3)],
    ],
    events: [message(180), ...ODD.slice(0, 3), { word: "made here" }, ...ODD.slice(3)],
  },
  {
    id: "5e0c1a00-0000-4c7e-8a39-0d1f2e3a4b5c",
    file: "v1.jsonl",
    pinned: true,
    steps: [
      ["import", V1_FILE],
      ["feed", V1_LIVE],
    ],
    events: [...V1_FILE, ...V1_LIVE],
  },
  {
    // Rolled back into the middle of a page.
    id: "rolled back",
    file: "rolled-back.jsonl",
    pinned: false,
    steps: [
      ["import", ids(0, 20).map(command)],
      ["truncate", 8],
    ],
    events: ids(0, 9).map(command),
  },
  {
    id: "emptied",
    file: "emptied.jsonl",
    pinned: true,
    steps: [
      ["feed", [message(0), message(1)]],
      ["truncate", -1],
      ["send", { action: "message", args: { content: "not sent yet" } }],
    ],
    events: [],
  },
];
