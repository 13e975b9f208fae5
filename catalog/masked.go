package catalog

import (
	"fmt"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/transform"
)

// maskedColumn is a column whose values are replaced while they are read.
type maskedColumn struct {
	at   int // in the row
	name string
	mask *transform.Mask
}

// addMasked reads a column whose values are masked: what they were is of no interest to the file.
func (p *ReadPlan) addMasked(c Column, into string) {
	at, enums, sets := len(p.Columns), len(p.enums), len(p.sets)
	p.addColumn(c, into)
	p.enums, p.sets = p.enums[:enums], p.sets[:sets]
	out := &p.Columns[at]
	out.Mask = string(c.Mask.Method.Kind)
	mask := c.Mask
	if out.Encoding == dump.UTF8 && c.Charset != "" {
		mask = mask.In(CharsetUTF8)
	}
	p.masks = append(p.masks, maskedColumn{at, c.Name, mask})
}

// maskRow masks the cells of a row.
func (p *ReadPlan) maskRow(cells [][]byte) (masked bool, err error) {
	for _, m := range p.masks {
		if cells[m.at], err = m.mask.Apply(cells[m.at]); err != nil {
			return false, fmt.Errorf("column %s: %s: %w", m.name, flagMask, err)
		}
	}
	return len(p.masks) > 0, nil
}
