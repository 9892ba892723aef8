// What the relief half of the app says. Words that labels, cards and findings share with the server are in contract/supplies.json.

const n = (/** @type {number} */ number) => number.toLocaleString('ja-JP');

export const RELIEF = {
  heading: '避難所',
  drill: '訓練',
  closed: '閉鎖',
  fetching: '避難所の一覧を受け取っています',
  fetchingHint: '電波の届くところで、少しお待ちください。',
  notFetched: 'この避難所の一覧は、まだこの電話にありません',
  notFetchedHint: '電波がなくても、箱の記録はできます。つながったときに一覧を受け取ります。',
  card: '避難所のカードで始める',
  cardRow: '避難所のカードを読む',
  take: '箱を受け取る',
  outside: 'ラベルのない荷物',
  outsideHint: '外部から届いた物',
  correct: '訂正',
  waiting: (/** @type {number} */ boxes) => `数え待ち　${n(boxes)}箱`,
  expected: (/** @type {number} */ boxes) => `これから届く　${n(boxes)}箱`,
  counted: (/** @type {number} */ boxes) => `受領した箱　${n(boxes)}箱`,
  outsides: (/** @type {number} */ lines) => `外部から　${n(lines)}件`,
  away: (/** @type {number} */ boxes) => `転送した箱　${n(boxes)}箱`,
  needs: (/** @type {string} */ time) => `必要物資（${time} 現在）`,
  deskHint: '必要物資（電波が必要）',
  more: (/** @type {number} */ boxes) => `ほか ${n(boxes)}箱`,
  nothingDue: '届く予定の箱はありません。',
  summary: (/** @type {number} */ here, /** @type {number} */ due) => `数え待ち ${n(here)}箱・これから届く ${n(due)}箱`,
  asOf: (/** @type {string} */ time) => `箱の一覧は ${time} 現在。この電話の記録は加えてあります。`,
  toList: '一覧へ',
  toCount: (/** @type {number} */ boxes) => (boxes ? `一覧・数える（${n(boxes)}箱）` : '一覧'),
  need: (/** @type {import('./supplies/fold.js').Need} */ { required, arrived, on_the_way, promised, unit }) =>
    `必要 ${n(required)}${unit}　到着 ${n(arrived)}・輸送中 ${n(on_the_way)}・申し出 ${n(promised)}`,
  open: (/** @type {number} */ open, /** @type {string} */ unit) => (open ? `あと ${n(open)}${unit}` : '足ります'),
  due: (/** @type {string} */ day) => `${day} ごろ`,
  notSent: '発送待ち',
};

export const RECEIVE = {
  title: '箱を受け取る',
  card: '避難所のカードです',
  cardHint: '箱に貼ったラベルを枠に入れてください',
  hud: (/** @type {string} */ name) => `${name}　受け取り`,
  typed: 'この番号で受け取る',
  lead: 'ラベルのQRを枠に入れると、到着を記録します。箱は続けて読めます。',
  kept: '記録しました',
  keptUnknown: '記録しました。中身はまだ分かりません',
  again: (/** @type {string} */ time) => `${time} に受け取り済み`,
  againCounted: (/** @type {string} */ time) => `${time} に数え終わっています`,
  by: /** @type {Record<string, string>} */ ({ phone: 'この電話で記録', shelter: '避難所で記録', town: '市町村が記録' }),
  count: 'この箱を数える',
  boxes: '箱',
  of: (/** @type {number} */ all) => `/ ${n(all)}箱`,
  meant: (/** @type {string} */ name) => `${name} あての箱です`,
  elsewhere: 'この箱をどうしますか',
  other: '別の避難所',
  forward: (/** @type {string} */ name) => `${name} へ転送する`,
  accept: 'ここで受け取る',
  forwardHint: 'ラベルはそのままで、運ぶ人に渡します。',
  acceptHint: 'あて先の避難所の分は、足りない数に戻ります。',
  forwarded: '転送を記録しました',
  accepted: '受け取りを記録しました',
  undecided: 'まだ記録していません',
  undecidedHint: 'もう一度読むと、転送か受け取りかを選べます',
  aloud: (/** @type {number} */ boxes) => `${boxes}箱`,
  unknownBox: '中身のわからない箱',
};

export const COUNT_BOX = {
  title: '箱を数える',
  listed: 'すべて記載どおり',
  or: '違うところがあるとき',
  good: '使える数',
  damaged: '傷んだ数',
  expired: '期限切れの数',
  hint: '数字だけを入れてください。多く入っていたときも、そのままの数を入れます。',
  whole: '0から1,000,000までの数を入れてください。',
  nothing: '数を入れてください。',
  go: 'この数で記録する',
  missing: (/** @type {number} */ number, /** @type {string} */ unit) => `不足 ${n(number)}${unit}`,
  over: (/** @type {number} */ number, /** @type {string} */ unit) => `記載より ${n(number)}${unit} 多い`,
  even: '記載どおりの数です',
  past: '期限が過ぎています',
  pastHint: '「使える数」も期限切れとして数えます。配らないでください。',
  unknown: '箱に書いてある数と比べて、数えてください',
  before: '前に数えた記録があります。あとの記録が有効になります。',
  done: (/** @type {string} */ title) => `${title}　受領`,
  result: (/** @type {import('./supplies/story.js').Story} */ { good, damaged, expired, missing }) =>
    [['使える', good], ['傷み', damaged], ['期限切れ', expired], ['不足', missing]].filter(([word, number]) => number || word === '使える').map(([word, number]) => `${word} ${n(Number(number))}`).join('・'),
};

export const OUTSIDE = {
  title: 'ラベルのない荷物',
  lead: '何が届きましたか。',
  needed: '必要とされている物',
  search: '品目をさがす',
  none: '見つかりません。「その他」から近い物を選んでください。',
  variant: 'サイズ・種類',
  variantMust: 'サイズ・種類を選んでください。',
  any: 'わからない・指定なし',
  quantity: (/** @type {string} */ unit) => `数（${unit}）`,
  quantityMust: '数を入れてください。',
  quantityWrong: '1から1,000,000までの数を入れてください。',
  date: '期限（あれば）',
  dateHint: '例：2027年1月31日は 20270131',
  dateWrong: '年・月・日を8つの数字で入れてください。',
  disaster: '災害',
  disasterMust: 'どの災害の物資か選んでください。',
  noDisaster: '災害の名前がまだこの電話にありません',
  noDisasterHint: '電波の届くところで一度つなぐと、登録できるようになります。それまでは紙に控えてください。',
  go: '届いた物として記録する',
  done: (/** @type {string} */ what) => `${what}　外部からの到着`,
};

export const CARD_SCREEN = {
  title: '避難所のカード',
  hud: 'カードのQRを枠に',
  lead: '避難所に置いてあるカードのQRを読むと、この電話で荷物を受け取れます。電波もログインもいりません。',
  start: '箱を受け取る',
  home: 'はじめの画面へ',
  keys: 'この電話では鍵を作れません。別の電話を使ってください。',
};

/** Steps of this room; custody has some of the same codes for other things. @type {Record<string, string>} */
export const RELIEF_STEPS = { arrived: '到着', counted: '受領', forwarded: '転送', outside: '外部からの到着', void: '訂正' };

export const UNDO_BOX = {
  hint: 'この記録を取り消します。もとの記録も残ります。',
  go: 'この記録を取り消す',
};
