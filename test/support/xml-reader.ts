/** Reads the small XML documents that our server writes: elements, attributes, text, the predefined entities and numeric ones. Throws on anything else. */
export type XmlElement = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
};

export function readXml(document: string): XmlElement {
  const declaration = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/.exec(document);
  if (declaration === null) throw new Error("no XML declaration");
  const reader = { text: document.slice(declaration[0].length).trimEnd(), at: 0 };
  const root = readElement(reader);
  if (reader.at !== reader.text.length) throw new Error(`text after the root: ${reader.text.slice(reader.at)}`);
  return root;
}

type Reader = { readonly text: string; at: number };

function readElement(reader: Reader): XmlElement {
  const [, name = ""] = take(reader, /<([A-Za-z][\w:.-]*)/y);
  const attributes: Record<string, string> = {};
  for (
    let found = peek(reader, /\s+([A-Za-z][\w:.-]*)="([^"<]*)"/y);
    found !== null;
    found = peek(reader, /\s+([A-Za-z][\w:.-]*)="([^"<]*)"/y)
  ) {
    reader.at += found[0].length;
    if (found[1] !== undefined) attributes[found[1]] = unescaped(found[2] ?? "");
  }
  if (take(reader, /\s*\/?>/y)[0].endsWith("/>")) return { name, attributes, children: [], text: "" };
  const children: XmlElement[] = [];
  let text = "";
  while (peek(reader, new RegExp(`</${name}>`, "y")) === null) {
    const chars = peek(reader, /[^<]+/y);
    if (chars === null) children.push(readElement(reader));
    else {
      reader.at += chars[0].length;
      text += unescaped(chars[0]);
    }
  }
  take(reader, new RegExp(`</${name}>`, "y"));
  return { name, attributes, children, text };
}

function peek(reader: Reader, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = reader.at;
  return pattern.exec(reader.text);
}

function take(reader: Reader, pattern: RegExp): RegExpExecArray {
  const found = peek(reader, pattern);
  if (found === null) throw new Error(`${pattern} expected at: ${reader.text.slice(reader.at, reader.at + 40)}`);
  reader.at += found[0].length;
  return found;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescaped(text: string): string {
  if (/&(?!(?:#\d+|[a-z]+);)/.test(text)) throw new Error(`a bare ampersand: ${text}`);
  return text.replaceAll(/&(#\d+|[a-z]+);/g, (whole, name: string) => {
    const character = name.startsWith("#") ? String.fromCodePoint(Number(name.slice(1))) : entities[name];
    if (character === undefined) throw new Error(`an unknown entity: ${whole}`);
    return character;
  });
}
