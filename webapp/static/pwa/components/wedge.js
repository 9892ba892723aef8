// Scanners on Bluetooth or USB type what they read, very fast, and press Enter. A shutter remote presses Enter or a volume
// key alone. Both work wherever nobody is writing.

const GAP = 120; // ms between two keys; hands are slower, scanners send one every few ms
const LEAST = 4;
const TRIGGERS = new Set(['AudioVolumeUp', 'AudioVolumeDown', 'VolumeUp', 'VolumeDown', 'Camera']);
/** With a Japanese input method on, the key's own letter is hidden and only its place on the keyboard is told. */
const PLACES = /** @type {Record<string, string>} */ ({ Slash: '/', Period: '.', Minus: '-', Semicolon: ':', Quote: ':' });

/**
 * Hears a scanner or a remote until `leave` is called.
 * @param {{onText: (text: string) => void, onTrigger: () => void}} plan `onText`: a whole text was typed by a machine;
 *   `onTrigger`: a key that means "now", pressed alone
 * @returns {() => void} leave
 */
export function wedge({ onText, onTrigger }) {
  let typed = '';
  let last = -Infinity;
  /** @param {KeyboardEvent} event */
  const hear = (event) => {
    if (isCommand(event) || isWriting(event.target)) return;
    if (event.timeStamp - last > GAP) typed = '';
    const letter = letterOf(event);
    if (letter) return add(event, letter);
    if (event.key === 'Enter' || event.key === 'Tab') end(event);
    else if (TRIGGERS.has(event.key) && !event.repeat) onTrigger();
  };
  /** @param {KeyboardEvent} event @param {string} letter */
  const add = (event, letter) => {
    if (typed && letter === ' ') event.preventDefault(); // would press the focused button
    typed += letter;
    last = event.timeStamp;
  };
  /** @param {KeyboardEvent} event */
  const end = (event) => {
    const text = typed;
    typed = '';
    if (text.length >= LEAST) {
      event.preventDefault();
      event.stopImmediatePropagation();
      onText(text);
    } else if (event.key === 'Enter' && !event.repeat && !isPressable(event.target)) {
      onTrigger();
    }
  };
  addEventListener('keydown', hear, { capture: true });
  return () => removeEventListener('keydown', hear, { capture: true });
}

/** @param {KeyboardEvent} event */
const isCommand = ({ ctrlKey, altKey, metaKey }) => ctrlKey || altKey || metaKey;

/** @param {KeyboardEvent} event @returns {string} the character, or "" for a key that writes none */
function letterOf({ key, code, isComposing }) {
  if (!isComposing && key !== 'Process') return key.length === 1 ? key : '';
  return PLACES[code] ?? /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(code)?.[1] ?? '';
}

/** @param {EventTarget|null} target */
function isWriting(target) {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest('input:not([type=file]):not([type=checkbox]):not([type=radio]), textarea, select, dialog[open]') !== null;
}

/** @param {EventTarget|null} target */
const isPressable = (target) => target instanceof HTMLElement && target.closest('a, button, summary, label, input') !== null;
