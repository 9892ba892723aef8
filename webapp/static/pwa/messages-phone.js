// Sentences about the phone itself: its enrolment, its key, its disk, and files that leave it.

/** @typedef {import('./intake/enrolment.js').StandingState} StandingState */

export const PHONE = {
  title: 'この電話',
  menu: '登録と保存',
  /** By standing: the headline, and what it means. @type {Record<StandingState, {kind: "ok"|"info"|"warn"|"error", title: string, text: string, short: string}>} */
  states: {
    enrolled: { kind: 'ok', title: '登録されています', text: 'この電話の記録には署名が付きます。圏外の記録も、あとから書き換えられていないことを誰でも確かめられます。', short: '登録ずみ' },
    waiting: { kind: 'warn', title: 'まだ登録が終わっていません', text: '記録には署名を付けています。登録が終わると、サーバーが署名を確かめられます。', short: '登録の途中' },
    none: { kind: 'info', title: 'まだ登録されていません', text: '登録すると、圏外の記録にも この電話の署名が付き、あとから書き換えられていないことを誰でも確かめられます。登録しなくても記録はできます。', short: '未登録' },
    keyless: { kind: 'warn', title: 'この電話では鍵を保管できません', text: '記録には署名が付きません。プライベートブラウズやロックダウンモードを使っているときは、やめると保管できることがあります。電波の届くところで使ってください。', short: '署名なし' },
    lost: { kind: 'warn', title: 'この電話の鍵が消えました', text: 'ブラウザーが鍵を消しました。これまでの記録は残っています。新しい記録には署名が付かないので、新しいコードで登録し直してください。', short: '鍵なし' },
    revoked: { kind: 'error', title: 'この電話は停止されています', text: '紛失や交代の届け出がありました。記録は残りますが、確認の対象になります。手元にあるなら、新しいコードで登録し直してください。', short: '停止' },
  },
  of: (/** @type {string} */ name) => `${name}さんの電話として`,
  facts: { person: '使う人', since: '登録した時刻', ended: '停止の通知', dev: '電話の番号', key: '鍵の番号', after: '引き継ぎ' },
  seam: '前の電話の記録に続いています。つなぎ目は台帳に残ります。',
  replacedOnly: '前の電話の代わりとして登録しました。',
  how: '登録のしかた',
  steps: ['職員に、事務の画面の「電話の管理」で あなたの名前をえらんでもらいます。', '表示されたQRを、この電話で読みます。読めないときは、下の17文字を打ちます。', 'コードは10分で使えなくなります。'],
  given: 'コードを読みました。下のボタンを押すと登録が終わります。',
  codeLabel: '登録コード（17文字）',
  codeHint: 'QRの下にある番号です。O と 0、I と 1 の違いは気にせず打てます。',
  read: 'QRを読む',
  aim: '職員の画面のQRを枠に入れてください',
  notOurs: '登録のQRではありません。職員の画面のQRを読んでください。',
  go: 'この電話を登録する',
  again: '登録し直す',
  busy: '登録しています…',
  done: '登録しました',
  offline: 'いまは圏外です。登録には、一度だけ電波が必要です。',
  login: 'はじめにログインしてください。',
  toLogin: 'ログインする',
  replace: '前に使っていた電話がありますか',
  replaceHint: '機種変更をしたときや、電話の中の鍵が消えたときは、前の電話をえらびます。前の電話は使えなくなり、記録は続きになります。',
  replaceMust: 'どちらかをえらんでください',
  additional: '追加の電話として登録する',
  additionalDetail: '前の電話も、そのまま使います',
  instead: (/** @type {string} */ day) => `${day} に登録した電話の代わり`,
  lastSeen: (/** @type {string} */ time) => `最後の記録 ${time}`,
  neverSeen: '記録なし',
  /** Failures by code; the server's own sentences go first. @type {Record<string, string>} */
  failed: {
    'enrol.offline': 'サーバーに届きませんでした。電波の届くところで、もう一度お試しください。コードは10分間有効です。',
    'enrol.login': 'ログインが切れています。ログインしてから、もう一度お試しください。',
    'keys.none': 'このブラウザーでは鍵を作れません。アプリのアドレスが https:// で始まることを確かめてください。',
    'keys.not_kept': 'この電話では鍵を保管できませんでした。登録はできませんが、署名なしで記録できます。',
    'store.full': '電話の空きが足りません。写真や動画を減らしてから、もう一度お試しください。',
  },
  failedElse: (/** @type {string} */ code) => `登録できませんでした（${code}）。`,
  prompt: 'この電話を登録する',
  promptGo: '電話を登録する',
};

export const STORAGE = {
  title: '保存',
  promise: '保存の保証', yes: 'あり（ブラウザーが自動で消すことはありません）', no: 'なし（空きが足りないと、ブラウザーが消すことがあります）', unknown: 'このブラウザーは答えません',
  ask: '保存の保証を求める',
  asked: { yes: '保存が保証されました。', no: 'ブラウザーが「いいえ」と答えました。ホーム画面に追加して開くと、保証されやすくなります。' },
  used: '使っている量', left: '残り',
  oldest: '最古の未送信', none: 'なし',
  low: '電話の空きが少なくなっています',
  lowText: 'あと 600枚ほどの写真で いっぱいになります。電波の届くところで送ってください。',
  full: '電話の空きがほとんどありません',
  fullText: 'これまでの記録は残っています。新しい記録が保存できないことがあります。送るか、送信箱からファイルに書き出してください。',
  old: (/** @type {string} */ age) => `${age}前の記録が、まだ この電話にしかありません`,
  oldText: '電波の届くところで開くと送ります。送れないときは、送信箱からファイルに書き出して、ほかの電話で取り込めます。',
  fullNow: '電話の空きがありません。送信箱から送るか、写真や動画を減らしてください',
};

export const TRANSFER = {
  title: '電波がないときの最後の手段',
  export: (/** @type {number} */ n) => `未送信 ${n}件 をファイルに書き出す`,
  exportHint: '写真も入ります。ファイルには端末のシリアル番号も入るので、信頼できる人だけに渡してください。書き出しても、記録はこの電話に残ります。',
  import: 'ほかの電話のファイルを取り込む',
  importHint: '署名のある記録は、ログインしている誰でも代わりに送れます。署名のない記録は、記録した本人だけが送れます。',
  exported: '書き出しました',
  stillHere: '記録はこの電話にも残っています。',
  reading: 'ファイルを読んでいます…',
  took: (/** @type {import('./intake/transfer.js').Told} */ { taken }) => `${taken}件 を取り込みました`,
  tookMore: (/** @type {import('./intake/transfer.js').Told} */ { known, photos, bad }) =>
    [known ? `${known}件 はもうありました。` : '', photos ? `写真 ${photos}枚。` : '', bad ? `${bad}件 は読めませんでした。` : ''].join(''),
  notOurs: 'このファイルは、書き出した記録ではないか、途中で切れています',
  full: '電話の空きがありません',
  nothingTaken: '何も取り込んでいません。',
  carried: 'ほかの電話の記録',
  letGo: 'この電話から外す（元の電話には残ります）',
  signed: '署名あり',
};

export const LEAVING = {
  title: '送っていない記録があります',
  text: (/** @type {number} */ n) => `この電話にしかない記録が ${n}件 あります。ログアウトしても消えませんが、あなたがもう一度ログインするまで送れません。`,
  send: '送ってからログアウト',
  still: 'まだ送れません。電波の届くところで、もう一度お試しください。',
  save: 'ファイルに書き出す',
  anyway: '残したままログアウト',
};
