package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/store"
	"github.com/gomove/gomove/internal/testdb"
)

// tableSum is what a dump's chunks say of a table.
type tableSum struct {
	Rows, Chunks int64
	Sum          string
}

// openDump opens a dump that is whole.
func openDump(t testing.TB, dir string) *dump.Reader {
	t.Helper()
	place, err := store.NewDir(dir, store.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	r, err := dump.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// dumpedSums adds up the chunks of a dump by table.
func dumpedSums(t testing.TB, dir string) map[string]tableSum {
	t.Helper()
	r := openDump(t, dir)
	out, sums := map[string]tableSum{}, map[string]*dump.RowSum{}
	for c, err := range r.Chunks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		sum, err := dump.ParseRowSum(c.RowSum)
		if err != nil {
			t.Fatal(err)
		}
		if sums[c.Table] == nil {
			sums[c.Table] = &dump.RowSum{}
		}
		sums[c.Table].Merge(sum)
		one := out[c.Table]
		out[c.Table] = tableSum{one.Rows + c.Rows, one.Chunks + 1, sums[c.Table].String()}
	}
	return out
}

// TestThreads moves the same rows with 1, 2, 4 and 16 threads: the dumps hold the same rows, and so do the targets.
func TestThreads(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			server := testdb.Start(t, k)
			t.Parallel()
			schema := server.Schema(t)
			if err := testdb.LoadShop(t.Context(), server.DB(t), schema, 12_000); err != nil {
				t.Fatal(err)
			}
			var want map[string]tableSum
			for _, threads := range []string{"1", "2", "4", "16"} {
				dir := filepath.Join(t.TempDir(), threads)
				mustRun(t, dumpArgs(server, dir, "-B", schema, "-t", threads, "--chunk-size", "64KiB")...)
				got := dumpedSums(t, dir)
				if got["order_lines"].Chunks < 4 {
					t.Errorf("order_lines has %d chunks: the threads had nothing to share", got["order_lines"].Chunks)
				}
				for table, sum := range got { // where chunks end may differ
					got[table] = tableSum{sum.Rows, 0, sum.Sum}
				}
				if want == nil {
					want = got
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("rows in the dump (-1 thread +%s threads):\n%s", threads, diff)
				}
				to := server.Schema(t)
				mustRun(t, loadArgs(server, dir, "-t", threads, "--schema-map", schema+"="+to)...)
				requireSameRows(t, server, server, schema, to)
				requireSameObjectNames(t, server, schema, to)
			}
		})
	}
}

func requireSameObjectNames(t *testing.T, s *testdb.Server, a, b string) {
	t.Helper()
	if diff := cmp.Diff(objectNames(t, s, a), objectNames(t, s, b)); diff != "" {
		t.Errorf("objects of %s (-source +target):\n%s", a, diff)
	}
}

// TestShapes moves tables of no row, of one row, of one column, of as many columns as a table can have.
func TestShapes(t *testing.T) {
	var wide, values []string
	for i := range 1000 {
		wide = append(wide, fmt.Sprintf("c%d TINYINT", i))
		values = append(values, strconv.Itoa(i%120))
	}
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			server := testdb.Start(t, k)
			t.Parallel()
			schema := server.Schema(t)
			server.Exec(t, "USE "+schema, "SET NAMES utf8mb4",
				"CREATE TABLE none (id INT PRIMARY KEY, v TEXT)",
				"CREATE TABLE none_keyless (v TEXT)",
				"CREATE TABLE one (id INT PRIMARY KEY, v TEXT)", "INSERT INTO one VALUES (-2147483648, '\\n\"')",
				"CREATE TABLE one_null (v TEXT)", "INSERT INTO one_null VALUES (NULL)",
				"CREATE TABLE one_empty (v TEXT)", "INSERT INTO one_empty VALUES ('')",
				"CREATE TABLE column_key (id BIGINT UNSIGNED PRIMARY KEY)", "INSERT INTO column_key VALUES (0),(1),(18446744073709551615)",
				"CREATE TABLE column_text (v TEXT)", "INSERT INTO column_text VALUES (''),(NULL),('\\\\N'),('\\n'),('\"'),(','),('NULL'),(''),(NULL)",
				"CREATE TABLE column_bit (v BIT(1))", "INSERT INTO column_bit VALUES (b'0'),(b'1'),(NULL),(b'1')",
				"CREATE TABLE column_enum (v ENUM('','a'))", "INSERT INTO column_enum VALUES (''),('a'),(NULL)",
				"CREATE TABLE column_auto (id INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=77",
				"CREATE TABLE wide ("+strings.Join(wide, ",")+")", "INSERT INTO wide VALUES ("+strings.Join(values, ",")+")",
			)
			for _, form := range []string{"csv", "sql"} {
				dir := filepath.Join(t.TempDir(), form)
				mustRun(t, dumpArgs(server, dir, "-B", schema, "--format", form)...)
				for _, via := range []string{"auto", "insert"} {
					to := server.Schema(t)
					mustRun(t, loadArgs(server, dir, "--via", via, "--schema-map", schema+"="+to)...)
					requireSameRows(t, server, server, schema, to)
				}
			}
		})
	}
}

// TestEmptyTables moves 2,000 tables without rows: what each costs is all there is.
func TestEmptyTables(t *testing.T) {
	t.Parallel()
	const count = 2000
	server := testdb.StartOwn(t, testdb.MariaDB)
	create := []string{"CREATE DATABASE a", "USE a", "CREATE TABLE t0 (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20), KEY (v))"}
	for i := 1; i < count; i++ {
		create = append(create, fmt.Sprintf("CREATE TABLE t%d LIKE t0", i))
	}
	server.Exec(t, create...)
	dir := filepath.Join(t.TempDir(), "dump")
	dumped := jsonSummary(t, mustRun(t, dumpArgs(server, dir, "-B", "a", "--summary", "json")...))
	if dumped["tables"] != float64(count) || dumped["rows"] != float64(0) {
		t.Errorf("dumped %v tables of %v rows", dumped["tables"], dumped["rows"])
	}
	loaded := jsonSummary(t, mustRun(t, loadArgs(server, dir, "--schema-map", "a=b", "--summary", "json")...))
	if loaded["tables"] != float64(count) {
		t.Errorf("loaded %v tables", loaded["tables"])
	}
	if diff := cmp.Diff(tables(t, server, "a"), tables(t, server, "b")); diff != "" {
		t.Error(diff)
	}
	if n := server.Query(t, "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema='b'")[0][0]; n != strconv.Itoa(2*count) {
		t.Errorf("%s indexes, want %d", n, 2*count)
	}
	t.Logf("%d empty tables: dump %.1f s, load %.1f s", count, dumped["seconds"], loaded["seconds"])
}
