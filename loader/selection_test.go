package loader

import (
	"testing"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// TestLoadSelectionResumes interrupts a load of a part: another part is refused, the same one is carried on with.
func TestLoadSelectionResumes(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	schema := freshSchema(t, s)
	h := &hooked{Reader: skipDump(schema).write(t), onChunk: func(n int64, _ *dump.Chunk) error {
		if n == 5 {
			return errPull
		}
		return nil
	}}
	o := options(s, h)
	o.Threads = 1
	o.Selection = catalog.Selection{Tables: []string{schema + ".fresh"}}
	_, err := run(t, o)
	wantError(t, err, errPull)
	h.onChunk = nil
	o.Selection.NoTriggers = true
	_, err = run(t, o)
	wantError(t, err, ErrOtherDump, "selection")
	o.Selection.NoTriggers = false
	sum, err := run(t, o)
	must(t, err)
	if sum.ChunksSkipped != 4 || sum.Tables != 1 || sum.TablesTotal != 1 || sum.Rows != 1600 {
		t.Errorf("summary %+v", sum)
	}
	wantRows(t, s.DB(t), schema+".fresh", 2000)
	wantRows(t, s.DB(t), "information_schema.tables WHERE table_schema='"+schema+"'", 1)
	noProgress(t, s.DB(t))
}
