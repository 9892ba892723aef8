// Sentences of the check of proofs: the phone's screen and the public page.

/** @typedef {import('./ledger/verdict.js').Kind} Kind */
/** @typedef {import('./ledger/verdict.js').Why} Why */

export const PROOF = {
  title: '証明を確かめる',
  lead: '証明書のQRを読むと、記録が書き換えられていないかを、この端末だけで確かめます。電波はいりません。',
  scan: 'QRを読む',
  photo: '写真で読む',
  other: 'ファイルや文字で確かめる',
  again: 'ほかの証明を確かめる',
  camera: '証明のQRを読む',
  aim: '大きなQRを、わくいっぱいに入れてください',
  notProof: 'これは証明のQRではありません',
  light: 'ライト',
  close: 'やめる',
  working: '確かめています…',
  tooOld: 'このブラウザーでは確かめられません。証明が悪いという意味ではありません。ブラウザーを新しくするか、別の端末で、https で始まる住所から開いてください。',
  unreadable: '写真から証明のQRを読めませんでした。まっすぐ上から、明るいところで、もう一度撮ってください。',
  denied: 'カメラの使用が許可されていません。写真かファイルで確かめられます。',
  noCamera: 'この端末ではカメラを使えません。写真かファイルで確かめられます。',
  proofFile: '証明ファイル（.tlog-proof）',
  proofHint: '監査用のまとめや、証明のページから保存したファイルです。',
  entryFile: '記録の原文（.json）',
  entryHint: '証明ファイルと一組のファイルです。',
  paste: 'QRの文字',
  pasteHint: 'ASHIATO1: で始まる文字を貼り付けても確かめられます。',
  fileGo: '確かめる',
  fileMust: '＊証明ファイルと記録の原文の二つか、QRの文字を入れてください',
  fileLarge: '＊このファイルは大きすぎます',
  keys: 'この端末が信じている台帳',
  noKeys: 'まだ台帳の鍵を受け取っていません。電波の届くところで一度開くと受け取り、そのあとは電波がなくても確かめられます。',
  key: '鍵の指紋',
  signers: '連署する組織',
  since: (/** @type {string} */ day) => `${day}から`,
  ofThem: (/** @type {number} */ least, /** @type {number} */ asked) => (asked ? `${asked}のうち ${least}以上` : 'まだ ありません'),
  changed: '信頼の条件（だれの署名で足りるか）が変わったと、サーバーが言っています',
  changedKey: '台帳の鍵が変わっています。自治体に電話で確かめるまで、受け入れないでください。',
  changedNodes: '鍵は同じで、連署する組織が変わっています。自治体のお知らせと見比べてください。',
  added: '加わる', removed: '外れる', nobody: 'なし', newKey: '新しい鍵の指紋',
  accept: '確かめたので受け入れる',
  decline: '受け入れない',
};

/** The one large word. @type {Record<Kind, string>} */
export const VERDICT = { genuine: '真正', tampered: '改ざんの疑い', short: '署名が足りない', unknown: 'この台帳の鍵を持っていません' };

/** What it means. @type {Record<Why, string>} */
export const WHY = {
  '': 'この記録は台帳にあり、署名されたあとで一文字も変わっていません。',
  broken: '証明の中身が欠けているか、書き換えられています。もう一度読んで同じなら、この紙を信じないでください。',
  key: '台帳の名前は同じですが、別の鍵で署名されています。この紙を信じないでください。',
  signature: '署名が、この内容のものではありません。記録・番号・署名のどれかが書き換えられています。',
  place: 'この記録は、署名された台帳の中にありません。',
  origin: 'この端末は、この台帳の鍵をまだ受け取っていません。電波の届くところで一度この画面を開くか、その台帳を使う自治体のページで確かめてください。',
  quorum: '台帳の署名は正しいですが、ほかの組織の連署が足りません。連署が集まるのを待って、証明を受け取り直してください。',
  alone: '台帳の署名は正しいですが、この台帳には、まだ連署する組織がありません。',
};

export const SAYS = {
  title: '記録の内容',
  unproved: '下の内容は、確かめられていません。',
  kind: '記録', step: '段階', code: '追跡ID', at: '行った時刻', recorded: '受け取った時刻', roles: '記録した人の役割', actor: '記録した人', seal: '封印番号',
  photos: '写真', closed: '伏せてある内容', closedYes: 'あり（氏名・製造番号などは、指紋だけを記録）', job: '案件の番号', id: '記録の番号', raw: '記録の原文', strange: 'この記録の種類は、この版では読めません。原文を見てください。',
  photoCount: (/** @type {number} */ n) => `${n}枚`,
};

export const SIGNED = {
  title: '署名', claimed: 'この証明が名乗っていること（確かめられていません）',
  log: '台帳', index: '台帳での順番', of: (/** @type {string} */ index, /** @type {string} */ size) => `${size}件のうち ${index}番`,
  by: '連署した組織', none: 'なし', need: '必要な連署', least: (/** @type {number} */ least, /** @type {number} */ asked) => `${asked}のうち ${least}以上`, older: '証明が作られたころの信頼の条件で確かめました。',
};

/** Icons of the four words. @type {Record<Kind, string>} */
export const MARKS = { genuine: 'check-circle', tampered: 'stop', short: 'alert', unknown: 'help' };

/** How far an entry of the ledger is. @type {Record<string, string>} */
export const STATES = { recorded: '記録済', signed: '署名済', cosigned: '連署済', anchored: '鎖固定' };
