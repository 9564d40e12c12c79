/** The value of `--name`; throws when it is no positive number. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} is "${text}": a positive number is needed`);
  return value;
}
