package chunker

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// session is one session with the settings of a dump's.
type session struct {
	*sql.Conn
	t      testing.TB
	kind   testdb.Kind
	schema string
}

// onServers runs the test on a fresh schema of each server, on all at the same time.
func onServers(t *testing.T, test func(t *testing.T, s *session)) {
	for _, kind := range testdb.All() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			srv := testdb.Start(t, kind)
			conn, err := srv.DB(t).Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s := &session{Conn: conn, t: t, kind: kind, schema: srv.Schema(t)}
			t.Cleanup(func() {
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
			})
			s.exec("SET NAMES binary", "SET time_zone='+00:00'", "SET sql_mode='ALLOW_INVALID_DATES'", "SET sql_log_bin=0", "USE "+s.schema)
			if kind == testdb.MySQL97 {
				s.exec("SET information_schema_stats_expiry=0")
			}
			test(t, s)
		})
	}
}

func (s *session) exec(statements ...string) {
	s.t.Helper()
	for _, q := range statements {
		if _, err := s.ExecContext(context.Background(), q); err != nil {
			s.t.Fatalf("%.500s: %v", q, err)
		}
	}
}

// strings returns the cells of a small result one after another, an empty text for NULL.
func (s *session) strings(query string) (out []string) {
	s.t.Helper()
	_, rows, err := testdb.ReadRows(context.Background(), s, query)
	if err != nil {
		s.t.Fatalf("%.2000s: %v", query, err)
	}
	for _, row := range rows {
		for _, c := range row {
			if c == testdb.Null {
				c = ""
			}
			out = append(out, c)
		}
	}
	return out
}

func (s *session) number(query string) (n int64) {
	s.t.Helper()
	if _, err := fmt.Sscan(s.strings(query)[0], &n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// reads returns the session's Handler_read counters. Asking for them adds to them on some servers.
func (s *session) reads() (sum int64) {
	s.t.Helper()
	row := s.strings("SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'")
	for i := 1; i < len(row); i += 2 {
		var n int64
		if _, err := fmt.Sscan(row[i], &n); err != nil {
			s.t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// readsOf returns the rows that the server reads for f.
func (s *session) readsOf(f func()) int64 {
	s.t.Helper()
	a := s.reads()
	b := s.reads()
	f()
	return s.reads() - b - (b - a)
}

// sequence creates the table seq with n = 0 to 199,999.
func (s *session) sequence() {
	s.t.Helper()
	s.exec("CREATE TABLE seq(n INT PRIMARY KEY)", "INSERT INTO seq VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)",
		"INSERT INTO seq SELECT a.n+b.n*10+c.n*100+d.n*1000+e.n*10000 n FROM seq a, seq b, seq c, seq d, seq e HAVING n>=10",
		"INSERT INTO seq SELECT n+100000 FROM seq")
}

// table describes a table to Ranges as the dumper's catalog would, along one of its indexes.
func (s *session) table(name, index string) *Table {
	s.t.Helper()
	const cols = `SELECT s.column_name, c.column_type, COALESCE(c.character_set_name,''), COALESCE(c.collation_name,''),
		c.is_nullable, COALESCE(s.collation,'A') FROM information_schema.statistics s
		JOIN information_schema.columns c ON c.table_schema=s.table_schema AND c.table_name=s.table_name AND c.column_name=s.column_name
		WHERE s.table_schema=%q AND s.table_name=%q AND s.index_name=%q ORDER BY s.seq_in_index`
	t := &Table{Schema: s.schema, Name: name}
	row := s.strings(fmt.Sprintf(cols, s.schema, name, index))
	for ; len(row) > 0; row = row[6:] {
		p := Part{Column: row[0], Type: row[1], Charset: row[2], Collation: row[3], Nullable: row[4] == "YES", Desc: row[5] == "D"}
		p.Kind, p.Members = kindOf(row[1])
		if t.Key == nil {
			t.Key = &Key{Name: index}
		}
		t.Key.Parts = append(t.Key.Parts, p)
	}
	row = s.strings(fmt.Sprintf("SELECT COALESCE(table_rows,0), COALESCE(data_length,0) FROM information_schema.tables WHERE table_schema=%q AND table_name=%q", s.schema, name))
	if _, err := fmt.Sscan(row[0], &t.Rows); err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Sscan(row[1], &t.Bytes); err != nil {
		s.t.Fatal(err)
	}
	return t
}

// partitions returns the names of a table's partitions, of sub-partitions where there are some.
func (s *session) partitions(name string) []string {
	s.t.Helper()
	const q = "SELECT COALESCE(subpartition_name, partition_name) FROM information_schema.partitions" +
		" WHERE table_schema=%q AND table_name=%q AND partition_name IS NOT NULL ORDER BY partition_ordinal_position, subpartition_ordinal_position"
	return s.strings(fmt.Sprintf(q, s.schema, name))
}

func kindOf(columnType string) (PartKind, []string) {
	base := columnType
	if i := strings.IndexAny(base, "( "); i >= 0 {
		base = base[:i]
	}
	switch base {
	case "tinyint", "smallint", "mediumint", "int", "bigint":
		return Integer, nil
	case "decimal":
		return Decimal, nil
	case "float", "double":
		return Float, nil
	case "date", "datetime", "timestamp", "time":
		return Temporal, nil
	case "year":
		return Year, nil
	case "bit":
		return Bit, nil
	case "binary", "varbinary":
		return Binary, nil
	case "char", "varchar":
		return Text, nil
	case "enum", "set":
		list := columnType[len(base)+2 : len(columnType)-2]
		var members []string
		for m := range strings.SplitSeq(list, "','") {
			members = append(members, strings.ReplaceAll(m, "''", "'"))
		}
		return map[string]PartKind{"enum": Enum, "set": Set}[base], members
	}
	return Other, nil
}
