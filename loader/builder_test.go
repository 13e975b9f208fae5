package loader

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

// testTable is a table of a dump that a test writes.
type testTable struct {
	name     string
	create   string // SHOW CREATE TABLE
	cols     []dump.Column
	rows     [][]any // nil is NULL
	perChunk int     // default: all in one
	triggers string  // file with CREATE TRIGGER statements
	names    []string
}

// testDump is a dump that a test writes.
type testDump struct {
	schema    string
	create    string // default CREATE DATABASE
	format    dump.Format
	tables    []testTable
	views     [][2]string // name, file
	sequences [][2]string // name, file
	post      string      // routines and events
	procs     []string    // "procedure p"
	events    []string
	server    dump.ServerFacts
	dir       string // where it went
	id        string
}

func plainColumn(name, typ string) dump.Column {
	return dump.Column{Name: name, Type: typ, Encoding: dump.Plain}
}

func textColumn(name, typ, charset string) dump.Column {
	return dump.Column{Name: name, Type: typ, Charset: charset, Encoding: dump.Bytes, Nullable: true}
}

// write makes the dump in a directory and opens it.
func (d *testDump) write(t *testing.T) *dump.Reader {
	t.Helper()
	ctx := t.Context()
	d.dir = filepath.Join(t.TempDir(), "dump")
	st, err := store.NewDir(d.dir, store.ReadWrite)
	must(t, err)
	w, err := dump.NewWriter(ctx, st, dump.WriterOptions{Rows: d.format})
	must(t, err)
	m := d.manifest()
	must(t, w.WriteManifest(ctx, m))
	d.writeSchema(t, w)
	for i := range d.tables {
		d.writeTable(t, w, &d.tables[i])
	}
	for _, v := range d.views {
		base := w.Base(d.schema, v[0])
		o := &dump.Object{Kind: dump.KindView, Schema: d.schema, Name: v[0], Base: base, Files: []string{base + "-schema-view.sql"}}
		must(t, w.WriteSQL(ctx, o.Files[0], []byte(v[1])))
		must(t, w.WriteObject(ctx, o))
	}
	for _, q := range d.sequences {
		base := w.Base(d.schema, q[0])
		o := &dump.Object{Kind: dump.KindSequence, Schema: d.schema, Name: q[0], Base: base, Files: []string{base + "-schema-sequence.sql"}}
		must(t, w.WriteSQL(ctx, o.Files[0], []byte(q[1])))
		must(t, w.WriteObject(ctx, o))
	}
	must(t, w.Finish(ctx, m))
	r, err := dump.Open(ctx, st)
	must(t, err)
	return r
}

func (d *testDump) manifest() *dump.Manifest {
	if d.id == "" {
		d.id = uuid.NewString()
	}
	if d.format == "" {
		d.format = dump.CSV
	}
	if d.server.Flavor == "" {
		d.server = dump.ServerFacts{Flavor: "mysql", Version: "5.6.24", Number: 50624}
	}
	return &dump.Manifest{
		Format: dump.FormatVersion, ID: d.id, Tool: "gomove test", Started: time.Now(), For: dump.ForGomove, Rows: d.format,
		Compression: dump.Zstd, Charset: "source", Server: d.server,
		Snapshot: dump.SnapshotFacts{Mode: "none", Coordinates: dump.Coordinates{State: dump.BinlogOff}},
	}
}

func (d *testDump) writeSchema(t *testing.T, w *dump.Writer) {
	t.Helper()
	base := w.Base(d.schema, "")
	o := &dump.Object{Kind: dump.KindSchema, Schema: d.schema, Base: base, Files: []string{base + "-schema-create.sql"}, Routines: d.procs, Events: d.events}
	create := d.create
	if create == "" {
		create = "CREATE DATABASE /*!32312 IF NOT EXISTS*/ " + mysql.QuoteName(d.schema) + " /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\n"
	}
	must(t, w.WriteSQL(t.Context(), o.Files[0], []byte(create)))
	if d.post != "" {
		o.Files = append(o.Files, base+"-schema-post.sql")
		must(t, w.WriteSQL(t.Context(), o.Files[1], []byte(d.post)))
	}
	must(t, w.WriteObject(t.Context(), o))
}

