/* The page of rs-serve: who, what is recommended to them and why, what they rated, and a click that rates. It
 * knows nothing that the interface does not say (api/openapi.json). */
"use strict";

const $ = (id) => document.getElementById(id);
const PAGE = 10, SHOWN = 25, LONGEST = 1000;

const state = {
  user: "", n: PAGE, ratings: new Map(), order: [], places: new Map(), all: false,
  model: { Implicit: false, Scale: { Min: 1, Max: 5, Step: 1 }, Categories: [], Context: [],
           Neighbors: {} },
  turn: 0, /* counts what was asked for, so that a late answer does not overwrite a later one */
};

/* Small tools */

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

function number(value, digits = 2) {
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

function signed(value) {
  return (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
}

function titleOf(thing) {
  return thing.Title || thing.Id || thing.ItemId;
}

/* The server */

class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function call(path, options = {}) {
  const key = sessionStorage.getItem("key");
  const headers = Object.assign(key ? { "X-API-Key": key } : {}, options.headers);
  let answer;
  try {
    answer = await fetch("api/" + path, Object.assign({}, options, { headers }));
  } catch {
    throw new Refusal(0, "The server does not answer.");
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  if (answer.status === 401) $("key").hidden = false;
  throw new Refusal(answer.status, body.error || "The server answers " + answer.status + ".");
}

const part = encodeURIComponent;

function eventId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* Runs what a person asked for and says what went wrong with it. */
function doing(work) {
  return (...args) => {
    Promise.resolve(work(...args)).catch((error) => say(error.message, true));
  };
}

/* Rating */

function steps() {
  const { Min, Max } = state.model.Scale, whole = [];
  for (let value = Math.max(1, Math.ceil(Min)); value <= Max && whole.length < 10; value++)
    whole.push(value);
  return whole.length > 1 ? whole : [Min, Max];
}

function paint(group, value) {
  const buttons = [...group.querySelectorAll("button")];
  let current = null;
  for (const button of buttons) {
    const on = value !== undefined && Number(button.value) <= value;
    button.classList.toggle("on", on);
    button.classList.toggle("half", !on && value > Number(button.value) - 1);
    button.setAttribute("aria-checked", "false");
    if (on) current = button;
  }
  if (current) current.setAttribute("aria-checked", "true");
  for (const button of buttons) button.tabIndex = button === (current || buttons[0]) ? 0 : -1;
}

/* Arrows move between the stars of a group, Enter or Space give them: one stop of the Tab key. */
function walk(event) {
  const forward = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (!forward) return;
  const next = forward > 0 ? event.target.nextElementSibling : event.target.previousElementSibling;
  if (next) next.focus();
  event.preventDefault();
}

function warm(group, value) {
  for (const button of group.querySelectorAll("button"))
    button.classList.toggle("hot", Number(button.value) <= value);
}

function rater(item, title) {
  if (state.model.Implicit) {
    const button = element("button", { type: "button", className: "count", textContent: "+1" });
    button.setAttribute("aria-label", "Count once more: " + title);
    button.addEventListener("click", doing(() => rate(item, title, 1)));
    return button;
  }
  const group = element("span", { className: "stars" });
  group.dataset.item = item;
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", "Rate " + title);
  for (const value of steps()) {
    const star = element("button", { type: "button", value, textContent: "★" });
    star.setAttribute("role", "radio");
    star.setAttribute("aria-label", value + " of " + state.model.Scale.Max);
    star.title = String(value);
    star.addEventListener("click", doing(() => rate(item, title, value)));
    star.addEventListener("mouseenter", () => warm(group, value));
    group.append(star);
  }
  group.addEventListener("keydown", walk);
  group.addEventListener("mouseleave", () => warm(group, -Infinity));
  paint(group, state.ratings.get(item));
  return group;
}

async function rate(item, title, value) {
  const event = { FeedbackType: "rating", UserId: state.user, ItemId: item, Value: value,
                  EventId: eventId() };
  await call("feedback", { method: "POST", headers: { "Content-Type": "application/json" },
                           body: JSON.stringify([event]) });
  await follow(state.model.Implicit ? "Counted " + title : "Rated " + title + " " + value);
}

async function unrate(item, title) {
  await call("user/" + part(state.user) + "/feedback/" + part(item), { method: "DELETE" });
  await follow("Took back the rating of " + title);
}

/* Shows what a change of the ratings did. */
async function follow(what) {
  const before = new Set(state.places.keys());
  if (!await refresh()) return;
  const fresh = [...state.places.keys()].filter((id) => !before.has(id)).length;
  say(what + ": " + (fresh > 0 ? fresh + " of " + state.places.size + " in the list are new."
                               : "the list has the same entries."));
  for (const group of $("found").querySelectorAll(".stars"))
    paint(group, state.ratings.get(group.dataset.item));
  if ($("details").open) await fillDetails($("details").dataset.item);
}

/* Lists */

function opener(item, title) {
  const button = element("button", { type: "button", className: "title", textContent: title });
  button.addEventListener("click", doing(() => openDetails(item)));
  return button;
}

function because(reasons) {
  if (!reasons || reasons.length === 0) return null;
  const line = element("p", { className: "because" }, "because of ");
  reasons.forEach((reason, i) => {
    if (i > 0) line.append(" and ");
    line.append(element("q", { textContent: titleOf(reason) }));
    line.append(state.model.Implicit ? "" : " (" + number(reason.Rating, 1) + ")");
  });
  return line;
}

/* How far an entry moved since the list before. */
function movement(id, place) {
  const before = state.places.get(id);
  if (before === undefined || before === place) return null;
  const up = before > place;
  const text = (up ? "▲" : "▼") + Math.abs(before - place);
  const mark = element("span", { className: "moved " + (up ? "up" : "down"), textContent: text });
  mark.setAttribute("aria-label", (up ? "up " : "down ") + Math.abs(before - place));
  return mark;
}

/* By how much the situation moved an entry, where that shows. */
function lift(by) {
  if (!by || Math.abs(by) < 0.005) return null;
  return element("span", { className: "lift " + (by > 0 ? "up" : "down"),
                           textContent: signed(by) + " by the situation" });
}

function scoreOf(entry) {
  return entry.Source === "popular" ? number(entry.Score, 0) + " ratings"
                                    : entry.Score.toFixed(2) + " by " + entry.Source;
}

function entryOf(entry, place, best, first) {
  const title = titleOf(entry), share = best > 0 ? Math.max(0, entry.Score / best) : 0;
  const bar = element("i");
  bar.style.width = (100 * Math.min(1, share)).toFixed(1) + "%";
  const li = element("li", {},
    element("span", { className: "place" }, String(place + 1), first ? null : movement(entry.Id, place)),
    opener(entry.Id, title),
    element("span", { className: "score" }, element("span", { className: "bar" }, bar),
            scoreOf(entry), lift(entry.Moved)),
    because(entry.Because), rater(entry.Id, title));
  li.dataset.id = entry.Id;
  if (place < state.places.size && !state.places.has(entry.Id)) li.classList.add("new");
  return li;
}

/* Entries glide from where they were to where they are. */
function glide(list, tops) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const li of list.children) {
    const top = tops.get(li.dataset.id);
    const by = top === undefined ? 0 : top - li.getBoundingClientRect().top;
    if (by !== 0)
      li.animate([{ transform: "translateY(" + by + "px)" }, { transform: "none" }],
                 { duration: 350, easing: "ease-out" });
    if (top === undefined) li.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 350 });
  }
}

