// Parts of a page that are marked data-live are fetched again while the page is seen, and shown where they changed.
const EVERY_MS = 5000;

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live][id]")) {
    const other = fresh.getElementById(part.id);
    if (other && other.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) {
      part.replaceChildren(...other.childNodes);
    }
  }
}
setInterval(() => refresh().catch(() => {}), EVERY_MS);
