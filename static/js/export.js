// A bundle in the making: look now and then, and show the page anew once something has changed.

const unfinished = document.querySelector("[data-unfinished]");
const PAUSE = 1500;

async function look() {
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-unfinished]")?.dataset.unfinished;
    if (answer.ok && now !== unfinished.dataset.unfinished) return location.reload();
  } catch {
    // The service is away for the moment; the next look may find it.
  }
  return setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
