/**
 * The first `length` items of an array that only ever grows, as an array of its own: a new identity
 * for React at the cost of one small object, whatever the length. It can be read like any array,
 * never changes, and throws a TypeError when written to.
 */
export function view<T>(items: T[], length: number = items.length): T[] {
  const hidden = (key: string | symbol) => typeof key === "string" && Number(key) >= length;
  const refuse = () => false;
  return new Proxy(items, {
    get: (target, key) =>
      key === "length" ? length : hidden(key) ? undefined : (Reflect.get(target, key) as unknown),
    has: (target, key) => !hidden(key) && key in target,
    ownKeys: (target) => Reflect.ownKeys(target).filter((key) => !hidden(key)),
    getOwnPropertyDescriptor: (target, key) => {
      const found = hidden(key) ? undefined : Reflect.getOwnPropertyDescriptor(target, key);
      return found && key === "length" ? { ...found, value: length } : found;
    },
    defineProperty: refuse,
    deleteProperty: refuse,
    preventExtensions: refuse,
  });
}
