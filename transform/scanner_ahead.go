package transform

import (
	"errors"
	"fmt"
	"io"
)

// OnComment has f called with each line that starts with -- between two statements. The line is valid during the call.
func (s *Scanner) OnComment(f func(line []byte)) { s.onComment = f }

func (s *Scanner) showComment() error {
	if s.onComment == nil {
		return nil
	}
	line, err := s.restOfLine()
	if err == nil {
		s.onComment(line)
	}
	return err
}

// Ahead passes over what stands before the next statement and returns the first of its bytes, at most n; io.EOF after the last
// statement. The statement is still to be read: by Next, or piece by piece by Buffered, More and Take.
func (s *Scanner) Ahead(n int) ([]byte, error) {
	s.state, s.started = inCode, false
	for !s.started {
		if s.pos >= s.end {
			more, err := s.fill()
			switch {
			case err != nil:
				return nil, err
			case more:
			case !errors.Is(s.readErr, io.EOF):
				return nil, fmt.Errorf("script line %d: %w", s.lineAt(s.pos), s.readErr)
			case s.state == inComment:
				return nil, fmt.Errorf("script line %d: %w", s.line, ErrUnterminated)
			default:
				return nil, io.EOF
			}
		}
		if _, err := s.step(); err != nil {
			return nil, err
		}
	}
	s.mode = s.session.mode
	return s.ahead(n)
}

// Buffered is what was read of the statement that is ahead, and perhaps of those behind it. It may be altered once it is taken, and
// is valid until the next call of another method but Take.
func (s *Scanner) Buffered() []byte { return s.buf[s.pos:s.end] }

// More reads more behind Buffered and reports whether there was more.
func (s *Scanner) More() (bool, error) {
	more, err := s.fill()
	if err == nil && !more && !errors.Is(s.readErr, io.EOF) {
		err = fmt.Errorf("script line %d: %w", s.lineAt(s.pos), s.readErr)
	}
	return more, err
}

// Take passes over n bytes of Buffered. The caller sees to it that a statement is taken whole, with its delimiter.
func (s *Scanner) Take(n int) {
	s.pos += n
	s.pass(s.pos)
}

// Place is where Buffered starts: its line, counted from 1, and the bytes before it.
func (s *Scanner) Place() (line int, offset int64) {
	return s.lineAt(s.pos), s.offset + int64(s.pos-s.start)
}

// StartAt has the lines count from this one.
func (s *Scanner) StartAt(line int) { s.line = line }

// Delimiter is what ends the statement that is ahead.
func (s *Scanner) Delimiter() []byte { return s.delim }

// Reserve gives the scanner a buffer of n bytes, where what it holds fits into that: a larger one for large scripts, or less memory
// after a large statement.
func (s *Scanner) Reserve(n int) {
	held := s.buf[s.start:s.end]
	if len(s.buf) == n || len(held) >= n {
		return
	}
	buf := make([]byte, n)
	copy(buf, held)
	s.pos, s.end, s.start, s.buf = s.pos-s.start, len(held), 0, buf
}
