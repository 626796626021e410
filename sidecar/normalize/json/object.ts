/** What `JSON.parse` makes of an object. Nothing on `Object.prototype` has a name that a mapper asks for. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object that `text` is; undefined for any other JSON and for what is none. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: most often a line of text that begins with a brace.
    return undefined;
  }
}

/** A value by its key, or by the way of nested objects that a dotted key names (ECS knows both). */
export function lookup(object: JsonObject, key: string): unknown {
  const value = object[key];
  if (value !== undefined || !key.includes('.')) return value;
  let inner: unknown = object;
  for (const part of key.split('.')) {
    if (!isObject(inner) || !Object.hasOwn(inner, part)) return undefined;
    inner = inner[part];
  }
  return inner;
}
