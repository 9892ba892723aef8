// A QR on the screen, drawn here: no server paints it. lean-qr makes the modules, we draw one path of them.

import { s } from '../components/dom.js';

const QUIET = 4; // modules of white all round, as ISO 18004 asks

/** The modules of a text in QR alphanumeric mode: the smallest symbol that holds it, with as much repair as fits into that.
 * @param {string} text @returns {Promise<import('lean-qr').Bitmap2D>} */
async function modulesOf(text) {
  // imported by address, so that the type checker reads the package's own declarations
  /** @type {typeof import('lean-qr')} */
  const { generate, mode } = await import(String(new URL('../vendor/lean-qr/index.js', import.meta.url)));
  return generate(mode.alphaNumeric(text));
}

/** A QR as a picture, black on white in every colour scheme. @param {string} text @param {string} label for those who cannot see it
 * @returns {Promise<SVGSVGElement>} */
export async function symbolOf(text, label) {
  const modules = await modulesOf(text);
  const side = modules.size + 2 * QUIET;
  const svg = s('svg', { class: 'app-symbol__picture', viewBox: `0 0 ${side} ${side}`, 'shape-rendering': 'crispEdges', role: 'img', 'aria-label': label });
  svg.append(s('rect', { width: side, height: side, fill: '#fff' }), s('path', { d: pathOf(modules), fill: '#000' }));
  return svg;
}

/** @param {import('lean-qr').Bitmap2D} modules */
function pathOf(modules) {
  const runs = [];
  for (let y = 0; y < modules.size; y += 1) {
    for (let x = 0; x < modules.size; x += 1) {
      const start = x;
      while (modules.get(x, y)) x += 1;
      if (x > start) runs.push(`M${start + QUIET} ${y + QUIET}h${x - start}v1h${start - x}z`);
    }
  }
  return runs.join('');
}
