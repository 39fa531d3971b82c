/**
 * JSON as Python spells it: `120.0` stays `120.0`, text is pure ASCII, `NaN` and `Infinity` may occur.
 * `JSON.parse` and `JSON.stringify` would lose that, so events are kept and sent as the texts that
 * were recorded, and these functions work on the texts.
 */

/** A number that Python would call a float, so that `dumps` writes `120.0` and not `120`. */
export class Float {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN|[{}[\],]/gs;

/**
 * Reads Python-spelled JSON; `NaN` and infinities become null.
 * @param {string} text
 * @returns {unknown}
 */
export function loads(text) {
  return JSON.parse(text.replace(TOKEN, (token) => (/^-?[IN]/.test(token) ? "null" : token)));
}

/**
 * Python's `json.dumps(value)`.
 * @param {unknown} value
 * @returns {string}
 */
export function dumps(value) {
  if (value instanceof Float) return floatText(value.value);
  if (Array.isArray(value)) return `[${value.map(dumps).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => `${dumps(key)}: ${dumps(member)}`);
    return `{${members.join(", ")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) return floatText(value);
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`not a JSON value: ${typeof value}`);
  return text.replace(/[\u007f-\uffff]/g, escapeUnit);
}

/** @param {string} unit */
function escapeUnit(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** @param {number} value */
function floatText(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

/**
 * The texts of the elements of a JSON array, exactly as they are written.
 * @param {string} text
 * @returns {string[]}
 */
export function elements(text) {
  const array = text.trim();
  if (!array.startsWith("[") || !array.endsWith("]")) throw new SyntaxError("not a JSON array");
  const found = [];
  let depth = 0;
  let start = 1;
  for (const { 0: token, index } of array.matchAll(TOKEN)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    if ((depth === 1 && token === ",") || depth === 0) {
      found.push(array.slice(start, index).trim());
      start = index + 1;
    }
  }
  if (depth !== 0) throw new SyntaxError("the JSON array is not closed");
  return found.length === 1 && found[0] === "" ? [] : found;
}

/**
 * The object's text with the value of one top-level key replaced; unchanged where the key is absent.
 * @param {string} text an object
 * @param {string} key
 * @param {string} value JSON text
 * @returns {string}
 */
export function withMember(text, key, value) {
  const name = dumps(key);
  let depth = 0;
  /** Where the value of the key begins, once found. */
  let from = -1;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (depth === 1 && from >= 0 && (token === "," || token === "}")) {
      return `${text.slice(0, from)}${value}${text.slice(index)}`;
    }
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (depth === 1 && from < 0 && token === name) {
      const colon = /^\s*:\s*/.exec(text.slice(index + token.length, index + token.length + 20));
      if (colon) from = index + token.length + colon[0].length;
    }
  }
  return text;
}
