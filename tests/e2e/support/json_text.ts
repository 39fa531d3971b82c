import { elements } from "../../../www/server/python_json.mjs";

export { elements };

/** The texts of an object's top-level members, exactly as they are written. */
export function members(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const member of elements(`[${text.trim().slice(1, -1)}]`)) {
    const key = /^("(?:[^"\\]|\\.)*")\s*:\s*/s.exec(member);
    if (!key) throw new SyntaxError(`no member of an object: ${member.slice(0, 80)}`);
    found.set(JSON.parse(key[1] ?? "") as string, member.slice(key[0].length));
  }
  return found;
}

export function member(text: string, key: string): string {
  const value = members(text).get(key);
  if (value === undefined) throw new Error(`no "${key}" in ${text.slice(0, 80)}`);
  return value;
}
