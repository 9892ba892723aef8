// Command goverify judges a transparency log in C2SP tiles with the code of Go's own checksum database.
//
// Everything that decides is golang.org/x/mod/sumdb (note.Open, tlog.TreeHash, tlog.CheckRecord, tlog.CheckTree,
// tlog.TileHashReader) and crypto/ed25519. What is written here fetches files and takes them apart:
//
//	goverify -vkey KEY -log DIR|URL [-proofs FILE]... [-older CHECKPOINT]...
//	goverify -vkey KEY -tlog-proof FILE -entry FILE
//	goverify -vkey KEY -checkpoint FILE
//
// Exit status: 0 everything agrees, 1 something does not (the reason is on standard error), 2 wrong usage.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height     = 8 // tlog-tiles: 256 hashes a tile
	proofMagic = "c2sp.org/tlog-proof@v1"
	// The first line that tlog.ParseTree wants; C2SP logs have their origin there.
	goSumTree = "go.sum database tree\n"
)

type words []string

func (w *words) String() string     { return strings.Join(*w, " ") }
func (w *words) Set(s string) error { *w = append(*w, s); return nil }

type options struct {
	log, vkey, entry, checkpoint               string
	quorum                                     int
	witnesses, headers, proofs, older, bundles words
}

func main() {
	var o options
	flag.StringVar(&o.log, "log", "", "directory or URL that holds `checkpoint` and tile/")
	flag.StringVar(&o.vkey, "vkey", "", "verifier key of the log (its name is the origin)")
	flag.StringVar(&o.entry, "entry", "", "file with the entry that -tlog-proof is about (without -log)")
	flag.StringVar(&o.checkpoint, "checkpoint", "", "file with a signed checkpoint to check alone")
	flag.IntVar(&o.quorum, "quorum", -1, "how many of the -witness keys must have cosigned (default: all)")
	flag.Var(&o.witnesses, "witness", "verifier key of a witness (Ed25519 cosignature/v1); repeat")
	flag.Var(&o.headers, "header", "HTTP header for an URL, as `Name: value`; repeat")
	flag.Var(&o.proofs, "proofs", "JSON file with inclusion and consistency proofs to check; repeat")
	flag.Var(&o.older, "older", "file with an older checkpoint that must be a prefix of the log; repeat")
	flag.Var(&o.bundles, "tlog-proof", "file in c2sp.org/tlog-proof@v1 to check; repeat")
	flag.Parse()
	alone := o.checkpoint != "" || (len(o.bundles) > 0 && o.entry != "")
	if o.vkey == "" || (o.log == "" && !alone) {
		fmt.Fprintln(os.Stderr, "usage: goverify -vkey KEY, and -log DIR|URL or -checkpoint FILE or -tlog-proof FILE -entry FILE")
		os.Exit(2)
	}
	said, err := judge(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		os.Exit(1)
	}
	fmt.Println("OK:", said)
}

func judge(o options) (string, error) {
	judges, err := newKeys(o)
	if err != nil {
		return "", err
	}
	if o.log == "" && o.checkpoint != "" {
		raw, err := os.ReadFile(o.checkpoint)
		if err != nil {
			return "", err
		}
		tree, err := judges.open(raw)
		return fmt.Sprintf("%s size %d root %s", judges.log.Name(), tree.N, tree.Hash), err
	}
	if o.log == "" {
		entry, err := os.ReadFile(o.entry)
		if err != nil {
			return "", err
		}
		for _, name := range o.bundles {
			if err := checkBundle(judges, name, func(int64) ([]byte, error) { return entry, nil }); err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
		}
		return fmt.Sprintf("%d proofs of %s", len(o.bundles), judges.log.Name()), nil
	}
	return judgeLog(o, judges)
}

