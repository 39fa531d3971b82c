/** The well-known symbols where the runtime has them, or what transpilers put in their place. */
export const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for("Symbol.dispose") as typeof Symbol.dispose);
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for("Symbol.asyncDispose") as typeof Symbol.asyncDispose);

/** Closes what an application has dropped without closing it. */
export const net = new FinalizationRegistry<{ close(): unknown }>((dropped) => {
  dropped.close();
});
