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
