// Keeps a board fresh without reloading: asks every few seconds whether anything has happened, and says how old the
// picture is when nobody answers. Without scripts the page is simply as old as its chip says.

const EVERY = 4_000; // boards follow changes within 5 s
const PATIENT_TURNS = 30; // two minutes: a board must follow again at once when a server was only restarted
const SLOWEST = 60_000;
const PATIENCE = 10_000;

const live = /** @type {HTMLElement} */ (document.getElementById('live'));
const chip = document.getElementById('live-chip');
const said = document.getElementById('live-said');
const words = live.dataset;
let rev = words['rev'] ?? '';
let seen = Date.now();
let failures = 0;
let timer = 0;

/** @param {number} at */
const clock = (at) => new Date(at).toLocaleTimeString('ja-JP', { hour: 'numeric', minute: '2-digit', timeZone: 'Asia/Tokyo' });

/** @param {"online"|"offline"|"stopped"} kind @param {string} [text] */
function tell(kind, text = '') {
  if (!chip) return;
  const line = text.replace('{time}', clock(seen));
  if (chip.textContent === line) return;
  chip.dataset['kind'] = kind;
  chip.textContent = line;
}

/** Read aloud, once, what matters. @param {string} [text] */
function speak(text = '') {
  if (said && text && said.textContent !== text) said.textContent = text;
}

/** 「12分前」 of everything that is not older than a day. */
function age() {
  for (const node of document.querySelectorAll('[data-at]')) {
    const at = Number(/** @type {HTMLElement} */ (node).dataset['at']);
    const minutes = Math.floor((Date.now() - at) / 60_000);
    if (!at || minutes >= 1_440) continue;
    const line = minutes < 1 ? words['agoNow'] : minutes < 60 ? words['agoMinutes'] : words['agoHours'];
    node.textContent = (line ?? '').replace('{number}', String(minutes < 60 ? minutes : Math.floor(minutes / 60)));
  }
}

/** What must not be lost when the picture changes: the focus, and what was unfolded. */
function remember() {
  const active = live.contains(document.activeElement) ? document.activeElement : null;
  const unfolded = [...live.querySelectorAll('details[open][id]')].map((node) => node.id);
  return { href: active?.getAttribute('href') ?? '', id: active?.id ?? '', unfolded };
}

/** @param {{href: string, id: string, unfolded: string[]}} kept */
function restore(kept) {
  for (const id of kept.unfolded) document.getElementById(id)?.setAttribute('open', '');
  const wanted = kept.id ? `#${CSS.escape(kept.id)}` : kept.href ? `[href="${CSS.escape(kept.href)}"]` : '';
  if (wanted) /** @type {HTMLElement|null} */ (live.querySelector(wanted))?.focus({ preventScroll: true });
}

/** Put the new picture in place. @param {string} html */
function show(html) {
  const picture = new DOMParser().parseFromString(html, 'text/html').body;
  const kept = remember();
  live.replaceChildren(...picture.childNodes);
  restore(kept);
  speak(/** @type {HTMLElement|null} */ (live.querySelector('[data-said]'))?.dataset['said']);
}

/** Asks once. Answers false where asking again is no use: somebody has to log in. */
async function refresh() {
  const answer = await fetch(`${words['url']}?rev=${encodeURIComponent(rev)}`, {
    redirect: 'manual', signal: AbortSignal.timeout(PATIENCE),
  });
  if (answer.type === 'opaqueredirect' || answer.status === 401) return false;
  if (answer.status !== 200 && answer.status !== 204) throw new Error(String(answer.status));
  if (answer.status === 200) {
    show(await answer.text());
    rev = answer.headers.get('X-Rev') ?? rev;
  }
  seen = Date.now();
  return true;
}

function lost() {
  failures += 1;
  tell('offline', words['lost']);
  if (failures === 2) speak((words['lost'] ?? '').replace('{time}', clock(seen)));
}

function fresh() {
  if (failures > 1) speak(words['back']);
  failures = 0;
  tell('online', words['fresh']);
  age();
}

/** Until the next turn, ms: later and later when nobody has answered for long, and not everybody at once. */
function pause() {
  const late = Math.max(0, failures - PATIENT_TURNS);
  return Math.min(EVERY * 2 ** late, SLOWEST) * (failures ? 0.8 + Math.random() * 0.2 : 1);
}

/** One turn; the next one comes by itself. */
async function turn() {
  clearTimeout(timer);
  if (document.visibilityState !== 'visible') return; // goes on when the page is looked at again
  const known = await refresh().catch(lost);
  if (known === false) {
    tell('stopped', words['login']);
    speak(words['login']);
    return;
  }
  if (known) fresh();
  clearTimeout(timer);
  timer = setTimeout(turn, pause());
}

document.addEventListener('visibilitychange', turn);
window.addEventListener('online', turn);
timer = setTimeout(turn, EVERY);
