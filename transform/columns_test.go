package transform

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomove/gomove/internal/testdb"
)

// columnTables are tables whose columns are compared with what the server says of them. on is as in tortureTables.
var columnTables = []struct{ on, ddl string }{
	{"", "CREATE TABLE x (`a,``b` int(10) unsigned zerofill NOT NULL, `as` varchar(20) COMMENT 'AS (INVISIBLE) COLLATE x', c char(3) CHARACTER SET sjis, d enum('a,)','b''c','CHARACTER SET') COLLATE utf8mb4_bin, e decimal(10,2) DEFAULT '1.00', f double(8,2) NOT NULL, g text, h blob, i bit(3), j set('x','y') CHARACTER SET latin1, k datetime(3), l year, m geometry, n binary(4), o timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"},
	{"", "CREATE TABLE x (a int AUTO_INCREMENT PRIMARY KEY, t text, u text CHARACTER SET utf8mb4, v longtext COLLATE latin1_bin) DEFAULT CHARSET=latin1"},
	{"mariadb", "CREATE TABLE x (a int, j json, u uuid, i inet6, b int INVISIBLE DEFAULT (a+1), g varchar(9) CHARACTER SET utf8mb3 AS (concat(a,' AS ')) VIRTUAL, h int AS (a) PERSISTENT)"},
	{"mariadb", "CREATE TABLE x (a int, s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME(s,e)) WITH SYSTEM VERSIONING"},
	{"mysql97", "CREATE TABLE x (a int PRIMARY KEY, j json, b int INVISIBLE DEFAULT ((1+2)), g varchar(9) CHARACTER SET utf8mb3 AS (concat(a,' AS ')) VIRTUAL, h int AS (a) STORED NOT NULL, p point NOT NULL SRID 4326, v vector(3), c varchar(9) DEFAULT (concat('AS',a)))"},
}

// TestColumnsServers compares Columns with information_schema.
func TestColumnsServers(t *testing.T) {
	for _, k := range testdb.All() {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.Start(t, k)
			schema := s.Schema(t)
			s.Exec(t, "ALTER DATABASE "+schema+" CHARACTER SET utf8mb4")
			for i, table := range columnTables {
				if table.on != "" && !strings.Contains(table.on, string(k)) {
					continue
				}
				name := fmt.Sprintf("%s.x%d", schema, i)
				s.Exec(t, "CREATE TABLE "+name+strings.TrimPrefix(table.ddl, "CREATE TABLE x"))
				got, err := Columns([]byte(s.Query(t, "SHOW CREATE TABLE "+name)[0][1]), Mode{Charset: "utf8mb4"})
				if err != nil {
					t.Fatal(err)
				}
				want := serverColumns(t, s, schema, fmt.Sprintf("x%d", i))
				for j := range min(len(want), len(got)) {
					if got[j].Collation == "" { // its charset's default
						want[j].Collation = ""
					}
					if got[j].Generated { // ROW START is NOT NULL without saying so
						want[j].Nullable = got[j].Nullable
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-server +got):\n%s", table.ddl, diff)
				}
			}
		})
	}
}

func serverColumns(t *testing.T, s *testdb.Server, schema, table string) (out []ColumnDef) {
	t.Helper()
	for _, r := range s.Query(t, "SELECT column_name, data_type, column_type, COALESCE(character_set_name,''), COALESCE(collation_name,''), is_nullable, extra FROM information_schema.columns WHERE table_schema='"+
		schema+"' AND table_name='"+table+"' ORDER BY ordinal_position") {
		extra := strings.ToUpper(r[6])
		c := ColumnDef{
			Name: r[0], DataType: r[1], Type: r[2], Charset: r[3], Collation: r[4], Nullable: r[5] == "YES",
			Numbered:  strings.Contains(extra, "AUTO_INCREMENT"),
			Invisible: strings.Contains(extra, "INVISIBLE"),
			Generated: strings.Contains(extra, "VIRTUAL GENERATED") || strings.Contains(extra, "STORED GENERATED"),
		}
		out = append(out, c)
	}
	return out
}

func TestColumnsRefusesOthers(t *testing.T) {
	for _, stmt := range []string{"", "CREATE VIEW v AS SELECT 1", "CREATE TABLE t (", "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"} {
		if _, err := Columns([]byte(stmt), Mode{}); !errors.Is(err, ErrNotCreateTable) {
			t.Errorf("%q: %v", stmt, err)
		}
	}
}
