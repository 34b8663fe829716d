// How many paragraphs of the thinking have been on this screen for a moment. It helps the reader keep track and is
// told to nobody: having been shown is not having been read.

const shown = document.querySelector("[data-seen]");
const paragraphs = document.querySelectorAll("[data-part=thinking] .paragraph");
const STORE = `seen:${location.pathname}`;
const A_MOMENT = 800;

const seen = new Set(JSON.parse(sessionStorage.getItem(STORE) ?? "[]"));
const waiting = new Map();

function tell() {
  const link = (id) => document.querySelector(`.outline a[href="#${id}"]`);
  for (const id of seen) link(id)?.setAttribute("data-seen-here", "");
  shown.textContent = shown.dataset.words.replace("{seen}", seen.size).replace("{all}", paragraphs.length);
}

function note(id) {
  seen.add(id);
  waiting.delete(id);
  sessionStorage.setItem(STORE, JSON.stringify([...seen]));
  tell();
}

if (shown) {
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(waiting.get(target.id));
      if (isIntersecting && !seen.has(target.id)) waiting.set(target.id, setTimeout(note, A_MOMENT, target.id));
    }
  });
  for (const paragraph of paragraphs) watcher.observe(paragraph);
  tell();
}
