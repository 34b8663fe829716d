// Single keys for people who read all day. They never act while someone types, can be switched off
// (WCAG 2.1.4), and none of them decides or signs anything.

const sheet = document.getElementById("keys");
const control = document.querySelector("[data-keys-switch]");

const on = () => document.documentElement.dataset.keys !== "off";

function typing(target) {
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

/** Moves the focus among elements, from the focused one (or what contains the focus). */
function move(elements, step) {
  const list = [...elements];
  if (!list.length) return;
  const present = list.findIndex((element) => element.contains(document.activeElement));
  const next = present < 0 ? (step > 0 ? 0 : list.length - 1) : present + step;
  const element = list[Math.min(Math.max(next, 0), list.length - 1)];
  element.focus();
  element.scrollIntoView({ block: "nearest" });
}

const rows = () => document.querySelectorAll("[data-rows] .row-link, [data-annotatable] [data-start]");
const findings = () => document.querySelectorAll("[data-finding]");

const ACTS = {
  j: () => move(rows(), 1),
  k: () => move(rows(), -1),
  n: () => move(findings(), 1),
  p: () => move(findings(), -1),
  a: () => document.dispatchEvent(new Event("annotate")),
  d: () => (document.querySelector("#decide :is(a, button)") ?? document.getElementById("decide"))?.focus(),
  "/": () => document.querySelector("input[type=search]")?.focus(),
  "?": () => sheet.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (!on() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || sheet.open || !Object.hasOwn(ACTS, event.key)) return;
  event.preventDefault();
  ACTS[event.key]();
});

control?.addEventListener("change", async () => {
  const value = control.checked ? "on" : "off";
  document.documentElement.dataset.keys = value;
  const body = new FormData(control.form);
  body.set("single_keys", value);
  await fetch(control.form.action, { method: "POST", body, redirect: "manual", keepalive: true });
});

for (const button of document.querySelectorAll("[data-opens=keys]")) {
  button.hidden = false;
  button.addEventListener("click", () => sheet.showModal());
}
