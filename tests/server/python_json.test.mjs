import assert from "node:assert/strict";
import test from "node:test";
import { dumps, elements, Float, loads, withMember } from "../../www/server/python_json.mjs";

test("dumps spells values as Python does", () => {
  const value = {
    a: [1, new Float(120), 1e16, 1e-7, new Float(-0), NaN],
    é: "\u007f\u2028😀\n",
    n: null,
  };
  assert.equal(
    dumps(value),
    '{"a": [1, 120.0, 1e+16, 1e-07, -0.0, NaN], "\\u00e9": "\\u007f\\u2028\\ud83d\\ude00\\n", "n": null}',
  );
});

test("elements keeps every element's own spelling", () => {
  const texts = ['{"a": [1.0, "],{"], "b": {}}', "NaN", '"\\"],"', "[]", "1e+16"];
  assert.deepEqual(elements(`[${texts.join(" ,\n")}]`), texts);
  assert.deepEqual(elements(" [ ] "), []);
});

test("elements refuses what is no whole array", () => {
  for (const text of ["", "{}", "[1", "[[1]", "[]]"]) assert.throws(() => elements(text), text);
});

test("withMember replaces the top-level member only", () => {
  const text = '{"x": {"id": 1}, "y": "\\"id\\": 2", "id": 3, "z": [{"id": 4}]}';
  assert.equal(withMember(text, "id", "9"), text.replace('"id": 3', '"id": 9'));
  assert.equal(withMember('{"a": "id"}', "id", "9"), '{"a": "id"}');
  assert.equal(withMember('{"a": {"b": 1}}', "a", "2"), '{"a": 2}');
});

test("loads reads NaN and infinities outside of strings", () => {
  assert.deepEqual(loads('{"a": [NaN, -Infinity, Infinity], "b": "NaN"}'), {
    a: [null, null, null],
    b: "NaN",
  });
});
