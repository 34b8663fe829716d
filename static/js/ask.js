// Counts tokens and detects the language as one types.

const form = document.querySelector("[data-ask]");
const text = form.elements.text;
const tokens = form.querySelector("[data-tokens]");
const detected = form.querySelector("[data-detected]");
const discard = form.querySelector("[data-discard]");
const PAUSE = 400;
const grouped = new Intl.NumberFormat(document.documentElement.lang);

let waiting;
let asked = 0;

function fill(element, values) {
  element.textContent = element.dataset.words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

async function count() {
  const turn = ++asked;
  if (!text.value.trim()) {
    tokens.textContent = detected.textContent = "";
    return;
  }
  const answer = await fetch(form.dataset.count, { method: "POST", body: new FormData(form) });
  if (!answer.ok || answer.redirected || turn !== asked) return;
  show(await answer.json());
}

function show({ tokens: used, allowed, language, language_name: name, direction }) {
  fill(tokens, { tokens: grouped.format(used), allowed: grouped.format(allowed) });
  tokens.dataset.over = String(used > allowed);
  fill(detected, { language: name });
  text.lang = form.elements.language.value || language;
  text.dir = direction;
}

function offer() {
  discard.hidden = !text.value;
}

form.addEventListener("input", () => {
  offer();
  clearTimeout(waiting);
  waiting = setTimeout(count, PAUSE);
});

discard.addEventListener("click", () => {
  text.value = form.elements.case_reference.value = "";
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
});

offer();
if (text.value) count();
