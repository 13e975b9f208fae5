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
		case e.Statement != nil:
			events = append(events, fmt.Sprintf("statement %s:%d in %s, rows only %v: %s", e.Statement.File, e.Statement.Line, e.Statement.Schema, e.Statement.RowsOnly, e.Statement.Text))
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

// TestStandIns has a view's stand-in, as mysqldump 5.6 writes it and as newer ones do, give way to the view.
func TestStandIns(t *testing.T) {
	for name, standIn := range map[string]string{
		"5.6": "/*!50001 CREATE TABLE `v` (\n  `id` tinyint NOT NULL\n) ENGINE=MyISAM */;\n",
		"8.0": "/*!50001 CREATE VIEW `v` AS SELECT \n 1 AS `id`*/;\n",
	} {
		script := "DROP TABLE IF EXISTS `v`;\n/*!50001 DROP VIEW IF EXISTS `v`*/;\n" + standIn +
			"CREATE TABLE `t` (`id` int);\nINSERT INTO `t` VALUES (1);\n/*!50001 DROP TABLE IF EXISTS `v`*/;\n/*!50001 DROP VIEW IF EXISTS `v`*/;\n" +
			"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select `t`.`id` AS `id` from `t` */;\n"
		for _, once := range []bool{false, true} {
			events, _, err := plain(t, script, func(o *Options) { o.Once = once })
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range events {
				if kind, rest, _ := strings.Cut(e, " "); kind == "table" || kind == "view" || strings.HasPrefix(e, "  ") && strings.Contains(e, "VIEW") {
					short, _, _ := strings.Cut(rest, " rows")
					got = append(got, kind+" "+short[:min(len(short), 20)])
				}
			}
			if len(got) != 3 || got[0] != "table s.t" || got[1] != "view s.v" || !strings.Contains(strings.Join(events, "\n"), "from `t`") {
				t.Errorf("%s, once %v: %q", name, once, got)
			}
		}
	}
}

// TestUnsafe passes over what no dump needs when it is told to, and says so.
func TestUnsafe(t *testing.T) {
	script := "CREATE TABLE t (i int);\nUPDATE t SET i=1;\nDROP TABLE other;\nGRANT ALL ON *.* TO x;\nINSERT INTO t VALUES (1);\n"
	if _, _, err := plain(t, script, nil); err == nil || !strings.Contains(err.Error(), "line 2: statement refused") {
		t.Errorf("error: %v", err)
	}
	events, warnings, err := plain(t, script, func(o *Options) { o.Unsafe = PassOverUnsafe })
	if err != nil || len(events) != 5 {
		t.Errorf("%v, %q", err, events)
	}
	all := strings.Join(warnings, "\n")
	for _, want := range []string{"line 2: passed over, as a dump needs no such statement: UPDATE t", "line 3: passed over", "line 4: passed over"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %s", want, all)
		}
	}
}

// TestUnsafeRun gives such statements in their places, and refuses those that mean nothing there.
func TestUnsafeRun(t *testing.T) {
	run := func(o *Options) { o.Unsafe = RunUnsafe }
	events, _, err := plain(t, "CREATE TABLE t (i int);\nINSERT INTO t VALUES (1);\nUPDATE t SET i=1;\nDROP TABLE other;\nINSERT INTO t VALUES (2);\n", run)
	var got []string
	for _, e := range events {
		if strings.HasPrefix(e, "chunk") || strings.HasPrefix(e, "statement") {
			got = append(got, strings.TrimSpace(strings.TrimPrefix(e, "chunk s.t ")))
		}
	}
	want := []string{"0 rows 1 bytes 2 d.sql from line 2: 1", "statement d.sql:3 in s, rows only true: UPDATE t SET i=1", "statement d.sql:4 in s, rows only false: DROP TABLE other", "1 rows 1 bytes 2 d.sql from line 5: 2"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, events (-want +got):\n%s", err, diff)
	}
	for script, want := range map[string]string{
		"UPDATE t SET i=@x":                 "uses @x",
		"SET @x=(SELECT 1)":                 "uses @x",
		"SET SESSION max_heap_table_size=1": "what only the session",
		"PREPARE s FROM 'SELECT 1'":         "PREPARE is about the session",
		"ROLLBACK":                          "ROLLBACK is about the session",
		"DROP TEMPORARY TABLE t":            "temporary table",
		"CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW SET NEW.i=1;\nUPDATE t SET i=1;\nINSERT INTO t VALUES (1)": "put the trigger behind the rows",
	} {
		if _, _, err := plain(t, "CREATE TABLE t (i int);\n"+script+";\n", run); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
	}
	for want, change := range map[string]func(*Options){"not from a pipe": func(o *Options) { o.Unsafe, o.Once = RunUnsafe, true }, "other names": func(o *Options) { o.Unsafe, o.NotRun = RunUnsafe, "other names" }} {
		if _, _, err := plain(t, "CREATE TABLE t (i int);\nUPDATE t SET i=1;\n", change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestChanged refuses a file that is another one when it is read again.
func TestChanged(t *testing.T) {
	n := 0
	_, _, err := plain(t, "", func(o *Options) {
		o.Open = func() (io.ReadCloser, error) {
			n++
			return io.NopCloser(strings.NewReader(fmt.Sprintf("CREATE TABLE t (i int);\nINSERT INTO t VALUES (%d);\n", n))), nil
		}
	})
	if err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("error: %v", err)
	}
}

// TestWhole tells whole files from those that were cut off between two statements.
func TestWhole(t *testing.T) {
	const comments, settings = "-- MySQL dump 10.13  Distrib 5.6.24, for x (y)\n", "/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;\n"
	const done, back = "-- Dump completed\n", "/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n"
	const table = "CREATE TABLE t (i int);\n"
	for script, want := range map[string]string{
		comments + settings + table + back + done: "", comments + settings + table + back: "Dump completed", comments + settings + table: "Dump completed",
		settings + table + back: "", settings + table: "not set back",
		"SET @OLD_SQL_MODE=@@SQL_MODE;\n": "not set back", "SET @OLD_SQL_MODE=@@SQL_MODE;\n" + table + "SET SQL_MODE=@OLD_SQL_MODE;\n": "",
		"/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;\n" + table:  "not set back",
		"SET @OLD_SQL_MODE=@@SQL_MODE;\n" + settings + table + "SET SQL_MODE=@OLD_SQL_MODE;\n": "not set back",
		"/*M!999999\\- enable the sandbox mode */ \n":                                          "no statement", "# nothing\n": "no statement", comments + table + done + comments + table: "Dump completed",
	} {
		if _, _, err := plain(t, strings.Replace(script, done+comments+table, done+comments, 1), nil); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", script, err, want)
		}
	}
}
