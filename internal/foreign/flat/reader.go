package flat

import (
	"bytes"
	"io"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/foreign"
)

// Reader reads the rows of a file. It is not safe for concurrent use.
type Reader struct {
	foreign.Buffer
	fields, lines    []byte
	enclosed, escape int // -1 is none
	special          [256]bool
	null             *string
	sniff            bool // the first line tells how lines end
	sniffing         bool // it is being looked at
	cells            []foreign.Literal
	rowLine          int64
}

// NewReader makes a reader of a dialect, which is valid.
func NewReader(d Dialect) *Reader {
	r := &Reader{fields: []byte(d.Fields), lines: []byte(d.Lines), enclosed: -1, escape: -1, null: d.Null, sniff: d.Lines == ""}
	if d.Enclosed != "" {
		r.enclosed = int(d.Enclosed[0])
		r.special[d.Enclosed[0]] = true
	}
	if d.Escaped != "" && d.Escaped != d.Enclosed { // as escape the quote only doubles itself
		r.escape = int(d.Escaped[0])
		r.special[d.Escaped[0]] = true
	}
	if r.sniff {
		r.lines = []byte{'\n'}
	}
	r.special[r.fields[0]], r.special[r.lines[0]] = true, true
	return r
}

// Reset starts another file. The mark of UTF-8 before its first row is passed over.
func (r *Reader) Reset(in io.Reader, name string) {
	r.Buffer.Reset(in, name)
	r.rowLine = 0
	if r.sniff {
		r.setLines([]byte{'\n'})
	}
	for len(r.Bytes()) < 3 && r.Fill() {
	}
	if bytes.HasPrefix(r.Bytes(), []byte("\xef\xbb\xbf")) {
		r.Take(3)
	}
	if r.sniff {
		r.sniffLines()
	}
}

// sniffLines looks for the end of the first line, outside of quotes.
func (r *Reader) sniffLines() {
	r.sniffing = true
	n, _, _ := r.rowEnd()
	r.sniffing = false
	if b := r.Bytes(); n > 1 && b[n-1] == '\n' && b[n-2] == '\r' && (n == 2 || int(b[n-3]) != r.escape) {
		r.setLines([]byte("\r\n"))
	}
}

func (r *Reader) setLines(lines []byte) {
	r.special['\n'], r.special['\r'] = false, false
	r.lines = lines
	r.special[r.fields[0]], r.special[lines[0]] = true, true
	for _, c := range []int{r.enclosed, r.escape} {
		if c >= 0 {
			r.special[c] = true
		}
	}
}

// RowLine is the line of the row that Row returned last.
func (r *Reader) RowLine() int64 { return r.rowLine }

// Skip passes over n rows.
func (r *Reader) Skip(n int) error {
	for range n {
		end, _, err := r.rowEnd()
		if err != nil || end == 0 {
			return err
		}
		r.Take(end)
	}
	return nil
}

// Row reads the next row, io.EOF after the last. Its cells are strings, or NULL.
func (r *Reader) Row() ([]foreign.Literal, error) {
	n, whole, err := r.rowEnd()
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	r.rowLine = r.Line()
	raw := r.Bytes()[:n:n]
	lines := int64(bytes.Count(raw, []byte{'\n'})) // decoding alters them
	body := raw
	if whole {
		body = raw[:n-len(r.lines)]
	}
	if err := r.decode(body); err != nil {
		return nil, err
	}
	r.TakeLines(n, lines)
	return r.cells, nil
}

// rowEnd is the length of the next row with its terminator, which the last row may lack (whole is false); 0 at the end of the file.
func (r *Reader) rowEnd() (n int, whole bool, err error) {
	s := scan{}
	for {
		b := r.Bytes()
		ended, err := r.Ended()
		if err != nil {
			return 0, false, r.Short("early")
		}
		if n := s.end(r, b, ended); n > 0 {
			return n, true, nil
		}
		if ended {
			if s.inQuotes {
				return 0, false, r.Short("inside quotes")
			}
			return len(b), false, nil
		}
		if len(b) > foreign.MaxRowBytes {
			return 0, false, r.Errorf("%w: a row of more than %d bytes", foreign.ErrStatement, int64(foreign.MaxRowBytes))
		}
		r.Fill()
	}
}

// scan finds the end of a row and remembers how far it looked.
type scan struct {
	pos      int
	inQuotes bool
	inCell   bool // a cell has begun: a quote here is data
}

