// Tokens by the thousand: the next ones are fetched when the end comes near, and the arrow keys walk from one to another.

const root = document.querySelector("[data-tokens]");
const bar = document.querySelector("[data-token]");

function tell(token) {
  bar.textContent = bar.dataset.words.replace("{place}", token.dataset.place).replace("{id}", token.dataset.id);
}

async function more(paragraph) {
  const address = paragraph.querySelector("a").href;
  const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  paragraph.replaceWith(...page.body.children);
  watch();
}

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      more(target);
    }
  },
  { rootMargin: "800px" },
);

function watch() {
  const end = root.querySelector(".more");
  if (end) watcher.observe(end);
}

function beside(token, step) {
  const sibling = step > 0 ? token.nextElementSibling : token.previousElementSibling;
  if (sibling) return sibling;
  const all = [...root.querySelectorAll(".token-chunk")];
  const chunk = all[all.indexOf(token.parentElement) + step];
  return step > 0 ? chunk?.firstElementChild : chunk?.lastElementChild;
}

root.addEventListener("keydown", (event) => {
  const ahead = getComputedStyle(event.target).direction === "rtl" ? -1 : 1;
  const step = { ArrowRight: ahead, ArrowDown: 1, ArrowLeft: -ahead, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const here = event.target.closest(".token");
  (here ? beside(here, step) : root.querySelector(".token"))?.focus();
});
root.addEventListener("focusin", ({ target }) => target.matches(".token") && tell(target));
root.addEventListener("pointerover", ({ target }) => target.matches(".token") && tell(target));
watch();
