// Slack's mark-up, turned into nodes. Text becomes text nodes only, never HTML.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const EMOJI = {
  alarm_clock: "⏰", arrow_right: "➡️", arrows_counterclockwise: "🔄", ballot_box_with_check: "☑️", bangbang: "‼️",
  bell: "🔔", black_circle: "⚫", black_large_square: "⬛", boom: "💥", broom: "🧹", bug: "🐛", calendar: "📅",
  calendar_spiral: "🗓️", chart_with_upwards_trend: "📈", checkered_flag: "🏁", clipboard: "📋", clock1: "🕐", clock3: "🕒",
  computer: "💻", construction: "🚧", double_vertical_bar: "⏸️", exclamation: "❗", eyes: "👀", fast_forward: "⏩",
  fire: "🔥", floppy_disk: "💾", gear: "⚙️", green_circle: "🟢", grey_question: "❔", hand: "✋", heavy_check_mark: "✔️",
  heavy_minus_sign: "➖", hourglass: "⌛", hourglass_flowing_sand: "⏳", information_source: "ℹ️", key: "🔑",
  large_blue_circle: "🔵", large_green_circle: "🟢", large_orange_circle: "🟠", large_purple_circle: "🟣",
  large_red_square: "🟥", large_yellow_circle: "🟡", leftwards_arrow_with_hook: "↩️", link: "🔗", lock: "🔒", loudspeaker: "📢",
  mag: "🔍", mailbox: "📫", mega: "📣", memo: "📝", name_badge: "📛", next_track_button: "⏭️", no_entry: "⛔",
  no_entry_sign: "🚫", octagonal_sign: "🛑", package: "📦", pause_button: "⏸️", play_or_pause_button: "⏯️", question: "❓",
  recycle: "♻️", red_circle: "🔴", repeat: "🔁", repeat_one: "🔂", rocket: "🚀", rotating_light: "🚨", runner: "🏃",
  skull: "💀", sleeping: "😴", snail: "🐌", snowflake: "❄️", sparkles: "✨", stop_sign: "🛑", stopwatch: "⏱️", tada: "🎉",
  thread: "🧵", thumbsup: "👍", "+1": "👍", timer_clock: "⏲️", traffic_light: "🚥", triangular_flag_on_post: "🚩",
  twisted_rightwards_arrows: "🔀", vertical_traffic_light: "🚦", warning: "⚠️", wastebasket: "🗑️", wave: "👋",
  white_check_mark: "✅", white_circle: "⚪", wrench: "🔧", x: "❌", zap: "⚡", zzz: "💤",
  arrow_forward: "▶️", black_right_pointing_double_triangle_with_vertical_bar: "⏭️", black_square_for_stop: "⏹️",
  card_file_box: "🗃️", inbox_tray: "📥", negative_squared_cross_mark: "❎", snooze: "💤", track_next: "⏭️",
};

const decode = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** The text with its emoji; that is all that a `plain_text` object may have. */
export function plain(text) {
  return decode(text).replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}

/** The text with all its mark-up. */
export function mrkdwn(text) {
  const fragment = document.createDocumentFragment();
  text.split("```").forEach((part, index, parts) => {
    // An opening fence without a closing one is text.
    if (index % 2 === 1 && index < parts.length - 1) {
      fragment.append(el("pre", {}, el("code", {}, verbatim(part.replace(/^\n|\n$/g, "")))));
    } else {
      const before = index > 0 ? part.replace(/^\n/, "") : part;
      lines(index % 2 === 1 ? "```" + before : before, fragment);
    }
  });
  return fragment;
}

/** What code shows: links as their labels, nothing else. */
function verbatim(text) {
  return decode(text.replace(/<([^<>|]+)(?:\|([^<>]*))?>/g, (_, target, label) => label ?? target));
}

function lines(text, parent) {
  let quote = null;
  text.split("\n").forEach((line, index, all) => {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (quoted) {
      if (quote) quote.append(el("br"));
      else parent.append((quote = el("blockquote")));
      inline(quoted[1], quote);
    } else {
      const first = index === 0 || quote !== null;
      quote = null;
      if (!first) parent.append(el("br"));
      if (index < all.length - 1 || line !== "") inline(line, parent);
    }
  });
}

