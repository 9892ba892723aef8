// The words of the phone app, for `tsc --checkJs` and for the reader. No code runs here.
// Instants are whole milliseconds since the Unix epoch, UTC.

/** @typedef {"registered"|"sanitized"|"sanitize_failed"|"destroyed_on_site"|"loaded"|"counted"|"drive_extracted"|"destroyed"
 *   |"locked"|"handed_over"|"accepted"|"declined"|"arrived"|"opened"|"count_closed"|"void"|"forwarded"|"outside"} Step */

/** How the code was read. @typedef {"camera"|"photo"|"typed"|"wedge"|"form"} Source */

/** What the phone told the person at once; the server's verdict may differ. @typedef {"ok"|"attention"|"unknown"} Said */

/** What one scan says: `p` of the wire is the JSON text of this, kept and sent byte for byte.
 * @typedef {object} Scan
 * @property {1} v
 * @property {string} id UUIDv7
 * @property {string} log municipality code, 6 digits
 * @property {string} kind "custody.scan", "supplies.scan", or another act that phones sign
 * @property {Step} step
 * @property {string} code 17 characters, or the raw text if it is not one of ours
 * @property {string} parent cage code or ""
 * @property {string} job consignment id or ""
 * @property {Source} src
 * @property {string} dev this phone
 * @property {number} seq ≥ 1, gapless per (dev, log)
 * @property {string} prev SHA-256 of this phone's scan before, in this log, hex; "" for the first, and on a phone without a key
 * @property {string} actor pseudonym of the person in this log
 * @property {string[]} wit pseudonyms of witnesses
 * @property {number} at wall clock of the phone
 * @property {number} mono monotonic clock of the page, ms
 * @property {string} boot random id of this page start
 * @property {number|null} off last measured server time minus phone time, ms
 * @property {number|null} off_age age of that measurement, ms; null where nothing bounds the time
 * @property {number|null} off_err error of `off`, ms
 * @property {string} place
 * @property {string[]} ev SHA-256 of each photo
 * @property {Record<string, unknown>} body
 * @property {string} commit HMAC-SHA256 over open.data, hex, or ""
 * @property {string} base revision of the job pack the phone looked at
 * @property {Said} said
 * @property {string} app build of the app
 */

/** What a screen must say about a scan; the engine adds the rest.
 * @typedef {object} ScanFields
 * @property {string} log
 * @property {string} [kind] "custody.scan" unless told; another act needs neither step nor code
 * @property {Step} [step]
 * @property {string} [code]
 * @property {string} actor
 * @property {string} [parent]
 * @property {string} [job]
 * @property {Source} [src] "camera" unless told
 * @property {string[]} [wit]
 * @property {string} [place]
 * @property {Record<string, unknown>} [body]
 * @property {string} [base]
 * @property {Said} [said] "unknown" unless told
 * @property {string[]} [ev] photos kept earlier (those of `photos` are added)
 */

/** Opens the commitment: goes to the vault, never into the log.
 * @typedef {object} Opening
 * @property {string} salt 64 hex characters
 * @property {Record<string, unknown>} data
 */

/** One line of POST /api/scans. @typedef {{p: string, s: string, open: Opening|null}} Item */

/** @typedef {"block"|"warn"|"wait"} Severity */
/** @typedef {{code: string, severity: Severity, text: string}} Finding */
/** @typedef {"ok"|"attention"|"waiting"} Verdict */

/** The server's answer to one scan.
 * @typedef {object} Receipt
 * @property {string} id
 * @property {"recorded"|"duplicate"|"refused"} status
 * @property {string} [log]
 * @property {number|null} [index] place in the log
 * @property {Verdict} [verdict]
 * @property {Finding[]} [findings]
 * @property {string} [code] why it was refused, stable
 * @property {string} [text] the same in Japanese
 */

