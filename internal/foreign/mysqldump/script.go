package mysqldump

import (
	"errors"
	"io"
	"strings"

	"github.com/gomove/gomove/internal/foreign"
	"github.com/gomove/gomove/transform"
)

const (
	// scanBuffer is how much is read at a time.
	scanBuffer = 256 << 10
	// maxStatement bounds a statement that is no INSERT, and a row: the largest max_allowed_packet.
	maxStatement = 1 << 30
	// headBytes is how much is looked at to tell a statement that brings rows.
	headBytes = 16
)

// script reads a file statement by statement, and an INSERT row by row.
type script struct {
	name    string // of the file
	scan    *transform.Scanner
	env     *transform.Environment
	dialect foreign.Dialect // of the INSERT that is ahead
}

// item is one statement.
type item struct {
	line   int
	offset int64
	mode   transform.Mode
	text   []byte      // of a statement that is no INSERT; valid until the next
	insert *insertHead // of an INSERT, whose rows are still to be read
}

func newScript(r io.Reader, name string, comment func([]byte)) *script {
	s := &script{name: name, env: transform.NewEnvironment(), scan: transform.NewScanner(r, transform.Mode{Charset: defaultCharset}, maxStatement)}
	s.scan.Reserve(scanBuffer)
	s.scan.OnComment(comment)
	return s
}

// defaultCharset is that of files that do not say theirs.
const defaultCharset = "utf8mb4"

// charset is that of string literals.
func (s *script) charset() string {
	if c := strings.ToLower(s.env.Vars[transform.VarClient]); c != "" && c != "default" {
		return c
	}
	return defaultCharset
}

// next gives the next statement, io.EOF after the last.
func (s *script) next() (item, error) {
	start, err := s.scan.Ahead(headBytes)
	if errors.Is(err, io.EOF) {
		return item{}, io.EOF
	}
	if err != nil {
		return item{}, s.cut(err)
	}
	it := item{mode: s.scan.Mode()}
	it.line, it.offset = s.scan.Place()
	if isInsert(start) && string(s.scan.Delimiter()) == ";" {
		if it.insert, err = s.insert(it.mode); it.insert != nil || err != nil {
			return it, err
		}
	}
	st, err := s.scan.Next()
	switch {
	case errors.Is(err, io.EOF):
		return item{}, io.EOF // only empty comments were left
	case err != nil:
		return item{}, s.cut(err)
	case st.Unterminated:
		return item{}, s.at(st.Line, &cutError{excerpt(st.Text)})
	}
	it.text, it.line, it.offset, it.mode = st.Text, st.Line, st.Offset, s.scan.Mode()
	return it, nil
}

// cutError is a statement without its end.
type cutError struct{ statement string }

func (e *cutError) Error() string {
	return foreign.ErrCut.Error() + ": it ends within a statement: " + e.statement
}

// Unwrap makes it foreign.ErrCut.
func (e *cutError) Unwrap() error { return foreign.ErrCut }

// cut tells a file that ends within quotes or a comment.
func (s *script) cut(err error) error {
	if errors.Is(err, transform.ErrUnterminated) {
		line, _ := s.scan.Place()
		return s.at(line, &cutError{excerpt(s.scan.Buffered())})
	}
	return s.errorf("%w", err)
}

// insert reads what stands before the rows of an INSERT; nil is one of another form.
func (s *script) insert(m transform.Mode) (*insertHead, error) {
	for {
		b := s.scan.Buffered()
		head, n, ok, short := readHead(b, m)
		switch {
		case ok:
			s.scan.Take(n)
			s.dialect = foreign.Dialect{NoBackslashEscapes: m.NoBackslashEscapes, ANSIQuotes: m.ANSIQuotes}
			return &head, nil
		case !short, len(b) > maxHeadBytes:
			return nil, nil
		}
		if err := s.more("within an INSERT"); err != nil {
			return nil, err
		}
	}
}
