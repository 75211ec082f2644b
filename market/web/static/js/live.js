// Parts of a page that are marked data-live are fetched again while the page is seen, and shown where they changed.
// The mark says after how many seconds, where it says anything: what is over is marked no longer, and rests.
const USUAL_S = 5;

function parts() {
  return [...document.querySelectorAll("[data-live][id]")];
}

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts()) {
    const other = fresh.getElementById(part.id);
    if (!other) continue;
    if (other.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) {
      part.replaceChildren(...other.childNodes);
    }
    if (!("live" in other.dataset)) delete part.dataset.live;
  }
}

function next() {
  const waits = parts().map((part) => Number(part.dataset.live) || USUAL_S);
  if (waits.length > 0) setTimeout(() => refresh().catch(() => {}).then(next), Math.min(...waits) * 1000);
}
next();
