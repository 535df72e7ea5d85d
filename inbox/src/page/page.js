// The page: messages as they come, channels, search.

import { body } from "./blocks.js";
import { el } from "./mrkdwn.js";

const $ = (id) => document.getElementById(id);
/** As many as the inbox itself keeps: a page may stay open for days. */
const KEPT = 1000;
const messages = [];
let inbox = null;
let channel = "general";
let day = "";
let isDue = false;
let isFollowing = true;

const events = new EventSource("/events");
events.addEventListener("open", () => status("live", "Live"));
events.addEventListener("error", () => status("lost", "The program has ended; its messages stay here"));
events.addEventListener("message", (event) => {
  // The id is `INBOX-NUMBER`. Another inbox at this address starts a new list.
  const [from] = event.lastEventId.split("-");
  if (inbox !== null && inbox !== from) forget();
  inbox = from;
  add(JSON.parse(event.data));
});

function status(state, text) {
  $("status").dataset.state = state;
  $("status").textContent = text;
}

function forget() {
  messages.length = 0;
  day = "";
  $("list").replaceChildren();
}

function add(message) {
  const at = new Date(message.at);
  // A reader may have gone up since the last frame, which is when the page would hear of it.
  if (!isDue) lookWhereReaderIs();
  if (at.toDateString() !== day) {
    day = at.toDateString();
    const name = at.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric" });
    $("list").append(el("h2", { class: "day" }, el("span", {}, name)));
  }
  const node = render(message, at);
  messages.push({ channel: message.channel, node, text: node.textContent.toLowerCase() });
  $("list").append(node);
  if (messages.length === 1) channel = message.channel;
  if (messages.length > KEPT) messages.shift().node.remove();
  // Many messages may come at once, and the page is arranged after them.
  if (!isDue) setTimeout(arrange);
  isDue = true;
}

function arrange() {
  isDue = false;
  filter();
  if (isFollowing) toEnd();
  else $("newest").hidden = false;
}

function lookWhereReaderIs() {
  isFollowing = innerHeight + scrollY >= document.documentElement.scrollHeight - 40;
  if (isFollowing) $("newest").hidden = true;
}

function toEnd() {
  scrollTo({ top: document.documentElement.scrollHeight });
}

function render(message, at) {
  const time = at.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit", second: "2-digit" });
  const head = el(
    "div",
    { class: "head" },
    el("b", {}, "Tribune"),
    el("span", { class: "app" }, "APP"),
    el("time", { datetime: at.toISOString() }, time),
  );
  const content = el("div", { class: "body" });
  if (message.refusal) content.append(refusal(message.refusal));
  if (typeof message.payload === "object" && message.payload !== null) content.append(body(message.payload));
  else content.append(el("pre", {}, String(message.payload)));
  const notes = el("div", { class: "notes" });
  if (message.warnings.length > 0) notes.append(warnings(message.warnings));
  notes.append(raw(message.payload));
  const label = `Message ${message.number}, ${time}${message.refusal ? ", refused" : ""}`;
  return el(
    "article",
    { "aria-label": label, class: message.refusal ? "refused" : null, id: `m${message.number}` },
    el("div", { class: "avatar", "aria-hidden": "true" }, "T"),
    el("div", { class: "column" }, head, content, notes),
  );
}

function refusal({ word, status: code, pointer, reason }) {
  const where = pointer ? ` at ${pointer}` : "";
  return el("p", { class: "refusal" }, el("b", {}, `⛔ Refused: ${code} ${word}`), ` ${reason}${where}. Slack would not show this:`);
}

function warnings(found) {
  const item = ({ name, pointer, reason }) => el("li", {}, el("code", {}, name), pointer ? ` at ${pointer}` : "", `: ${reason}`);
  const count = found.length === 1 ? "1 warning" : `${found.length} warnings`;
  return el("details", { class: "warnings" }, el("summary", {}, `⚠️ ${count}`), el("ul", {}, ...found.map(item)));
}

function raw(payload) {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload, null, 2);
  const code = el("pre", { tabindex: "0" });
  const details = el("details", { class: "raw" }, el("summary", {}, "JSON"), code);
  // Written when it is opened, so that a search does not find it and a long list stays light.
  details.addEventListener("toggle", () => (code.textContent = details.open ? text : ""));
  return details;
}

function filter() {
  const wanted = $("search").value.trim().toLowerCase();
  const names = [...new Set(messages.map((message) => message.channel))].sort();
  let shown = 0;
  let inChannel = 0;
  for (const message of messages) {
    const here = message.channel === channel;
    const fits = here && message.text.includes(wanted);
    message.node.hidden = !fits;
    inChannel += here ? 1 : 0;
    shown += fits ? 1 : 0;
  }
  $("empty").hidden = messages.length > 0;
  $("nothing").hidden = messages.length === 0 || shown > 0;
  $("found").textContent = wanted ? `${shown} of ${inChannel}` : "";
  $("channel").textContent = channel;
  document.title = `#${channel} (${inChannel}) – Tribune inbox`;
  $("channels").hidden = names.length < 2;
  $("channels").replaceChildren(...names.map(tab));
}

function tab(name) {
  const count = messages.filter((message) => message.channel === name).length;
  const button = el("button", { type: "button", "aria-pressed": String(name === channel) }, `# ${name} `, el("small", {}, String(count)));
  button.addEventListener("click", () => {
    channel = name;
    filter();
    [...$("channels").children].find((other) => other.textContent === button.textContent)?.focus();
  });
  return button;
}

$("search").addEventListener("input", filter);
$("clear").addEventListener("click", () => {
  $("search").value = "";
  filter();
  $("search").focus();
});
$("newest").addEventListener("click", toEnd);
addEventListener("scroll", lookWhereReaderIs);
addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !typing) {
    event.preventDefault();
    $("search").focus();
  } else if (event.key === "Escape" && typing) {
    $("clear").click();
    $("search").blur();
  }
});
$("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText($("url").textContent);
  $("copy").textContent = "Copied";
});
