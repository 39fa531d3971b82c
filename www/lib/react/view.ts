/**
 * The first `length` items of an array that only ever grows, as an array of its own: a new identity
 * for React at the cost of one small object, whatever the length. It can be read like any array,
 * never changes, and throws a TypeError when written to. `read` makes an element of an item.
 */
export function view<T, E = T>(
  items: T[],
  length: number = items.length,
  read: (item: T) => E = (item) => item as unknown as E,
): E[] {
  const hidden = (key: string | symbol) => typeof key === "string" && Number(key) >= length;
  const element = (target: T[], key: string | symbol) =>
    typeof key === "string" && Object.hasOwn(target, key)
      ? read(target[Number(key)] as T)
      : (Reflect.get(target, key) as unknown);
  const refuse = () => false;
  return new Proxy(items, {
    get: (target, key) =>
      key === "length" ? length : hidden(key) ? undefined : element(target, key),
    has: (target, key) => !hidden(key) && key in target,
    ownKeys: (target) => Reflect.ownKeys(target).filter((key) => !hidden(key)),
    getOwnPropertyDescriptor: (target, key) => {
      const found = hidden(key) ? undefined : Reflect.getOwnPropertyDescriptor(target, key);
      const value: unknown = key === "length" ? length : found && element(target, key);
      return found && { ...found, value };
    },
    defineProperty: refuse,
    deleteProperty: refuse,
    preventExtensions: refuse,
  }) as unknown as E[];
}
