// A form keeps what was typed until the server has taken it: through a reload, "back" and a lost network. It stays in this
// tab (sessionStorage), for this person and this address, never a password. The page is not left before the server has
// answered, so there is no error page of the browser, and "back" meets no answer of a form that cannot be shown again.

/** @typedef {{at: number, act: string, values: Record<string, string>}} Kept */

const MARK = 'typed:';
const DAY = 86_400_000;
const PATIENCE = 30_000;
const FORM = 'form[data-typed]';
const WRONG = '[aria-invalid="true"], .field__error';
const FIELD = 'input, select, textarea';
const UNTYPED = new Set(['hidden', 'password', 'file', 'submit', 'button', 'reset', 'fieldset']);

let sending = false;
let taken = false;

/** The address without the language: who changes it has not begun anew. */
function here() {
  const asked = new URLSearchParams(location.search);
  asked.delete('lang');
  return `${location.pathname}?${asked}`;
}
/** @param {HTMLFormElement} form */
const keyOf = (form) => `${MARK}${form.dataset['typed']} ${here()}`;
/** @param {HTMLFormElement} form @returns {HTMLInputElement|null} the id of the act: sent twice, it is done once */
const actOf = (form) => form.querySelector('input[type=hidden][name=id]');
const formHere = () => /** @type {HTMLFormElement|null} */ (document.querySelector(FORM));

const passwordOf = () => /** @type {HTMLInputElement|null} */ (document.querySelector(`${FORM} [type=password]`));

/** @param {HTMLFormElement} form @returns {HTMLInputElement[]} the controls in which somebody types or chooses */
const controls = (form) => /** @type {HTMLInputElement[]} */ ([...form.elements])
  .filter((control) => control.name && !UNTYPED.has(control.type));
/** @param {HTMLInputElement} control */
const isTicked = (control) => control.type === 'checkbox' || control.type === 'radio';
/** @param {HTMLInputElement} control */
const nameOf = (control) => (isTicked(control) ? `${control.name}=${control.value}` : control.name);
/** @param {HTMLInputElement} control */
const valueOf = (control) => (isTicked(control) ? String(control.checked) : control.value);

/** All of the form or nothing of it: a number of today beside a tick of yesterday would be wrong. @param {HTMLFormElement} form */
function keep(form) {
  const values = Object.fromEntries(controls(form).map((control) => [nameOf(control), valueOf(control)]));
  const kept = { at: Date.now(), act: actOf(form)?.value ?? '', values };
  try {
    sessionStorage.setItem(keyOf(form), JSON.stringify(kept));
  } catch { /* no room, or none allowed: then it is a form as any other */ }
}

/** @param {(key: string) => boolean} which */
function forget(which) {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(MARK) && which(key)) sessionStorage.removeItem(key);
}

/** What was typed into this form of this page, too. @param {HTMLFormElement} form @returns {Kept|null} */
function keptOf(form) {
  const kept = JSON.parse(sessionStorage.getItem(keyOf(form)) ?? 'null');
  return kept && Date.now() - kept.at < DAY ? kept : null;
}

/** @param {HTMLFormElement} form */
function putBack(form) {
  const kept = keptOf(form);
  if (!kept) return;
  const others = controls(form).filter((control) => ![undefined, valueOf(control)].includes(kept.values[nameOf(control)]));
  for (const control of others) write(control, kept.values[nameOf(control)] ?? '');
  const act = actOf(form);
  if (act && kept.act) act.value = kept.act;
  if (others.length) form.querySelector('[data-typed-back]')?.removeAttribute('hidden');
}

/** @param {HTMLInputElement} control @param {string} value */
function write(control, value) {
  if (isTicked(control)) control.checked = value === 'true';
  else control.value = value;
  control.closest('details')?.setAttribute('open', '');
}

/** The page as the server answered, with what is wrong in sight. @param {string} html */
function show(html) {
  const picture = new DOMParser().parseFromString(html, 'text/html');
  const secret = passwordOf()?.value ?? ''; // it stands there a moment longer, and is kept nowhere
  document.title = picture.title;
  document.querySelector('main')?.replaceChildren(...(picture.querySelector('main')?.childNodes ?? []));
  const form = formHere();
  if (!form) return;
  keep(form);
  passwordOf()?.setRangeText(secret);
  lookAtWrong(form);
}

