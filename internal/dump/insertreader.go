package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxHeadBytes bounds what stands before the rows of a statement: 4,096 names of columns.
const maxHeadBytes = 4 << 20

// InsertReader decodes a chunk of INSERT statements as AppendValues wrote them, row by row: a huge statement is never in
// memory as a whole. It takes the session header, INSERT INTO the chunk's own table, and literals; anything else is an
// error that is ErrStatement. It is not safe for concurrent use.
type InsertReader struct {
	in      readBuffer
	schema  string
	table   string
	columns []string
	order   []int // the column of each value of a row
	cells   Row   // in the order of the values
	row     Row
	rows    int64 // that Read returned
	inRows  bool  // within a statement
}

// NewInsertReader reads the rows of a table's chunk. maxRowBytes bounds one row, and what is held in memory.
func NewInsertReader(r io.Reader, schema, table string, columns []string, maxRowBytes int64) *InsertReader {
	return &InsertReader{in: newReadBuffer(r, maxRowBytes), schema: schema, table: table, columns: columns,
		cells: make(Row, len(columns)), row: make(Row, len(columns))}
}

// Read returns the next row, io.EOF after the last; an error names the byte offset. The row is valid until the next call.
func (r *InsertReader) Read() (Row, error) {
	if r.inRows {
		if err := r.afterRow(); err != nil {
			return nil, err
		}
	}
	for !r.inRows {
		if err := r.head(); err != nil {
			return nil, err
		}
	}
	raw, err := r.rawRow()
	if err != nil {
		return nil, err
	}
	if err := r.decode(raw); err != nil {
		return nil, r.in.fail("row %d: %w", r.rows+1, err)
	}
	r.in.take(len(raw))
	r.rows++
	for i, at := range r.order {
		r.row[at] = r.cells[i]
	}
	return r.row, nil
}

// afterRow takes the comma before another row, or the end of the statement.
func (r *InsertReader) afterRow() error {
	rest, err := r.significant()
	switch {
	case err != nil:
		return err
	case rest[0] == ';':
		r.inRows = false
	case rest[0] != ',':
		return r.in.fail("%w: %.40q behind a row", ErrStatement, rest)
	}
	r.in.take(1)
	return nil
}

// significant returns what follows white space within a statement.
func (r *InsertReader) significant() ([]byte, error) {
	for {
		all := r.in.bytes()
		rest := bytes.TrimLeft(all, " \t\r\n")
		r.in.take(len(all) - len(rest))
		if len(rest) > 0 {
			return rest, nil
		}
		if !r.in.fill() {
			return nil, r.in.atEnd("the file ends inside a statement")
		}
	}
}

// rawRow returns the bytes of the next row with its parentheses.
func (r *InsertReader) rawRow() ([]byte, error) {
	if _, err := r.significant(); err != nil {
		return nil, err
	}
	pos, quoted := 0, false
	for {
		b := r.in.bytes()
		var end bool
		if pos, quoted, end = rowEnd(b, pos, quoted); end {
			return b[:pos], nil
		}
		if int64(len(b)) > r.in.max {
			return nil, r.in.fail("%w: more than %d bytes", ErrRowTooLong, r.in.max)
		}
		if !r.in.fill() {
			return nil, r.in.atEnd("the file ends inside a row")
		}
	}
}

// rowEnd looks on from pos for the parenthesis that ends a row.
func rowEnd(b []byte, pos int, quoted bool) (next int, in, end bool) {
	for pos < len(b) {
		if !quoted {
			i := IndexEither(b[pos:], '\'', ')')
			if i < 0 {
				return len(b), false, false
			}
			pos += i + 1
			if b[pos-1] == ')' {
				return pos, false, true
			}
			quoted = true
			continue
		}
		i := IndexEither(b[pos:], '\'', '\\')
		switch {
		case i < 0:
			return len(b), true, false
		case b[pos+i] == '\'':
			pos, quoted = pos+i+1, false // a doubled quote opens it again
		case pos+i+1 >= len(b):
			return pos + i, true, false
		default:
			pos += i + 2
		}
	}
	return pos, quoted, false
}

// decode cuts "(v,v)" into cells and undoes the escapes in place.
func (r *InsertReader) decode(raw []byte) error {
	if raw[0] != '(' {
		return fmt.Errorf("%w: %.40q in place of a row", ErrStatement, raw)
	}
	pos := 1
	for i := range r.order {
		cell, next, err := decodeLiteral(raw, pos)
		if err != nil {
			return err
		}
		last := i == len(r.order)-1
		switch {
		case raw[next] == ',' && last:
			return fmt.Errorf("%w: more than %d values", ErrStatement, len(r.order))
		case raw[next] == ')' && !last:
			return fmt.Errorf("%w: %d values in place of %d", ErrStatement, i+1, len(r.order))
		}
		r.cells[i] = cell
		pos = next + 1
	}
	if len(r.order) == 0 {
		pos++
	}
	if pos != len(raw) {
		return fmt.Errorf("%w: %.40q behind the values", ErrStatement, raw[min(pos, len(raw)):])
	}
	return nil
}

