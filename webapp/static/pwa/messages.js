// Every sentence of the phone app, in Japanese (the source language). Functions where a figure or a name belongs in it.

export * from './messages-acts.js';

/** @typedef {import('./screens/tasks.js').TaskId} TaskId */

/** The kinds of work: `does` on buttons, `left` on rows. @type {Record<TaskId, {title: string, go: string, unit: string}>} */
export const TASKS = {
  register: { title: '登録', go: '登録をはじめる', unit: '台' },
  erase: { title: '消去の記録', go: '消去を記録する', unit: '台' },
  onsite: { title: '庁内破壊', go: '庁内破壊を記録する', unit: '台' },
  load: { title: '積込', go: 'かご車に積み込む', unit: '台' },
  lock: { title: '施錠・封印', go: '施錠・封印する', unit: '両' },
  handover: { title: '引渡', go: '引渡をする', unit: '両' },
  arrive: { title: '到着', go: '到着を記録する', unit: '両' },
  open: { title: '開錠', go: '開錠する', unit: '両' },
  count: { title: '検数', go: '検数する', unit: '両' },
  extract: { title: 'ドライブ取出', go: 'ドライブを取り出す', unit: '台' },
  destroy: { title: '粉砕', go: '粉砕を記録する', unit: '台' },
};

/** The six public statuses, in their order. @type {[string, string][]} */
export const FLOW = [['registered', '登録'], ['sanitized', '消去'], ['departed', '出庫'], ['received', '入庫'],
  ['destroyed', '粉砕'], ['ended', '終了']];

/** States of a cage. @type {Record<string, string>} */
export const CAGE_STATES = { '': '積込中', locked: '施錠・封印済み', handed_over: '引渡済み', arrived: '到着・開錠待ち',
  opened: '開錠・検数中', count_closed: '検数完了' };

export const CAGE = {
  inside: (/** @type {number} */ n) => `中の端末　${n}台`,
  closed: '中の端末は、運ぶ人には示しません。',
  seal: '封印番号', lock: '錠', holder: '受取',
  seen: '検数ずみ', unseen: 'まだ見つかっていません',
};

/** @type {Record<string, string>} */
export const ROLES = { officer: '自治体職員', driver: 'ドライバー', itad_technician: 'ITAD担当（現地）', itad_receiver: 'ITAD担当（受入）',
  itad_operator: 'ITAD担当（破壊）', itad_checker: 'ITAD担当（確認）', itad_refurbisher: 'ITAD担当（再生）', itad_manager: 'ITAD責任者',
  shelter: '避難所担当', supporter: '支援者', auditor: '監査人', admin: 'システム管理者' };

export const APP = {
  name: '足あと',
  back: '戻る',
  close: '閉じる',
  scan: 'スキャン',
  today: '今日の仕事',
  more: '記録を見る・なおす',
  noJobs: 'いま あなたの仕事はありません。シールを読むと、それが何かを調べられます。',
  fetchingJobs: '仕事を受け取っています…',
  desk: '事務の画面',
  deskHint: '案件・ラベル（電波が必要）',
  noJobsYet: 'まだ仕事を受け取っていません。電波の届くところで一度開くと、圏外でも使えるようになります。',
  loading: '読み込んでいます',
  missingJob: 'この仕事は、まだこの電話に届いていません。電波の届くところで開くと受け取ります。',
  missingPage: 'このページはありません。',
  toHome: '今日の仕事へ',
  update: '新しい版があります。',
  updateNow: '入れかえる',
  updateLater: '記録中は入れかえません。仕事の切れ目でどうぞ。',
  broken: 'この画面を表示できませんでした。記録は端末内に残っています。',
  open: (/** @type {number} */ n) => `未解決の不一致 ${n}件`,
  openSee: '内容を見る（電波が必要）',
};

export const NET = {
  login: 'ログインしてください',
  guest: '当日券',
  refused: (/** @type {number} */ n) => `要確認 ${n}`,
  online: '電波あり',
  offline: '圏外',
  offlineUnsent: (/** @type {number} */ n) => `圏外・未送信 ${n}`,
  sending: (/** @type {number} */ n) => `送信中 ${n}`,
  unsent: (/** @type {number} */ n) => `未送信 ${n}`,
  fresh: (/** @type {string} */ time) => `最新 ${time}`,
  joining: '接続中',
  aria: (/** @type {string} */ words) => `通信の状態：${words}。送信箱を開く`,
  kept: (/** @type {number} */ n, /** @type {string} */ age) =>
    `この電話の中に ${n}件 を保管しています。いちばん古い記録は ${age}前。電波が戻ると自動で送ります。`,
  allSent: '未送信の記録はありません。',
};

export const SAID = {
  kept: '記録しました',
  onDisk: '端末内に保存',
  keptAttention: '記録しました・確認が必要です',
  keptUnknown: '記録しました・名簿にない番号です',
  again: '記録ずみです',
  foreign: 'この仕事のコードではありません',
  foreignHint: '記録していません',
  malformed: '読み取れません。番号を入力してください',
  cageHere: 'このかご車に積んでいます',
  failed: '保存できませんでした。もう一度読んでください',
  failedForm: '保存できませんでした。もう一度押してください',
  undo: '訂正する',
};

