// What the bench asks a browser: our phone's decoder and others' over the same grey pixels, and how long a label takes from
// the video to the sound. Served beside the phone app's own modules; part of the bench, never of the app.

const base = document.body.dataset.base;
const at = (path) => import(`${base}${path}`);
const [{ Decoder }, { Fusion }] = await Promise.all([at('scanning/decoder.js'), at('scanning/fusion.js')]);
const ours = new Decoder();
const plain = new Worker('/bench/plain-worker.js', { type: 'module' });
const FRAME_MS = 66; // between the frames of a still scene, as fusion counts time

const centre = (quad) => [quad.reduce((sum, [x]) => sum + x, 0) / 4, quad.reduce((sum, [, y]) => sum + y, 0) / 4];
const found = ({ text, quad }) => ({ text, at: centre(quad) });

/** The grey pixels of a picture as the server of this bench holds them. */
async function grey(name, size) {
  const answer = await fetch(`/bench/grey/${size}/${name}`);
  const [width, height] = answer.headers.get('X-Size').split('x').map(Number);
  return { data: new Uint8Array(await answer.arrayBuffer()), width, height };
}

/** As a camera hands it over: brightness in a plane of its own, colours (none) behind it. */
function frameOf({ data, width, height }) {
  const half = ((width + 1) >> 1) * ((height + 1) >> 1);
  const planes = new Uint8Array(data.length + 2 * half).fill(128);
  planes.set(data);
  return new VideoFrame(planes, { format: 'I420', codedWidth: width, codedHeight: height, timestamp: 0 });
}

/** As everybody's decoders take it. */
function imageOf({ data, width, height }) {
  const image = new ImageData(width, height);
  new Uint32Array(image.data.buffer).set(data.length ? Uint32Array.from(data, (v) => (255 << 24) | (v << 16) | (v << 8) | v) : []);
  return image;
}

/** One still scene of some frames through the whole live pipeline. `first` = after one frame, `read` = read in any frame,
 * `confirmed` = what the screen would have boxed as certain (strangers' codes need two frames). */
async function live(name, size, frames) {
  const picture = await grey(name, size);
  const fusion = new Fusion(['https://ashiato.invalid']);
  const [read, confirmed, ms, first] = [[], new Map(), [], []];
  for (let n = 0; n < frames; n += 1) {
    const again = fusion.again(picture, n * FRAME_MS);
    const reads = await ours.decode(frameOf(picture), { mode: 'live', anew: n === 0, again });
    ms.push(ours.ms);
    const understood = reads.filter(({ partial }) => !partial).map(found);
    if (n === 0) first.push(...understood);
    read.push(...understood);
    for (const { track, text, quad, confirmed: sure } of fusion.see(reads, n * FRAME_MS).results) {
      if (sure) confirmed.set(track, { text, at: centre(quad) });
    }
  }
  return { first, read, confirmed: [...confirmed.values()], ms };
}

/** Every look at a photo. */
async function photo(name, size) {
  const reads = await ours.decode(imageOf(await grey(name, size)), { mode: 'photo' });
  return { read: reads.map(found), ms: [ours.ms] };
}

/** zxing-wasm alone, as its own documentation has it. */
async function zxing(name, size, times = 1) {
  const image = imageOf(await grey(name, size));
  const ms = [];
  for (let n = 0; n < times; n += 1) {
    plain.postMessage(image);
    const { data } = await new Promise((resolve) => plain.addEventListener('message', resolve, { once: true }));
    ms.push(data.ms);
    if (n === times - 1) return { read: data.reads, ms };
  }
  return null;
}

/** From the frame in which a label enters the video (a white corner says so) to the oscillator's start, once per label. */
async function toTheSound({ labels, prefixes }) {
  const [{ openCamera }, { createScanner }, { openStore }, { keep }, feedback] = await Promise.all(
    ['scanning/camera.js', 'scanning/scanner.js', 'kernel/store.js', 'intake/outbox.js', 'feedback.js'].map(at));
  const store = await openStore(`bench-${Math.random()}`);
  await store.setMeta('me', { person: { id: 'bench' }, logs: [] });
  const [entered, sounded] = [[], new Map()];
  let key = '';
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function begin(...when) {
    if (key && !sounded.has(key)) sounded.set(key, performance.now());
    return start.apply(this, when);
  };
  const video = document.querySelector('video');
  const camera = await openCamera();
  await camera.start(video);
  await ours.ready;
  feedback.unlock();
  watchCorner(video, (when) => entered.push(when));
  const waits = [];
  await new Promise((resolve) => {
    setTimeout(resolve, labels * 4_000);
    const scanner = createScanner({ video, prefixes, onCode: async (result) => {
      const when = entered.at(-1);
      await keep(store, { log: '063622', step: 'loaded', code: result.id, parent: 'C', job: 'j', actor: 'p-bench' });
      key = `${result.id} ${entered.length}`;
      feedback.tell('ok');
      if (when !== undefined && sounded.has(key)) waits.push(sounded.get(key) - when);
      if (waits.length >= labels) {
        scanner.stop();
        resolve(undefined);
      }
    } });
    scanner.start();
  });
  camera.stop();
  return { waits, entered: entered.length };
}

/** Tells when the corner of the video turns white, at the time at which that frame was shown. */
function watchCorner(video, tell) {
  const canvas = new OffscreenCanvas(4, 4);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let white = true;
  const look = (now) => {
    context.drawImage(video, 0, 0, 16, 16, 0, 0, 4, 4);
    const is = context.getImageData(1, 1, 1, 1).data[0] > 128;
    if (is && !white) tell(now);
    white = is;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
}

await ours.ready;
Object.assign(globalThis, { bench: { live, photo, zxing, toTheSound } });
document.body.dataset.ready = 'yes';
