// Says that work is under way while a form's answer takes longer than a moment (imports). Without scripts the browser's own
// sign has to do; sending twice is harmless either way.

const SOON = 400;

for (const form of document.querySelectorAll('form[data-busy]')) {
  const sign = document.getElementById(/** @type {HTMLElement} */ (form).dataset['busy'] ?? '');
  form.addEventListener('submit', () => setTimeout(() => sign?.removeAttribute('hidden'), SOON));
  window.addEventListener('pageshow', () => sign?.setAttribute('hidden', ''));
}
