// A new release is offered, never forced: the worker waits until the page says so, and then the page reloads once.

const LOOK_EVERY = 3_600_000;

const ASK_AGAIN = 500;
const STILL = 3_000;

/** Install the app's worker and hear about new releases. `onUpdate` gets the function that switches over; call it when no
 * job is under way. `alone` runs work while nothing is being written to the phone's disk: nobody is cut off in the middle of a
 * record. Where workers do not exist (or the page is not on HTTPS) the app runs online only.
 * @param {{onUpdate?: (apply: () => void) => void, alone?: (work: () => Promise<unknown>) => Promise<unknown>}} [options]
 * @returns {Promise<boolean>} whether the app can start offline from now on */
export async function registerApp({ onUpdate = () => undefined, alone = (work) => work() } = {}) {
  const workers = globalThis.navigator?.serviceWorker;
  if (!workers) return false;
  try {
    // the whole site: browsers look for the worker of /app/'s decoder by the decoder's own address, /static/pwa/…
    const registration = await workers.register('/sw.js', { scope: '/', updateViaCache: 'none' });
    follow(workers, registration, onUpdate, alone);
    await workers.ready;
    return true;
  } catch (error) {
    console.warn('offline start is not available', error);
    return false;
  }
}

/** @param {ServiceWorkerContainer} workers @param {ServiceWorkerRegistration} registration
 * @param {(apply: () => void) => void} onUpdate @param {(work: () => Promise<unknown>) => Promise<unknown>} alone */
function follow(workers, registration, onUpdate, alone) {
  const offer = () => {
    if (registration.waiting && workers.controller) onUpdate(() => apply(workers, registration, alone));
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

/** The waiting worker takes over, and this page begins anew with its modules. Nothing is kept meanwhile, for three seconds at most: a
 * browser puts the change off while the old worker is at work, and may forget it, so it is asked until it has happened.
 * @param {ServiceWorkerContainer} workers @param {ServiceWorkerRegistration} registration
 * @param {(work: () => Promise<unknown>) => Promise<unknown>} alone */
function apply(workers, registration, alone) {
  const ask = () => registration.waiting?.postMessage({ type: 'apply-update' });
  const asking = setInterval(ask, ASK_AGAIN);
  const taken = new Promise((resolve) => { workers.addEventListener('controllerchange', resolve, { once: true }); }).then(() => {
    clearInterval(asking);
    location.reload(); // what is being kept is one transaction: whole, or never said to be kept
  });
  void alone(() => Promise.race([taken, new Promise((resolve) => { setTimeout(resolve, STILL); })]));
  ask();
}
