package loader

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// recast is what becomes of a table's rows on their way: columns are left out, cells are masked.
type recast struct {
	columns []tableColumn // of the dump's rows
	kept    []int         // the places of those that are moved
	masks   []*transform.Mask
	names   map[string]*transform.Mask // by lower-case names
}

// planColumns applies the rules for columns to a table. create is its definition in the dump, empty when there is none.
func (l *load) planColumns(t *table, o *dump.Object, create []byte, m transform.Mode) error {
	rules := l.picker.filter.Columns(o.Schema, o.Name)
	if rules == nil || len(o.Columns) == 0 {
		return nil
	}
	names, unique, prefixed, err := knownColumns(o, create, m)
	if err != nil {
		return err
	}
	if err := rules.See(names); err != nil {
		return err
	}
	r := &recast{names: map[string]*transform.Mask{}}
	r.columns = unpackColumns(packOnly(o.Columns))
	var kept []dump.Column
	for i, c := range o.Columns {
		if rules.Left(c.Name) {
			continue
		}
		kept = append(kept, c)
		r.kept = append(r.kept, i)
		low := strings.ToLower(c.Name)
		mask, err := rules.Mask(c.Name, transform.MaskedColumn{
			ColumnType: c.Type, Charset: c.Charset, Collation: c.Collation, Members: catalog.Members(c.Type), Nullable: c.Nullable, Numbered: c.Numbered,
			Unique: unique[low] || prefixed[low], Prefixed: prefixed[low],
		})
		if err != nil {
			l.refuse(t, []string{fmt.Sprintf("table %s column %s: --mask: %v", t, mysql.QuoteName(c.Name), err)})
		}
		if mask != nil {
			if c.Encoding == dump.UTF8 && c.Charset != "" {
				mask = mask.In("utf8mb4")
			}
			r.names[low] = mask
			l.found(t, prepared{notes: []transform.Note{{Object: "table " + t.String() + " column " + mysql.QuoteName(c.Name), What: "masked by " + string(mask.Method.Kind)}}})
		}
		r.masks = append(r.masks, mask)
	}
	if len(kept) == 0 {
		l.refuse(t, []string{fmt.Sprintf("table %s: none of its columns is moved", t)})
		return nil
	}
	if len(kept) < len(o.Columns) || len(r.names) > 0 {
		t.recast = r
		t.setColumns(kept)
	}
	return nil
}

// knownColumns are the names of a table's columns, and those that unique keys hold, by its definition or, where there is none, by what
// the dump says of it.
func knownColumns(o *dump.Object, create []byte, m transform.Mode) (names []string, unique, prefixed map[string]bool, err error) {
	if len(create) == 0 {
		unique = map[string]bool{}
		for _, c := range o.Columns {
			names = append(names, c.Name)
		}
		if o.Key != nil {
			for _, c := range o.Key.Columns {
				unique[strings.ToLower(c)] = true
			}
		}
		return names, unique, nil, nil
	}
	all, err := transform.Columns(create, m)
	for _, c := range all {
		names = append(names, c.Name)
	}
	if err == nil {
		unique, prefixed, err = transform.UniqueColumns(create, m)
	}
	return names, unique, prefixed, err
}

func packOnly(cols []dump.Column) string {
	packed, _ := packColumns(cols)
	return packed
}

// mask is the mask of a column, nil where it has none.
func (t *table) mask(column string) *transform.Mask {
	if t.recast == nil {
		return nil
	}
	return t.recast.names[strings.ToLower(column)]
}

// checkMaskedKeys refuses masks that part the two sides of a foreign key. Keys whose parent has not come yet are looked at later.
func (l *load) checkMaskedKeys() {
	byName := map[string]*table{}
	for _, t := range l.order {
		byName[l.fold(t.schema)+"\x00"+l.fold(t.name)] = t
	}
	l.maskedKeys = slices.DeleteFunc(l.maskedKeys, func(fk foreignKey) bool {
		parent := byName[l.fold(fk.schema)+"\x00"+l.fold(fk.table)]
		if parent == nil {
			return false
		}
		for i, c := range fk.columns {
			k := catalog.MaskedKey{Name: fk.name, Child: [3]string{fk.child.schema, fk.child.name, c}, Parent: [3]string{fk.schema, fk.table, fk.parents[i]}}
			if err := k.Check(fk.child.mask(c), parent.mask(fk.parents[i])); err != nil {
				l.refuse(fk.child, []string{err.Error()})
			}
		}
		return true
	})
}

// apply leaves out and masks the cells of a row, in place.
func (r *recast) apply(row dump.Row) (dump.Row, error) {
	for i, at := range r.kept {
		cell := row[at]
		if m := r.masks[i]; m != nil {
			var err error
			if cell, err = m.Apply(cell); err != nil {
				return nil, fmt.Errorf("column %s: --mask: %w", mysql.QuoteName(r.columns[at].name), err)
			}
		}
		row[i] = cell // at is never before i
	}
	return row[:len(r.kept)], nil
}

// masked reports whether some cells are masked.
func (r *recast) masked() bool { return r != nil && len(r.names) > 0 }

// recastRows reads rows as they go to the target.
type recastRows struct {
	in interface{ Read() (dump.Row, error) }
	*recast
}

// Read reads one row.
func (r recastRows) Read() (dump.Row, error) {
	row, err := r.in.Read()
	if err != nil {
		return nil, err
	}
	return r.apply(row)
}

// recastText is rows as text for LOAD DATA.
type recastText struct {
	rows interface{ Read() (dump.Row, error) }
	enc  []dump.Encoding
	text []byte
	at   int
	err  error
}

func newRecastText(t *table, rows interface{ Read() (dump.Row, error) }) *recastText {
	r := &recastText{rows: rows}
	for _, c := range t.unpack() {
		r.enc = append(r.enc, c.encoding)
	}
	return r
}

// recastBytes is how much text is made at once, but for larger rows.
const recastBytes = 64 << 10

// Read gives the text of rows.
func (r *recastText) Read(p []byte) (int, error) {
	if r.at == len(r.text) && r.err == nil {
		r.text, r.at = r.text[:0], 0
		for len(r.text) < recastBytes {
			row, err := r.rows.Read()
			if err != nil {
				r.err = err
				break
			}
			r.text = dump.AppendCSV(r.text, row, r.enc)
		}
	}
	if r.at == len(r.text) {
		return 0, r.err
	}
	n := copy(p, r.text[r.at:])
	r.at += n
	return n, nil
}

var _ io.Reader = (*recastText)(nil)

// failed is what ended the text, nil at its end.
func (r *recastText) failed() error {
	if r == nil || r.err == nil || errors.Is(r.err, io.EOF) {
		return nil
	}
	return tooLong(r.err)
}
