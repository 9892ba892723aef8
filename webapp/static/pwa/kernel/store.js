// The phone's disk. A write is one IndexedDB transaction with strict durability: when it resolves, it is stored. What the
// server can tell again (receipts, lists) may be written without waiting for the disk: `relaxed`.

/** @typedef {'kept'|'sent'|'packs'} Topic what changed: scans were kept · receipts, verdicts or photos moved · me, jobs or packs */
/** @typedef {'meta'|'scans'|'photos'|'packs'} Table */

const VERSION = 2;

/** The disk is full, broken or closed: nothing of that write was kept. */
export class StoreError extends Error {
  /** @param {string} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(code, { cause });
    this.name = 'StoreError';
    this.code = code;
  }
}

/** A request as a promise; safe to await inside its own transaction.
 * @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Tables only gain from version to version, so that a page of the release before goes on working beside a newer one.
 * @param {IDBDatabase} db @param {IDBTransaction} tx @param {number} from version that is there, 0 for none */
function upgrade(db, tx, from) {
  if (from < 1) return createTables(db);
  const scans = tx.objectStore('scans'); // from 1: one number for each log became one for each (dev, log)
  scans.deleteIndex('seq');
  scans.createIndex('seq', ['dev', 'log', 'seq'], { unique: true });
  void chainsFromCounters(tx.objectStore('meta'));
}

/** Version 1 counted the phone's scans in each log; since then the end of the chain stands there. @param {IDBObjectStore} meta */
async function chainsFromCounters(meta) {
  const [dev, keys] = await Promise.all([result(meta.get('phone')), result(meta.getAllKeys(IDBKeyRange.bound('seq:', 'seq;')))]);
  for (const key of keys) {
    const seq = await result(meta.get(key));
    meta.put({ seq, hash: '' }, `tip:${dev}:${String(key).slice('seq:'.length)}`);
    meta.delete(key);
  }
}

/** @param {IDBDatabase} db */
function createTables(db) {
  db.createObjectStore('meta');
  db.createObjectStore('packs', { keyPath: 'id' });
  const scans = db.createObjectStore('scans', { keyPath: 'id' });
  scans.createIndex('n', 'n', { unique: true });
  scans.createIndex('seq', ['dev', 'log', 'seq'], { unique: true }); // two tabs can never hand out one number twice
  scans.createIndex('queue', ['state', 'person', 'n']);
  scans.createIndex('job', ['job', 'n']);
  scans.createIndex('age', ['state', 'kept_at']);
  const photos = db.createObjectStore('photos', { keyPath: 'sha256' });
  photos.createIndex('queue', ['state', 'person', 'n']);
  photos.createIndex('age', ['state', 'kept_at']);
}

/** @param {string} name @param {number} [version] without it: whatever is there @returns {Promise<IDBDatabase>} */
function connect(name, version) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = ({ oldVersion }) =>
      upgrade(request.result, /** @type {IDBTransaction} */ (request.transaction), oldVersion);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new StoreError('store.not_opened', request.error));
    request.onblocked = () => reject(new StoreError('store.blocked'));
  });
}

/** Open the phone's disk. Asks the browser to keep it; a no is no reason to stop.
 * @param {string} [name] */
export async function openStore(name = 'ashiato') {
  /** @type {{persist?: () => Promise<boolean>}|undefined} */ (globalThis.navigator?.storage)?.persist?.().catch(() => false);
  return new Store(name, await connect(name, VERSION));
}

/** One open database, and the news of what changes in it, in this tab and in others. */
export class Store {
  /** @type {IDBDatabase} */ #db;
  /** @type {Map<Topic, Set<() => void>>} */ #listeners = new Map();
  #closed = false;

  /** @param {string} name @param {IDBDatabase} db */
  constructor(name, db) {
    this.name = name;
    this.#db = this.#adopt(db);
    this.channel = new BroadcastChannel(`ashiato-${name}`);
    this.channel.onmessage = ({ data }) => this.#call(data);
    /** @type {{unref?: () => void}} */ (this.channel).unref?.();
  }

