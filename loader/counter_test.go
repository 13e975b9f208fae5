package loader

import (
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestLoadCounterSurvives looks at AUTO_INCREMENT after the server has read its tables anew. MySQL 5.6 keeps it in memory
// alone.
func TestLoadCounterSurvives(t *testing.T) {
	for _, k := range []testdb.Kind{testdb.MariaDB, testdb.MySQL97} {
		t.Run(string(k), func(t *testing.T) {
			s := testdb.StartOwn(t, k)
			schema := freshSchema(t, s)
			d := &testDump{schema: schema, tables: []testTable{numbered(2000, 0)}}
			d.tables[0].create = strings.Replace(d.tables[0].create, "AUTO_INCREMENT=2005", "AUTO_INCREMENT=5000000", 1)
			_, err := run(t, options(s, d.write(t)))
			must(t, err)
			for _, how := range []string{"in order", "by kill"} {
				if how == "by kill" {
					s.Kill()
				}
				must(t, s.Restart())
				var name, create string
				must(t, s.DB(t).QueryRowContext(t.Context(), "SHOW CREATE TABLE "+schema+".t").Scan(&name, &create))
				if !strings.Contains(create, "AUTO_INCREMENT=5000000 ") {
					t.Errorf("after a restart %s: %s", how, create)
				}
			}
		})
	}
}
