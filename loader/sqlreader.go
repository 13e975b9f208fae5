package loader

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/transform"
)

// sqlReader reads the rows of a chunk of INSERT statements whose values are plain literals, as gomove writes them.
type sqlReader struct {
	t     *table
	width int
	scan  *transform.Scanner
	mode  transform.Mode
	lex   *transform.Lexer // within the values of a statement; nil between statements
	order []int            // the column of each value of a row
}

func newSQLReader(t *table, r io.Reader) *sqlReader {
	return &sqlReader{t: t, width: len(t.unpack()), scan: transform.NewScanner(r, transform.Mode{Charset: "binary"}, 0)}
}

// Read returns the next row, or io.EOF.
func (s *sqlReader) Read() (dump.Row, error) {
	for {
		if s.lex == nil {
			if err := s.statement(); err != nil {
				return nil, err
			}
		}
		for {
			t, ok := s.next()
			if !ok {
				s.lex = nil
				break
			}
			if t.Is("(") {
				return s.row()
			}
		}
	}
}

// statement goes to the values of the next INSERT.
func (s *sqlReader) statement() error {
	for {
		st, err := s.scan.Next()
		if err != nil {
			return err
		}
		s.mode = s.scan.Mode()
		if leads(st.Text, s.mode, "SET") {
			continue
		}
		ins, err := readInsert(st.Text, s.mode, s.t, false)
		if err != nil {
			return err
		}
		s.order = s.order[:0]
		cols := s.t.unpack()
		for i := range cols {
			if len(ins.columns) == 0 {
				s.order = append(s.order, i)
			}
		}
		for _, name := range ins.columns {
			s.order = append(s.order, slices.IndexFunc(cols, func(c tableColumn) bool { return strings.EqualFold(c.name, name) }))
		}
		if slices.Contains(s.order, -1) || len(s.order) != len(cols) {
			return fmt.Errorf("%w: an INSERT has other columns than its table", ErrDamaged)
		}
		s.lex = transform.NewLexer(ins.values, s.mode)
		return nil
	}
}

// next is the next token that is no space or comment.
func (s *sqlReader) next() (transform.Token, bool) {
	for {
		t, ok := s.lex.Next()
		if !ok || t.Significant() {
			return t, ok
		}
	}
}

// row reads the values up to the closing parenthesis.
func (s *sqlReader) row() (dump.Row, error) {
	row := make(dump.Row, s.width)
	for _, at := range s.order {
		cell, err := s.value()
		if err != nil {
			return nil, err
		}
		row[at] = cell
	}
	return row, nil
}

// value reads one literal and the comma or parenthesis behind it.
func (s *sqlReader) value() ([]byte, error) {
	var cell []byte
	sign := ""
	for {
		t, ok := s.next()
		switch {
		case !ok:
			return nil, fmt.Errorf("%w: INSERT ends within a row", ErrDamaged)
		case t.Is(","), t.Is(")"):
			return cell, nil
		case t.Is("NULL"):
		case t.Is("-"):
			sign = "-"
		case t.Kind == transform.Number && t.Text[0] >= '0' && t.Text[0] <= '9' && (len(t.Text) < 2 || t.Text[1] != 'x'):
			cell = append([]byte(sign), t.Text...)
		case t.Kind == transform.String && t.Text[0] == '\'':
			cell = []byte(t.Unquote(s.mode))
		case t.Is("_utf8mb4"), t.Is("_binary"):
		default:
			return nil, fmt.Errorf("%w: %q among the values of an INSERT", ErrUnsafe, excerpt(t.Text))
		}
	}
}
