// One camera for one scanning session. Phones drop a stream in the background and may come back without a word, so a
// watchdog looks whether pictures still arrive and opens the camera again, once at a time.

/** @typedef {"live"|"restarting"|"lost"} CameraState */
/** @typedef {MediaTrackCapabilities & {torch?: boolean, zoom?: {min: number, max: number, step: number},
 *   focusMode?: string[]}} Capabilities */

const STALLED = 2_000;
const HOLD_FOCUS = 3_000;
const WIDTH = 1920; // recall is resolution: 77 % of hard codes at 1920, 71 % at 1280, 43 % at 640
const HEIGHT = 1080;

/** Why there is no picture, as a stable code. */
export class CameraError extends Error {
  /** @param {"camera.denied"|"camera.none"|"camera.busy"|"camera.insecure"} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(code, { cause });
    this.name = 'CameraError';
    this.code = code;
  }
}

/** @param {unknown} error */
function why(error) {
  const name = /** @type {{name?: string}|null} */ (error)?.name ?? ''; // WebKit's OverconstrainedError is no DOMException
  if (name === 'NotAllowedError' || name === 'SecurityError') return new CameraError('camera.denied', error);
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return new CameraError('camera.none', error);
  return new CameraError('camera.busy', error); // NotReadableError, AbortError: another app holds it
}

/** Open the camera at the back, or the one chosen before. Throws CameraError.
 * @param {{deviceId?: string, width?: number, height?: number}} [wanted] @returns {Promise<Camera>} */
export async function openCamera(wanted = {}) {
  return new Camera(wanted, await openStream(wanted));
}

/** @param {{deviceId?: string, width?: number, height?: number}} wanted */
async function openStream({ deviceId, width = WIDTH, height = HEIGHT }) {
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError('camera.insecure'); // only on HTTPS or localhost
  const choice = deviceId ? { deviceId: { ideal: deviceId } } : { facingMode: { ideal: 'environment' } };
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...choice, width: { ideal: width }, height: { ideal: height } },
    });
  } catch (error) {
    throw why(error);
  }
}

/** An open camera. `stop()` ends it for good. */
export class Camera {
  #wanted;
  #stream;
  /** @type {HTMLVideoElement|null} */ #video = null;
  /** @type {Set<(state: CameraState) => void>} */ #listeners = new Set();
  #over = new AbortController();
  #restarting = false;
  #torch = false;
  #seen = { time: -1, at: 0 };

  /** @param {{deviceId?: string, width?: number, height?: number}} wanted @param {MediaStream} stream */
  constructor(wanted, stream) {
    this.#wanted = wanted;
    this.#stream = stream;
  }

  get track() {
    return /** @type {MediaStreamTrack} */ (this.#stream.getVideoTracks()[0]);
  }

  get deviceId() {
    return this.track.getSettings().deviceId ?? '';
  }

  /** Show the picture and keep it alive. Resolves when it plays. @param {HTMLVideoElement} video */
  async start(video) {
    this.#video = video;
    const { signal } = this.#over;
    await this.#play();
    const look = () => this.#look();
    for (const event of ['pageshow', 'focus']) addEventListener(event, look, { signal });
    document.addEventListener('visibilitychange', look, { signal });
    const timer = setInterval(look, STALLED / 2);
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  /** End the session: light off, camera off. */
  stop() {
    this.#over.abort();
    this.#release();
    if (this.#video) this.#video.srcObject = null;
  }

  /** @param {(state: CameraState) => void} listener @returns {() => void} stops it */
  onState(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What this phone's camera can do; all of it is missing on many. */
  capabilities() {
    /** @type {Capabilities} */
    const can = this.track.getCapabilities?.() ?? {};
    const zoom = can.zoom && can.zoom.max > can.zoom.min ? can.zoom : null;
    return { torch: can.torch === true, zoom, focus: can.focusMode?.includes('single-shot') === true };
  }

  /** @param {boolean} on @returns {Promise<boolean>} whether it worked */
  async torch(on) {
    this.#torch = await this.#apply({ torch: on }) && on;
    return this.#torch === on;
  }

  /** @param {number} zoom within `capabilities().zoom` @returns {Promise<boolean>} whether it worked */
  zoom(zoom) {
    return this.#apply({ zoom });
  }

  /** Make this point of the picture sharp, then let the camera follow again.
   * @param {number} x from 0 (left) to 1 @param {number} y from 0 (top) to 1 @returns {Promise<boolean>} whether it worked */
  async focus(x, y) {
    const worked = await this.#apply({ pointsOfInterest: [{ x, y }], focusMode: 'single-shot' });
    if (worked) setTimeout(() => void this.#apply({ focusMode: 'continuous' }), HOLD_FOCUS);
    return worked;
  }

  /** The cameras to choose from; names are known only after permission. */
  async devices() {
    const all = await navigator.mediaDevices.enumerateDevices();
    return all.filter(({ kind }) => kind === 'videoinput').map(({ deviceId, label }) => ({ id: deviceId, label }));
  }

  /** @param {Record<string, unknown>} setting */
  async #apply(setting) {
    try {
      await this.track.applyConstraints(/** @type {MediaTrackConstraints} */ ({ advanced: [setting] }));
      return true;
    } catch {
      return false;
    }
  }

  async #play() {
    const video = /** @type {HTMLVideoElement} */ (this.#video);
    video.muted = video.playsInline = true;
    video.srcObject = this.#stream;
    await video.play().catch(() => undefined); // a page that was left meanwhile; the watchdog looks again
    this.#seen = { time: -1, at: performance.now() };
    this.#tell('live');
  }

  #look() {
    if (!this.#video || document.visibilityState !== 'visible' || this.#restarting) return;
    const now = performance.now();
    const time = this.#video.currentTime;
    if (time !== this.#seen.time) this.#seen = { time, at: now };
    const dead = this.track.readyState === 'ended' || now - this.#seen.at > STALLED;
    if (dead) void this.#restart();
  }

  async #restart() {
    this.#restarting = true;
    this.#tell('restarting');
    this.#release(); // a second getUserMedia beside a living stream kills the first one on iOS
    try {
      this.#stream = await openStream(this.#wanted);
      if (this.#over.signal.aborted) return this.#release();
      await this.#play();
    } catch {
      this.#seen.at = performance.now() + 3 * STALLED; // tried again later, not in a loop
      this.#tell('lost');
    } finally {
      this.#restarting = false;
    }
  }

  #release() {
    if (this.#torch) void this.#apply({ torch: false });
    this.#torch = false;
    for (const track of this.#stream.getTracks()) track.stop();
  }

  /** @param {CameraState} state */
  #tell(state) {
    for (const listener of this.#listeners) listener(state);
  }
}