/** @param {HTMLFormElement} form */
function lookAtWrong(form) {
  const wrong = form.querySelector(WRONG) ?? document.querySelector('main [role=alert]');
  wrong?.scrollIntoView({ block: 'center' });
  fieldOf(wrong)?.focus({ preventScroll: true });
}

/** The control that a sentence is about. @param {Element|null} wrong @returns {HTMLElement|null} */
function fieldOf(wrong) {
  const field = wrong?.matches(FIELD) ? wrong : wrong?.closest('.field')?.querySelector(FIELD);
  return /** @type {HTMLElement|null} */ (field ?? null);
}

/** @param {string} to */
function goOn(to) {
  if (new URL(to, location.href).pathname === '/login') {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`); // what was typed waits here
    return;
  }
  taken = true;
  forget((key) => key.split(' ')[1]?.split('?')[0] === location.pathname);
  location.assign(to);
}

/** @param {HTMLFormElement} form @param {RequestInit} more */
const ask = (form, more, address = form.getAttribute('action') ?? location.href) => fetch(address, {
  redirect: 'manual', headers: { 'X-Typed': '1' }, signal: AbortSignal.timeout(PATIENCE), ...more,
});

/** Rejects where nobody answers. @param {HTMLFormElement} form */
async function send(form) {
  const typed = new URLSearchParams(/** @type {[string, string][]} */ ([...new FormData(form)]));
  if (form.method === 'get') {
    const address = `${location.pathname}?${typed}`;
    await ask(form, { method: 'HEAD' }, address);
    location.assign(address);
    return;
  }
  const answer = await ask(form, { method: 'POST', body: typed });
  const to = answer.headers.get('X-To');
  if (to) goOn(to);
  else if (answer.status === 422) show(await answer.text());
  else sendPlainly(form);
}

/** The browser shows what the server has to say. The next page's form is another act. @param {HTMLFormElement} form */
function sendPlainly(form) {
  const kept = keptOf(form);
  if (kept) sessionStorage.setItem(keyOf(form), JSON.stringify({ ...kept, act: '' }));
  form.submit();
}

/** @param {HTMLFormElement} form */
function sayLost(form) {
  const said = form.querySelector('[data-typed-lost]');
  form.querySelector('.form__actions')?.before(said ?? '');
  said?.removeAttribute('hidden');
  said?.scrollIntoView({ block: 'nearest' });
}

/** @param {SubmitEvent} event */
async function onSubmit(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.action.endsWith('/logout')) forget(() => true);
  if (!form.matches(FORM)) return;
  event.preventDefault();
  if (sending) return;
  sending = true;
  keep(form);
  form.querySelector('[data-typed-lost]')?.setAttribute('hidden', '');
  await send(form).catch(() => sayLost(form));
  sending = false;
}

/** @param {Event} event */
function onTyped(event) {
  const form = /** @type {HTMLInputElement} */ (event.target).form;
  if (form?.matches(FORM)) keep(form);
}

/** @param {Event} event */
function onEmpty(event) {
  const form = /** @type {HTMLElement} */ (event.target).closest('[data-typed-empty]')?.closest('form');
  if (!form) return;
  forget((key) => key === keyOf(form));
  form.reset();
  form.querySelector('[data-typed-back]')?.setAttribute('hidden', '');
}

const first = formHere();
if (first) {
  forget((key) => !key.startsWith(`${MARK}${first.dataset['typed']} `)); // somebody else sat here
  putBack(first);
}
document.addEventListener('input', onTyped);
document.addEventListener('change', onTyped);
document.addEventListener('click', onEmpty);
document.addEventListener('submit', onSubmit);
window.addEventListener('pageshow', (event) => {
  if (event.persisted && taken) location.reload(); // "back" after it was taken: a fresh form, not the old one
});

export {};