const INLINE = new RegExp(
  [
    "`(?<code>[^`]+)`",
    "<(?<control>[^<>]+)>",
    ":(?<emoji>[a-z0-9_+-]+):",
    "(?<![\\w*])\\*(?<bold>[^\\s*](?:[^*]*[^\\s*])?)\\*(?![\\w*])",
    "(?<![\\w_])_(?<italic>[^\\s_](?:[^_]*[^\\s_])?)_(?![\\w_])",
    "(?<![\\w~])~(?<strike>[^\\s~](?:[^~]*[^\\s~])?)~(?![\\w~])",
  ].join("|"),
  "g",
);

function inline(text, parent) {
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const { code, control: inside, emoji, bold, italic, strike } = match.groups;
    parent.append(decode(text.slice(last, match.index)));
    last = match.index + match[0].length;
    if (code !== undefined) parent.append(el("code", {}, verbatim(code)));
    else if (inside !== undefined) parent.append(control(inside));
    else if (emoji !== undefined) parent.append(picture(emoji));
    else nested(bold !== undefined ? "strong" : italic !== undefined ? "em" : "s", bold ?? italic ?? strike, parent);
  }
  parent.append(decode(text.slice(last)));
}

function nested(tag, text, parent) {
  const node = el(tag);
  inline(text, node);
  parent.append(node);
}

function picture(name) {
  const character = EMOJI[name];
  if (character === undefined) return `:${name}:`;
  return el("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, character);
}

/** What stands between `<` and `>`: a link, a mention, a date. */
function control(inside) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? undefined : decode(inside.slice(bar + 1));
  if (target.startsWith("!date^")) return date(target, label ?? target);
  if (/^!(here|channel|everyone)$/.test(target)) return el("span", { class: "mention loud" }, "@" + target.slice(1));
  if (target.startsWith("!subteam^")) return el("span", { class: "mention" }, label ?? "@" + target.slice(9));
  if (/^@[UW]/.test(target)) return el("span", { class: "mention" }, "@" + (label ?? target.slice(1)));
  if (/^#[CGD]/.test(target)) return el("span", { class: "mention" }, "#" + (label ?? target.slice(1)));
  return link(decode(target), label);
}

/** A link, if it leads where a link may lead; else its text. */
export function link(url, label = url, attributes = {}) {
  if (!/^(https?:\/\/|mailto:)\S+$/.test(url)) return document.createTextNode(label);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", ...attributes }, label);
}

function date(target, fallback) {
  const [, seconds, format = "", url] = target.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime())) return document.createTextNode(fallback);
  const text = format.replace(/\{([a-z_]+)\}/g, (whole, token) => dateToken(at, token) ?? whole);
  const node = el("time", { datetime: at.toISOString(), title: fallback }, url ? link(url, text) : text);
  return node;
}

function dateToken(at, token) {
  const show = (options) => new Intl.DateTimeFormat("en-US", options).format(at);
  const long = { month: "long", day: "numeric", year: "numeric" };
  if (token.endsWith("_pretty")) return nearDay(at) ?? dateToken(at, token.slice(0, -"_pretty".length));
  switch (token) {
    case "date": return show(long);
    case "date_long": return show({ weekday: "long", ...long });
    case "date_short": return show({ month: "short", day: "numeric", year: "numeric" });
    case "date_slash": return show({ month: "2-digit", day: "2-digit", year: "numeric" });
    case "date_num": return new Intl.DateTimeFormat("en-CA").format(at);
    case "time": return show({ hour: "numeric", minute: "2-digit" });
    case "time_secs": return show({ hour: "numeric", minute: "2-digit", second: "2-digit" });
    case "ago": return ago(at);
    default: return undefined;
  }
}

function nearDay(at) {
  const day = (date) => Math.round(new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime() / 86_400_000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[day(at) - day(new Date())];
}

function ago(at) {
  const seconds = Math.round((at.getTime() - Date.now()) / 1000);
  const format = new Intl.RelativeTimeFormat("en-US", { numeric: "auto" });
  for (const [unit, length] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= length) return format.format(Math.round(seconds / length), unit);
  }
  return format.format(seconds, "second");
}
