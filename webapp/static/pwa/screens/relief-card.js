// A shelter's card: read in a gymnasium without a network, and this phone is one of the shelter's.

import { desk } from '../components/desk.js';
import { fill, h } from '../components/dom.js';
import { linkButton } from '../components/frame.js';
import { CARD_SCREEN } from '../messages-relief.js';
import { SAID } from '../messages.js';
import { me as whoAmI } from '../intake/packs.js';
import { syncNow } from '../intake/sync.js';
import { remember } from '../supplies/card.js';
import { dayInWords } from '../supplies/label.js';
import { isCard } from '../supplies/prefix.js';
import { dayOf } from '../supplies/story.js';
import { reliefTables } from '../supplies/tables.js';
import { stranger } from './sweep.js';

/** @typedef {import('../components/desk.js').Outcome} Outcome */

/** @param {import('../app.js').App} app @returns {Promise<import('../app.js').Screen>} */
export async function shelterCard(app) {
  const tables = await reliefTables();
  const panel = h('div', { class: 'app-sweep' }, h('p', { class: 'app-lead' }, CARD_SCREEN.lead));
  const foot = h('div', { class: 'app-sweep__next' });
  /** @param {string} text @returns {Promise<Outcome>} */
  const use = async (text) => {
    const outcome = await remember(app.store, text);
    if (!outcome.ok) return { verdict: 'attention', words: words(tables.card, outcome.code), detail: SAID.foreignHint };
    const { card, trusted } = outcome.checked;
    app.me = await whoAmI(app.store);
    void syncNow(app.store);
    fill(panel, h('p', { class: 'app-lead' }, tables.card.waiting), trusted === 'unknown-key' ? h('p', { class: 'app-late' }, tables.card.unknown_key) : null);
    fill(foot, linkButton(CARD_SCREEN.start, `/app/relief/${card.shelter}/scan`, { mark: 'scan' }));
    return { verdict: trusted === 'unknown-key' ? 'unknown' : 'ok', words: tables.card.ready.replace('{shelter}', card.name), detail: SAID.onDisk, kept: true };
  };
  const table = desk(app, { prefixes: [location.origin.toUpperCase()], hud: CARD_SCREEN.hud, shown: true, bid: CARD_SCREEN.bid, wants: isCard,
    onRead: async (read) => (isCard(read.text) ? use(read.text) : stranger(read)) });
  return { title: CARD_SCREEN.title, back: '/app/', shape: 'scan', body: [table.element, table.said, h('div', { class: 'app-scan__panel' }, panel, table.tools)],
    foot: [foot], leave: table.leave };
}

/** Why a card cannot be used. @param {Record<string, string>} card @param {string} code */
function words(card, code) {
  if (code.startsWith('keys.')) return CARD_SCREEN.keys;
  return (card[code] ?? card.broken).replace('{day}', dayInWords(dayOf(Date.now())));
}