  /** Read several tables at one moment. @template T
   * @param {Table[]} tables @param {(tx: IDBTransaction) => Promise<T>} work @returns {Promise<T>} */
  async read(tables, work) {
    return work(await this.#transaction(tables, 'readonly'));
  }

  /** Change several tables at once or not at all; resolves when it is on disk. `work` may await its own requests only.
   * @template T @param {Table[]} tables @param {(tx: IDBTransaction) => Promise<T>} work
   * @param {'strict'|'relaxed'} [durability] @returns {Promise<T>} */
  async write(tables, work, durability = 'strict') {
    const tx = await this.#transaction(tables, 'readwrite', durability);
    const done = completion(tx);
    try {
      const value = await Promise.race([work(tx), done.then(neverFirst)]);
      await done;
      return value;
    } catch (error) {
      abort(tx);
      await done.catch(() => undefined);
      throw error instanceof DOMException ? new StoreError(fault(error), error) : error;
    }
  }

  /** @template T @param {string} key @returns {Promise<T|undefined>} */
  meta(key) {
    return this.read(['meta'], (tx) => result(tx.objectStore('meta').get(key)));
  }

  /** @param {string} key @param {unknown} value @param {'strict'|'relaxed'} [durability] */
  setMeta(key, value, durability = 'strict') {
    return this.write(['meta'], (tx) => result(tx.objectStore('meta').put(value, key)), durability);
  }

  /** Run while nobody else writes scans of this phone, in this tab or another; where there are no Web Locks, at once.
   * @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  async alone(work) {
    const locks = globalThis.navigator?.locks;
    return locks ? locks.request(`ashiato-keep-${this.name}`, work) : work();
  }

  /** Tell this tab and the others. @param {Topic} topic */
  announce(topic) {
    if (this.#closed) return;
    this.#call(topic);
    this.channel.postMessage(topic);
  }

  /** @param {Topic[]} topics @param {() => void} listener @returns {() => void} stops it */
  watch(topics, listener) {
    for (const topic of topics) this.#listenersOf(topic).add(listener);
    return () => topics.forEach((topic) => this.#listenersOf(topic).delete(listener));
  }

  close() {
    this.#closed = true;
    this.channel.close();
    this.#db.close();
  }

  /** @param {Topic} topic */
  #listenersOf(topic) {
    const set = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, set);
    return set;
  }

  /** @param {Topic} topic */
  #call(topic) {
    for (const listener of this.#listenersOf(topic)) listener();
  }

  /** @param {IDBDatabase} db */
  #adopt(db) {
    db.onversionchange = () => db.close(); // a newer app must not wait for this tab
    return db;
  }

  /** @param {Table[]} tables @param {IDBTransactionMode} mode @param {'strict'|'relaxed'} [durability] */
  async #transaction(tables, mode, durability = 'relaxed') {
    if (this.#closed) throw new StoreError('store.closed');
    try {
      return this.#db.transaction(tables, mode, { durability });
    } catch {
      // WebKit drops the connection of a page that slept long, and a newer release takes it away for a moment while it adds
      // to the tables: the data is there, one new connection reaches it, of whatever version
      this.#db = this.#adopt(await connect(this.name));
      return this.#db.transaction(tables, mode, { durability });
    }
  }
}

/** @param {IDBTransaction} tx @returns {Promise<void>} */
function completion(tx) {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(new StoreError(fault(tx.error), tx.error));
  });
}

/** @param {DOMException|null} error */
const fault = (error) => (error?.name === 'QuotaExceededError' ? 'store.full' : 'store.not_written');

/** @returns {Promise<never>} */
const neverFirst = () => new Promise(() => {});

/** @param {IDBTransaction} tx */
function abort(tx) {
  try {
    tx.abort();
  } catch {
    // already over
  }
}
