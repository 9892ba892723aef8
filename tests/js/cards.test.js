// A shelter's card on a phone that is offline: works at once, signs from the first scan, and is let in when the network is back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { aPhone, aServer, json, somebody } from './phone.js';
import { standing } from '../../webapp/static/pwa/intake/enrolment.js';
import { verify } from '../../webapp/static/pwa/intake/keys.js';
import { counts, keep } from '../../webapp/static/pwa/intake/outbox.js';
import { forgetMe } from '../../webapp/static/pwa/intake/packs.js';
import { syncNow, useDoorkeeper } from '../../webapp/static/pwa/intake/sync.js';
import { cardOf, letIn, read, remember } from '../../webapp/static/pwa/supplies/card.js';
import { keepLabelKeys, labelKeys } from '../../webapp/static/pwa/supplies/label-keys.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/parcel_labels.json', import.meta.url), 'utf8'));
const [[text, card], [forged]] = vectors.cards;
const [key, other] = vectors.keys;
const EARLY = card.until - 86_400_000;
const PARCEL = vectors.good[0][1].parcel;
let day = EARLY - 400 * 86_400_000;
useDoorkeeper(letIn);

/** A server that lets a phone in by this card. */
function aTown(answer = null) {
  const server = Object.assign(aServer(), { now: (day += 86_400_000), asked: [], open: false });
  server.script = ({ path, body }) => {
    if (path === '/api/supplies/cards/activate') {
      server.asked.push(JSON.parse(body));
      if (answer) return json(...answer);
      server.open = true;
      return json({ logs: { [card.log]: { from: 1, prev: '' } } }, 201);
    }
    if (!server.open) return json({ code: 'identity.login_needed', text: '' }, 401);
    if (path === '/api/me') return json({ ...somebody(card.person), logs: [{ id: card.log, name: '最上町', actor: card.actor }] });
    return undefined;
  };
  return server;
}

const scan = (store) => keep(store, { kind: 'supplies.scan', step: 'arrived', code: PARCEL, log: card.log, actor: card.actor, place: card.shelter, job: '', src: 'camera', body: { accept: false } });

test('cards are read as the server reads them', async () => {
  for (const [letters, wanted] of vectors.cards) {
    const found = await read(letters);
    assert.deepEqual(typeof found === 'string' ? found : { signed: found.signed, ...found.card }, wanted);
  }
});

test('an offline phone works for the shelter at once, and checks its labels', async () => {
  const store = await aPhone({ person: '' });
  const outcome = await remember(store, text, EARLY);
  assert.deepEqual([outcome.ok, outcome.checked.trusted], [true, 'new']);
  assert.deepEqual(await labelKeys(store, card.log), [key]);
  const [row] = [await scan(store)];
  assert.deepEqual([row.person, row.actor, row.seq], [card.person, card.actor, 1]);
  assert.equal(row.s.length, 88);
});

test('when the network is back the card lets the phone in, and what it scanned before goes out', async () => {
  const [store, town] = [await aPhone({ person: '' }), aTown()];
  await remember(store, text, EARLY);
  await scan(store);
  const status = await syncNow(store, town.deps);
  assert.deepEqual([status.needsLogin, (await counts(store)).pending, town.books.size], [false, 0, 1]);
  const [{ token, dev, key: own, proof, next }] = town.asked;
  assert.deepEqual([token, next], [card.token, { [card.log]: 1 }]);
  assert.equal(await verify(own, `ashiato/enrol/v1\n${token}\n${dev}\n${own}\n`, proof), true);
  assert.deepEqual([(await cardOf(store)).state, (await standing(store)).state], ['active', 'enrolled']);
});

test('a card that the server refuses is not asked again, its words are kept, and so are the scans', async () => {
  const [store, town] = [await aPhone({ person: '' }), aTown([{ code: 'supplies.card_revoked', text: '停止されています。' }, 422])];
  await remember(store, text, EARLY);
  await scan(store);
  for (let n = 0; n < 2; n += 1) assert.equal((await syncNow(store, town.deps)).needsLogin, true);
  assert.equal(town.asked.length, 1);
  const { state, text: words } = await cardOf(store);
  assert.deepEqual([state, words, (await counts(store)).pending], ['refused', '停止されています。', 1]);
  await remember(store, text, EARLY); // read again, it is asked again
  assert.equal((await cardOf(store)).state, 'waiting');
});

test('a forged card, one that is over, and one for a phone that is in use change nothing', async () => {
  const store = await aPhone({ person: '' });
  assert.equal((await remember(store, forged, EARLY)).code, 'forged');
  assert.equal((await remember(store, text, card.until)).code, 'over');
  assert.equal((await remember(store, vectors.good[0][0], EARLY)).code, 'other');
  assert.equal(await store.meta('me'), undefined);
  const sato = await aPhone();
  assert.equal((await remember(sato, text, EARLY)).code, 'someone');
  assert.equal((await sato.meta('me')).person.id, 'sato');
});

test('a card of another key than the phone knows of that municipality says so', async () => {
  const store = await aPhone({ person: '' });
  await keepLabelKeys(store, card.log, [other]);
  assert.equal((await remember(store, text, EARLY)).checked.trusted, 'unknown-key');
});

test('who logs out has no card any more', async () => {
  const [store, town] = [await aPhone({ person: '' }), aTown()];
  await remember(store, text, EARLY);
  await forgetMe(store);
  assert.equal(await cardOf(store), null);
  assert.equal(await letIn(store, town.deps), false);
});