func judgeLog(o options, judges *keys) (string, error) {
	source := &source{at: o.log, headers: o.headers}
	raw, err := source.read("checkpoint")
	if err != nil {
		return "", err
	}
	tree, err := judges.open(raw)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	log, err := source.entries(tree.N)
	if err != nil {
		return "", err
	}
	if err := log.mustHave(tree); err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	tiles, err := checkTiles(source, tree, log)
	if err != nil {
		return "", err
	}
	proofs := 0
	for _, name := range o.proofs {
		n, err := checkProofs(log, name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		proofs += n
	}
	for _, name := range o.older {
		if err := checkOlder(judges, log, name); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range o.bundles {
		if err := checkBundle(judges, name, log.entry); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	return fmt.Sprintf("%s size %d root %s, %d entries, %d tiles, %d proofs, %d older checkpoints, %d proof files",
		judges.log.Name(), tree.N, tree.Hash, len(log.raw), tiles, proofs, len(o.older), len(o.bundles)), nil
}

// keys are the signatures that are asked for.
type keys struct {
	log       note.Verifier
	witnesses []note.Verifier
	quorum    int
}

func newKeys(o options) (*keys, error) {
	log, err := note.NewVerifier(o.vkey)
	if err != nil {
		return nil, fmt.Errorf("verifier key: %w", err)
	}
	k := &keys{log: log, quorum: o.quorum}
	for _, vkey := range o.witnesses {
		w, err := newCosigner(vkey)
		if err != nil {
			return nil, err
		}
		k.witnesses = append(k.witnesses, w)
	}
	if k.quorum < 0 {
		k.quorum = len(k.witnesses)
	}
	return k, nil
}

// open checks a signed checkpoint: the log's signature, a quorum of witnesses, the origin, no line too many.
func (k *keys) open(raw []byte) (tlog.Tree, error) {
	n, err := note.Open(raw, note.VerifierList(append([]note.Verifier{k.log}, k.witnesses...)...))
	if err != nil {
		return tlog.Tree{}, err
	}
	signed := map[string]bool{}
	for _, s := range n.Sigs {
		signed[fmt.Sprintf("%s+%08x", s.Name, s.Hash)] = true
	}
	if !signed[fmt.Sprintf("%s+%08x", k.log.Name(), k.log.KeyHash())] {
		return tlog.Tree{}, errors.New("the log itself has not signed")
	}
	cosigned := 0
	for _, w := range k.witnesses {
		if signed[fmt.Sprintf("%s+%08x", w.Name(), w.KeyHash())] {
			cosigned++
		}
	}
	if cosigned < k.quorum {
		return tlog.Tree{}, fmt.Errorf("%d of %d witnesses have cosigned, %d are needed", cosigned, len(k.witnesses), k.quorum)
	}
	origin, rest, _ := strings.Cut(n.Text, "\n")
	if origin != k.log.Name() {
		return tlog.Tree{}, fmt.Errorf("origin is %q, not %q", origin, k.log.Name())
	}
	if strings.Count(rest, "\n") != 2 {
		return tlog.Tree{}, errors.New("a checkpoint has three lines")
	}
	return tlog.ParseTree([]byte(goSumTree + rest))
}

// cosigner is a note.Verifier for c2sp.org/tlog-cosignature with Ed25519 (0x04), which x/mod does not know yet.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(vkey string) (*cosigner, error) {
	f := strings.SplitN(vkey, "+", 3)
	if len(f) != 3 {
		return nil, fmt.Errorf("witness key %q: malformed", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(f[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, fmt.Errorf("witness key %q: not an Ed25519 cosignature/v1 key", vkey)
	}
	sum := sha256.Sum256(append([]byte(f[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if f[1] != fmt.Sprintf("%08x", hash) {
		return nil, fmt.Errorf("witness key %q: key id is not that of the key", vkey)
	}
	return &cosigner{f[0], hash, key[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

// source is a directory or an URL.
type source struct {
	at      string
	headers []string
}

func (s *source) read(path string) ([]byte, error) {
	if !strings.HasPrefix(s.at, "http://") && !strings.HasPrefix(s.at, "https://") {
		return os.ReadFile(filepath.Join(s.at, filepath.FromSlash(path)))
	}
	ask, err := http.NewRequest(http.MethodGet, strings.TrimSuffix(s.at, "/")+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	for _, h := range s.headers {
		name, value, _ := strings.Cut(h, ":")
		ask.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Do(ask)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, answer.Status)
	}
	return body, err
}

// tile reads a tile under its C2SP path: Go's own has the height in it and says "data" for entries.
func (s *source) tile(t tlog.Tile) (string, []byte, error) {
	path := "tile/" + strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", t.H))
	path = strings.Replace(path, "tile/data/", "tile/entries/", 1)
	data, err := s.read(path)
	return path, data, err
}

// book is what the entries alone say: their bytes, and every hash of the tree above them.
type book struct {
	raw    [][]byte
	hashes []tlog.Hash
}

func (b *book) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(b.hashes)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		found[i] = b.hashes[index]
	}
	return found, nil
}

func (b *book) entry(index int64) ([]byte, error) {
	if index < 0 || index >= int64(len(b.raw)) {
		return nil, fmt.Errorf("the log has no entry %d", index)
	}
	return b.raw[index], nil
}

// root is the root of the first n entries. x/mod of Debian 12 answers zeroes for none; RFC 6962 says SHA-256("").
func (b *book) root(n int64) (tlog.Hash, error) {
	if n == 0 {
		return sha256.Sum256(nil), nil
	}
	if n < 0 || n > int64(len(b.raw)) {
		return tlog.Hash{}, fmt.Errorf("size %d, but the log has %d entries", n, len(b.raw))
	}
	return tlog.TreeHash(n, b)
}

func (b *book) mustHave(t tlog.Tree) error {
	root, err := b.root(t.N)
	if err != nil {
		return err
	}
	if root != t.Hash {
		return fmt.Errorf("root of %d entries is %s, signed is %s", t.N, root, t.Hash)
	}
	return nil
}

// widest are the tiles that a log of n entries must serve at level 0 and above, each at its full width.
func widest(n int64) []tlog.Tile {
	var tiles []tlog.Tile
	for _, t := range tlog.NewTiles(height, 0, n) {
		last := len(tiles) - 1
		if last >= 0 && tiles[last].L == t.L && tiles[last].N == t.N {
			tiles[last] = t
		} else {
			tiles = append(tiles, t)
		}
	}
	return tiles
}

// entries reads all bundles and hashes what is in them.
func (s *source) entries(n int64) (*book, error) {
	b := &book{}
	for _, t := range widest(n) {
		if t.L != 0 {
			continue
		}
		t.L = -1
		path, data, err := s.tile(t)
		if err != nil {
			return nil, err
		}
		for i := 0; i < t.W; i++ {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s: ends within entry %d", path, len(b.raw))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			stored, err := tlog.StoredHashes(int64(len(b.raw)), data[2:end], b)
			if err != nil {
				return nil, err
			}
			b.hashes = append(b.hashes, stored...)
			b.raw = append(b.raw, data[2:end])
			data = data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s: %d bytes too many", path, len(data))
		}
	}
	return b, nil
}

// checkTiles compares every hash tile with the entries, then lets x/mod's own client read the tree by its tiles.
func checkTiles(s *source, tree tlog.Tree, log *book) (int, error) {
	tiles := widest(tree.N)
	kept := map[tlog.Tile][]byte{}
	for _, t := range tiles {
		path, data, err := s.tile(t)
		if err != nil {
			return 0, err
		}
		want, err := tlog.ReadTileData(t, log)
		if err != nil {
			return 0, err
		}
		if !bytes.Equal(data, want) {
			return 0, fmt.Errorf("%s: is not what the entries give", path)
		}
		kept[t] = data
	}
	if tree.N == 0 {
		return 0, nil
	}
	reader := tlog.TileHashReader(tree, tileReader(kept))
	for _, n := range []int64{0, tree.N / 2, tree.N - 1} {
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			return 0, fmt.Errorf("tiles: %w", err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, tlog.RecordHash(log.raw[n])); err != nil {
			return 0, fmt.Errorf("tiles: entry %d: %w", n, err)
		}
	}
	return len(tiles), nil
}

type tileReader map[tlog.Tile][]byte

func (r tileReader) Height() int                     { return height }
func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		if data[i] = r[t]; data[i] == nil {
			return nil, fmt.Errorf("%s is not a tile of this size", t.Path())
		}
	}
	return data, nil
}

// proofFile is what the other side claims. It brings no hash of an entry and no root: those come from the log.
type proofFile struct {
	Inclusion []struct {
		Size, Index int64
		Hashes      []tlog.Hash
	}
	Consistency []struct {
		Old, New int64
		Hashes   []tlog.Hash
	}
}

func checkProofs(log *book, name string) (int, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	var f proofFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return 0, err
	}
	for _, p := range f.Inclusion {
		entry, err := log.entry(p.Index)
		if err != nil {
			return 0, err
		}
		root, err := log.root(p.Size)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckRecord(p.Hashes, p.Size, root, p.Index, tlog.RecordHash(entry)); err != nil {
			return 0, fmt.Errorf("inclusion of entry %d in %d: %w", p.Index, p.Size, err)
		}
	}
	for _, p := range f.Consistency {
		before, err := log.root(p.Old)
		if err != nil {
			return 0, err
		}
		after, err := log.root(p.New)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckTree(p.Hashes, p.New, after, p.Old, before); err != nil {
			return 0, fmt.Errorf("consistency from %d to %d: %w", p.Old, p.New, err)
		}
	}
	return len(f.Inclusion) + len(f.Consistency), nil
}

func checkOlder(k *keys, log *book, name string) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	tree, err := (&keys{log: k.log}).open(raw)
	if err != nil {
		return err
	}
	return log.mustHave(tree)
}

// checkBundle checks a c2sp.org/tlog-proof: whose entry it is comes from the log or from a file, never from it.
func checkBundle(k *keys, name string, entry func(int64) ([]byte, error)) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	head, checkpoint, found := strings.Cut(string(raw), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != proofMagic {
		return errors.New("not a " + proofMagic)
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return errors.New("no index line")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := k.open([]byte(checkpoint))
	if err != nil {
		return err
	}
	data, err := entry(index)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(data))
}
