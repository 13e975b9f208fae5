package loader

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"
	"testing"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// countedReads counts what is read of a dump's description.
type countedReads struct {
	*dump.Reader
	mu     sync.Mutex
	passes int
	opened map[string]int
}

func (c *countedReads) Objects(ctx context.Context) iter.Seq2[*dump.Object, error] {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passes++
	return c.Reader.Objects(ctx)
}

func (c *countedReads) OpenSQL(ctx context.Context, o *dump.Object, file int) (io.ReadCloser, error) {
	c.mu.Lock()
	c.opened[o.Files[file]]++
	c.mu.Unlock()
	return c.Reader.OpenSQL(ctx, o, file)
}

// TestLoadReadsDefinitionsOnce: reading them again for each phase was most of the work of a load of many small tables.
func TestLoadReadsDefinitionsOnce(t *testing.T) {
	s := testdb.Start(t, testdb.MariaDB)
	d := &testDump{schema: freshSchema(t, s)}
	for i := range 5 {
		table := keyless("InnoDB")
		table.name = fmt.Sprintf("t%d", i)
		table.create = "CREATE TABLE `" + table.name + "` (`id` int NOT NULL) ENGINE=InnoDB"
		d.tables = append(d.tables, table)
	}
	from := &countedReads{Reader: d.write(t), opened: map[string]int{}}
	if _, err := run(t, options(s, from)); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		wantRows(t, s.DB(t), fmt.Sprintf("%s.t%d", d.schema, i), 100)
	}
	const files = 6 // with the schema's own
	if len(from.opened) != files || from.passes > 4 {
		t.Errorf("%d files opened, want %d; %d passes over the tables, want 4 at most", len(from.opened), files, from.passes)
	}
	for name, n := range from.opened {
		if n != 1 && name != d.schema+"-schema-create.sql" {
			t.Errorf("%s was opened %d times", name, n)
		}
	}
}

func TestRememberedIsBounded(t *testing.T) {
	var r remembered
	for i := range maxApart + 1 {
		r.add(&dump.Object{Kind: dump.KindTable})
		if len(r.objects) != min(i, maxApart) {
			t.Fatalf("%d objects after %d views", len(r.objects), i)
		}
		r.add(&dump.Object{Kind: dump.KindView})
	}
	if !r.tooMany || r.objects != nil {
		t.Errorf("too many: %v, %d objects kept", r.tooMany, len(r.objects))
	}
	kept := 0
	for range maxReadyBytes / readyOverhead {
		tt := &table{bare: true}
		r.create(tt, &statement{}, make([]byte, readyOverhead))
		if tt.ready != nil {
			kept++
		}
	}
	if want := maxReadyBytes / readyOverhead / 2; kept != want {
		t.Errorf("%d statements kept, want %d", kept, want)
	}
	twice := &table{bare: true, ready: &readyCreate{}}
	twice.bare = false
	if r.create(twice, &statement{}, nil); twice.ready != nil {
		t.Error("of two CREATE TABLE only one would run")
	}
}
