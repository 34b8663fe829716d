// Shows an answer while it forms: server-sent events into boxes of fixed size, so that nothing moves under
// the reader. What is shown here is a view; the stored trace is the evidence.

import { cover } from "./fonts.js";

const root = document.querySelector("[data-live]");
const find = (name) => root.querySelector(`[data-${name}]`);
const labels = document.querySelectorAll("[data-live-status]");
const progress = find("progress");
const attemptLine = find("attempt");
const trouble = find("trouble");
const newest = find("newest");
const expand = find("expand");
const streams = {
  thinking: root.querySelector("[data-stream=thinking]"),
  summary: root.querySelector("[data-stream=summary]"),
};
const started = Date.parse(root.dataset.started);
const grouped = new Intl.NumberFormat(document.documentElement.lang);
const NEAR_END = 24;
const PATIENCE = 3000;

const state = { shown: root.dataset.status, tokens: 0, characters: 0, over: false, pinned: true };
const waiting = { thinking: [], summary: [] };
let frame = 0;
let alarm = 0;

function words(element, values) {
  return element.dataset.words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Screen readers hear steps, never tokens: the label changes only when the step does. */
function showStatus(code) {
  const label = root.querySelector(`template[data-for="${code}"]`);
  if (code === state.shown || !label) return;
  state.shown = code;
  for (const shown of labels) shown.replaceChildren(label.content.cloneNode(true));
}

function showProgress() {
  const tokens = state.tokens || Math.round(state.characters / 4);
  const seconds = Math.max(0, Math.round((Date.now() - started) / 1000));
  progress.textContent = words(progress, { tokens: grouped.format(tokens), seconds: grouped.format(seconds) });
}

/** Every status begins the text anew: what follows is the attempt's from its first word. */
function beginAttempt(number) {
  state.tokens = state.characters = 0;
  for (const [channel, box] of Object.entries(streams)) {
    waiting[channel] = [];
    box.firstElementChild.replaceChildren();
  }
  attemptLine.textContent = number > 1 ? words(attemptLine, { attempt: number }) : "";
}

function receive(channel, data) {
  waiting[channel].push(data.text);
  state.characters += data.text.length;
  state.tokens = data.tokens ?? state.tokens;
  frame ||= requestAnimationFrame(flush);
}

function flush() {
  frame = 0;
  for (const [channel, box] of Object.entries(streams)) {
    if (!waiting[channel].length) continue;
    const text = waiting[channel].join("");
    waiting[channel] = [];
    cover(text);
    const shown = box.firstElementChild;
    shown.append(shown.hasChildNodes() ? text : text.trimStart());
  }
  if (state.pinned) streams.thinking.scrollTop = streams.thinking.scrollHeight;
}

function finish(data) {
  state.over = true;
  source.close();
  clearInterval(clock);
  clearTimeout(alarm);
  trouble.hidden = true;
  showStatus(data.status);
  find("while-running").hidden = true;
  find("finished").hidden = false;
}

function listen() {
  const events = new EventSource(root.dataset.events);
  const on = (name, act) =>
    events.addEventListener(name, (event) => {
      clearTimeout(alarm);
      trouble.hidden = true;
      act(JSON.parse(event.data));
    });
  on("status", (data) => {
    beginAttempt(data.attempt);
    showStatus(data.waiting ?? data.status);
  });
  on("thinking", (data) => receive("thinking", data));
  on("summary", (data) => receive("summary", data));
  on("done", finish);
  events.addEventListener("error", () => {
    clearTimeout(alarm);
    alarm = setTimeout(() => (trouble.hidden = false), PATIENCE);
    if (events.readyState === EventSource.CLOSED && !state.over) setTimeout(() => (source = listen()), PATIENCE);
  });
  return events;
}

streams.thinking.addEventListener("scroll", () => {
  const box = streams.thinking;
  state.pinned = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
  newest.hidden = state.pinned;
});

newest.addEventListener("click", () => {
  streams.thinking.scrollTop = streams.thinking.scrollHeight;
});

expand.addEventListener("click", () => {
  const open = streams.thinking.toggleAttribute("data-expanded");
  const other = expand.dataset.less;
  expand.dataset.less = expand.textContent;
  expand.textContent = other;
  expand.setAttribute("aria-expanded", String(open));
  if (state.pinned) streams.thinking.scrollTop = streams.thinking.scrollHeight;
});

const clock = setInterval(showProgress, 1000);
showProgress();
let source = listen();
