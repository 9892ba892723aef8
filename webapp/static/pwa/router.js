// Addresses under /app/: links stay inside the page, the back button works, and "up" does not pile up history.

/**
 * @param {() => void} onMove called after each move
 * @returns {{go: import('./app.js').App["go"], up: (path: string) => void, follow: (root: HTMLElement) => void}}
 */
export function createRouter(onMove) {
  /** Paths of this page's history, by place. @type {string[]} */
  const trail = [];
  const place = () => Number(history.state?.place ?? 0);
  const here = () => location.pathname + location.search;
  history.replaceState({ place: place() }, '');
  trail[place()] = here();

  /** @param {string} path @param {{replace?: boolean}} [how] */
  const go = (path, { replace = false } = {}) => {
    const next = replace ? place() : place() + 1;
    if (replace) history.replaceState({ place: next }, '', path);
    else history.pushState({ place: next }, '', path);
    trail[next] = path;
    onMove();
  };
  /** To the screen above: back if that is where we came from. @param {string} path */
  const up = (path) => {
    if (place() > 0 && trail[place() - 1] === path) history.back();
    else go(path, { replace: true });
  };
  addEventListener('popstate', () => { trail[place()] = here(); onMove(); });

  /** @param {HTMLElement} root */
  const follow = (root) => root.addEventListener('click', (event) => {
    const link = /** @type {Element} */ (event.target).closest?.('a[href]');
    if (!(link instanceof HTMLAnchorElement) || !ours(event, link)) return;
    event.preventDefault();
    link.closest('dialog')?.close();
    const path = link.pathname + link.search;
    if (link.dataset.back !== undefined) up(path);
    else go(path);
  });
  return { go, up, follow };
}

/** A plain tap on a link into the app. @param {MouseEvent} event @param {HTMLAnchorElement} link */
function ours(event, link) {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  return plain && !event.defaultPrevented && !link.download && link.origin === location.origin && /^\/app(\/|$)/.test(link.pathname);
}
