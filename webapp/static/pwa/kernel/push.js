// Messages to this installed app while it is closed: the browser's part of Web Push. What comes in is shown by sw.js.

import { WORLD, ask } from '../intake/http.js';

/** here: whether this browser and this server can at all · on: this app is told · denied: the person said no to the browser
 * @typedef {{here: boolean, on: boolean, denied: boolean}} PushState */

/** Whether this browser knows push messages; iPhones only in an app on the home screen. */
const able = () => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

/** @returns {Promise<PushState>} */
export async function pushState() {
  if (!able()) return { here: false, on: false, denied: false };
  const subscription = await current();
  return { here: true, on: subscription !== null && Notification.permission === 'granted', denied: Notification.permission === 'denied' };
}

/** Ask the person, subscribe, tell the server. To be called from a tap.
 * @returns {Promise<'on'|'denied'|'off'|'offline'>} off: this server sends none */
export async function switchOn() {
  if ((await Notification.requestPermission()) !== 'granted') return 'denied';
  const answer = await ask(WORLD, '/api/push');
  if (answer.kind !== 'ok') return answer.kind === 'no' ? 'off' : 'offline';
  const subscription = await subscribe(answer.body.key);
  const told = subscription && (await ask(WORLD, '/api/push/subscription', json('POST', subscription.toJSON())));
  if (told && told.kind === 'ok') return 'on';
  await subscription?.unsubscribe().catch(() => false);
  return told?.kind === 'no' ? 'off' : 'offline';
}

/** The server forgets this app, and so does the browser. Without a network the browser's part is done all the same: what is sent
 * then comes back to the server as undeliverable. */
export async function switchOff() {
  const subscription = able() ? await current() : null;
  if (!subscription) return;
  await ask(WORLD, '/api/push/subscription', json('DELETE', { endpoint: subscription.endpoint }));
  await subscription.unsubscribe().catch(() => false);
}

/** A subscription to another key is given up first: browsers allow one. @param {string} key @returns {Promise<PushSubscription|null>} */
async function subscribe(key) {
  const wish = { userVisibleOnly: true, applicationServerKey: key };
  const { pushManager } = await navigator.serviceWorker.ready;
  try {
    return await pushManager.subscribe(wish);
  } catch {
    await (await pushManager.getSubscription())?.unsubscribe();
    return pushManager.subscribe(wish).catch(() => null);
  }
}

async function current() {
  const registration = await navigator.serviceWorker.getRegistration();
  return (await registration?.pushManager?.getSubscription()) ?? null;
}

/** @param {'POST'|'DELETE'} method @param {object} body @returns {RequestInit} */
const json = (method, body) => ({ method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
