// Runs in the page: the outbox of the phone app, as it is served.
/* global document, performance */
async () => {
  const base = document.querySelector('script[type=module]').src.replace(/[^/]*\.js$/, '');
  const names = ['kernel/store', 'intake/outbox', 'intake/packs', 'intake/enrolment', 'intake/keys', 'intake/send'];
  const app = Object.assign({}, ...await Promise.all(names.map((name) => import(`${base}${name}.js`))));
  const store = await app.openStore('bench');
  const ms = async (/** @type {() => Promise<unknown>} */ work) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  const keep = ({ code, device, job, actor, log }) =>
    app.keep(store, { log, job, actor, code, step: 'registered', body: { device } }, { open: { serial: `SER${device.slice(-6)}` } });

  globalThis.bench = {
    /** Log-in is a cookie; then the key, bound by the office's code. */
    async begin(token) {
      const { body } = await app.refreshMe(store);
      const outcome = token ? await app.enrol(store, token) : { ok: true };
      if (!outcome.ok) throw new Error(outcome.code);
      return { person: body.person.id, ...body.logs[0] };
    },
    /** ms of each scan, one after the other. */
    async oneByOne(scans) {
      const times = [];
      for (const scan of scans) times.push(await ms(() => keep(scan)));
      return times;
    },
    /** ms of each group of codes that came in one frame. */
    async frames(scans, size) {
      const times = [];
      for (let at = 0; at < scans.length; at += size) times.push(await ms(() => Promise.all(scans.slice(at, at + size).map(keep))));
      return times;
    },
    /** The same rows, and nothing around them: what the disk takes for one strict transaction each. */
    async bare(count) {
      const rows = (await app.kept(store, { limit: count })).map((row, n) => ({ ...row, id: `bare-${n}`, n: 1e9 + n, seq: 1e9 + n, state: 'bare' }));
      const times = [];
      for (const row of rows) times.push(await ms(() => store.write(['scans'], async (tx) => { tx.objectStore('scans').add(row); })));
      await store.write(['scans'], async (tx) => rows.forEach(({ id }) => tx.objectStore('scans').delete(id)));
      return times;
    },
    /** ms until everything that waits has its receipt. */
    async send(person) {
      const took = await ms(() => app.sendScans(store, person));
      return { took, ...(await app.counts(store)) };
    },
    /** What waits, as it would be sent. */
    items: async () => (await app.kept(store, { state: 'pending' })).map(({ p, s, open }) => ({ p, s, open })),
  };
};
