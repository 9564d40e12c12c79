/** XML documents from parts (XML 1.0 §2). Everything is escaped here and nowhere else, so what phones and people write stays text. */

/** Already escaped. */
export type Xml = { readonly markup: string };

/** An element; attributes that are undefined are left out. Names come from code. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
  children: readonly (Xml | string)[] = [],
): Xml {
  let start = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) start += ` ${key}="${escaped(String(value))}"`;
  if (children.length === 0) return { markup: `${start}/>` };
  const content = children.map((child) => (typeof child === "string" ? escaped(child) : child.markup)).join("");
  return { markup: `${start}>${content}</${name}>` };
}

export function xmlDocument(root: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root.markup}\n`;
}

const special: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** Characters that no XML document may have (§2.2), however they are written: they become U+FFFD. */
// oxlint-disable-next-line no-control-regex -- these are meant
const forbidden = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(forbidden, "\uFFFD")
    .replaceAll(/[&<>"'\t\n\r]/g, (character) => special[character] ?? character);
}
