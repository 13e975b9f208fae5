package dumper

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

func TestMissingNames(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := s.Schema(t)
	s.Exec(t, "CREATE TABLE "+schema+".orders (a INT)")
	tests := map[string]struct {
		sel  catalog.Selection
		want string
	}{
		"schema":      {catalog.Selection{Schemas: []string{schema + "x"}}, "--schema: schema " + schema + "x: not on the server; did you mean " + schema},
		"schema glob": {catalog.Selection{Schemas: []string{"no_such_*"}}, "--schema: no schema matches no_such_*"},
		"table":       {catalog.Selection{Tables: []string{schema + ".order"}}, "--table: table " + schema + ".order: not on the server; did you mean orders?"},
		"table glob":  {catalog.Selection{Tables: []string{schema + ".x*"}}, "--table: no table matches " + schema + ".x*"},
		"where":       {catalog.Selection{Schemas: []string{schema}, Where: map[string]string{schema + ".x": "1"}}, "--where: table " + schema + ".x"},
		"virtual":     {catalog.Selection{Schemas: []string{"information_schema"}}, "cannot be dumped"},
		"bad where":   {catalog.Selection{Schemas: []string{schema}, Where: map[string]string{schema + ".orders": "nope = 1"}}, "--where " + schema + ".orders=nope = 1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir, _, err := tryDump(t.Context(), t, s, Options{Selection: tt.sel})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if files, _ := os.ReadDir(dir); len(files) != 0 {
				t.Errorf("%d files were written", len(files))
			}
		})
	}
}

func TestValidate(t *testing.T) {
	out, err := store.NewDir(t.TempDir(), store.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		o    Options
		want string
	}{
		"out":         {Options{}, "--out"},
		"threads":     {Options{Out: out, Threads: -1}, "--threads"},
		"chunk size":  {Options{Out: out, ChunkBytes: 10}, "--chunk-size"},
		"charset":     {Options{Out: out, Charset: "latin1"}, "--charset"},
		"format":      {Options{Out: out, Format: "xml"}, "--format"},
		"compress":    {Options{Out: out, For: dump.ForMySQL, Compression: dump.Zstd}, "--compress"},
		"preset":      {Options{Out: out, For: "oracle"}, "--for"},
		"consistency": {Options{Out: out, Snapshot: SnapshotOptions{Consistency: "hope"}}, "--consistency"},
		"lock wait":   {Options{Out: out, Snapshot: SnapshotOptions{MaxLockWait: -1}}, "--max-lock-wait"},
		"table":       {Options{Out: out, Selection: catalog.Selection{Tables: []string{"orders"}}}, "--table"},
		"where":       {Options{Out: out, Selection: catalog.Selection{Where: map[string]string{"a.b": " "}}}, "--where"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := tt.o.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v does not name %s", err, tt.want)
			}
		})
	}
	if err := (Options{Out: out}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestKindsLeftOut(t *testing.T) {
	s := testdb.Start(t, testdb.MySQL97)
	schema := createObjects(t, s)
	sel := catalog.Selection{Schemas: []string{schema}, NoViews: true, NoTriggers: true, NoRoutines: true, NoEvents: true}
	d := mustDump(t, s, Options{Selection: sel})
	got := fmt.Sprint(d.summary.Tables, d.summary.Views, d.summary.Triggers, d.summary.Routines, d.summary.Events)
	files, err := filepath.Glob(filepath.Join(d.dir, "*.sql"))
	if err != nil || len(files) != 2 || got != "1 0 0 0 0" {
		t.Errorf("%s, files %q", got, files)
	}
	d = mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}, NoData: true}})
	if len(d.chunks) != 0 || d.objects[schema+".t"].Rows != -1 || d.summary.Snapshot.Coordinates.State != dump.NotASnapshot {
		t.Errorf("--no-data: %d chunks, %d rows", len(d.chunks), d.objects[schema+".t"].Rows)
	}
	d = mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}, NoSchema: true}})
	if files, _ = filepath.Glob(filepath.Join(d.dir, "*.sql")); len(files) != 0 || len(d.chunks[schema+".t"]) != 1 {
		t.Errorf("--no-schema: files %q", files)
	}
}

func TestDryRun(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := createShapes(t, s)
		o := Options{DryRun: true, Selection: catalog.Selection{Schemas: []string{schema}}, ChunkBytes: 64 << 10, Source: sourceOf(s), Log: quietLog()}
		sum, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		text := sum.Text()
		for _, want := range []string{"would dump " + fmt.Sprint(len(keyShapes)) + " tables", schema + ".single: about 1 row,", "no usable key", "along PRIMARY", "engine MyISAM has no snapshots"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	})
}

func TestManyEmptyTables(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := s.Schema(t)
		const n = 300
		for i := range n {
			s.Exec(t, fmt.Sprintf("CREATE TABLE %s.t%d (id INT PRIMARY KEY)", schema, i))
		}
		d := mustDump(t, s, Options{Threads: 2, Selection: catalog.Selection{Schemas: []string{schema}}})
		if len(d.objects) != n+1 || len(d.chunks) != 0 || d.summary.Tables != n {
			t.Errorf("%d objects, %d tables with chunks", len(d.objects), len(d.chunks))
		}
		t.Logf("%.2f s", d.summary.Seconds)
	})
}

func TestNonEmptyPlace(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := s.Schema(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := store.NewDir(dir, store.ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(t.Context(), Options{Source: sourceOf(s), Out: out, Log: quietLog(), Selection: catalog.Selection{Schemas: []string{schema}}})
	if !errors.Is(err, dump.ErrNotEmpty) {
		t.Errorf("error %v", err)
	}
}