export const SCANNER = {
  rest: '読み取れます',
  hint: 'シールを枠に。何枚でも一度に読めます',
  restDark: '番号か写真で読みます',
  hintDark: '下のボタンを押してください',
  /** The same where another phone's screen is read, not stickers. */
  shown: { rest: '読み取れます', hint: '相手の画面のQRを枠に入れてください', restDark: '写真で読みます', hintDark: '下のボタンを押してください' },
  stuck: '少し離して、明るいところで。読めないときは番号か写真で',
  light: 'ライト',
  lightOn: 'ライト 消す',
  zoom: (/** @type {number} */ times) => `ズーム ${times}倍`,
  type: '番号を入力',
  photo: '写真で読む',
  lens: 'レンズを替える',
  picture: 'カメラの映像',
  starting: 'カメラを準備しています',
  reading: '写真を読んでいます',
  photoNone: '写真からコードを読めませんでした。近づけて撮り直すか、番号を入力してください。',
  photoRead: (/** @type {number} */ n) => `写真から ${n}枚 読みました`,
  denied: 'カメラの使用が許可されていません。',
  none: 'この端末ではカメラを使えません。',
  busy: 'カメラをほかのアプリが使っています。',
  lost: 'カメラの映像が止まりました。',
  otherwise: '番号の入力か写真で、同じように記録できます。',
  again: 'カメラをもう一度試す',
};

export const TYPED = {
  title: '番号を入力',
  label: '追跡ID（17文字）',
  hint: 'シールのQRの横にある番号です。O と 0、I と 1 の違いは気にせず打てます。',
  left: (/** @type {number} */ n) => `あと ${n}文字`,
  good: '番号は正しく打てています',
  bad: '＊番号が合いません。もう一度見くらべてください',
  long: '＊文字が多すぎます（17文字です）',
  letter: (/** @type {string} */ letter) => `＊「${letter}」は番号に使われない文字です`,
  go: 'この番号で記録する',
  look: 'この番号を調べる',
  empty: '＊番号を入力してください',
};

export const READ = {
  go: 'バーコードを読む',
  hint: '番号のバーコードかQRを枠に入れてください。閉じると手で打てます。',
};

export const COUNT = {
  of: (/** @type {number} */ n) => `/ ${n}台`,
  machines: '台',
  left: (/** @type {number} */ n) => `あと ${n}台：`,
  none: 'すべて そろいました',
  list: '残りの一覧',
  listTitle: (/** @type {number} */ n) => `残り ${n}台`,
  odd: (/** @type {number} */ n) => `確認が必要 ${n}`,
  oddTitle: '確認が必要な記録',
  seek: '足りない物だけ光らせる',
  aloud: (/** @type {number} */ n, /** @type {number} */ left) => (left === 0 ? `${n}。そろいました` : left <= 5 ? `${n}。あと${left}` : String(n)),
};

export const JOB = {
  now: 'いまできること',
  flow: '状態ごとの数',
  share: (/** @type {number} */ done, /** @type {number} */ total) => `${total}のうち ${done} 済み`,
  nothing: 'いま あなたがすることはありません。',
  waits: 'いまは対象がありません',
  theirs: '相手が記録するのを待っています',
  finished: 'すべて完了',
  left: (/** @type {number} */ n, /** @type {string} */ unit) => `あと ${n}${unit}`,
  cages: 'かご車',
  noCages: 'まだ かご車はありません。かご車のシールを読むと使い始められます。',
  summary: (/** @type {number} */ n, /** @type {string} */ due) => `端末 ${n}${due ? `　期限 ${due}` : ''}`,
  rev: (/** @type {string} */ time) => `名簿は ${time} に受け取ったものです。`,
  pickCage: 'どのかご車ですか',
  seal: (/** @type {string} */ seal) => `封印 ${seal}`,
  holder: (/** @type {string} */ name) => `受取 ${name}`,
  correct: '訂正',
  toJob: '案件にもどる',
  stopped: '停止中',
  empty: '空',
  notLocked: '施錠前',
};

export const FORM = {
  must: '必須',
  nobody: 'この仕事に登録された人がいません。',
  photoTake: '写真を撮る',
  photoAgain: '撮り直す',
  photoTaken: '写真を撮りました',
  photoBusy: '写真を小さくしています',
  photoBad: '＊この写真は使えません。もう一度撮ってください',
  photoWhy: /** @type {Record<string, string>} */ ({
    'photo.not_an_image': '＊写真として読めないファイルです。写真を撮り直してください',
    'photo.too_large': '＊写真が大きすぎます（40 MBまで）。撮り直してください',
  }),
  photoAlt: (/** @type {string} */ label) => `撮った写真：${label}`,
};

