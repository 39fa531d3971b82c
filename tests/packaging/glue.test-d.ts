/** The glue has what the library's declarations of it say, and nothing else: checked by tsc. */
import { expectTypeOf } from "vitest";
import type * as made from "../../target/wasm-bindgen/oh.js";
import type * as declared from "../../www/lib/wasm/oh.js";

/** The names of an object's methods, and how many arguments each of them takes. */
type Shape<T> = {
  [K in Exclude<keyof T, typeof Symbol.dispose>]: T[K] extends (...args: infer A) => unknown
    ? Required<A>["length"]
    : never;
};

export function same(): void {
  expectTypeOf<Shape<made.Store>>().toEqualTypeOf<Shape<declared.Store>>();
  expectTypeOf<Shape<made.Log>>().toEqualTypeOf<Shape<declared.Log>>();
  expectTypeOf<Shape<made.Cursor>>().toEqualTypeOf<Shape<declared.Cursor>>();
  expectTypeOf<Shape<made.Subscription>>().toEqualTypeOf<Shape<declared.Subscription>>();
  expectTypeOf<Shape<made.ExportCursor>>().toEqualTypeOf<Shape<declared.ExportCursor>>();
  expectTypeOf<Shape<made.ReplayHandle>>().toEqualTypeOf<Shape<declared.ReplayHandle>>();
}
