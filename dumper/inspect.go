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

// inspection is a column whose values are looked at while they are written.
type inspection struct {
	at      int    // in the row; -1 for a generated column
	column  string // its name, quoted
	charset string // of text that is converted to UTF-8
	same    string // expression that is 1 when the value can be had again from the dump
	back    int    // where that stands in the select list
	unit    int    // bytes of the shortest character of a wide charset; else 0
}

// inspectColumn notes the columns that can hold what a file cannot: JSON, and text that is converted.
func (p *readPlan) inspectColumn(c column, at int, converted bool) {
	name := mysql.QuoteName(c.name)
	switch {
	case c.dataType == "json":
		p.inspected = append(p.inspected, inspection{at: at, column: name})
	case c.dataType == "enum" || c.dataType == "set":
	case !converted && len(charIn('0', c.charset)) > 1:
		p.inspected = append(p.inspected, inspection{at: at, column: name, unit: len(charIn('0', c.charset))})
	case converted:
		p.inspected = append(p.inspected, inspection{at: at, column: name, charset: c.charset,
			same: fmt.Sprintf("CAST(CONVERT(CONVERT(%s USING utf8mb4) USING %s) AS BINARY)<=>CAST(%s AS BINARY)", name, c.charset, name)})
	}
}

// inspectGenerated notes a stored generated column whose expression depends on the session's time zone. The load has it
// computed anew, in UTC, as this session computes it beside what is stored.
func (p *readPlan) inspectGenerated(c column, columns []column) {
	if c.stored == "" || !dependsOnZone(c.stored, columns) {
		return
	}
	if !isASCII(c.stored) {
		p.unknown = append(p.unknown, fmt.Sprintf("stored generated column %s depends on the session's time zone: the load computes it in UTC", c.name))
		return
	}
	name := mysql.QuoteName(c.name)
	p.inspected = append(p.inspected, inspection{at: -1, column: name, same: name + "<=>(" + c.stored + ")"})
}

// dependsOnZone reports an expression with a TIMESTAMP column in it, or with one of the functions that use the zone.
func dependsOnZone(expr string, columns []column) bool {
	lower := strings.ToLower(expr)
	if strings.Contains(lower, "from_unixtime(") || strings.Contains(lower, "unix_timestamp(") {
		return true
	}
	return slices.ContainsFunc(columns, func(c column) bool {
		return c.dataType == "timestamp" && strings.Contains(expr, mysql.QuoteName(c.name))
	})
}

// addInspections puts what is needed for them behind the columns of the select list.
func (p *readPlan) addInspections() {
	for i := range p.inspected {
		if c := &p.inspected[i]; c.same != "" {
			c.back = p.addExpr(c.same, mysql.ColumnFix{})
		}
	}
}

// inspect looks at one row of the select list.
func (rd *reading) inspect(cells [][]byte) {
	for i, c := range rd.table.plan.inspected {
		switch {
		case c.same != "" && string(cells[c.back]) == "1":
		case c.charset != "":
			rd.differ(c.column, rd.rowName(cells), fmt.Sprintf("text in %s does not come back from utf8mb4 as it was: dump with --charset source", c.charset))
		case c.same != "":
			rd.differ(c.column, rd.rowName(cells), "the stored generated value depends on the time zone of the session that wrote it: the load computes it in UTC")
		case c.unit > 0:
			if len(cells[c.at])%c.unit != 0 {
				rd.differ(c.column, rd.rowName(cells), "the text ends within a character: servers fill it up")
			}
		case cells[c.at] != nil:
			f := scanJSON(cells[c.at])
			if f.number != nil {
				rd.differ(c.column, rd.rowName(cells), fmt.Sprintf("the JSON number %.60s would be loaded as a double", f.number))
			}
			if f.suspect {
				if rd.suspect == nil {
					rd.suspect = map[int]bool{}
				}
				rd.suspect[i] = true
			}
		}
	}
}

func (rd *reading) differ(column, row, what string) {
	rd.differences.add(fmt.Sprintf("table %s column %s, row %s: %s", rd.table.quoted(), column, row, what))
}

// rowName says which row it is, by its key or else by its place in the file.
func (rd *reading) rowName(cells [][]byte) string {
	if rd.table.key == nil {
		return fmt.Sprintf("%d of chunk %d", rd.file.Rows()+1, rd.number)
	}
	return keyText(rd.table.key, rd.table.plan.key(cells))
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
		c := t.plan.inspected[i]
		exprs := []string{"CONVERT(" + c.column + " USING utf8mb4)"}
		if t.key != nil {
			for p := range t.key.Parts {
				exprs = append(exprs, t.key.KeyExpr(p))
			}
		}
		rows, err := mysql.Rows(ctx, r.conn, t.selectWhere(*j.whole, exprs, "NOT ("+c.column+" <=> CAST(CONVERT("+c.column+" USING utf8mb4) AS JSON))"), nil)
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

func (r *reader) readSuspects(j *job, c inspection, rows *mysql.RowReader) error {
	for {
		cells, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return lost(err)
		}
		if scanJSON(cells[0]).number != nil {
			continue // named already
		}
		row := "without a key"
		if key := j.table.key; key != nil {
			row = keyText(key, append(chunker.Tuple{}, cells[1:]...))
		}
		r.differences.add(fmt.Sprintf("table %s column %s, row %s: JSON holds a date, a time or an opaque value, which would be loaded as a string: %.60s",
			j.table.quoted(), c.column, row, cells[0]))
	}
}