/* What has the focus, in words that hold when the lists are made anew. */
function holdFocus(list) {
  const at = document.activeElement, li = at && at.closest("#" + list.id + " > li");
  if (!li) return () => {};
  const index = [...list.children].indexOf(li);
  const like = at.closest(".stars") ? "[role=radio][tabindex='0']" : "." + (at.classList[0] || "title");
  return () => {
    const next = list.children[Math.min(index, list.children.length - 1)];
    const control = next && next.querySelector(like);
    if (control) control.focus();
  };
}

function showList(entries) {
  const list = $("list"), first = state.places.size === 0, focus = holdFocus(list);
  const tops = new Map([...list.children].map((li) => [li.dataset.id, li.getBoundingClientRect().top]));
  const best = entries.length > 0 ? entries[0].Score : 0;
  list.replaceChildren(...entries.map((entry, place) => entryOf(entry, place, best, first)));
  state.places = new Map(entries.map((entry, place) => [entry.Id, place]));
  $("unknown").hidden = !(entries.length > 0 && entries.every((entry) => entry.Source === "popular"));
  $("more").hidden = entries.length < state.n || state.n >= LONGEST;
  if (!first) glide(list, tops);
  focus();
}

function ratedRow(entry) {
  const title = titleOf(entry);
  const drop = element("button", { type: "button", className: "drop", textContent: "✕" });
  drop.setAttribute("aria-label", "Take back the rating of " + title);
  drop.addEventListener("click", doing(() => unrate(entry.ItemId, title)));
  const value = state.model.Implicit
    ? element("span", { textContent: number(entry.Value, 0) + "×" }) : rater(entry.ItemId, title);
  return element("li", {}, opener(entry.ItemId, title), value, drop);
}

