// What a verdict sounds and feels like. Words, colour and shape are the screen's; this is for ears and hands.
// Nothing is played before the record is on disk: callers wait for `keep`.

/** `read`: something is in hand, and nothing recorded yet. @typedef {"ok"|"read"|"again"|"attention"|"unknown"|"foreign"} Tone */

/** Notes as [hertz, start s, length s]; each verdict has its own rhythm so that it is told apart without looking.
 * @type {Record<Tone, [number, number, number][]>} */
const NOTES = {
  ok: [[1175, 0, 0.07], [1760, 0.08, 0.1]],
  read: [[1175, 0, 0.06]],
  again: [[880, 0, 0.06]],
  attention: [[311, 0, 0.16], [311, 0.22, 0.16], [247, 0.44, 0.26]],
  unknown: [[660, 0, 0.1], [520, 0.13, 0.16]],
  foreign: [[392, 0, 0.09]],
};

/** Milliseconds on, off, on … @type {Record<Tone, number[]>} */
const SHAKES = { ok: [45], read: [30], again: [20], attention: [160, 70, 160, 70, 220], unknown: [60, 60, 60], foreign: [25] };

/** @type {AudioContext|null} */
let audio = null;
let sound = true;
let voice = false;

/** Chooses whether verdicts are heard. Vibration stays. @param {boolean} on */
export function setSound(on) {
  sound = on;
}

/** Chooses whether counts and warnings are spoken. Off unless asked for. @param {boolean} on */
export function setVoice(on) {
  voice = on;
  if (!on) globalThis.speechSynthesis?.cancel();
}

/** Says a few words aloud if that was chosen. The newest matter: what is still being said is cut off. @param {string} words */
export function speak(words) {
  if (!voice || !words || !('speechSynthesis' in globalThis)) return;
  const saying = new SpeechSynthesisUtterance(words);
  saying.lang = 'ja-JP';
  saying.rate = 1.2;
  speechSynthesis.cancel();
  speechSynthesis.speak(saying);
}

/** Wakes the sound; browsers allow it only inside a tap. Safe to call at every tap. */
export function unlock() {
  if (!('AudioContext' in globalThis)) return;
  audio ??= new AudioContext({ latencyHint: 'interactive' });
  if (audio.state !== 'running') audio.resume().catch(() => undefined);
}

/** Sounds and shakes one verdict at once. @param {Tone} tone */
export function tell(tone) {
  if ('vibrate' in navigator && navigator.userActivation?.hasBeenActive !== false) navigator.vibrate(SHAKES[tone]);
  if (!sound || audio?.state !== 'running') return;
  for (const note of NOTES[tone]) play(audio, tone, note);
}

/** @param {AudioContext} context @param {Tone} tone @param {[number, number, number]} note */
function play(context, tone, [hertz, start, length]) {
  const from = context.currentTime + start;
  const source = new OscillatorNode(context, { frequency: hertz, type: tone === 'attention' ? 'square' : 'triangle' });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, from);
  gain.gain.linearRampToValueAtTime(tone === 'attention' ? 0.35 : 0.5, from + 0.008);
  gain.gain.exponentialRampToValueAtTime(0.001, from + length);
  source.connect(gain).connect(context.destination);
  source.start(from);
  source.stop(from + length + 0.02);
}
