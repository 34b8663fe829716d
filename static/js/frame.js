// The frame's small manners: menus close, errors get the focus.

const menu = document.querySelector("[data-menu]");

document.addEventListener("click", (event) => {
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu?.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.getElementById("errors")?.focus();

for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;
