package mysqldump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/gomove/gomove/internal/dump"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// readAll lists the events of a feed, with the rows of its chunks.
func readAll(ctx context.Context, f *Feed) (events []string, err error) {
	for {
		e, err := f.Next(ctx)
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		switch {
		case e.Object != nil:
			var cols []string
			for _, c := range e.Object.Columns {
				cols = append(cols, fmt.Sprintf("%s %s %s %s", c.Name, c.Type, c.Charset, c.Encoding))
			}
			events = append(events, fmt.Sprintf("%s %s.%s rows %d (%s) %v %v %v", e.Object.Kind, e.Object.Schema, e.Object.Name, e.Object.Rows, strings.Join(cols, ", "), e.Object.Triggers, e.Object.Routines, e.Object.Events))
			for i, file := range e.Object.Files {
				events = append(events, "  "+file+": "+string(e.Object.Texts[i]))
			}
		case e.Chunk != nil:
			r, err := e.Chunk.Open()
			if err != nil {
				return events, err
			}
			text, err := io.ReadAll(r)
			if err != nil {
				return events, err
			}
			events = append(events, fmt.Sprintf("chunk %s.%s %d rows %d bytes %d %s: %.300s", e.Chunk.Schema, e.Chunk.Table, e.Chunk.Number, e.Chunk.Rows, e.Chunk.Bytes, e.Chunk.File, text))
			e.Chunk.Release()
		case e.Finished != nil:
			events = append(events, fmt.Sprintf("finished %s.%s %d", e.Finished.Schema, e.Finished.Table, e.Finished.Rows))
		}
	}
}

// plain lists the events of a script without what its head and its end say.
func plain(t *testing.T, script string, change func(*Options)) ([]string, []string, error) {
	t.Helper()
	o := Options{Name: "d.sql", Into: "s", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(script)), nil }}
	if change != nil {
		change(&o)
	}
	f, err := Open(t.Context(), o)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	events, err := readAll(t.Context(), f)
	return events, f.Warnings(), err
}

func TestEvents(t *testing.T) {
	events, warnings, err := plain(t, "SET NAMES utf8;\nCREATE TABLE a (i int, b blob) CHARSET=utf8;\nINSERT INTO a VALUES (1,0x00),(2,_binary 'x\\n');\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"schema s. rows -1 () [] [] []",
		"table s.a rows 2 (i int  plain, b blob  bytes) [] [] []",
		"  d.sql:2: DELIMITER ;;\nSET character_set_client='utf8';; SET character_set_connection='utf8';; CREATE TABLE a (i int, b blob) CHARSET=utf8\n;;\n",
		"chunk s.a 0 rows 2 bytes 15 d.sql from line 3: 1,\"\\0\"\n2,\"x\\n\"\n",
		"finished s.a 2",
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(warnings) != 1 {
		t.Errorf("warnings: %q", warnings)
	}
}

// TestSeeds has the rows that the scripts of the fuzz test give.
func TestSeeds(t *testing.T) {
	for i, want := range []map[string]string{
		{"s.t": "1,\"it's '\\0\"\n2,\\N\n"},
		{"s.a": "\"\xe9\",1\n\"a)b\",-1.5e3\n\"x\",1\n"},
		{"s.a": "\"\\\\\"\n"},
		{"s.g": "1\n"},
		{"s.z": "2020-01-01 01:30:00.125\n0000-00-00 00:00:00\n\\N\n"},
	} {
		rows, others, err := rowsByTable(t.Context(), strings.NewReader(seeds[i]), false, 0)
		if err != nil || len(others) == 0 {
			t.Errorf("%.40s: %v, %d texts", seeds[i], err, len(others))
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("%.40s (-want +got):\n%s", seeds[i], diff)
		}
	}
	for _, script := range seeds[5:] {
		if _, _, err := rowsByTable(t.Context(), strings.NewReader(script), false, 0); err == nil && !strings.Contains(script, "CHANGE MASTER") && !strings.Contains(script, "DELIMITER") {
			t.Errorf("%.40s: no error", script)
		}
	}
}

// TestManifest reads what the comments of a file say.
func TestManifest(t *testing.T) {
	f, err := Open(t.Context(), Options{Name: "f", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(seeds[0])), nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := f.Manifest()
	got := []any{m.Tool, m.Server.Flavor, m.Server.Number, m.Snapshot.Coordinates.File, m.Snapshot.Coordinates.Position, m.Started.Format("2006-01-02 15:04:05"), len(m.ID)}
	want := []any{"mariadb-dump 10.11.19", "mariadb", 101119, "bin.000001", uint64(289020), "2026-11-23 00:01:06", 32}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCoordinates reads the forms in which files tell them.
func TestCoordinates(t *testing.T) {
	var f facts
	for _, line := range []string{
		"-- Position to start replication or point-in-time recovery from (the master of this slave)", "-- CHANGE MASTER TO MASTER_HOST='x', MASTER_LOG_FILE='src.000009', MASTER_LOG_POS=77;",
		"-- Position to start replication or point-in-time recovery from", "-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='bin.000001', SOURCE_LOG_POS=157;",
	} {
		f.comment([]byte(line))
	}
	if !f.coordinates("SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'e785c29a-e6d0-11f1-9214-02fc00000001:1-33,\na785c29a-e6d0-11f1-9214-02fc00000001:1'") {
		t.Error("GTID_PURGED is not read")
	}
	want := [][2]string{{"bin.000001 157", "e785c29a-e6d0-11f1-9214-02fc00000001:1-33,a785c29a-e6d0-11f1-9214-02fc00000001:1"}, {"src.000009 77", ""}}
	var got [][2]string
	for _, c := range []dump.Coordinates{f.here, f.source} {
		got = append(got, [2]string{fmt.Sprint(c.File, " ", c.Position), c.GTIDSet})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
