package loader

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/progress"
)

// cleaner replaces what is not valid in the text of one chunk, once the target has refused it (--invalid-text replace).
type cleaner struct {
	cols    []tableColumn
	valid   []func([]byte) int // of each column: see textLength; nil for what is no text
	key     []int
	row     int64
	changed []string // what was replaced where, of the first cells
	cells   int64    // in which something was replaced
}

func (w *writer) newCleaner(ctx context.Context, t *table) (*cleaner, error) {
	key, err := w.keyColumns(ctx, t)
	if err != nil {
		return nil, err
	}
	c := &cleaner{cols: t.unpack(), key: key}
	for _, col := range c.cols {
		charset := ""
		switch col.encoding {
		case dump.UTF8:
			charset = "utf8mb4"
		case dump.Bytes:
			charset = col.charset
		case dump.Plain:
		}
		c.valid = append(c.valid, textLength(charset))
	}
	return c, nil
}

// start forgets what an attempt before this one replaced.
func (c *cleaner) start() { c.row, c.changed, c.cells = 0, nil, 0 }

// shownCells is how many replaced cells of a chunk are named.
const shownCells = 10

// clean replaces what is not valid in the cells of a row by question marks, one for each byte.
func (c *cleaner) clean(row dump.Row) {
	c.row++
	for i, valid := range c.valid {
		if valid == nil || row[i] == nil {
			continue
		}
		text, n := replaceInvalid(row[i], valid, charBytes('?', c.cols[i]))
		if n == 0 {
			continue
		}
		c.cells++
		if len(c.changed) < shownCells {
			at := fmt.Sprint(c.row)
			if len(c.key) > 0 {
				at = keyText(c.cols, c.key, row)
			}
			c.changed = append(c.changed, fmt.Sprintf("column %s, row %s: %s not valid in its charset, replaced by ?", c.cols[i].name, at, progress.Counted(n, "byte")))
		}
		row[i] = text
	}
}

// cleanRows sends a chunk's rows by INSERT, with what is not valid in them replaced.
func (w *writer) cleanRows(ctx context.Context, one work, r io.Reader) (got result, err error) {
	one.clean.start()
	in := newInserter(w, one.t)
	if err := w.s.strict(ctx, !one.t.enums); err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, in.large.close()) }()
	reader := w.rowReader(one, r)
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			err = in.flush(ctx)
			return in.got, err
		}
		if err != nil {
			return in.got, tooLong(err)
		}
		one.clean.clean(row)
		if err := in.add(ctx, row); err != nil {
			return in.got, err
		}
	}
}

// report says what was replaced in a chunk that is in.
func (c *cleaner) report(s *Summary, one work) {
	for _, what := range c.changed {
		s.differs(fmt.Sprintf("table %s, %s", one.t, what))
	}
	if more := c.cells - int64(len(c.changed)); more > 0 {
		s.differs(fmt.Sprintf("table %s, chunk %s: bytes were replaced in %d more cells", one.t, one.c.File, more))
	}
}