/** pending: on this phone only · sent: the server gave a receipt · refused: the server said no, kept and shown ·
 * stuck: the server cannot read it; kept and shown, sent again only when somebody asks (`retry`).
 * @typedef {"pending"|"sent"|"refused"|"stuck"} KeptState */

/** What the outbox shows without opening `p`.
 * @typedef {object} Summary
 * @property {Step} [step]
 * @property {string} [code]
 * @property {string} [name] e.g. asset number or cage name
 * @property {string} [cage]
 * @property {Partial<import('./supplies/fold.js').Box>} [box] what a relief parcel's label said, where no pack tells
 */

/** A scan on this phone's disk.
 * @typedef {object} Kept
 * @property {string} id
 * @property {string} p
 * @property {string} s
 * @property {Opening|null} open
 * @property {string} log
 * @property {string} dev
 * @property {number} [seq] missing on what is carried for another phone
 * @property {string} actor
 * @property {string} person id of the person who was logged in; "" on what is carried: whoever is logged in sends it
 * @property {boolean} [carried] another phone's scan, kept here to be sent from here too
 * @property {string} job
 * @property {Step} step
 * @property {string} code
 * @property {string} parent
 * @property {number} n order in which this phone kept its scans, over all logs
 * @property {KeptState} state
 * @property {Receipt|null} receipt
 * @property {number} kept_at
 * @property {string[]} evidence
 * @property {Summary} summary
 * @property {boolean} [mine] set when read: false = 「別の人の記録」, waits for that person to log in
 */

/** @typedef {{sha256: string, type: string, bytes: ArrayBuffer, state: "pending"|"done"|"refused", n: number, person: string,
 *   kept_at: number, code: string, text: string}} KeptPhoto */

/** @typedef {{pending: number, sent: number, refused: number, stuck: number, others: number, photos: number,
 *   badPhotos: number, oldest: number|null}} Counts `others` of the pending belong to somebody else; `badPhotos` were refused; `oldest` = kept_at of the oldest pending */

/** @typedef {{id: string, name: string, actor: string}} Log */
/** @typedef {{person: {id: string, name: string, login: string, roles: string[],
 *   organisation: {id: string, name: string, kind: string}}, logs: Log[], server_at: number, build: string}} Me */

/** @typedef {{id: string, log: string, title: string, municipality: string, carrier: string, itad: string, rev: string, due: number|null,
 *   counts: Record<string, number>, open: number}} Job */

/** @typedef {object} Device
 * @property {string} id
 * @property {string} code "" until a sticker is bound
 * @property {string} asset
 * @property {string} kind
 * @property {string} kind_text
 * @property {string} model
 * @property {string} serial
 * @property {string} drive_serial
 * @property {number} cls
 * @property {string} place
 * @property {string} step
 * @property {string} cage code of the cage it was last loaded into, or ""
 * @property {Step[]} done
 */

/** @typedef {object} Cage
 * @property {string} code
 * @property {string} name
 * @property {string} state last cage step, or ""
 * @property {string} seal
 * @property {string} lock
 * @property {string[]} manifest
 * @property {string} manifest_hash
 * @property {string[]} loaded
 * @property {string[]} counted
 * @property {string} handed_to
 * @property {number|null} departed
 * @property {number|null} arrived
 * @property {boolean} [stopped] an open question holds it up: 停止中
 */

/** A phone as its log knows it: public key, whose it is, and until when (a day pass; null: until revoked).
 * @typedef {{dev: string, key: string, p: string, until: number|null}} PhoneKeyOut */

/** What a phone needs for one job, fetched ahead.
 * @typedef {object} Pack
 * @property {string} rev
 * @property {number} server_at
 * @property {{id: string, log: string, title: string, municipality: string, carrier: string, itad: string, due: number|null, counts?: Record<string, number>}} job
 * @property {string} actor
 * @property {{p: string, name: string, role: string, roles?: string[], org: string}[]} people
 * @property {Device[]} devices none for drivers
 * @property {Cage[]} cages
 * @property {{prefixes: string[]}} codes
 * @property {PhoneKeyOut[]} [phones] keys of the phones of everybody who works on the job
 * @property {Record<string, unknown>} policy
 */

