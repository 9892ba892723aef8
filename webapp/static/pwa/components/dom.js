// Elements without markup in strings: nothing a label or a list says can become HTML.

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Node|string|number|null|undefined|false} Child */
/** @typedef {Record<string, unknown>} Attributes functions become listeners (`onclick`), true/false set or leave out */

/**
 * An HTML element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Child|Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  dress(element, attributes);
  add(element, children);
  return element;
}

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Child|Child[])} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  dress(element, attributes);
  add(element, children);
  return element;
}

/**
 * Exchanges the content of `parent`.
 * @param {Element} parent
 * @param {...(Child|Child[])} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  add(parent, children);
}

let serial = 0;

/** An id for `for`, `aria-describedby` and the like, unique in this page. @param {string} stem */
export function uid(stem) {
  serial += 1;
  return `${stem}-${serial}`;
}

/** @param {Element} element @param {Attributes} attributes */
function dress(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value === true) element.setAttribute(name, '');
    else element.setAttribute(name, String(value));
  }
}

/** @param {Element} element @param {(Child|Child[])[]} children */
function add(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    if (child instanceof Node) element.append(child);
    else element.append(...withIds(String(child)));
  }
}

const SHOWN_ID = /([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}-[0-9A-Z]{5})/;

/** An ID is read as one thing: it goes to the next line whole, and is broken (between its groups) only where it is wider than
 * the line. @param {string} text @returns {(Node|string)[]} */
function withIds(text) {
  const parts = text.split(SHOWN_ID); // every other one is an ID
  if (parts.length === 1) return parts;
  return parts.filter(Boolean).map((part) => {
    if (!SHOWN_ID.test(part)) return part;
    const id = document.createElement('span');
    id.className = 'app-id';
    id.append(part);
    return id;
  });
}
