// Times and codes as people read them. Instants are ms since the epoch; screens show Japan time.

const CLOCK = new Intl.DateTimeFormat('ja-JP', { hour: 'numeric', minute: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Tokyo' });
const DAY = new Intl.DateTimeFormat('ja-JP', { month: 'long', day: 'numeric', timeZone: 'Asia/Tokyo' });

/** "9:41". @param {number} ms */
export const clock = (ms) => CLOCK.format(ms);

/** "10月5日". @param {number} ms */
export const day = (ms) => DAY.format(ms);

/** "9:41" today, else "10月5日 9:41". @param {number} ms @param {number} [now] */
export function moment(ms, now = Date.now()) {
  return day(ms) === day(now) ? clock(ms) : `${day(ms)} ${clock(ms)}`;
}

/** "1時間12分", "3分", "2日"; "前" may follow, so nothing is shorter than "1分". @param {number} ms a length of time */
export function span(ms) {
  const minutes = Math.max(1, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes}分`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours}時間${minutes % 60}分` : `${hours}時間`;
  return `${Math.floor(hours / 24)}日`;
}

const DAY_MS = 86_400_000;
const JST_MS = 9 * 3_600_000;

/** Days since the epoch in Japan, by the calendar. @param {number} ms */
const calendarDay = (ms) => Math.floor((ms + JST_MS) / DAY_MS);

/** "あと 5日", "今日まで", "期限を 2日 過ぎています"; days of the calendar in Japan. @param {number} due @param {number} [now] */
export function dueWords(due, now = Date.now()) {
  const days = calendarDay(due) - calendarDay(now);
  if (days > 0) return `あと ${days}日`;
  return days === 0 ? '今日まで' : `期限を ${-days}日 過ぎています`;
}

/** The first characters of a long hash, in fours, for comparing aloud. @param {string} hash */
export function shortHash(hash) {
  return hash ? (hash.slice(0, 12).match(/.{4}/g) ?? []).join(' ') : '—';
}

/** SHA-256 of a text, lower-case hex. @param {string} text @returns {Promise<string>} */
export async function sha256(text) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
