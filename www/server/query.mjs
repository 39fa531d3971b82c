/**
 * Query parameters as FastAPI reads them, with the same error bodies.
 */

/** An answer other than success: an HTTP status and the `detail` of its JSON body. */
export class HttpError extends Error {
  /**
   * @param {number} status
   * @param {unknown} detail
   */
  constructor(status, detail) {
    super(typeof detail === "string" ? detail : `HTTP ${status}`);
    this.status = status;
    this.detail = detail;
  }
}

/**
 * @template T
 * @param {URLSearchParams} query
 * @param {string} name
 * @param {T} absent
 * @returns {number | T}
 */
export function integer(query, name, absent) {
  const text = query.getAll(name).at(-1);
  if (text === undefined) return absent;
  if (/^\s*[+-]?\d+(_\d+)*(\.0+)?\s*$/.test(text)) return Number(text.replaceAll("_", ""));
  throw unparsable(name, text, "int_parsing", "integer", "unable to parse string as an integer");
}

const TRUE = new Set(["true", "1", "on", "yes", "t", "y"]);
const FALSE = new Set(["false", "0", "off", "no", "f", "n"]);

/**
 * @param {URLSearchParams} query
 * @param {string} name
 * @param {boolean} absent
 * @returns {boolean}
 */
export function boolean(query, name, absent) {
  const text = query.getAll(name).at(-1);
  if (text === undefined) return absent;
  if (TRUE.has(text.toLowerCase())) return true;
  if (FALSE.has(text.toLowerCase())) return false;
  throw unparsable(name, text, "bool_parsing", "boolean", "unable to interpret input");
}

/**
 * @param {string} name
 * @param {string} input
 * @param {string} type
 * @param {string} expected
 * @param {string} why
 */
function unparsable(name, input, type, expected, why) {
  const msg = `Input should be a valid ${expected}, ${why}`;
  return new HttpError(422, [{ type, loc: ["query", name], msg, input }]);
}

/**
 * @param {URLSearchParams} query
 * @param {string} name
 * @param {readonly string[]} choices the first is the default
 * @returns {string}
 */
export function choice(query, name, choices) {
  const text = query.getAll(name).at(-1) ?? choices[0];
  if (choices.includes(text)) return text;
  const msg = `Input should be ${choices.map((value) => `'${value}'`).join(" or ")}`;
  throw new HttpError(422, [{ type: "enum", loc: ["query", name], msg, input: text }]);
}
