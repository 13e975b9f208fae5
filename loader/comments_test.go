package loader

import (
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestLoadConvertsComments has bodies with comments in latin1, which MySQL 9.7 refuses and the others hold as they are.
func TestLoadConvertsComments(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		latin := "SET character_set_client=latin1;\nSET collation_connection=latin1_swedish_ci;\nSET sql_mode='';\nDELIMITER ;;\n"
		tt := numbered(1, 0)
		tt.names, tt.triggers = []string{"tr"}, latin+"CREATE TRIGGER `tr` BEFORE UPDATE ON `t` FOR EACH ROW BEGIN -- \xe9\n SET @x='\xe9'; END;;\n"
		d := &testDump{
			schema: schema, tables: []testTable{tt}, procs: []string{"function f"}, events: []string{"e"},
			post: latin + "CREATE FUNCTION `f`() RETURNS varchar(20) CHARSET utf8mb4 DETERMINISTIC BEGIN /* \xe9 */ RETURN HEX('\xe9'); # \xe9\n END;;\n" +
				"CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ENABLE DO BEGIN /* \xe9 */ SET @x=1; END;;\n",
		}
		sum, err := run(t, options(s, d.write(t)))
		must(t, err)
		want, listed := "/* \xe9 */", 0
		if s.Kind == testdb.MySQL97 {
			want, listed = "/* \u00e9 */", 3
		}
		var name, mode, body, rest any
		conn, err := s.DB(t).Conn(t.Context())
		must(t, err)
		defer conn.Close()
		_, err = conn.ExecContext(t.Context(), "SET character_set_results=binary")
		must(t, err)
		must(t, conn.QueryRowContext(t.Context(), "SHOW CREATE FUNCTION "+schema+".f").Scan(&name, &mode, &body, &rest, &rest, &rest))
		if got := string(body.([]byte)); !strings.Contains(got, want) || !strings.Contains(got, "HEX('\xe9')") {
			t.Errorf("body %q, want %q in it", got, want)
		}
		var value string
		must(t, conn.QueryRowContext(t.Context(), "SELECT "+schema+".f()").Scan(&value))
		if value != "E9" {
			t.Errorf("the literal became %s", value)
		}
		got := 0
		for _, a := range sum.Adaptations {
			if a.What == commentsNote {
				got = a.Count
			}
		}
		if got != listed {
			t.Errorf("%d listed, want %d: %+v", got, listed, sum.Adaptations)
		}
	})
}
