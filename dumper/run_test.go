package dumper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

// sourceOf is how a dump reaches a test's server.
func sourceOf(s *testdb.Server) mysql.Options {
	return mysql.Options{Host: s.Host, Port: s.Port, User: "root"}
}

// tryDump dumps into a new directory.
func tryDump(ctx context.Context, t *testing.T, s *testdb.Server, o Options) (dir string, sum *Summary, err error) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "dump")
	if o.Out, err = store.NewDir(dir, store.ReadWrite); err != nil {
		t.Fatal(err)
	}
	o.Source = sourceOf(s)
	if o.Log == nil {
		o.Log = quietLog()
	}
	sum, err = Run(ctx, o)
	return dir, sum, err
}

// dumped is a dump that was read back.
type dumped struct {
	dir     string
	summary *Summary
	reader  *dump.Reader
	objects map[string]*dump.Object // by schema or schema.table
	chunks  map[string][]*dump.Chunk
}

func mustDump(t *testing.T, s *testdb.Server, o Options) *dumped {
	t.Helper()
	dir, sum, err := tryDump(t.Context(), t, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return readDump(t, dir, sum)
}

func readDump(t *testing.T, dir string, sum *Summary) *dumped {
	t.Helper()
	in, err := store.NewDir(dir, store.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	d := &dumped{dir: dir, summary: sum, objects: map[string]*dump.Object{}, chunks: map[string][]*dump.Chunk{}}
	if d.reader, err = dump.Open(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if err := d.reader.Check(t.Context()); err != nil {
		t.Error(err)
	}
	for o, err := range d.reader.Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		d.objects[strings.TrimSuffix(o.Schema+"."+o.Name, ".")] = o
	}
	for c, err := range d.reader.Chunks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		d.chunks[c.Schema+"."+c.Table] = append(d.chunks[c.Schema+"."+c.Table], c)
	}
	return d
}

func (d *dumped) file(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// text is the rows of a table's only chunk.
func (d *dumped) text(t *testing.T, table string) string {
	t.Helper()
	if len(d.chunks[table]) != 1 {
		t.Fatalf("%s has %d chunks", table, len(d.chunks[table]))
	}
	r, err := d.reader.OpenChunk(t.Context(), d.chunks[table][0])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// checkRows compares the rows of a table's chunks with those of the server, by checksum, and their number with its line.
func (d *dumped) checkRows(t *testing.T, s *testdb.Server, table, where string) {
	t.Helper()
	o := d.objects[table]
	if o == nil {
		t.Fatalf("%s is not in the dump", table)
	}
	want, rows := rowSum(t, s, o, where)
	var got dump.RowSum
	var n int64
	numbers := map[int]bool{}
	for _, c := range d.chunks[table] {
		sum, err := dump.ParseRowSum(c.RowSum)
		if err != nil {
			t.Fatal(err)
		}
		got.Merge(sum)
		n += c.Rows
		if numbers[c.Number] {
			t.Errorf("%s has two chunks of number %d", table, c.Number)
		}
		numbers[c.Number] = true
	}
	if got != want || n != rows || o.Rows != rows {
		t.Errorf("%s: %d rows in %d chunks, %d in its line, sum %s; the server has %d, sum %s", table, n, len(d.chunks[table]), o.Rows, got, rows, want)
	}
}

// rowSum reads a whole table in one go.
func rowSum(t *testing.T, s *testdb.Server, o *dump.Object, where string) (dump.RowSum, int64) {
	t.Helper()
	server, err := mysql.Connect(t.Context(), sourceOf(s), mysql.ForDump)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	conn, err := server.Session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exprs := make([]string, len(o.Columns))
	fixes := make([]mysql.ColumnFix, len(o.Columns))
	for i, c := range o.Columns {
		exprs[i] = mysql.QuoteName(c.Name)
		if c.Expr != "" {
			exprs[i] = c.Expr
		}
		if c.Expr == "" {
			dataType := strings.TrimSuffix(strings.SplitN(c.Type, "(", 2)[0], " unsigned")
			fixes[i] = catalog.NewReadPlan([]catalog.Column{{Name: c.Name, DataType: dataType, ColumnType: c.Type}}, nil, "").Fixes[0]
		}
	}
	rows, err := mysql.Rows(t.Context(), conn, "SELECT "+strings.Join(exprs, ",")+" FROM "+mysql.QuoteTable(o.Schema, o.Name)+where, fixes)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var h dump.RowHasher
	var n int64
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return h.Sum, n
		}
		if err != nil {
			t.Fatal(err)
		}
		h.Add(row)
		n++
	}
}

// eachServer runs a test on every kind of server at the same time.
func eachServer(t *testing.T, f func(t *testing.T, s *testdb.Server)) {
	t.Helper()
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			f(t, testdb.Start(t, k))
		})
	}
}