// decodeLiteral decodes NULL, a number or a string at raw[pos] and returns it and where the comma or parenthesis is.
func decodeLiteral(raw []byte, pos int) (cell []byte, next int, err error) {
	for pos < len(raw) && (raw[pos] == ' ' || raw[pos] == '\n') {
		pos++
	}
	for _, introducer := range []string{utf8Introducer, "_binary"} {
		if bytes.HasPrefix(raw[pos:], []byte(introducer)) {
			pos += len(introducer)
			if pos < len(raw) && raw[pos] == ' ' {
				pos++
			}
			break
		}
	}
	if pos < len(raw) && raw[pos] == '\'' {
		return decodeString(raw, pos+1)
	}
	n := bytes.IndexAny(raw[pos:], ",)")
	if n < 0 {
		return nil, 0, fmt.Errorf("%w: no end of a value", ErrStatement)
	}
	cell = raw[pos : pos+n : pos+n]
	switch {
	case string(cell) == "NULL":
		return nil, pos + n, nil
	case !isNumber(cell):
		return nil, 0, fmt.Errorf("%w: %.40q among the values", ErrStatement, cell)
	}
	return cell, pos + n, nil
}

// decodeString decodes the string whose text starts at raw[pos], in place.
func decodeString(raw []byte, pos int) (cell []byte, next int, err error) {
	start, out := pos, pos
	for {
		i := IndexEither(raw[pos:], '\'', '\\')
		if i < 0 || pos+i+1 >= len(raw) {
			return nil, 0, fmt.Errorf("%w: no end of a string", ErrStatement)
		}
		if out != pos {
			copy(raw[out:], raw[pos:pos+i])
		}
		out += i
		pos += i
		c, after := raw[pos], raw[pos+1]
		switch {
		case c == '\\':
			c = Unescaped(after)
		case after == ',' || after == ')':
			return raw[start:out:out], pos + 1, nil
		case after != '\'':
			return nil, 0, fmt.Errorf("%w: %.40q behind a string", ErrStatement, raw[pos+1:])
		}
		raw[out] = c
		out++
		pos += 2
	}
}

// head reads what stands before the next rows; io.EOF where there are none.
func (r *InsertReader) head() error {
	for {
		b := r.in.bytes()
		n, err := r.parseHead(b)
		if !errors.Is(err, errShort) {
			if err != nil && !errors.Is(err, io.EOF) {
				return r.in.fail("%w", err)
			}
			r.in.take(n)
			return err
		}
		if len(b) > maxHeadBytes {
			return r.in.fail("%w: no row within %d bytes", ErrStatement, maxHeadBytes)
		}
		if !r.in.fill() {
			if len(bytes.TrimSpace(b)) == 0 && errors.Is(r.in.err, io.EOF) {
				return io.EOF
			}
			return r.in.atEnd("the file ends inside a statement")
		}
	}
}

// errShort asks for more of the file.
var errShort = errors.New("more is needed")

// parseHead takes one statement of the session header, or an INSERT up to its first row.
func (r *InsertReader) parseHead(b []byte) (n int, err error) {
	rest := bytes.TrimLeft(b, " \t\r\n")
	skipped := len(b) - len(rest)
	if len(rest) == 0 {
		return 0, errShort
	}
	if rest[0] == '/' {
		end := bytes.Index(rest, []byte(";\n"))
		if end < 0 {
			return 0, errShort
		}
		if !isSessionStatement(string(rest[:end])) {
			return 0, fmt.Errorf("%w: %.120q", ErrStatement, rest[:end])
		}
		return skipped + end + 2, nil
	}
	h := headScan{text: rest}
	if err := r.parseInsert(&h); err != nil {
		return 0, err
	}
	r.inRows = true
	return skipped + h.pos, nil
}

// isSessionStatement reports whether a statement is one of sessionHeader's.
func isSessionStatement(stmt string) bool {
	mode, ok := strings.CutPrefix(stmt, "/*!40101 SET SQL_MODE='")
	if ok {
		mode, ok = strings.CutSuffix(mode, "'*/")
		return ok && strings.Trim(mode, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_,") == "" && !strings.Contains(mode, "NO_BACKSLASH_ESCAPES")
	}
	return slices.Contains([]string{"/*!40101 SET NAMES binary*/", "/*!40014 SET FOREIGN_KEY_CHECKS=0*/", "/*!40103 SET TIME_ZONE='+00:00'*/"}, stmt)
}

// parseInsert reads INSERT INTO [schema.]table (columns) VALUES.
func (r *InsertReader) parseInsert(h *headScan) error {
	if err := h.words("INSERT", "INTO"); err != nil {
		return err
	}
	table, err := h.name()
	if err != nil {
		return err
	}
	schema := r.schema
	if h.sees('.') {
		schema = table
		if table, err = h.name(); err != nil {
			return err
		}
	}
	if table != r.table || schema != r.schema {
		return fmt.Errorf("%w: INSERT INTO %s in a chunk of %s", ErrStatement, quoteTable(schema, table), quoteTable(r.schema, r.table))
	}
	r.order = r.order[:0]
	if !h.sees('(') {
		return h.refuse()
	}
	for len(r.columns) > 0 && !h.sees(')') {
		if len(r.order) > 0 && !h.sees(',') {
			return h.refuse()
		}
		name, err := h.name()
		if err != nil {
			return err
		}
		at := slices.Index(r.columns, name)
		if at < 0 || slices.Contains(r.order, at) {
			return fmt.Errorf("%w: an INSERT has other columns than its table", ErrStatement)
		}
		r.order = append(r.order, at)
	}
	if len(r.columns) == 0 && !h.sees(')') {
		return h.refuse()
	}
	if len(r.order) != len(r.columns) {
		return fmt.Errorf("%w: an INSERT has %d columns in place of %d", ErrStatement, len(r.order), len(r.columns))
	}
	return h.words("VALUES")
}
