// Notes on spans: a selection in the evidence (mouse, touch or keyboard) becomes a span of code points of the stored
// text, end exclusive. A note is stored without leaving the place where one reads.

const evidence = document.querySelector("[data-annotatable]");
const bar = document.querySelector("[data-selection]");
const length = (text) => [...text].length;
const form = () => document.querySelector("[data-note-form] form");
const paragraphOf = (node) => (node?.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest("[data-start]");

let selected = null;

/** Code points between the beginning of a paragraph and a point in it; a shown control counts as one. */
function offset(paragraph, node, position) {
  const range = document.createRange();
  range.setStart(paragraph, 0);
  range.setEnd(node, position);
  const before = range.cloneContents();
  let controls = 0;
  for (const control of before.querySelectorAll(".control")) {
    controls += 1;
    control.remove();
  }
  return Number(paragraph.dataset.start) + controls + length(before.textContent);
}

function spanOf(selection) {
  const range = selection.getRangeAt(0);
  const [first, last] = [paragraphOf(range.startContainer), paragraphOf(range.endContainer)];
  const part = first?.closest("[data-part]");
  if (!first || !last || part !== last.closest("[data-part]")) return null;
  return {
    part: part.dataset.part,
    start: offset(first, range.startContainer, range.startOffset),
    end: offset(last, range.endContainer, range.endOffset),
    quote: selection.toString(),
    paragraph: "",
  };
}

/** The paragraph that has the focus, for people who do not select. */
function focused() {
  const paragraph = document.activeElement?.closest(".paragraph");
  const part = paragraph?.closest("[data-part]");
  if (!part) return null;
  const number = paragraph.id.split("-")[1];
  return { part: part.dataset.part, start: "", end: "", quote: "", paragraph: number };
}

document.addEventListener("selectionchange", () => {
  const selection = document.getSelection();
  if (!bar || !selection.rangeCount || !evidence.contains(selection.anchorNode)) return;
  selected = selection.isCollapsed ? null : spanOf(selection);
  bar.hidden = !selected;
  bar.querySelector("[data-selected]").textContent = selected?.quote ?? "";
});

/** Text that is not edited has no caret: Shift and an arrow extend the selection from the focused paragraph. */
function extend(event) {
  const selection = document.getSelection();
  const arrow = /^Arrow(Left|Right|Up|Down)$/.exec(event.key)?.[1].toLowerCase();
  if (!event.shiftKey || !arrow || !document.activeElement.dataset.start || !selection.rangeCount) return;
  event.preventDefault();
  if (arrow === "up" || arrow === "down") selection.modify("extend", arrow === "up" ? "backward" : "forward", "line");
  else selection.modify("extend", arrow, event.ctrlKey || event.altKey ? "word" : "character");
}

document.addEventListener("keydown", extend);

/** Keys that bring the focus to a paragraph bring the beginning of a selection with it. */
document.addEventListener("focusin", ({ target }) => {
  if (!target.dataset.start || !target.matches(":focus-visible")) return;
  const text = document.createTreeWalker(target, NodeFilter.SHOW_TEXT).nextNode();
  if (text) document.getSelection().collapse(text, Math.max(text.data.search(/\S/), 0));
});

function open() {
  if (!form()) return;
  const span = selected ?? focused();
  if (span) for (const [name, value] of Object.entries(span)) form().elements[name].value = value;
  const details = form().closest("[data-note-form]");
  details.open = true;
  details.toggleAttribute("data-floats", Boolean(span));
  form().querySelector("[data-close]").hidden = !span;
  bar.hidden = true;
  form().elements.note.focus({ preventScroll: Boolean(span) });
}

function close() {
  const details = document.querySelector("[data-note-form]");
  details.open = false;
  details.removeAttribute("data-floats");
}

bar?.querySelector("[data-annotate]").addEventListener("click", open);
document.addEventListener("annotate", open);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest?.("[data-floats]")) close();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) close();
  const mark = event.target.closest("mark [data-about], mark[data-about]");
  if (mark && document.getSelection().isCollapsed) document.getElementById(mark.dataset.about.split(" ").at(-1))?.focus();
});

document.addEventListener("input", (event) => {
  if (event.target.form !== form()) return;
  if (["quote", "part", "paragraph"].includes(event.target.name)) {
    form().elements.start.value = form().elements.end.value = "";
  }
});

/** Each element of the answer takes the place of the one with its id. */
function replace(html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  for (const piece of answer.querySelectorAll("#notes, .paragraph")) document.getElementById(piece.id)?.replaceWith(piece);
}

async function send(sent) {
  const body = new FormData(sent);
  const answer = await fetch(sent.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
  if (answer.redirected) {
    location.assign(answer.url); // to sign in again: what was written is kept
    return;
  }
  const html = await answer.text();
  if (answer.status !== 200 && answer.status !== 400) {
    sent.submit();
    return;
  }
  replace(html);
  if (!answer.ok) {
    form().querySelector(".field-error ~ .input, .input").focus();
    return;
  }
  selected = null;
  document.getElementById(document.getElementById("notes").dataset.said)?.focus();
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-note-form] form, [data-reply]")) return;
  event.preventDefault();
  send(event.target);
});
