export const longestText = 4000;

const replacements: Readonly<Record<string, string>> = {
  "‘": "'",
  "’": "'",
  "“": '"',
  "”": '"',
  "–": "-",
  "—": ", ",
  "…": "...",
  ß: "ss",
  æ: "ae",
  ø: "o",
  Æ: "Ae",
  Ø: "O",
  "€": " euro ",
};

/**
 * The text as flite's English voices can read it: ASCII, accents taken off, control characters and other scripts as spaces. Empty
 * when there is no letter or digit in it.
 */
export function speakableText(text: string): string {
  const plain = text
    .replaceAll(/[‘’“”–—…ßæøÆØ€]/g, (character) => replacements[character] ?? " ")
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .replaceAll(/[^\x20-\x7e]/g, " ")
    .replaceAll(/ +/g, " ")
    .trim();
  return /[A-Za-z0-9]/.test(plain) ? plain : "";
}
