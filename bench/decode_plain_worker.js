// zxing-wasm as anybody would use it: one pass, its defaults, QR only.

const locateFile = (file) => new URL(`/bench/pwa/vendor/zxing-wasm/${file}`, location.href).href;
const { prepareZXingModule, readBarcodes } = await import(locateFile('reader/index.js'));
await prepareZXingModule({ overrides: { locateFile }, fireImmediately: true });

onmessage = async ({ data }) => {
  const began = performance.now();
  const reads = await readBarcodes(data, { formats: ['QRCode'] });
  const ms = performance.now() - began;
  postMessage({ ms, reads: reads.map(({ text, position }) => {
    const corners = [position.topLeft, position.topRight, position.bottomRight, position.bottomLeft];
    return { text, at: [corners.reduce((sum, { x }) => sum + x, 0) / 4, corners.reduce((sum, { y }) => sum + y, 0) / 4] };
  }) });
};
