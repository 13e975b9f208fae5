package mysqldump

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/transform"
)

// insertHead is what stands before the rows of an INSERT or REPLACE.
type insertHead struct {
	schema, table string   // schema is empty where the name is not qualified
	columns       []string // empty: without a list
}

// maxHeadBytes bounds it: 4,096 names of columns.
const maxHeadBytes = 4 << 20

// isInsert reports whether a statement starts like one that brings rows.
func isInsert(start []byte) bool {
	for _, word := range []string{"INSERT", "REPLACE"} {
		if len(start) > len(word) && bytes.EqualFold(start[:len(word)], []byte(word)) && isBlank(start[len(word)]) {
			return true
		}
	}
	return false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// headReader reads an insertHead off the front of a statement.
type headReader struct {
	lexer *transform.Lexer
	mode  transform.Mode
	size  int // bytes that were given
	pos   int // bytes of the tokens so far
	short bool
	seen  transform.Token
}

// next moves to the next token that is no space and no comment; false where the bytes end, or may end within the token.
func (h *headReader) next() bool {
	for {
		t, ok := h.lexer.Next()
		h.pos += len(t.Text)
		if !ok || h.pos >= h.size {
			h.short = true
			h.seen = transform.Token{}
			return false
		}
		if t.Significant() {
			h.seen = t
			return true
		}
	}
}

// readHead reads what stands before the rows. n is its length. ok is false for a statement of another form; short asks for more of it.
func readHead(b []byte, m transform.Mode) (head insertHead, n int, ok, short bool) {
	h := &headReader{lexer: transform.NewLexer(b, m), mode: m, size: len(b)}
	head, ok = h.read()
	return head, h.pos, ok, h.short
}

func (h *headReader) read() (head insertHead, ok bool) {
	h.next() // INSERT or REPLACE
	for h.next() && (h.seen.Is("LOW_PRIORITY") || h.seen.Is("DELAYED") || h.seen.Is("HIGH_PRIORITY") || h.seen.Is("IGNORE") || h.seen.Is("INTO")) {
	}
	if !h.name(&head.table) {
		return head, false
	}
	if h.next() && h.seen.Is(".") {
		head.schema = head.table
		if !h.next() || !h.name(&head.table) {
			return head, false
		}
		h.next()
	}
	if h.seen.Is("(") {
		for {
			var column string
			if !h.next() || !h.name(&column) {
				return head, false
			}
			head.columns = append(head.columns, column)
			if h.next(); h.seen.Is(")") {
				break
			}
			if !h.seen.Is(",") {
				return head, false
			}
		}
		h.next()
	}
	return head, h.seen.Is("VALUES") || h.seen.Is("VALUE")
}

// name takes the token as a name.
func (h *headReader) name(into *string) bool {
	if h.seen.Kind != transform.Word && h.seen.Kind != transform.QuotedName {
		return false
	}
	*into = h.seen.Unquote(h.mode)
	return true
}

// rows reads the rows of the INSERT at whose first row the script stands, until its semicolon. do gets each row with its parentheses,
// and its line; it may alter the bytes.
func (s *script) rows(do func(raw []byte, line int) error) error {
	for first := true; ; first = false {
		c, err := s.significant()
		if err != nil {
			return err
		}
		switch {
		case c == '(' && first:
		case c == ';' && !first:
			s.scan.Take(1)
			return nil
		case c == ',' && !first:
			s.scan.Take(1)
			if c, err = s.significant(); err != nil {
				return err
			}
			if c == '(' {
				break
			}
			fallthrough
		default:
			return s.errorf("%w: %.60q behind the rows of an INSERT", foreign.ErrStatement, s.scan.Buffered())
		}
		n, err := s.rowBytes()
		if err != nil {
			return err
		}
		line, _ := s.scan.Place()
		raw := s.scan.Buffered()[:n]
		s.scan.Take(n)
		if err := do(raw, line); err != nil {
			return s.at(line, err)
		}
		if n > largeRow {
			s.scan.Reserve(scanBuffer)
		}
	}
}

// largeRow is the size from which the memory that a row took is given back behind it.
const largeRow = 4 << 20

// significant passes over white space and returns the byte that stands there.
func (s *script) significant() (byte, error) {
	for {
		b := s.scan.Buffered()
		n := 0
		for n < len(b) && isBlank(b[n]) {
			n++
		}
		s.scan.Take(n)
		if n < len(b) {
			return b[n], nil
		}
		if err := s.more("within an INSERT"); err != nil {
			return 0, err
		}
	}
}

// rowBytes is the length of the row at the place.
func (s *script) rowBytes() (int, error) {
	var pos, depth int
	var quote byte
	for {
		var end bool
		if pos, depth, quote, end = s.dialect.RowEnd(s.scan.Buffered(), pos, depth, quote); end {
			return pos, nil
		}
		if err := s.more("within a row"); err != nil {
			return 0, err
		}
	}
}

// more reads on; the end of the file is an error.
func (s *script) more(where string) error {
	more, err := s.scan.More()
	switch {
	case err != nil:
		return s.errorf("%w", err)
	case !more:
		return s.errorf("%w: it ends %s", foreign.ErrCut, where)
	}
	return nil
}

// excerptBytes is how much of a statement messages show.
const excerptBytes = 200

// excerpt is the start of a statement on one line.
func excerpt(stmt []byte) string {
	short := strings.Join(strings.Fields(strings.ToValidUTF8(string(stmt[:min(len(stmt), 2*excerptBytes)]), "?")), " ")
	if r := []rune(short); len(r) > excerptBytes {
		return string(r[:excerptBytes]) + "..."
	}
	return short
}

// errorf is an error at the place of the script.
func (s *script) errorf(format string, args ...any) error {
	line, _ := s.scan.Place()
	return s.at(line, fmt.Errorf(format, args...))
}

// at is an error in a line.
func (s *script) at(line int, err error) error {
	return &foreign.PlaceError{File: s.name, Line: int64(line), Err: err}
}