// keyShapes are tables whose keys are as different as they come; %s is the schema.
var keyShapes = map[string]string{
	"ints":       "(id INT PRIMARY KEY, a VARCHAR(40), KEY (a)) AS SELECT n*7 AS id, CONCAT('row ', n) AS a FROM " + testdb.Numbers(0, 9999),
	"covered":    "(id INT PRIMARY KEY, a INT, KEY (a)) AS SELECT n AS id, 9999-n AS a FROM " + testdb.Numbers(0, 9999),
	"composite":  "(a INT, b VARCHAR(10) CHARACTER SET latin1, c BIGINT, v INT, PRIMARY KEY (a,b,c)) AS SELECT n%5 AS a, CONCAT('b', n%50) AS b, n AS c, n AS v FROM " + testdb.Numbers(0, 9999),
	"text":       "(k VARCHAR(40) CHARACTER SET utf8 PRIMARY KEY, v INT) AS SELECT CONCAT('käfer ', n) AS k, n AS v FROM " + testdb.Numbers(0, 9999),
	"bytes":      "(k VARBINARY(40) PRIMARY KEY, v INT) AS SELECT UNHEX(SHA2(n,224)) AS k, n AS v FROM " + testdb.Numbers(0, 9999),
	"floats":     "(k FLOAT PRIMARY KEY, v INT) AS SELECT n/3 AS k, n AS v FROM " + testdb.Numbers(0, 999),
	"times":      "(k DATETIME(6) PRIMARY KEY, v INT) AS SELECT '2000-01-01' + INTERVAL n*1000003 MICROSECOND AS k, n AS v FROM " + testdb.Numbers(0, 9999),
	"enums":      "(e ENUM('x','b','a') NOT NULL, id INT, PRIMARY KEY (e,id)) AS SELECT ELT(1+n%3,'x','b','a') AS e, n AS id FROM " + testdb.Numbers(0, 9999),
	"uniques":    "(u INT NOT NULL, v INT, UNIQUE KEY uk (u)) AS SELECT n AS u, n AS v FROM " + testdb.Numbers(0, 9999),
	"nullable":   "(u INT, v INT, UNIQUE KEY uk (u)) AS SELECT IF(n%3=0,NULL,n) AS u, n AS v FROM " + testdb.Numbers(0, 9999),
	"keyless":    "(a INT, b VARCHAR(20)) AS SELECT n%100 AS a, 'same' AS b FROM " + testdb.Numbers(0, 9999),
	"prefix":     "(a VARCHAR(100) NOT NULL, UNIQUE KEY p (a(5))) AS SELECT CONCAT(LPAD(n,4,0), ' tail') AS a FROM " + testdb.Numbers(0, 999),
	"partitions": "(a INT, b INT) PARTITION BY HASH(a) PARTITIONS 4 AS SELECT n AS a, n AS b FROM " + testdb.Numbers(0, 9999),
	"myisam":     "(id INT PRIMARY KEY, b VARCHAR(20)) ENGINE=MyISAM AS SELECT n AS id, 'x' AS b FROM " + testdb.Numbers(0, 9999),
	"empty":      "(id INT PRIMARY KEY)",
	"single":     "(id INT PRIMARY KEY) AS SELECT 1 AS id",
}

func createShapes(t *testing.T, s *testdb.Server) (schema string) {
	t.Helper()
	schema = s.Schema(t)
	for name, def := range keyShapes {
		def, query, _ := strings.Cut(def, " AS SELECT ")
		s.Exec(t, "CREATE TABLE "+schema+"."+name+" "+def)
		if query != "" {
			s.Exec(t, "INSERT INTO "+schema+"."+name+" SELECT "+query, "ANALYZE TABLE "+schema+"."+name)
		}
	}
	return schema
}

func TestEveryRowOnce(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := createShapes(t, s)
		for _, o := range []Options{
			{Threads: 1, ChunkBytes: 16 << 10},
			{Threads: 4, ChunkBytes: 8 << 10, Format: dump.SQL, Compression: dump.None},
			{Threads: 2},
		} {
			o.Selection.Schemas = []string{schema}
			t.Run(fmt.Sprintf("%d threads %d bytes", o.Threads, o.ChunkBytes), func(t *testing.T) {
				d := mustDump(t, s, o)
				for name := range keyShapes {
					d.checkRows(t, s, schema+"."+name, "")
				}
				if o.ChunkBytes != 0 && len(d.chunks[schema+".ints"]) < 5 {
					t.Errorf("ints has %d chunks", len(d.chunks[schema+".ints"]))
				}
				if n := len(d.chunks[schema+".empty"]); n != 0 {
					t.Errorf("the empty table has %d chunk files", n)
				}
				if len(d.summary.Warnings) != 0 {
					t.Errorf("warnings: %q", d.summary.Warnings)
				}
			})
		}
	})
}

func TestWhere(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := createShapes(t, s)
		d := mustDump(t, s, Options{ChunkBytes: 8 << 10, Selection: catalog.Selection{
			Tables: []string{schema + ".ints", schema + ".myisam"}, Where: map[string]string{schema + ".ints": "a LIKE '%7' OR id < 10"},
		}})
		d.checkRows(t, s, schema+".ints", " WHERE a LIKE '%7' OR id < 10")
		d.checkRows(t, s, schema+".myisam", "")
		if diff := cmp.Diff("a LIKE '%7' OR id < 10", d.objects[schema+".ints"].Where); diff != "" {
			t.Error(diff)
		}
	})
}

func dumpAs(t *testing.T, src mysql.Options, o Options) (*Summary, error) {
	t.Helper()
	out, err := store.NewDir(filepath.Join(t.TempDir(), "dump"), store.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	o.Out, o.Source, o.Log = out, src, quietLog()
	return Run(t.Context(), o)
}
