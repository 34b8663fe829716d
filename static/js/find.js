// Searches within the trace: every place is highlighted, Enter goes on to the next. The text itself is not touched.

const root = document.querySelector("[data-find]");
const field = root?.querySelector("input");
const said = root?.querySelector("[data-found]");
const places = [];
let at = -1;

function words(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Ranges of every occurrence in one text node, ignoring case. */
function* occurrences(node, wanted) {
  const text = node.data.toLowerCase();
  if (text.length !== node.data.length) return;
  for (let start = text.indexOf(wanted); start >= 0; start = text.indexOf(wanted, start + wanted.length)) {
    const range = new Range();
    range.setStart(node, start);
    range.setEnd(node, start + wanted.length);
    yield range;
  }
}

function look() {
  places.length = 0;
  at = -1;
  const wanted = field.value.toLowerCase();
  for (const content of wanted ? document.querySelectorAll("[data-annotatable] .passage .content") : []) {
    const texts = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) places.push(...occurrences(texts.currentNode, wanted));
  }
  CSS.highlights.set("found", new Highlight(...places));
  CSS.highlights.delete("found-here");
  said.textContent = wanted && !places.length ? said.dataset.none : "";
}

function go(step) {
  if (!places.length) return;
  at = (at + step + places.length) % places.length;
  CSS.highlights.set("found-here", new Highlight(places[at]));
  places[at].startContainer.parentElement.scrollIntoView({ block: "center" });
  said.textContent = words(said.dataset.words, { place: at + 1, all: places.length });
}

if (field && globalThis.Highlight) {
  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    go(event.shiftKey ? -1 : 1);
  });
}
