// Small aids on every page. Everything works without them; nothing here knows a rule of the market.
const focus = document.querySelector("[data-focus]");
if (focus) focus.focus();

// A form is sent once: its button is off until the answer is there.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
}
addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
});

// Modules that a part of a page names are fetched where that part is: charts, live books, clocks.
for (const address of new Set([...document.querySelectorAll("[data-module]")].map((each) => each.dataset.module))) {
  import(address);
}

// What is wider than its place can be scrolled with the keyboard too.
for (const each of document.querySelectorAll(".card, .scroll, .pages")) {
  if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
}

// Where the links of a desk are wider than the screen, that of this page is in sight.
const here = document.querySelector(".pages [aria-current]");
if (here && here.parentElement.scrollWidth > here.parentElement.clientWidth) {
  const links = here.parentElement.getBoundingClientRect(), own = here.getBoundingClientRect();
  here.parentElement.scrollLeft += (own.left + own.right - links.left - links.right) / 2;
}
