package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gomove/gomove/transform"
)

// maxHeadBytes bounds what stands before the rows of a statement: 4,096 names of columns.
const maxHeadBytes = 4 << 20

// Insert is the head of an INSERT statement.
type Insert struct {
	Schema  string // empty where the table's name stands alone
	Table   string
	Columns []string // empty without a list
	Ignore  bool     // INSERT IGNORE
	Replace bool     // REPLACE
	Line    int64
}

// InsertReader reads a file of INSERT statements and what sets the session before them, row by row: a statement is never in memory
// as a whole. Any other statement is ErrStatement. It is not safe for concurrent use.
type InsertReader struct {
	Buffer
	dialect  Dialect
	mode     transform.Mode
	timeZone string
	charset  string
	head     Insert
	inRows   bool
	first    bool // the next row is its statement's first
	row      []Literal
	rowLine  int64
}

// Reset starts another file. charset is that of its literals until SET NAMES says another.
func (r *InsertReader) Reset(in io.Reader, name, charset string) {
	r.Buffer.Reset(in, name)
	r.dialect, r.mode, r.timeZone, r.charset, r.inRows = Dialect{}, transform.Mode{Charset: charset}, "", charset, false
}

// TimeZone is what the file has set time_zone to before the place that was reached; empty is that of whoever made it.
func (r *InsertReader) TimeZone() string { return r.timeZone }

// Charset is that of string literals at the place that was reached.
func (r *InsertReader) Charset() string { return r.charset }

// RowLine is the line of the row that Row returned last.
func (r *InsertReader) RowLine() int64 { return r.rowLine }

// Next reads on to the next INSERT statement, io.EOF after the last; the rows before it must have been read.
func (r *InsertReader) Next() (*Insert, error) {
	if r.inRows {
		return nil, r.Errorf("%w: rows are left", ErrStatement)
	}
	for {
		b, err := r.significant()
		if err != nil {
			return nil, err
		}
		n, err := r.statement(b)
		if errors.Is(err, errShort) {
			if len(b) > maxHeadBytes {
				return nil, r.Errorf("%w: %.120q", ErrStatement, b)
			}
			if !r.Fill() {
				return nil, r.Short("inside a statement")
			}
			continue
		}
		if err != nil {
			return nil, r.Errorf("%w", err)
		}
		r.head.Line = r.Line()
		r.Take(n)
		if r.inRows {
			return &r.head, nil
		}
	}
}

// errShort asks for more of the file.
var errShort = errors.New("more is needed")

// significant passes over white space, comments and empty statements between statements.
func (r *InsertReader) significant() ([]byte, error) {
	for {
		b := r.Bytes()
		rest := bytes.TrimLeft(b, " \t\r\n;")
		r.Take(len(b) - len(rest))
		switch {
		case bytes.HasPrefix(rest, []byte("--")), bytes.HasPrefix(rest, []byte("#")):
			if end := bytes.IndexByte(rest, '\n'); end >= 0 {
				r.Take(end + 1)
				continue
			}
		case bytes.HasPrefix(rest, []byte("/*")) && len(rest) > 3 && rest[2] != '!' && rest[2] != 'M':
			if end := bytes.Index(rest, []byte("*/")); end >= 0 {
				r.Take(end + 2)
				continue
			}
		case len(rest) > 8:
			return rest, nil
		}
		if r.Fill() {
			continue
		}
		_, err := r.Ended()
		switch rest = r.Bytes(); { // Fill may have moved it
		case err != nil:
			return nil, r.Short("early")
		case len(rest) == 0 || rest[0] == '#' || bytes.HasPrefix(rest, []byte("--")):
			return nil, io.EOF
		}
		return nil, r.Short("inside a statement")
	}
}

// statement takes a SET, or an INSERT up to its first row. b starts with it.
func (r *InsertReader) statement(b []byte) (n int, err error) {
	switch first := b[0] | 0x20; {
	case first == 'i' || first == 'r':
		return r.insert(b)
	case b[0] != '/' && first != 's':
		return 0, fmt.Errorf("%w: %.120q", ErrStatement, b)
	}
	end := bytes.Index(b, []byte(";\n"))
	if end < 0 {
		return 0, errShort
	}
	return end + 2, r.set(b[:end])
}

// set follows a SET statement of the session.
func (r *InsertReader) set(stmt []byte) error {
	var tokens []transform.Token
	for _, t := range transform.Lex(stmt, r.mode) {
		if t.Significant() {
			tokens = append(tokens, t)
		}
	}
	if len(tokens) < 3 || !tokens[0].Is("SET") {
		return fmt.Errorf("%w: %.120q", ErrStatement, stmt)
	}
	tokens = tokens[1:]
	if tokens[0].Is("SESSION") || tokens[0].Is("LOCAL") {
		tokens = tokens[1:]
	}
	name := strings.TrimPrefix(strings.ToLower(tokens[0].Unquote(r.mode)), "@@session.")
	if name == "names" {
		r.charset = strings.ToLower(tokens[1].Unquote(r.mode))
		r.mode.Charset = r.charset
		return nil
	}
	if len(tokens) != 3 || !tokens[1].Is("=") {
		return fmt.Errorf("%w: %.120q", ErrStatement, stmt)
	}
	value := tokens[2].Unquote(r.mode)
	switch name {
	case "sql_mode":
		r.mode = r.mode.WithSQLMode(value)
		r.dialect = Dialect{NoBackslashEscapes: r.mode.NoBackslashEscapes, ANSIQuotes: r.mode.ANSIQuotes}
	case "time_zone":
		r.timeZone = value
	case "foreign_key_checks", "unique_checks", "sql_log_bin", "autocommit":
	default:
		return fmt.Errorf("%w: %.120q", ErrStatement, stmt)
	}
	return nil
}