function showHistory() {
  const history = $("history"), focus = holdFocus(history);
  const shown = state.all ? state.order : state.order.slice(0, SHOWN);
  history.replaceChildren(...shown.map(ratedRow));
  $("all").hidden = shown.length === state.order.length;
  $("all").textContent = "Show all " + state.order.length;
  $("count").textContent = state.order.length >= LONGEST ? "the first " + LONGEST
                                                         : number(state.order.length, 0);
  focus();
}

function showAlike(users) {
  $("alike").hidden = users.length === 0;
  $("alike").querySelector("ul").replaceChildren(...users.map((user) => {
    const button = element("button", { type: "button", textContent: user.Id });
    button.title = "similarity " + number(user.Score);
    button.addEventListener("click", () => choose(user.Id));
    return element("li", {}, button);
  }));
}

/* Asks for all that is shown. False if something was asked for since. */
async function refresh() {
  const turn = ++state.turn, user = part(state.user), category = $("category").value;
  const wanted = "recommend/" + user + "?n=" + state.n + (category ? "&category=" + part(category) : "") +
    ($("variety").value ? "&mmr=" + $("variety").value : "");
  const [answer, rated, alike] = await Promise.all([
    call(wanted + situation()), call("user/" + user + "/feedback?n=" + LONGEST),
    state.model.Neighbors.Users ? call("user/" + user + "/neighbors?n=8") : []]);
  if (turn !== state.turn) return false;
  const entries = answer.Items || answer;
  $("notes").hidden = !(answer.Notes || []).length;
  $("notes").textContent = (answer.Notes || []).join("; ");
  state.order = rated.sort((a, b) => (b.Timestamp || "").localeCompare(a.Timestamp || ""));
  state.ratings = new Map(rated.map((entry) => [entry.ItemId, entry.Value]));
  showList(entries);
  showHistory();
  showAlike(alike);
  $("list-title").textContent = "Recommended to " + state.user;
  document.querySelector("main").hidden = false;
  return true;
}

/* The situation */

const shownTime = new Intl.DateTimeFormat([], { weekday: "short", day: "numeric", month: "short",
                                                hour: "2-digit", minute: "2-digit" });

/* What is chosen of it, as parameters, and in words beside the list. */
function situation() {
  const chosen = [...$("dimensions").querySelectorAll("select")].filter((select) => select.value !== "");
  const at = $("at").value === "" ? null : new Date($("at").value);
  const words = chosen.map((select) => select.name + " " + select.selectedOptions[0].textContent);
  $("reset").hidden = !at && chosen.length === 0;
  $("when").textContent = [at ? shownTime.format(at) : "now", ...words].join(", ");
  return (at ? "&at=" + part(at.toISOString()) : "") +
    chosen.map((select) => "&context=" + part(select.name) + ":" + part(select.value)).join("");
}

function showDimensions() {
  const { Context } = state.model;
  $("situation").hidden = Context.length === 0;
  $("clock").hidden = !Context.some((dimension) => dimension.Source === "time");
  $("dimensions").replaceChildren(...Context.map(({ Name, Source, Values }) => {
    const select = element("select", { name: Name },
      element("option", { value: "", textContent: Source === "rating" ? "any" : "by itself" }),
      ...Values.map((value) => element("option", { value, textContent: value })));
    return element("label", {}, Name + " ", select);
  }));
}

/* Searching */

let waiting = 0;
async function search() {
  const query = $("query").value.trim();
  if (query === "") {
    $("found").replaceChildren();
    return;
  }
  const { Items } = await call("items?n=8&q=" + part(query));
  if ($("query").value.trim() !== query) return;
  $("found").replaceChildren(...(Items.length === 0 ? [element("li", { textContent: "Nothing of that name." })]
    : Items.map((item) => element("li", {}, opener(item.ItemId, titleOf(item)),
                                  rater(item.ItemId, titleOf(item))))));
}

/* One item */

