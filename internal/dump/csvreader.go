package dump

import (
	"errors"
	"fmt"
	"io"
)

// CSVReader decodes what AppendCSV wrote, without allocating per row.
// It reads a file as LOAD DATA does with the clauses of LoadDataSQL. It is not safe for concurrent use.
type CSVReader struct {
	in   readBuffer
	row  Row
	text []byte
	line int64 // of the row that Read returned last, counted from 1
}

// NewCSVReader returns a reader of rows of columns cells. maxRowBytes bounds one row, and what is held in memory.
func NewCSVReader(r io.Reader, columns int, maxRowBytes int64) *CSVReader {
	return &CSVReader{in: newReadBuffer(r, maxRowBytes), row: make(Row, columns)}
}

// Expect tells the reader how many bytes the largest row takes, so that it makes room for it at once; 0: that is not known.
func (r *CSVReader) Expect(rowBytes int64) *CSVReader {
	r.in.expect(rowBytes)
	return r
}

// Line is the number of the row that Read returned last, counted from 1.
func (r *CSVReader) Line() int64 { return r.line }

// Read returns the next row, io.EOF after the last; an error names the line and byte offset.
// The row is valid until the next call.
func (r *CSVReader) Read() (Row, error) {
	if n := r.quick(r.in.bytes()); n > 0 {
		r.line++
		r.in.take(n)
		return r.row, nil
	}
	raw, err := r.rawLine()
	if err != nil {
		return nil, err
	}
	r.line++
	if err := r.decode(raw); err != nil {
		return nil, fmt.Errorf("csv line %d, byte %d: %w", r.line, r.in.offset, err)
	}
	r.in.take(len(raw))
	return r.row, nil
}

// rawLine returns the bytes of the next row with its newline. Enclosed cells of format 1 hold no bare newline, but
// those of other writers may: a newline ends a row only outside quotes.
func (r *CSVReader) rawLine() ([]byte, error) {
	var scan lineScan
	for {
		b := r.in.bytes()
		if n := scan.end(b); n > 0 {
			return b[:n], nil
		}
		if int64(len(b)) > r.in.max {
			return nil, r.fail(r.in.fail("%w: more than %d bytes", ErrRowTooLong, r.in.max))
		}
		if r.in.fill() {
			continue
		}
		switch {
		case !errors.Is(r.in.err, io.EOF):
			return nil, r.in.err
		case len(b) == 0:
			return nil, io.EOF
		}
		return nil, r.fail(r.in.atEnd("file ends inside a row"))
	}
}

func (r *CSVReader) fail(err error) error { return fmt.Errorf("csv line %d, %w", r.line+1, err) }

// lineScan finds the end of a row and remembers how far it looked, so that a long row is looked at once.
type lineScan struct {
	pos      int
	enclosed bool
	inCell   bool // a cell has begun: a quote here is data
}

// end returns the length of the first row in b including its newline, or 0 when b holds no whole row.
func (s *lineScan) end(b []byte) int {
	for s.pos < len(b) {
		if s.enclosed {
			if !s.skipEnclosed(b) {
				return 0
			}
			continue
		}
		switch b[s.pos] {
		case '\\':
			if s.pos+1 >= len(b) {
				return 0
			}
			s.pos++
			s.inCell = true
		case '"':
			s.enclosed = !s.inCell
			s.inCell = true
		case ',':
			s.inCell = false
		case '\n':
			return s.pos + 1
		default:
			s.inCell = true
		}
		s.pos++
	}
	return 0
}

// skipEnclosed goes past the next quote or escape of an enclosed cell; false asks for more bytes.
func (s *lineScan) skipEnclosed(b []byte) bool {
	i := IndexEither(b[s.pos:], '"', '\\')
	if i < 0 {
		s.pos = len(b)
		return false
	}
	s.pos += i
	if s.pos+1 >= len(b) {
		return false
	}
	next := b[s.pos+1]
	switch {
	case b[s.pos] == '\\' || next == '"':
		s.pos += 2
	case next == ',' || next == '\n':
		s.pos++
		s.enclosed = false
	default: // LOAD DATA takes a quote that no terminator follows as data
		s.pos++
	}
	return true
}

// decode cuts a line into cells and undoes the escapes in place: a cell never grows.
func (r *CSVReader) decode(line []byte) error {
	pos := 0
	for i := range r.row {
		cell, next, err := decodeCell(line, pos)
		if err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
		r.row[i] = cell
		last := i == len(r.row)-1
		switch {
		case line[next] == ',' && last:
			return fmt.Errorf("more than %d columns", len(r.row))
		case line[next] == '\n' && !last:
			return fmt.Errorf("%d columns in place of %d", i+1, len(r.row))
		}
		pos = next + 1
	}
	return nil
}

// decodeCell decodes the cell that starts at line[pos] and returns it and where its terminator is.
func decodeCell(line []byte, pos int) (cell []byte, next int, err error) {
	if line[pos] != '"' {
		return decodeBare(line, pos)
	}
	pos++
	start, out, null := pos, pos, false
	for {
		i := IndexEither(line[pos:], '"', '\\')
		if i < 0 || pos+i+1 >= len(line) {
			return nil, 0, errors.New("no end of cell")
		}
		if out != pos {
			copy(line[out:], line[pos:pos+i])
		}
		out += i
		pos += i
		c, after := line[pos], line[pos+1]
		switch {
		case c == '\\':
			null = after == 'N'
			c = Unescaped(after)
			pos++
		case after == ',' || after == '\n':
			return endCell(line[start:out:out], null, true), pos + 1, nil
		case after == '"':
			pos++
		}
		line[out] = c
		out++
		pos++
	}
}

// decodeBare decodes a cell without quotes.
func decodeBare(line []byte, pos int) (cell []byte, next int, err error) {
	start, out, null := pos, pos, false
	for ; pos < len(line); pos++ {
		c := line[pos]
		switch {
		case c == ',' || c == '\n':
			return endCell(line[start:out:out], null, false), pos, nil
		case c == '\\' && pos+1 < len(line):
			pos++
			null = line[pos] == 'N'
			c = Unescaped(line[pos])
		}
		line[out] = c
		out++
	}
	return nil, 0, errors.New("no end of cell")
}

// endCell tells NULL from text: \N alone, and the bare word NULL, which LOAD DATA reads as NULL once an enclosure is set
// (https://dev.mysql.com/doc/refman/8.4/en/load-data.html).
func endCell(cell []byte, null, enclosed bool) []byte {
	if null && len(cell) == 1 || !enclosed && string(cell) == "NULL" {
		return nil
	}
	return cell
}
