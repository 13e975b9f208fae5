package dump

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzStreamEntry puts an entry into a stream that is right but for it: as the record of an object, a chunk or an end with its
// right checksum, and the file that belongs to it.
func FuzzStreamEntry(f *testing.F) {
	f.Add(byte(0), `{"kind":"table","schema":"s","name":"x","base":"s.x","files":["s.x-schema.sql"],"file_sums":["`+hashBytes([]byte("x"))+`"]}`, "s.x-schema.sql", []byte("x"), false)
	f.Add(byte(1), `{"schema":"s","table":"t","file":"s.t.00009.csv","number":9,"range":{},"rows":1,"bytes":8,"stored":8,"file_sum":"`+hashBytes([]byte("1,\"text\"\n"))+`","row_sum":"`+hashBytes(nil)+`"}`, "s.t.00009.csv", []byte("1,\"text\"\n"), false)
	f.Add(byte(2), `{"schema":"s","table":"t","rows":0}`, "", []byte(nil), true)
	f.Fuzz(func(t *testing.T, kind byte, json, name string, body []byte, global bool) {
		var b bytes.Buffer
		w := &tarWriter{tar: tar.NewWriter(&b)}
		w.manifest = &Manifest{Format: 1, ID: "x", For: ForGomove, Rows: CSV, Compression: None, Sealed: true}
		if err := w.begin(); err != nil {
			t.Fatal(err)
		}
		table := streamedObjects(1)[1]
		table.Files = nil
		text, err := marshalLine(table)
		if err != nil {
			t.Fatal(err)
		}
		if _, comment := recordComments(objectRecord, text); w.global(comment) != nil {
			t.Fatal("no table")
		}
		kinds := []recordKind{objectRecord, chunkRecord, endRecord, manifestRecord, partRecord, lastRecord}
		_, last := recordComments(kinds[int(kind)%len(kinds)], []byte(json))
		if global {
			_ = w.global(last)
		} else if w.header(name, int64(len(body)), last) == nil {
			_, _ = w.tar.Write(body)
		}
		if _, err := readStream(t.Context(), &b); err == nil {
			t.Error("a stream without its end was taken for a whole dump")
		}
	})
}

// tarEntry is a header with what is behind it.
type tarEntry struct {
	header *tar.Header
	body   []byte
}

func entriesOf(t *testing.T, stream []byte) (entries []tarEntry) {
	t.Helper()
	in := tar.NewReader(bytes.NewReader(stream))
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		body, bodyErr := io.ReadAll(in)
		if err := errors.Join(err, bodyErr); err != nil {
			t.Fatal(err)
		}
		h.Format = tar.FormatUnknown
		entries = append(entries, tarEntry{h, body})
	}
}

func streamOfEntries(t *testing.T, entries []tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := *e.header
		h.Size = int64(len(e.body))
		err := w.WriteHeader(&h)
		if err == nil {
			_, err = w.Write(e.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestStreamEntries: an entry that is missing, comes twice, has another name or type, or another file's content, is found. Two that are exchanged
// are found too, or give the same events in another order.
func TestStreamEntries(t *testing.T) {
	entries := entriesOf(t, streamOf(t, WriterOptions{}, 1))
	events := func(change func([]tarEntry) []tarEntry) ([]string, error) {
		return readStream(t.Context(), bytes.NewReader(streamOfEntries(t, change(slices.Clone(entries)))))
	}
	want, err := events(func(e []tarEntry) []tarEntry { return e })
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for i := range entries {
		for what, change := range map[string]func(e []tarEntry) []tarEntry{
			"missing": func(e []tarEntry) []tarEntry { return slices.Delete(e, i, i+1) },
			"twice":   func(e []tarEntry) []tarEntry { return slices.Insert(e, i, e[i]) },
			"a link": func(e []tarEntry) []tarEntry {
				e[i] = tarEntry{header: &tar.Header{Typeflag: tar.TypeSymlink, Name: e[i].header.Name, Linkname: "/etc/passwd"}}
				return e
			},
			"of another name": func(e []tarEntry) []tarEntry {
				return renamed(e, i, "../"+e[i].header.Name)
			},
			"with more behind it": func(e []tarEntry) []tarEntry {
				if e[i].header.Typeflag == tar.TypeReg {
					e[i].body = append(slices.Clone(e[i].body), "more\n"...)
					return e
				}
				return slices.Delete(e, i, i+1)
			},
		} {
			if _, err := events(change); !errors.Is(err, ErrFormat) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrIncomplete) {
				t.Errorf("entry %d, %s %v, %s: %v", i, entries[i].header.Name, entries[i].header.PAXRecords, what, err)
			}
		}
		for j := range i {
			got, err := events(func(e []tarEntry) []tarEntry {
				e[i], e[j] = e[j], e[i]
				return e
			})
			if slices.Sort(got); err == nil && cmp.Diff(want, got) != "" {
				t.Errorf("entries %d and %d exchanged: %s", j, i, cmp.Diff(want, got))
			}
			if err == nil && entries[i].header.Typeflag == tar.TypeReg && strings.Contains(entries[i].header.Name, ".csv") {
				t.Errorf("entries %d and %d exchanged, and no error", j, i)
			}
		}
	}
}

func renamed(e []tarEntry, i int, name string) []tarEntry {
	if e[i].header.Typeflag != tar.TypeReg {
		return slices.Delete(e, i, i+1)
	}
	h := *e[i].header
	h.Name = name
	e[i].header = &h
	return e
}