function fact(name, value) {
  return [element("dt", { textContent: name }), element("dd", { textContent: value })];
}

function linked(list, things, beside) {
  list.replaceChildren(...things.map((thing) => element("li", {}, opener(thing.Id, titleOf(thing)),
    element("span", { textContent: beside(thing) }))));
  list.parentElement.hidden = things.length === 0;
}

function wordsOf(labels) {
  return Object.entries(labels || {}).flatMap(([name, value]) =>
    name === "title" || name === "name" || value === null ? []
      : Array.isArray(value) ? value : [typeof value === "number" ? name + " " + value : value]);
}

async function fillDetails(item) {
  const user = part(state.user), id = part(item);
  const [about, expected, near] = await Promise.all([
    call("item/" + id), call("explain/" + user + "/" + id + "?n=5" + situation()),
    state.model.Neighbors.Items ? call("item/" + id + "/neighbors?n=8") : []]);
  const facts = [...fact("Ratings", number(about.Ratings, 0))];
  if (!state.model.Implicit) {
    facts.push(...fact("Mean", number(about.Mean)));
    const spread = expected.Deviation ? " ± " + number(expected.Deviation) : "";
    facts.push(...fact("Expected of " + state.user,
                       number(expected.Rating) + spread + " (" + expected.Source + ")"));
    if (expected.Moved) facts.push(...fact("Of that, the situation", signed(expected.Moved)));
  }
  $("details").dataset.item = item;
  $("details-title").textContent = titleOf(about);
  $("labels").replaceChildren(...wordsOf(about.Labels).map((word) => element("span", { textContent: word })));
  $("facts").replaceChildren(...facts);
  $("own").replaceChildren(rater(item, titleOf(about)));
  linked($("reasons").querySelector("ul"), expected.Because || [],
         (reason) => state.model.Implicit ? "" : "rated " + number(reason.Rating, 1));
  linked($("neighbours").querySelector("ul"), near, (other) => "similarity " + number(other.Score));
}

async function openDetails(item) {
  await fillDetails(item);
  if (!$("details").open) $("details").showModal();
  $("details").scrollTop = 0;
}

/* Who */

function choose(user) {
  location.hash = "user=" + part(user);
}

async function arrive() {
  const found = /^#user=(.+)$/.exec(location.hash);
  if (!found) return;
  state.user = decodeURIComponent(found[1]);
  state.n = PAGE;
  state.all = false;
  state.places = new Map();
  $("user").value = state.user;
  say("");
  if ($("details").open) $("details").close();
  await refresh();
}

async function begin() {
  state.model = Object.assign(state.model, await call("model"));
  const { Users } = await call("users?n=200");
  $("users").replaceChildren(...Users.map((user) => element("option", { value: user.UserId })));
  $("category").append(...state.model.Categories.map((name) =>
    element("option", { value: name, textContent: name })));
  $("only").hidden = state.model.Categories.length === 0;
  $("varied").hidden = !state.model.Neighbors.Items;
  showDimensions();
  $("key").hidden = true;
  if (state.model.Users !== undefined)
    $("model").textContent = number(state.model.Users, 0) + " users, " + number(state.model.Items, 0) +
      " items, " + number(state.model.Ratings, 0) + " ratings";
  if (!location.hash && Users.length > 0) choose(Users[0].UserId);
  else await arrive();
}

$("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  choose($("user").value);
});
$("guest").addEventListener("click", () => choose("visitor-" + eventId().slice(0, 8)));
$("key").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("key", $("secret").value);
  $("secret").value = "";
  doing(begin)();
});
["category", "variety"].forEach((id) => $(id).addEventListener("change", doing(() => {
  state.places = new Map();
  return refresh();
})));
$("situation").addEventListener("change", doing(refresh));
$("situation").addEventListener("reset", () => setTimeout(doing(refresh))); /* when it is done */
$("situation").addEventListener("submit", (event) => event.preventDefault());
$("more").addEventListener("click", doing(() => {
  state.n = Math.min(LONGEST, state.n + PAGE);
  return refresh();
}));
$("all").addEventListener("click", () => {
  state.all = true;
  showHistory();
});
$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  doing(search)();
});
$("query").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(doing(search), 200);
});
$("close").addEventListener("click", () => $("details").close());
$("details").addEventListener("click", (event) => {
  if (event.target === $("details")) $("details").close(); /* beside it */
});
window.addEventListener("hashchange", doing(arrive));
doing(begin)();
