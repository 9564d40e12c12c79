/** Texts of customers in flow documents, where texts are templates: whatever stands in them is spoken or asked as it is. */

/** What a template may have. */
const longestTemplate = 4000;

/** The template whose text is `text`. */
export function literal(text: string): string {
  return text.includes("{{") || text.includes("{%") ? text.replaceAll("{", '{{ "{" }}') : text;
}

export function fitsTemplate(text: string): boolean {
  return literal(text).length <= longestTemplate;
}
