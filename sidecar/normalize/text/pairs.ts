/**
 * What a mapper of text has read, as the members of a JSON object: it then goes the way of any other JSON, which keeps
 * the names of the core fields and of the sidecar's own from being claimed.
 */
export type Pairs = readonly (readonly [key: string, value: unknown])[];

export function toJson(pairs: Pairs): string {
  let text = '';
  for (const [key, value] of pairs) {
    if (value !== undefined)
      text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${JSON.stringify(value)}`;
  }
  return `${text}}`;
}