// insert reads {INSERT [IGNORE] | REPLACE} INTO [schema.]table [(columns)] VALUES.
func (r *InsertReader) insert(b []byte) (n int, err error) {
	end := bytes.Index(b, []byte("VALUES"))
	if end < 0 {
		end = bytes.Index(b, []byte("values"))
	}
	// The word may stand in a name: the head is read by its tokens, and asks for more where it is not whole.
	for end >= 0 {
		end += len("VALUES")
		h, whole, err := r.readHead(b[:end])
		if err != nil || whole {
			r.head, r.inRows, r.first = h, whole, true
			return end, err
		}
		next := bytes.Index(b[end:], []byte("VALUES"))
		if next < 0 {
			break
		}
		end += next
	}
	return 0, errShort
}

// readHead reads a head that ends with VALUES; whole is false where that word was no keyword.
func (r *InsertReader) readHead(b []byte) (h Insert, whole bool, err error) {
	var tokens []transform.Token
	for _, t := range transform.Lex(b, r.mode) {
		if t.Significant() {
			tokens = append(tokens, t)
		}
	}
	if len(tokens) == 0 || !tokens[len(tokens)-1].Is("VALUES") {
		return h, false, nil
	}
	refuse := func() (Insert, bool, error) { return h, false, fmt.Errorf("%w: %.120q", ErrStatement, b) }
	i := 1
	next := func(word string) bool {
		if i < len(tokens) && tokens[i].Is(word) {
			i++
			return true
		}
		return false
	}
	name := func() (string, bool) {
		if i >= len(tokens) || !isName(tokens[i]) {
			return "", false
		}
		i++
		return tokens[i-1].Unquote(r.mode), true
	}
	h.Replace = tokens[0].Is("REPLACE")
	if !h.Replace && !tokens[0].Is("INSERT") {
		return refuse()
	}
	h.Ignore = next("IGNORE")
	if !next("INTO") {
		return refuse()
	}
	var ok bool
	if h.Table, ok = name(); !ok {
		return refuse()
	}
	if next(".") {
		h.Schema = h.Table
		if h.Table, ok = name(); !ok {
			return refuse()
		}
	}
	for list := next("("); list; list = !next(")") {
		if len(h.Columns) > 0 && !next(",") {
			return refuse()
		}
		column, ok := name()
		if !ok {
			return refuse()
		}
		h.Columns = append(h.Columns, column)
	}
	if i != len(tokens)-1 {
		return refuse()
	}
	return h, true, nil
}

func isName(t transform.Token) bool {
	return t.Kind == transform.QuotedName || t.Kind == transform.Word && !t.Is("VALUES")
}

// Row reads the next row of the statement; io.EOF ends it. The row is valid until the next call.
func (r *InsertReader) Row() ([]Literal, error) {
	if !r.inRows {
		return nil, io.EOF
	}
	for {
		b := r.Bytes()
		rest := bytes.TrimLeft(b, " \t\r\n")
		r.Take(len(b) - len(rest))
		if len(rest) == 0 {
			if !r.Fill() {
				return nil, r.Short("inside a statement")
			}
			continue
		}
		switch {
		case !r.first && rest[0] == ';':
			r.Take(1)
			r.inRows = false
			return nil, io.EOF
		case !r.first && rest[0] == ',':
			r.Take(1)
			r.first = true
			continue
		case !r.first || rest[0] != '(':
			return nil, r.Errorf("%w: %.40q in place of a row", ErrStatement, rest)
		}
		r.first = false
		return r.rawRow()
	}
}

// rawRow reads the row that starts here.
func (r *InsertReader) rawRow() (row []Literal, err error) {
	pos, depth, quote := 0, 0, byte(0)
	for {
		b := r.Bytes()
		var end bool
		if pos, depth, quote, end = r.dialect.RowEnd(b, pos, depth, quote); end {
			r.rowLine = r.Line()
			lines := int64(bytes.Count(b[:pos], []byte{'\n'})) // decoding alters them
			if r.row, err = r.dialect.DecodeRow(b[:pos:pos], r.row); err != nil {
				return nil, r.Errorf("%w", err)
			}
			r.TakeLines(pos, lines)
			return r.row, nil
		}
		if len(b) > MaxRowBytes {
			return nil, r.Errorf("%w: more than %d bytes in a row", ErrStatement, int64(MaxRowBytes))
		}
		if !r.Fill() {
			return nil, r.Short("inside a row")
		}
	}
}