/** The job as this phone sees it now: the pack plus what it has kept since.
 * @typedef {object} View
 * @property {Map<string, Device>} devices by code (bound ones)
 * @property {Device[]} list every device, bound or not
 * @property {Map<string, Cage>} cages by code
 * @property {Map<string, string>} voided codes replaced by another → reason
 * @property {Set<string>} officers who gives a locked cage away
 * @property {Tables} tables
 */

/** `contract/custody.json`.
 * @typedef {object} Tables
 * @property {Record<string, {title: string, of: "device"|"cage"|"correction"}>} steps
 * @property {string[]} order device steps in the order in which they happen
 * @property {string[]} cage_order cage steps likewise, without answers
 * @property {string[]} answers what a receiver says to a hand-over
 * @property {Record<string, string[]>} next device steps; "" = nothing yet
 * @property {Record<string, string[]>} next_cage
 * @property {string[]} witnessed steps a second person must stand beside
 * @property {string[]} witnessed_classes
 * @property {string[]} spared steps that a drive destroyed on site no longer needs
 * @property {Record<string, string[]>} required
 * @property {Record<string, {title: string, severity: Severity, text: string}>} discrepancies
 * @property {Record<string, string>} sentences
 * @property {Record<string, string[]>} roles who records a step
 * @property {Record<string, string>} kinds
 * @property {Record<string, string>} classes
 * @property {Record<string, string>} void_reasons
 * @property {Record<string, string>} decline_reasons why a receiver does not take a cage
 */

/** The phone's provisional judgement.
 * @typedef {{said: Said, finding: string, device: Device|null}} Decision */

/** A quadrilateral in pixels of the frame, clockwise from the top left as printed.
 * @typedef {[[number, number], [number, number], [number, number], [number, number]]} Quad */
/** One code in one frame. `whole`, `tone`, `times`: which look read it; `partial`: found and not understood (no text).
 * @typedef {{text: string, format: string, quad: Quad, whole?: boolean, tone?: import('./scanning/looks.js').Tone, times?: 1|2,
 *   partial?: boolean}} Read */

/** A code as `scanning/codes.js: parse` sees it.
 * @typedef {{kind: "code", id: string} | {kind: "foreign", text: string} | {kind: "malformed", text: string}} Parsed */

/** What the scanner tells about one read of one frame. `ours`: the 17-character id, else "".
 * @typedef {object} ScanResult
 * @property {string} text as read
 * @property {string} format "QRCode", "Code128", …
 * @property {Quad} quad
 * @property {"ours"|"foreign"|"malformed"|"serial"|"proof"|"exchange"} kind foreign = another's QR (never opened); malformed = ours but misread; proof = a proof on paper; exchange = shown by a phone at a hand-over
 * @property {string} id 17 characters if kind is "ours", else ""
 * @property {boolean} confirmed true once it may be acted on
 * @property {number} at when it was decoded, `performance.now()`
 * @property {number} [track] the same number as long as the same label is in view (camera only)
 * @property {number} [age] how long it has been in view, ms (camera only)
 */

/** @typedef {{width: number, height: number}} Size */

/** @typedef {object} SyncStatus
 * @property {boolean} online the server answered at the last contact (a hint before the first)
 * @property {boolean} syncing
 * @property {boolean} needsLogin the server asked for a login; everything is kept
 * @property {number|null} lastContact when the server last answered
 * @property {string} problem stable code of what stopped the last round, or ""
 * @property {string} build build the server offers, or ""
 */

/** @typedef {{blob: Blob, sha256: string, width: number, height: number}} Photo */

/** @typedef {import('./kernel/store.js').Store} Store */

export {};
