package dump

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomove/gomove/internal/store"
)

// TestEveryFlip flips a bit in about 150 bytes of each file of small dumps: none may pass, and the error names the file.
func TestEveryFlip(t *testing.T) {
	for _, o := range []WriterOptions{{}, {Compression: Gzip}, {Rows: SQL, Compression: None}, {For: ForMyloader, Rows: CSV}, {For: ForMySQL}} {
		t.Run(fmt.Sprint(o.For, o.Rows, o.Compression), func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			writeDump(t, s, o, 2)
			for info, err := range s.List(t.Context(), "") {
				check(t, err)
				path := filepath.Join(s.String(), info.Name)
				for i := int64(0); i < info.Bytes; i += 1 + info.Bytes/150 {
					check(t, flip(path, int(i)))
					_, err := readDump(t.Context(), s)
					if err == nil || !strings.Contains(err.Error(), info.Name) {
						t.Errorf("%s, byte %d flipped: %v", info.Name, i, err)
					}
					check(t, flip(path, int(i)))
				}
			}
			if _, err := readDump(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOlderDump reads a dump from before metadata had a checksum of its own, and restore.mysql one at all.
func TestOlderDump(t *testing.T) {
	s := newStore(t)
	writeDump(t, s, WriterOptions{For: ForMySQL}, 10)
	edit(t, s, MetadataName, sealPrefix, "# seal ")
	if _, err := readDump(t.Context(), s); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), MetadataName) {
		t.Errorf("without its checksum: %v", err)
	}
	unseal(t, s)
	if rows, err := readDump(t.Context(), s); err != nil || len(rows) != 10 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// edit replaces all of old in a file.
func edit(t *testing.T, s *store.Dir, file, old, with string) {
	t.Helper()
	path := filepath.Join(s.String(), file)
	text, err := os.ReadFile(path)
	check(t, err)
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s holds no %q", file, old)
	}
	check(t, os.WriteFile(path, bytes.ReplaceAll(text, []byte(old), []byte(with)), 0o600))
}

// unseal makes a dump forget the checksums of its listings, so that they can be altered.
func unseal(t *testing.T, s *store.Dir) {
	t.Helper()
	edit(t, s, ManifestName, `"sealed": true`, `"sealed": false`)
	path := filepath.Join(s.String(), MetadataName)
	text, err := os.ReadFile(path)
	check(t, err)
	var kept []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, sumPrefix) && !strings.HasPrefix(line, sealPrefix) {
			kept = append(kept, line)
		}
	}
	check(t, os.WriteFile(path, []byte(strings.Join(kept, "")), 0o600))
}

// TestLyingListings gives a dump listings that contradict its files or each other, without any checksum that tells of it.
func TestLyingListings(t *testing.T) {
	const a, b = "shop.orders.00000.csv", "shop.orders.00001.csv"
	zeros := strings.Repeat("0", 1000)
	for _, c := range []struct{ name, file, old, with, want string }{
		{"file of another number", ChunksName, a, b, "has not the name of a file of table"},
		{"file of another table", ChunksName, a, "shop.items.00000.csv", "has not the name of a file of table"},
		{"unknown table", ChunksName, `"table":"orders"`, `"table":"items"`, "not in tables.jsonl"},
		{"rows of tables.jsonl", TablesName, `"rows":150`, `"rows":151`, "hold 150 rows in place of 151"},
		{"a table twice", TablesName, `{"kind":"table"`, `{"kind":"table","schema":"shop","name":"orders","base":"shop.orders","rows":150}` + "\n" + `{"kind":"table"`, "lists `shop`.`orders` twice"},
		{"outside", ChunksName, a, "../" + a, "not a file name"},
		{"absolute", ChunksName, a, "/etc/passwd", "not a file name"},
		{"NUL", TablesName, "shop.orders-schema.sql", "shop.orders\\u0000-schema.sql", "not a file name"},
		{"negative", ChunksName, `"rows":100`, `"rows":-100`, "negative"},
		{"2^63", ChunksName, `"rows":100`, `"rows":9223372036854775808`, "line 1"},
		{"2^63-1", ChunksName, `"rows":100`, `"rows":9223372036854775807`, "numbers that no file has"},
		{"a bomb", ChunksName, `"bytes":`, `"bytes":9` + zeros[:17] + `,"bytes_":`, "numbers that no file has"},
		{"digits", ChunksName, `"rows":100`, `"rows":1` + zeros, "line 1"},
		{"NaN", ChunksName, `"rows":100`, `"rows":NaN`, "line 1"},
		{"a float", ChunksName, `"rows":100`, `"rows":1e2`, "line 1"},
		{"text for a number", TablesName, `"rows":150`, `"rows":"150"`, "line 2"},
		{"long name", TablesName, `"name":"orders"`, `"name":"` + zeros + `"`, "a name of more than"},
		{"a million columns", TablesName, `"columns":[`, `"columns":[` + strings.Repeat("{},", 1_000_000), "more values"},
		{"many columns", TablesName, `"columns":[`, `"columns":[` + strings.Repeat(`{},`, 5000), "columns"},
		{"many triggers", TablesName, `"columns":[`, `"triggers":[` + strings.Repeat(`"",`, 2_000_000) + `""],"columns":[`, "more values"},
		{"deep", TablesName, `"columns":[`, `"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `,"columns":[`, "deeper"},
		{"deep manifest", ManifestName, `"format"`, `"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `,"format"`, "deeper"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			writeDump(t, s, WriterOptions{Compression: None}, 150)
			unseal(t, s)
			edit(t, s, c.file, c.old, c.with)
			start := time.Now()
			_, err := readDump(t.Context(), s)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) {
				t.Errorf("got %.300v, want %q of %s", err, c.want, c.file)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

// TestTableWithAllThatFits reads the record of a table as large as a server's can be.
func TestTableWithAllThatFits(t *testing.T) {
	o := Object{Kind: KindTable, Schema: "s", Name: "t", Base: "s.t"}
	for i := range maxColumns {
		o.Columns = append(o.Columns, Column{Name: fmt.Sprintf("a%0250d", i), Type: "enum(" + strings.Repeat("'{[,',", 200) + "'')", Encoding: Bytes})
	}
	for i := range 100_000 {
		o.Triggers = append(o.Triggers, fmt.Sprint(i))
	}
	line, err := json.Marshal(o)
	check(t, err)
	check(t, decodeLine(line, new(Object)))
}
