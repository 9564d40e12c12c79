// @ts-check
/** Draws the reference from the OpenAPI document. Text is only ever set as text, so nothing in the document can become markup. */

/** @typedef {{ [key: string]: any }} Bag */

/** @param {string} tag @param {Bag} [attributes] @param {...(Node | string | undefined)} children */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Text in which `words` between backticks are code. @param {string} text @returns {Node[]} */
function prose(text) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? element("code", {}, part) : document.createTextNode(part)));
}

/** @param {string} id */
const place = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const methods = ["get", "post", "put", "patch", "delete"];

/** @param {Bag} schema @returns {string} */
function nameOf(schema) {
  return (
    String(schema.$ref ?? "")
      .split("/")
      .at(-1) ?? ""
  );
}

/** The type of a schema in a few words. @param {Bag} schema @returns {Node} */
function kindOf(schema) {
  if (schema.$ref !== undefined) return element("a", { href: `#schema-${nameOf(schema)}` }, nameOf(schema));
  const box = element("span", { class: "kind" });
  if (schema.anyOf !== undefined) {
    schema.anyOf.forEach((/** @type {Bag} */ choice, /** @type {number} */ index) => box.append(index > 0 ? " or " : "", kindOf(choice)));
    return box;
  }
  if (schema.enum !== undefined) {
    box.append(schema.enum.map((/** @type {unknown} */ word) => JSON.stringify(word)).join(" | "));
    return box;
  }
  if (schema.type === "array") {
    box.append("list of ", kindOf(schema.items ?? {}));
    return box;
  }
  const dictionary = typeof schema.additionalProperties === "object" ? "dictionary" : undefined;
  const type = [schema.type ?? "anything"].flat().join(" or ");
  const range = [
    schema.minimum === undefined ? "" : `from ${schema.minimum}`,
    schema.maximum === undefined ? "" : `to ${schema.maximum}`,
    schema.maxLength === undefined ? "" : `at most ${schema.maxLength} characters`,
    schema.default === undefined ? "" : `usually ${JSON.stringify(schema.default)}`,
  ].filter((text) => text !== "");
  box.append([dictionary ?? type, schema.format === undefined ? "" : `(${schema.format})`].filter(Boolean).join(" "));
  if (range.length > 0) box.append(`, ${range.join(", ")}`);
  return box;
}

/** Members of an object, nested ones indented. @param {Bag} schema @param {number} [depth] @returns {Node | undefined} */
function membersOf(schema, depth = 0) {
  const whole = schema.anyOf?.find((/** @type {Bag} */ choice) => choice.properties) ?? (schema.type === "array" ? schema.items : schema);
  if (whole?.properties === undefined || depth > 4) return undefined;
  const list = element("dl");
  for (const [name, member] of Object.entries(whole.properties)) {
    const must = whole.required?.includes(name) ? element("span", { class: "must", title: "required" }, " *") : undefined;
    const said = member.description === undefined ? [] : prose(` — ${member.description}`);
    list.append(
      element(
        "div",
        {},
        element("dt", {}, element("code", {}, name), must ?? ""),
        " ",
        element("dd", {}, kindOf(member), ...said),
        membersOf(member, depth + 1) ?? "",
      ),
    );
  }
  return list;
}

/** @param {Bag} schema @param {Bag} all @param {number} [depth] @returns {unknown} */
function exampleOf(schema, all, depth = 0) {
  if (schema.$ref !== undefined) return depth > 3 ? {} : exampleOf(all[nameOf(schema)] ?? {}, all, depth + 1);
  if (schema.examples !== undefined) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return exampleOf(schema.anyOf[0], all, depth);
  if (schema.properties !== undefined) {
    return Object.fromEntries(Object.entries(schema.properties).map(([name, member]) => [name, exampleOf(member, all, depth + 1)]));
  }
  const type = [schema.type].flat()[0];
  if (type === "array") return [exampleOf(schema.items ?? {}, all, depth + 1)];
  if (type === "integer" || type === "number") return schema.minimum ?? 0;
  if (type === "boolean") return false;
  if (type === "object" || type === undefined) return {};
  return schema.format === "date-time" ? "2026-01-01T12:00:00.000Z" : "…";
}

/** @param {string} method @param {string} path @param {boolean} isOpen @param {Bag | undefined} body @param {Bag} all */
function commandFor(method, path, isOpen, body, all) {
  const parts = isOpen ? ["curl"] : [`curl -u "$EMAIL:$PASSWORD"`];
  if (method !== "get") parts.push(`-X ${method.toUpperCase()}`);
  if (path.endsWith("/events")) parts.push("-N");
  parts.push(`${location.origin}${path}`);
  if (body !== undefined) {
    const example = exampleOf(body, all);
    const needed = new Set(body.required ?? Object.keys(/** @type {Bag} */ (example)));
    const short = Object.fromEntries(Object.entries(/** @type {Bag} */ (example)).filter(([name]) => needed.has(name)));
    parts.push(`\\\n  -H 'Content-Type: application/json' -d '${JSON.stringify(short)}'`);
  }
  return parts.join(" ");
}

/** @param {string} text */
function copyButton(text) {
  const button = element("button", { class: "copy", type: "button" }, "Copy");
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(text).then(
      () => (button.textContent = "Copied"),
      () => (button.textContent = "Select and copy by hand"),
    );
  });
  return button;
}

