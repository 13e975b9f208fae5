package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/gomove/gomove/internal/mysql"
)

// ErrChanged is a definition that changed while the dump ran: rows and definitions may then not belong together.
var ErrChanged = errors.New("definition changed during the dump")

// ExplainDDL marks the errors that a table gives after DDL of others: the catalog was right when the dump began.
func ExplainDDL(err error) error {
	switch mysql.Number(err) {
	case 1412: // ER_TABLE_DEF_CHANGED: rebuilt after the snapshot, which does not have its rows
		return fmt.Errorf("%w: DDL on the table ended its snapshot: %w", ErrChanged, err)
	case 1049, 1051, 1054, 1146, 1176, 1735, 1360, 1305, 1539: // schema, table, column, key, partition, trigger, routine, event unknown
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return err
}

// fingerprint tells one definition of a table from another.
type fingerprint struct {
	ordered   uint64
	unordered xxh3.Uint128 // a sum: the server gives rows in any order
	rows      int
}

func (f *fingerprint) add(parts ...string) {
	for _, p := range parts {
		f.ordered = f.ordered*31 + xxh3.HashString(p) + uint64(len(p))
	}
}

func (f *fingerprint) addUnordered(cells []cellText) {
	var b []byte
	for _, c := range cells {
		if c.valid {
			b = append(b, 1)
		}
		b = append(append(b, c.s...), 0)
	}
	h := xxh3.Hash128(b)
	f.unordered.Lo += h.Lo
	f.unordered.Hi += h.Hi
	f.rows++
}

// storedPrint tells one definition of a view, trigger, routine or event from another.
type storedPrint struct {
	print   uint64
	expires bool // an event that the server itself drops when its time has come
}

// note keeps what the server says of a view, trigger, routine or event: its text, and when it was made and altered.
func (c *Catalog) note(kind, schema, name string, expires bool, cells ...cellText) {
	if c.stored == nil {
		c.stored = map[string]storedPrint{}
	}
	var f fingerprint
	for _, cell := range cells {
		f.add(cell.s)
	}
	c.stored[kind+" "+schema+"."+name] = storedPrint{f.ordered, expires}
}

// Drift compares the catalog that was dumped with the one that the server has now. Tables that are new since are not in the
// snapshot and no reason to fail, unless created says that they are.
func (c *Catalog) Drift(now *Catalog, created bool) error {
	var changed, gone, fresh []string
	have := now.tableIndex()
	for _, t := range c.Tables {
		n := have[[2]string{t.Schema, t.Name}]
		switch {
		case n == nil:
			gone = append(gone, t.String())
		case n.print != t.print:
			changed = append(changed, t.String())
		}
	}
	if created {
		had := c.tableIndex()
		for _, t := range now.Tables {
			if had[[2]string{t.Schema, t.Name}] == nil {
				fresh = append(fresh, t.String())
			}
		}
	}
	for key, p := range c.stored {
		n, there := now.stored[key]
		switch {
		case !there && !p.expires:
			gone = append(gone, key)
		case there && n.print != p.print:
			changed = append(changed, key)
		}
	}
	if created {
		for key := range now.stored {
			if _, had := c.stored[key]; !had {
				fresh = append(fresh, key)
			}
		}
	}
	var errs []error
	report := func(names []string, what string) {
		if len(names) == 0 {
			return
		}
		slices.Sort(names)
		if len(names) > 10 {
			names = append(names[:10:10], fmt.Sprintf("and %d more", len(names)-10))
		}
		errs = append(errs, fmt.Errorf("%w: %s %s", ErrChanged, strings.Join(names, ", "), what))
	}
	report(changed, "altered, rebuilt or truncated")
	report(gone, "dropped or renamed")
	report(fresh, "created")
	return errors.Join(errs...)
}

// Definition is a text that is the same in two runs as long as nobody has altered, rebuilt or, on MySQL 5.6 and 5.7, truncated
// the table.
func (t *Table) Definition() string {
	return fmt.Sprintf("%016x-%016x%016x-%d", t.print.ordered, t.print.unordered.Hi, t.print.unordered.Lo, t.print.rows)
}
