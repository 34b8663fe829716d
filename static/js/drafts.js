// What one types is kept with the service while one types: texts only, never a password or a choice. Nothing of it stays
// in this browser.

const PAUSE = 600;
const waiting = new Map();

function body(form) {
  const values = new FormData();
  const { draft, subject } = form.dataset;
  values.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  values.set("drafted", draft);
  values.set("subject", subject);
  for (const field of form.querySelectorAll("textarea, input[type=text]")) {
    if (!field.autocomplete.includes("one-time-code")) values.set(field.name, field.value);
  }
  return values;
}

async function keep(form) {
  clearTimeout(waiting.get(form));
  waiting.delete(form);
  const options = { method: "POST", body: body(form), redirect: "manual", keepalive: document.hidden };
  const answer = await fetch(form.dataset.keep, options).catch(() => null);
  if (answer?.type === "opaqueredirect") {
    location.assign(location.pathname + location.search); // to sign in again: what was written is kept
    return;
  }
  const note = form.querySelector("[data-kept]");
  const typed = [...form.querySelectorAll("textarea")].some((field) => field.value.trim());
  note.textContent = answer?.ok && typed ? note.dataset.words : "";
}

document.addEventListener("input", ({ target }) => {
  const form = target.form;
  if (!form?.dataset.draft || !target.matches("textarea, input[type=text]")) return;
  clearTimeout(waiting.get(form));
  waiting.set(form, setTimeout(keep, PAUSE, form));
});

document.addEventListener("submit", ({ target }) => {
  clearTimeout(waiting.get(target));
  waiting.delete(target);
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) for (const form of waiting.keys()) keep(form);
});
