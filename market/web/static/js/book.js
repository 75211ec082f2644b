// Keeps a book on the page up to date: fetches its part again while somebody looks, and rests while the tab is hidden.
const EVERY_MS = 5_000;
const LONGEST_MS = 60_000;

for (const card of document.querySelectorAll("[data-book]")) {
  let wait = EVERY_MS;
  let timer = 0;
  const later = () => { clearTimeout(timer); if (!document.hidden) timer = setTimeout(refresh, wait); };
  async function refresh() {
    try {
      const answer = await fetch(card.dataset.book, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".live");
      if (fresh) card.querySelector(".live").replaceWith(fresh);
      wait = EVERY_MS;
    } catch { // busy or away: ask less and less often
      wait = Math.min(2 * wait, LONGEST_MS);
    }
    later();
  }
  card.querySelector("[data-state]")?.removeAttribute("hidden");
  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else refresh(); });
  later();
}
