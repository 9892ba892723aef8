// Says beside the button that something is under way, where the answer takes a moment. Without scripts the page just waits.

document.addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const line = /** @type {HTMLElement|null} */ (form.querySelector('[data-trying]'));
  if (!line) return;
  if (line.textContent) {
    event.preventDefault(); // once is enough
    return;
  }
  line.textContent = line.dataset['trying'] ?? '';
});

window.addEventListener('pageshow', () => {
  for (const line of document.querySelectorAll('[data-trying]')) line.textContent = '';
});
