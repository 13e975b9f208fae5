package dumper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
)

// ErrDiffers is a dump that ran to its end, but lacks what the account may not see, or values that its files cannot carry as they are: exit code 3.
var ErrDiffers = errors.New("dump finished, but not all is in it as it is on the server")

// maxDifferences is how many values are named; all are counted.
const maxDifferences = 100

// differences collects the values that a dump cannot carry. It is safe for concurrent use.
type differences struct {
	mu    sync.Mutex
	count int64
	shown []string
}

func (d *differences) add(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Contains(d.shown, what) {
		return // a range that was read again
	}
	d.count++
	if len(d.shown) < maxDifferences {
		d.shown = append(d.shown, what)
	}
}

// list is what was found, with a line on what is not named.
func (d *differences) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.shown
	if more := d.count - int64(len(out)); more > 0 {
		out = append(out[:len(out):len(out)], fmt.Sprintf("%d more", more))
	}
	return out
}

// inspect looks at one row of the select list.
func (rd *reading) inspect(cells [][]byte) {
	for i, c := range rd.table.Plan.Inspected {
		switch {
		case c.Same != "" && string(cells[c.Back]) == "1":
		case c.Charset != "":
			rd.differ(c.Column, rd.rowName(cells), fmt.Sprintf("text in %s does not come back from utf8mb4 as it was: dump with --charset source", c.Charset))
		case c.Same != "":
			rd.differ(c.Column, rd.rowName(cells), "the stored generated value depends on the time zone of the session that wrote it: the load computes it in UTC")
		case c.Unit > 0:
			if len(cells[c.At])%c.Unit != 0 {
				rd.differ(c.Column, rd.rowName(cells), "the text ends within a character: servers fill it up")
			}
		case cells[c.At] != nil:
			f := catalog.ScanJSON(cells[c.At])
			if f.Number != nil {
				rd.differ(c.Column, rd.rowName(cells), fmt.Sprintf("the JSON number %.60s would be loaded as a double", f.Number))
			}
			if f.Suspect {
				if rd.suspect == nil {
					rd.suspect = map[int]bool{}
				}
				rd.suspect[i] = true
				rd.file.Differ()
			}
		}
	}
}

func (rd *reading) differ(column, row, what string) {
	rd.differences.add(fmt.Sprintf("table %s column %s, row %s: %s", rd.table.Quoted(), column, row, what))
	rd.file.Differ()
}

// rowName says which row it is, by its key or else by its place in the file.
func (rd *reading) rowName(cells [][]byte) string {
	if rd.table.Key == nil {
		return fmt.Sprintf("%d of chunk %d", rd.file.Rows()+1, rd.number)
	}
	return keyText(rd.table.Key, rd.table.Plan.Key(cells))
}

// keyText is (a=1, b="x").
func keyText(key *chunker.Key, values chunker.Tuple) string {
	parts := make([]string, len(values))
	for i, v := range values {
		text := string(v)
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			text = strconv.Quote(text)
		}
		parts[i] = mysql.QuoteName(key.Parts[i].Column) + "=" + text
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// checkSuspects asks the server which rows of a range hold dates, times or opaque values within JSON, which their text
// does not tell from strings: it compares each value with what it makes of the text.
func (r *reader) checkSuspects(ctx context.Context, j *job) (err error) {
	t := j.table
	for i := range j.suspect {
		c := t.Plan.Inspected[i]
		exprs := []string{"CONVERT(" + c.Column + " USING utf8mb4)"}
		if t.Key != nil {
			for p := range t.Key.Parts {
				exprs = append(exprs, t.Key.KeyExpr(p))
			}
		}
		rows, err := mysql.Rows(ctx, r.conn, t.SelectWhere(*j.whole, exprs, "NOT ("+c.Column+" <=> CAST(CONVERT("+c.Column+" USING utf8mb4) AS JSON))"), nil)
		if err != nil {
			return lost(err)
		}
		err = r.readSuspects(j, c, rows)
		if closeErr := rows.Close(); err == nil {
			err = lost(closeErr)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readSuspects(j *job, c catalog.Inspection, rows *mysql.RowReader) error {
	for {
		cells, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return lost(err)
		}
		if catalog.ScanJSON(cells[0]).Number != nil {
			continue // named already
		}
		row := "without a key"
		if key := j.table.Key; key != nil {
			row = keyText(key, append(chunker.Tuple{}, cells[1:]...))
		}
		r.differences.add(fmt.Sprintf("table %s column %s, row %s: JSON holds a date, a time or an opaque value, which would be loaded as a string: %.60s",
			j.table.Quoted(), c.Column, row, cells[0]))
	}
}
