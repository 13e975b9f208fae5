package dumper

import (
	"fmt"
	"testing"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/testdb"
)

func TestRangeBytes(t *testing.T) {
	sized := func(mib ...int64) (out []*tableState) {
		for _, n := range mib {
			out = append(out, &tableState{TableReader: catalog.NewTableReader(&catalog.Table{Bytes: n << 20}, nil, "source")})
		}
		return out
	}
	for _, tt := range []struct {
		name    string
		tables  []*tableState
		readers int
		chunk   int64
		want    int64
	}{
		{"much to read: whole chunks", sized(10_000), 2, 64 << 20, 64 << 20},
		{"many tables count together", sized(500, 500, 500), 2, 64 << 20, 64 << 20},
		{"one table of 160 MiB: eight ranges a reader", sized(160), 2, 64 << 20, 10 << 20},
		{"more readers, smaller ranges", sized(160), 4, 64 << 20, 5 << 20},
		{"never less than is worth it", sized(1, 1), 16, 64 << 20, 4 << 20},
		{"never more than was asked for", sized(1), 2, 1 << 10, 1 << 10},
		{"nothing", nil, 2, 64 << 20, 4 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := rangeBytes(tt.tables, tt.readers, tt.chunk); got != tt.want {
				t.Errorf("%d bytes, want %d", got, tt.want)
			}
		})
	}
}

// TestMiddlingTableIsShared: a table that fits one chunk, and is most of what there is, is read by every reader.
func TestMiddlingTableIsShared(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := s.Schema(t)
	table := schema + ".a"
	statements := []string{
		"CREATE TABLE " + table + "(i INT AUTO_INCREMENT PRIMARY KEY, c CHAR(200) NOT NULL) CHARACTER SET latin1",
		"INSERT INTO " + table + "(c) VALUES (REPEAT('x',200))",
	}
	for range 16 {
		statements = append(statements, fmt.Sprintf("INSERT INTO %[1]s(c) SELECT c FROM %[1]s", table))
	}
	s.Exec(t, append(statements, "ANALYZE TABLE "+table)...)
	d := mustDump(t, s, Options{Selection: catalog.Selection{Schemas: []string{schema}}, Threads: 2})
	chunks := d.chunks[table]
	rows := int64(0)
	for _, c := range chunks {
		rows += c.Rows
	}
	if len(chunks) < 3 || rows != 1<<16 {
		t.Errorf("%d chunks with %d rows, want at least 3 with %d", len(chunks), rows, 1<<16)
	}
}
