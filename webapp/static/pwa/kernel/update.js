// A new release is offered, never forced: the worker waits until the page says so, and then the page reloads once.

const LOOK_EVERY = 3_600_000;

/** Install the app's worker and hear about new releases. `onUpdate` gets the function that switches over; call it when no
 * job is under way. Where workers do not exist (or the page is not on HTTPS) the app runs online only.
 * @param {{onUpdate?: (apply: () => void) => void}} [options]
 * @returns {Promise<boolean>} whether the app can start offline from now on */
export async function registerApp({ onUpdate } = {}) {
  const workers = globalThis.navigator?.serviceWorker;
  if (!workers) return false;
  try {
    // the whole site: browsers look for the worker of /app/'s decoder by the decoder's own address, /static/pwa/…
    const registration = await workers.register('/sw.js', { scope: '/', updateViaCache: 'none' });
    follow(workers, registration, onUpdate ?? (() => undefined));
    await workers.ready;
    return true;
  } catch (error) {
    console.warn('offline start is not available', error);
    return false;
  }
}

/** @param {ServiceWorkerContainer} workers @param {ServiceWorkerRegistration} registration
 * @param {(apply: () => void) => void} onUpdate */
function follow(workers, registration, onUpdate) {
  const offer = () => {
    const { waiting } = registration;
    if (waiting && workers.controller) onUpdate(() => apply(workers, waiting));
  };
  offer();
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => installing.state === 'installed' && offer());
  });
  setInterval(() => void look(registration), LOOK_EVERY);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void look(registration));
}

/** @param {ServiceWorkerRegistration} registration */
const look = (registration) => registration.update().catch(() => undefined); // offline: later

/** @param {ServiceWorkerContainer} workers @param {ServiceWorker} waiting */
function apply(workers, waiting) {
  workers.addEventListener('controllerchange', () => location.reload(), { once: true });
  waiting.postMessage({ type: 'apply-update' });
}