/** @param {string} method @param {string} path @param {Bag} operation @param {Bag} all */
function drawOperation(method, path, operation, all) {
  const id = anchorOf(method, path);
  const isOpen = operation.security?.length === 0;
  const article = element("article", { id, class: method, tabindex: "-1" });
  article.append(
    element(
      "h3",
      {},
      element("span", { class: "method" }, method),
      element("a", { href: `#${id}` }, element("code", {}, path)),
      element("span", {}, operation.summary ?? ""),
      isOpen ? element("span", { class: "open" }, "open") : "",
    ),
  );
  for (const text of String(operation.description ?? "").split("\n\n")) if (text !== "") article.append(element("p", {}, ...prose(text)));
  const given = operation.parameters ?? [];
  for (const [where, title] of [
    ["path", "In the path"],
    ["query", "In the query"],
    ["header", "In the head"],
  ]) {
    const here = given.filter((/** @type {Bag} */ parameter) => parameter.in === where);
    if (here.length === 0) continue;
    const properties = Object.fromEntries(
      here.map((/** @type {Bag} */ one) => [one.name, { ...one.schema, description: one.description }]),
    );
    const required = here.filter((/** @type {Bag} */ one) => one.required).map((/** @type {Bag} */ one) => one.name);
    article.append(element("h4", {}, title ?? ""), membersOf({ properties, required }) ?? "");
  }
  const sent = operation.requestBody?.content?.["application/json"]?.schema;
  const body = sent?.anyOf?.[0] ?? sent;
  if (body?.properties !== undefined && Object.keys(body.properties).length > 0)
    article.append(element("h4", {}, "Body"), membersOf(body) ?? "");
  article.append(element("h4", {}, "Answers"));
  const answers = element("dl");
  for (const [status, answer] of Object.entries(operation.responses ?? {})) {
    const [schema] = Object.values(answer.content ?? {}).map((/** @type {Bag} */ content) => content.schema);
    const shown = schema === undefined ? (answer.description ?? "") : (pageWords(schema) ?? kindOf(schema));
    answers.append(
      element("div", {}, element("dt", {}, element("code", {}, status === "default" ? "else" : status)), " ", element("dd", {}, shown)),
    );
  }
  const command = commandFor(
    method,
    path,
    isOpen,
    sent === undefined || Object.keys(body?.properties ?? {}).length === 0 ? undefined : body,
    all,
  );
  article.append(answers, element("h4", { class: "try" }, "Try it", copyButton(command)), element("pre", { tabindex: "0" }, command));
  return article;
}

/** @param {Bag} schema */
function pageWords(schema) {
  const items = schema.properties?.items?.items;
  return items === undefined ? undefined : element("span", {}, "page of ", kindOf(items));
}

/** @param {string} method @param {string} path */
function anchorOf(method, path) {
  return `${method}${path.replaceAll(/[^A-Za-z0-9]+/g, "-").replace(/-$/, "")}`;
}

/** @type {Bag} */
const signIn = { basic: "Basic credentials", cookie: "the cookie of /v1/login", key: "an API key" };

/** @param {Bag} api */
function draw(api) {
  const all = api.components?.schemas ?? {};
  place("version").textContent = api.info.version;
  place("about").replaceChildren(...prose(api.info.description));
  const ways = Object.keys(api.components?.securitySchemes ?? {}).map((scheme) => signIn[scheme] ?? scheme);
  place("schemes").textContent = `· Sign in by ${ways.join(" or ")}. What has a * must be given.`;
  /** @type {Map<string, [string, string, Bag][]>} */
  const byTag = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of methods) {
      const operation = /** @type {Bag} */ (item)[method];
      if (operation === undefined) continue;
      const tag = operation.tags?.[0] ?? "Other";
      byTag.set(tag, [...(byTag.get(tag) ?? []), [method, path, operation]]);
    }
  }
  for (const [tag, operations] of byTag) {
    const list = element("ul");
    place("operations").append(element("h2", { id: `tag-${tag.replaceAll(" ", "-")}` }, tag));
    for (const [method, path, operation] of operations) {
      place("operations").append(drawOperation(method, path, operation, all));
      const link = element("a", { href: `#${anchorOf(method, path)}`, class: method });
      link.append(element("span", { class: "method" }, method === "delete" ? "del" : method), operation.summary ?? path);
      list.append(element("li", { "data-words": `${method} ${path} ${operation.summary ?? ""} ${tag}`.toLowerCase() }, link));
    }
    place("menu").append(element("section", {}, element("h2", {}, tag), list));
  }
  place("schemas").append(element("h2", {}, "Shapes"));
  for (const [name, schema] of Object.entries(all)) {
    place("schemas").append(
      element(
        "article",
        { id: `schema-${name}`, tabindex: "-1" },
        element("h3", {}, element("a", { href: `#schema-${name}` }, name)),
        membersOf(schema) ?? "",
      ),
    );
  }
}

function filterMenu() {
  const words = /** @type {HTMLInputElement} */ (place("filter")).value.toLowerCase().split(/\s+/);
  for (const section of place("menu").querySelectorAll("section")) {
    let shown = 0;
    for (const entry of section.querySelectorAll("li")) {
      entry.hidden = !words.every((word) => entry.dataset["words"]?.includes(word));
      if (!entry.hidden) shown++;
    }
    section.hidden = shown === 0;
  }
}

place("filter").addEventListener("input", filterMenu);
document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    place("filter").focus();
  } else if (event.key === "Escape" && isTyping) {
    /** @type {HTMLInputElement} */ (place("filter")).value = "";
    filterMenu();
    place("content").focus();
  }
});

try {
  const answer = await fetch("/v1/openapi.json");
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  draw(await answer.json());
  // The place that the address names exists only now.
  if (location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView({ behavior: "instant" });
} catch (error) {
  place("about").className = "failure";
  place("about").textContent = `The reference could not be read: ${error instanceof Error ? error.message : String(error)}`;
}
