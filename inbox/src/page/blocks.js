// What a message shows: its text, its blocks, its attachments.

import { el, link, mrkdwn, plain } from "./mrkdwn.js";

const list = (value) => (Array.isArray(value) ? value : []);
const string = (value) => (typeof value === "string" ? value : "");

/** Everything that the message shows, in Slack's order. */
export function body(payload) {
  const fragment = document.createDocumentFragment();
  const blocks = list(payload.blocks);
  // Where there are blocks, the text is for notifications only.
  if (blocks.length === 0 && string(payload.text) !== "") {
    const text = payload.mrkdwn === false ? plain(payload.text) : mrkdwn(payload.text);
    fragment.append(el("div", { class: "text" }, text));
  }
  fragment.append(...blocks.map(block));
  fragment.append(...list(payload.attachments).map(attachment));
  return fragment;
}

function textObject(object) {
  if (!object || typeof object.text !== "string") return "";
  return object.type === "mrkdwn" ? mrkdwn(object.text) : plain(object.text);
}

const BLOCKS = {
  section: (block) => {
    const content = el("div", { class: "section-text" });
    if (block.text) content.append(el("div", { class: "text" }, textObject(block.text)));
    if (list(block.fields).length > 0) {
      content.append(el("div", { class: "fields" }, ...block.fields.map((field) => el("div", {}, textObject(field)))));
    }
    return el("div", { class: "section" }, content, block.accessory ? element(block.accessory) : null);
  },
  header: (block) => el("h3", {}, textObject(block.text)),
  divider: () => el("hr"),
  context: (block) => el("div", { class: "context" }, ...list(block.elements).map((part) => el("span", {}, contextPart(part)))),
  actions: (block) => el("div", { class: "actions" }, ...list(block.elements).map(element)),
  image: (block) => el("figure", {}, block.title ? el("figcaption", {}, textObject(block.title)) : null, image(block)),
  markdown: (block) => el("div", { class: "text" }, mrkdwn(string(block.text))),
  rich_text: (block) => el("div", { class: "text" }, ...list(block.elements).map(richText)),
  table: (block) => el("div", { class: "table" }, el("table", {}, ...list(block.rows).map(row))),
  alert: (block) => el("div", { class: "alert", "data-level": block.level ?? "default" }, textObject(block.text)),
};

function block(value) {
  const render = BLOCKS[value?.type];
  const node = render ? render(value) : unknown(value);
  node.classList.add("block");
  return node;
}

function unknown(value) {
  const name = string(value?.type) || "block";
  return el("details", { class: "unknown" }, el("summary", {}, `A block of the type ${name}`), el("pre", {}, JSON.stringify(value, null, 2)));
}

function contextPart(part) {
  return part?.type === "image" ? image(part) : textObject(part);
}

/** Nothing is loaded from elsewhere, so an image is its description and a link. */
function image(value) {
  const description = string(value.alt_text) || "image";
  return link(string(value.image_url), `🖼 ${description}`, { class: "image" });
}

function element(value) {
  if (value?.type === "image") return image(value);
  if (value?.type === "button") {
    const style = ["primary", "danger"].includes(value.style) ? value.style : "plain";
    const attributes = { class: `button ${style}` };
    return value.url
      ? link(value.url, plain(string(value.text?.text)), attributes)
      : el("span", { ...attributes, title: "Nobody answers a click here" }, textObject(value.text));
  }
  return el("span", { class: "button plain" }, textObject(value?.placeholder) || `${string(value?.type)} ▾`);
}

function row(cells) {
  return el("tr", {}, ...list(cells).map((cell) => el("td", {}, string(cell?.text) || list(cell?.elements).map(spoken).join(""))));
}

function richText(value) {
  const items = list(value?.elements);
  switch (value?.type) {
    case "rich_text_preformatted": return el("pre", {}, el("code", {}, items.map(spoken).join("")));
    case "rich_text_quote": return el("blockquote", {}, ...items.map(richPart));
    case "rich_text_list": return el(value.style === "ordered" ? "ol" : "ul", {}, ...items.map((item) => el("li", {}, richText(item))));
    default: return el("div", {}, ...items.map(richPart));
  }
}

function richPart(part) {
  let node = part?.type === "link" ? link(string(part.url), string(part.text) || part.url) : document.createTextNode(spoken(part));
  for (const [style, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (part?.style?.[style]) node = el(tag, {}, node);
  }
  return node;
}

/** A part of a rich text without its style. */
function spoken(part) {
  if (part?.type === "emoji") return plain(`:${part.name}:`);
  if (Array.isArray(part?.elements)) return part.elements.map(spoken).join("");
  return string(part?.text) || string(part?.url) || (part?.user_id ? `@${part.user_id}` : "") || (part?.range ? `@${part.range}` : "");
}

const NAMED_COLORS = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

function attachment(value) {
  const node = el("div", { class: "attachment" });
  const color = string(value?.color);
  const shown = NAMED_COLORS[color] ?? (/^#?[0-9a-f]{6}$/i.test(color) ? `#${color.replace("#", "")}` : null);
  if (shown) node.style.setProperty("--bar", shown);
  const content = el("div", { class: "content" });
  if (Array.isArray(value?.blocks)) content.append(...value.blocks.map(block));
  else content.append(...older(value ?? {}));
  const pretext = string(value?.pretext);
  const whole = el("div", { class: "attached" }, pretext ? el("div", { class: "text" }, mrkdwn(pretext)) : null, node);
  node.append(content);
  return whole;
}

/** The older form: author, title, text, fields, image, footer. */
function older(value) {
  const parts = [];
  const add = (name, content) => parts.push(el("div", { class: name }, content));
  if (value.author_name) add("author", link(string(value.author_link), plain(value.author_name)));
  if (value.title) add("title", link(string(value.title_link), plain(value.title)));
  if (value.text) parts.push(folded(el("div", { class: "text" }, mrkdwn(value.text)), value.text));
  if (list(value.fields).length > 0) parts.push(el("div", { class: "fields" }, ...value.fields.map(field)));
  if (value.image_url) add("text", link(value.image_url, "🖼 image"));
  const time = value.ts ? new Date(Number(value.ts) * 1000) : null;
  const footer = [value.footer, time && !Number.isNaN(time.getTime()) ? time.toLocaleString() : null].filter(Boolean);
  if (footer.length > 0) add("footer", plain(footer.join(" | ")));
  const nothing = parts.length === 0 && value.fallback;
  if (nothing) add("text", plain(value.fallback));
  return parts;
}

function field(value) {
  const node = el("div", { class: value.short ? "field" : "field wide" });
  if (value.title) node.append(el("div", { class: "field-title" }, plain(string(value.title))));
  node.append(el("div", { class: "text" }, mrkdwn(string(value.value))));
  return node;
}

/** Slack hides the rest of a text after 700 characters or 5 lines. */
function folded(node, text) {
  if (text.length <= 700 && text.split("\n").length <= 5) return node;
  node.classList.add("folded");
  const button = el("button", { type: "button", class: "more", "aria-expanded": "false" }, "Show more");
  button.addEventListener("click", () => {
    const isFolded = node.classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!isFolded));
    button.textContent = isFolded ? "Show more" : "Show less";
  });
  return el("div", {}, node, button);
}
