package loader

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/testdb"
)

// TestLoadManyCounters has tables enough for one query over all, of which some do not have the counter that the dump says.
func TestLoadManyCounters(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testdb.Server) {
		schema := freshSchema(t, s)
		d := &testDump{schema: schema}
		for i := range manyNumbered + 2 {
			tt := numbered(2, 0)
			tt.name = fmt.Sprintf("t%02d", i)
			tt.create = strings.Replace(tt.create, "`t`", "`"+tt.name+"`", 1)
			switch i {
			case 3: // the dump says less than its rows ask for: no server goes back
				tt.rows = append(tt.rows, []any{90, "x"})
			case 4: // loading leaves less than the dump says
				tt.create = strings.Replace(tt.create, "AUTO_INCREMENT=7", "AUTO_INCREMENT=700", 1)
			case 5:
				tt.create = strings.Replace(tt.create, "AUTO_INCREMENT=7", "AUTO_INCREMENT=1", 1)
				tt.rows = nil
			}
			d.tables = append(d.tables, tt)
		}
		l := newLoad(options(s, d.write(t)).withDefaults())
		l.onMoment = func(at moment, _ *session, _ string) error {
			if at == atChecks {
				s.Exec(t, "ALTER TABLE "+schema+".t04 AUTO_INCREMENT=50")
			}
			return nil
		}
		sum, err := l.execute(t.Context())
		wantError(t, err, ErrDiffers, "`t03`: AUTO_INCREMENT is 91, the source had 7")
		if len(sum.Differences) != 1 {
			t.Errorf("differences: %v", sum.Differences)
		}
		var name, create string
		must(t, s.DB(t).QueryRowContext(t.Context(), "SHOW CREATE TABLE "+schema+".t04").Scan(&name, &create))
		if !strings.Contains(create, "AUTO_INCREMENT=700 ") {
			t.Errorf("the counter was not set: %s", create)
		}
	})
}
