// Keeps a board fresh without reloading: asks every few seconds whether anything has happened, and says how old the
// picture is when nobody answers. Without scripts the page is simply as old as its chip says.

const EVERY = 4_000; // boards follow changes within 5 s
const live = /** @type {HTMLElement} */ (document.getElementById('live'));
const chip = document.getElementById('live-chip');
const words = live.dataset;
let rev = words['rev'] ?? '';
let seen = new Date();

/** @param {Date} at */
const clock = (at) => at.toLocaleTimeString('ja-JP', { hour: 'numeric', minute: '2-digit', timeZone: 'Asia/Tokyo' });

/** @param {"online"|"offline"} kind @param {string} [text] */
function say(kind, text = '') {
  if (!chip) return;
  chip.dataset['kind'] = kind;
  chip.textContent = text.replace('{time}', clock(seen));
}

/** Put the new picture in place; what had the focus keeps it. @param {string} html */
function show(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html').body;
  const href = live.contains(document.activeElement) ? document.activeElement?.getAttribute('href') : null;
  live.replaceChildren(...fresh.childNodes);
  if (href) /** @type {HTMLElement|null} */ (live.querySelector(`[href="${CSS.escape(href)}"]`))?.focus();
}

async function refresh() {
  const answer = await fetch(`${words['url']}?rev=${encodeURIComponent(rev)}`, { redirect: 'error' });
  if (answer.status === 200) {
    show(await answer.text());
    rev = answer.headers.get('X-Rev') ?? rev;
  } else if (answer.status !== 204) {
    throw new Error(String(answer.status));
  }
  seen = new Date();
  say('online', words['fresh']);
}

async function turn() {
  if (document.visibilityState === 'visible') {
    await refresh().catch(() => say('offline', words['lost']));
  }
  setTimeout(turn, EVERY);
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') refresh().catch(() => say('offline', words['lost']));
});
setTimeout(turn, EVERY);
