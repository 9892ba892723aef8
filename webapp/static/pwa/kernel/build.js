// Which release this page is: the server serves every module under /static/pwa/<build>/….

const place = /\/static\/pwa\/([0-9a-f]{16})\//.exec(import.meta.url);

/** Hash of all files of this release, or "dev" outside the server (tests). */
export const BUILD = place?.[1] ?? 'dev';