func (d *testDump) writeTable(t *testing.T, w *dump.Writer, tt *testTable) {
	t.Helper()
	ctx := t.Context()
	base := w.Base(d.schema, tt.name)
	o := &dump.Object{
		Kind: dump.KindTable, Schema: d.schema, Name: tt.name, Base: base, Columns: tt.cols, Transactional: true,
		Rows: int64(len(tt.rows)), Triggers: tt.names,
	}
	if tt.create != "" {
		o.Files = []string{base + "-schema.sql"}
		must(t, w.WriteSQL(ctx, o.Files[0], []byte("/*!40101 SET NAMES utf8mb4*/;\n"+tt.create+";\n")))
	}
	if tt.triggers != "" {
		o.Files = append(o.Files, base+"-schema-triggers.sql")
		must(t, w.WriteSQL(ctx, o.Files[1], []byte(tt.triggers)))
	}
	per := tt.perChunk
	if per == 0 {
		per = max(1, len(tt.rows))
	}
	for i, n := 0, 0; i < len(tt.rows); i, n = i+per, n+1 {
		c, err := w.CreateChunk(ctx, o, n)
		must(t, err)
		for _, row := range tt.rows[i:min(i+per, len(tt.rows))] {
			must(t, c.WriteRow(cells(row)))
		}
		_, err = c.Close(ctx, dump.Range{Piece: n})
		must(t, err)
	}
	must(t, w.WriteObject(ctx, o))
}

func cells(row []any) dump.Row {
	out := make(dump.Row, len(row))
	for i, v := range row {
		if v != nil {
			out[i] = fmt.Append(nil, v)
		}
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// numbered is a table `t` with rows 1 to n.
func numbered(n, perChunk int) testTable {
	tt := testTable{
		name: "t",
		create: "CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `v` varchar(20) CHARACTER SET utf8mb4 DEFAULT NULL,\n" +
			"  PRIMARY KEY (`id`),\n  KEY `v` (`v`)\n) ENGINE=InnoDB AUTO_INCREMENT=" + fmt.Sprint(n+5) + " DEFAULT CHARSET=utf8mb4",
		cols:     []dump.Column{plainColumn("id", "int(11)"), textColumn("v", "varchar(20)", "utf8mb4")},
		perChunk: perChunk,
	}
	for i := 1; i <= n; i++ {
		tt.rows = append(tt.rows, []any{i, fmt.Sprintf("value %d", i)})
	}
	return tt
}

// target is how to reach a test's server.
func target(s *testdb.Server) mysql.Options {
	return mysql.Options{Host: s.Host, Port: s.Port, User: s.User, Password: mysql.Secret(s.Password)}
}

func options(s *testdb.Server, from Source) Options {
	return Options{Target: target(s), From: from, Threads: 2, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// freshSchema names a schema that does not exist, and drops it at the end.
func freshSchema(t *testing.T, s *testdb.Server) string {
	t.Helper()
	name := s.Schema(t)
	s.Exec(t, "DROP DATABASE "+name)
	t.Cleanup(func() { s.Exec(t, "DROP DATABASE IF EXISTS gomove") })
	return name
}

// count is the only cell of a query.
func count(t *testing.T, db *sql.DB, query string) int64 {
	t.Helper()
	var n int64
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func wantRows(t *testing.T, db *sql.DB, table string, want int64) {
	t.Helper()
	if got := count(t, db, "SELECT COUNT(*) FROM "+table); got != want {
		t.Errorf("%s has %d rows, want %d", table, got, want)
	}
}

// noProgress fails when a progress table is left.
func noProgress(t *testing.T, db *sql.DB) {
	t.Helper()
	if n := count(t, db, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='gomove'"); n != 0 {
		t.Error("the schema gomove is left")
	}
}

func wantError(t *testing.T, err, target error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if target != nil && !errors.Is(err, target) {
		t.Errorf("error is not %v: %v", target, err)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error lacks %q: %v", p, err)
		}
	}
}

// keyless has 100 rows in 10 chunks and no key, which would show a row that came twice.
func keyless(engine string) testTable {
	t := testTable{
		name: "t", create: "CREATE TABLE `t` (`id` int NOT NULL) ENGINE=" + engine,
		cols: []dump.Column{plainColumn("id", "int")}, perChunk: 10,
	}
	for i := range 100 {
		t.rows = append(t.rows, []any{i})
	}
	return t
}

// eachServer runs a test on every kind of server at the same time.
func eachServer(t *testing.T, f func(t *testing.T, s *testdb.Server), opts ...testdb.Option) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			f(t, testdb.Start(t, k, opts...))
		})
	}
}

func run(t *testing.T, o Options) (*Summary, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	return Run(ctx, o)
}