export const LOOK = {
  title: 'スキャン',
  hud: 'これは何？',
  hint: 'シールを読むと、それが何か、いま何ができるかを示します。記録はしません。',
  typed: 'この番号を調べる',
  now: 'いまの段階',
  where: 'かご車',
  place: '設置場所',
  unknown: 'この電話の名簿にない番号です',
  unknownHint: 'ほかの市町村の物か、名簿を受け取る前の物です。電波があれば公開ページで調べられます。',
  publicPage: '公開ページを開く',
  actions: 'できること',
  none: 'いま あなたがこれにできる記録はありません。',
  again: 'ほかのシールを読む',
  found: '読みました',
};

export const OUTBOX = {
  title: '送信箱',
  somebody: 'ほかの人',
  pending: '未送信', sent: '送信済み', refused: '受け付けられなかった記録', stuck: '送れない記録',
  pendingNone: '未送信の記録はありません。',
  oldest: (/** @type {string} */ age) => `いちばん古い記録は ${age}前`,
  others: (/** @type {number} */ n) => `うち ${n}件 は別の人の記録です。その人がログインすると送ります。`,
  photos: (/** @type {number} */ n) => `送っていない写真 ${n}枚`,
  now: '今すぐ送る',
  sending: '送っています…',
  tried: '送りました',
  still: 'まだ送れません。電波が戻ると自動で送ります。',
  login: 'ログインする',
  retry: 'もう一度送る',
  retryAll: (/** @type {number} */ n) => `${n}枚 すべてもう一度送る`,
  badPhotos: '受け付けられなかった写真',
  badPhoto: '写真だけ届いていません',
  badPhotoWhy: 'サーバーがこの写真を受け付けませんでした。',
  badPhotoHint: '記録そのものは残っています。送り直しても受け付けられないときは、記録を訂正し、写真を撮り直して記録してください。',
  photoOf: (/** @type {string} */ of) => `写真　${of}`,
  photoAnew: '訂正して撮り直す',
  saved: '端末内に保存',
  mark: { ok: '送信済み', attention: '確認が必要', waiting: 'ほかの記録待ち' },
  index: (/** @type {number} */ n) => `台帳 ${n}番`,
};

export const CORRECT = {
  title: '訂正',
  hint: 'まちがえた記録をえらぶと、取り消しの記録を足します。元の記録は消えません。',
  none: 'この電話に、取り消せる記録はありません。',
  which: '取り消す記録',
  reason: '理由',
  reasonMust: '理由をえらんでください',
  note: 'くわしく',
  noteHint: 'くわしい内容は公開されません。',
  go: '取り消しを記録する',
  done: '取り消し',
  voided: '取り消しずみ',
};

export const SETTINGS = {
  title: '設定',
  large: '文字の大きさ', normalText: 'ふつう', largeText: '大きい',
  hand: '使う手', handHint: '横向きのとき、映像を反対の手の側に置きます。', right: '右手', left: '左手',
  sound: '読み取りの音', on: '鳴らす', off: '鳴らさない', try: '音を試す',
  voice: '数を声で知らせる', voiceHint: '読んだ数、残りの数、確認が必要なことを短く話します。', voiceOn: '話す', voiceOff: '話さない', voiceTry: '12。あと3',
  phone: 'この電話',
  id: '電話の番号', build: 'アプリの版', disk: '保存の保証', diskYes: 'あり（消されません）', diskNo: 'なし（ホーム画面に追加すると強くなります）',
  install: 'ホーム画面に追加すると、圏外でもすぐ開けます。iPhone：共有ボタン →「ホーム画面に追加」。Android：メニュー →「アプリをインストール」。',
  who: '使っている人',
  logout: 'ログアウト',
  logoutOffline: '圏外ではログアウトできません',
  logoutUnsent: (/** @type {number} */ n) => `未送信の記録が ${n}件 あります。送ってからログアウトしてください。ログアウトしても記録は電話に残ります。`,
};

export const PUSH = {
  label: 'この電話への通知', hint: 'アプリを閉じていても、荷物の発送や到着をすぐ知らせます。', on: '受け取る', off: '受け取らない',
  home: 'この電話への通知は、ホーム画面に追加したアプリで使えます。',
  busy: '設定しています…',
  said: {
    on: 'この電話に通知します。', quiet: 'この電話には通知しません。',
    denied: '通知が許可されていません。電話の設定で、このアプリの通知を許可してください。',
    off: 'このサーバーは、アプリへの通知を送りません。',
    offline: '設定できませんでした。電波の届くところで、もう一度えらんでください。',
  },
};

export const LOGIN = {
  title: '足あと',
  lead: 'はじめに一度、電波の届くところでログインしてください。そのあとは圏外でも使えます。',
  go: 'ログインへ',
  offline: 'いまは圏外です',
  offlineHint: '電波の届くところでこの画面を開くと、ログインへ進めます。',
  lookup: 'ログインしなくても、シールを読んで公開ページを開けます。',
  again: 'もう一度つなぐ',
};