// end returns the length of the first row in b with its terminator; 0 where b holds no whole one. ended says that nothing follows b.
func (s *scan) end(r *Reader, b []byte, ended bool) int {
	ahead := max(len(r.fields), len(r.lines), len("\r\n"))
	for s.pos < len(b) {
		c := b[s.pos]
		if !r.special[c] || s.inQuotes && int(c) != r.enclosed && int(c) != r.escape {
			s.pos++
			s.inCell = true
			continue
		}
		rest := b[s.pos:]
		if len(rest) <= ahead && !ended {
			return 0 // what follows decides
		}
		switch {
		case int(c) == r.escape:
			s.pos += min(2, len(rest))
			s.inCell = true
		case s.inQuotes:
			s.quote(r, rest)
		case int(c) == r.enclosed && !s.inCell:
			s.pos++
			s.inQuotes, s.inCell = true, true
		case bytes.HasPrefix(rest, r.fields):
			s.pos += len(r.fields)
			s.inCell = false
		case bytes.HasPrefix(rest, r.lines):
			return s.pos + len(r.lines)
		default:
			s.pos++
			s.inCell = true
		}
	}
	return 0
}

// quote takes the quote that rest begins with, within quotes: doubled it is data, before a terminator it ends the cell, else LOAD
// DATA takes it as data.
func (s *scan) quote(r *Reader, rest []byte) {
	s.pos++
	switch after := rest[1:]; {
	case len(after) > 0 && int(after[0]) == r.enclosed:
		s.pos++
	case r.endsCell(after):
		s.inQuotes = false
	}
}

// endsCell reports whether a terminator follows, or the end of the row.
func (r *Reader) endsCell(b []byte) bool {
	return len(b) == 0 || bytes.HasPrefix(b, r.fields) || bytes.HasPrefix(b, r.lines) || r.sniffing && bytes.HasPrefix(b, []byte("\r\n"))
}

// decode cuts a row without its terminator into cells and undoes quotes and escapes in place: a cell never grows.
func (r *Reader) decode(b []byte) error {
	r.cells = r.cells[:0]
	for pos := 0; ; {
		cell, next, ok := r.cell(b, pos)
		r.cells = append(r.cells, cell)
		if !ok {
			return r.Errorf("%w: column %d: no end of the quotes", foreign.ErrStatement, len(r.cells))
		}
		if next >= len(b) {
			return nil
		}
		if !bytes.HasPrefix(b[next:], r.fields) {
			return r.Errorf("%w: column %d: %.40q behind a cell in quotes", foreign.ErrStatement, len(r.cells), b[next:])
		}
		if pos = next + len(r.fields); pos == len(b) { // an empty last cell
			last, _, _ := r.cell(b, pos)
			r.cells = append(r.cells, last)
			return nil
		}
	}
}

// cell decodes the cell at b[pos] and returns it and where it ends.
func (r *Reader) cell(b []byte, pos int) (cell foreign.Literal, next int, ok bool) {
	if pos < len(b) && int(b[pos]) == r.enclosed {
		return r.enclosedCell(b, pos+1)
	}
	start, out, null := pos, pos, false
	for pos < len(b) {
		c := b[pos]
		switch {
		case !r.special[c]:
		case int(c) == r.escape && pos+1 < len(b):
			pos++
			null = b[pos] == 'N'
			c = dump.Unescaped(b[pos])
		case bytes.HasPrefix(b[pos:], r.fields):
			return r.bare(b[start:out:out], pos-start, null), pos, true
		}
		b[out] = c
		out++
		pos++
	}
	return r.bare(b[start:out:out], pos-start, null), pos, true
}

// bare tells NULL from text in a cell without quotes, which had size bytes.
func (r *Reader) bare(cell []byte, size int, null bool) foreign.Literal {
	switch {
	case null && len(cell) == 1,
		r.null == nil && r.enclosed >= 0 && size == 4 && string(cell) == "NULL",
		r.null != nil && size == len(cell) && string(cell) == *r.null:
		return foreign.Literal{}
	}
	return foreign.Literal{Form: foreign.String, Text: cell}
}

// enclosedCell decodes a cell behind its opening quote.
func (r *Reader) enclosedCell(b []byte, pos int) (foreign.Literal, int, bool) {
	start, out, null := pos, pos, false
	for pos < len(b) {
		c := b[pos]
		switch {
		case int(c) == r.escape && pos+1 < len(b):
			pos++
			null = b[pos] == 'N'
			c = dump.Unescaped(b[pos])
		case int(c) != r.enclosed:
		case pos+1 < len(b) && int(b[pos+1]) == r.enclosed:
			pos++
		case pos+1 == len(b) || bytes.HasPrefix(b[pos+1:], r.fields):
			if cell := b[start:out:out]; !null || len(cell) != 1 {
				return foreign.Literal{Form: foreign.String, Text: cell}, pos + 1, true
			}
			return foreign.Literal{}, pos + 1, true // \N is NULL within quotes too
		}
		b[out] = c
		out++
		pos++
	}
	return foreign.Literal{}, 0, false
}
