package transform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
)

// ErrStatementTooLong is wrapped by Scanner.Next's error for a statement above maxBytes.
var ErrStatementTooLong = errors.New("statement too long")

// ErrUnterminated is wrapped by Scanner.Next's error when the script ends within quotes or a comment.
var ErrUnterminated = errors.New("script ends within quotes or a comment")

const (
	firstBuffer     = 8 << 10 // most scripts are one statement of some hundred bytes, and there may be 100,000
	defaultMaxBytes = 1 << 30 // the largest max_allowed_packet
	largeBuffer     = 8 << 20
	maxEmptyReads   = 100
)

// Statement is one statement of a script.
type Statement struct {
	Text         []byte // without its delimiter; valid until the next one
	Line         int    // of its first token, counted from 1
	Offset       int64  // of its first token in the script, bytes
	End          int64  // where the script goes on after its delimiter, bytes
	Unterminated bool   // the script ended without the delimiter: perhaps it was cut
}

// Scanner reads the statements of a script by the rules of the mysql client: DELIMITER lines, quotes, comments and versioned comments.
// It follows SET NAMES, SET character_set_client and SET sql_mode of the script itself, so that Mode() is that of the statement returned.
// The client's other commands (\g, \c, source) are not known to it.
type Scanner struct {
	r        io.Reader
	maxBytes int
	readErr  error // what ended reading; io.EOF at the end
	buf      []byte
	start    int   // of the statement, or of what is passed over before it
	pos      int   // how far it was read
	end      int   // of what is in buf
	offset   int64 // of buf[start] in the script
	line     int   // of buf[start]

	state     scanState
	quote     byte // of inQuotes
	started   bool // start is at the first token
	byLine    bool // a statement ends at a semicolon before a line end
	escaped   bool // the byte at pos is escaped
	delim     []byte
	stop      [256]bool // bytes that matter outside of quotes and comments
	session   session
	mode      Mode // of the statement returned
	multi     multibyte
	onComment func(line []byte) // gets the comment lines between statements
}

type scanState uint8

const (
	inCode scanState = iota
	inQuotes
	inLineComment
	inComment
)

// NewScanner returns a scanner that starts in mode m. maxBytes bounds one statement; 0 is 1 GiB.
func NewScanner(r io.Reader, m Mode, maxBytes int) *Scanner {
	if maxBytes <= 0 {
		maxBytes = defaultMaxBytes
	}
	s := &Scanner{r: r, maxBytes: maxBytes, line: 1, delim: []byte{';'}, session: newSession(m), mode: m}
	s.prepare()
	return s
}

// Mode is the mode of the statement that Next returned, or of what is ahead after Ahead.
func (s *Scanner) Mode() Mode { return s.mode }

// ByLine has statements end at each semicolon that stands before a line end, within quotes and bodies too, and nowhere else, as
// myloader reads its files: triggers, routines and events stand there without a delimiter of their own.
func (s *Scanner) ByLine() { s.byLine = true }

// Next returns the next statement, io.EOF after the last. Empty statements and comments alone are passed over.
func (s *Scanner) Next() (Statement, error) {
	for {
		st, err := s.next()
		if err != nil {
			return Statement{}, err
		}
		s.mode = s.session.mode
		if s.session.follow(st.Text) {
			s.prepare()
		}
		if !emptyVersioned(st.Text) {
			return st, nil
		}
	}
}

// next finds the end of the next statement.
func (s *Scanner) next() (Statement, error) {
	s.state, s.started = inCode, false
	for {
		if s.pos >= s.end {
			more, err := s.fill()
			if err != nil {
				return Statement{}, err
			}
			if !more {
				return s.last()
			}
		}
		found, err := s.step()
		if err != nil {
			return Statement{}, err
		}
		if found >= 0 {
			return s.cut(found)
		}
	}
}

// step reads on. It returns the length of the delimiter when pos is at the end of a statement, else -1.
func (s *Scanner) step() (int, error) {
	switch {
	case s.byLine:
		return s.lineEnd()
	case s.escaped:
		s.pos++
		s.escaped = false
		return -1, nil
	case s.state == inQuotes:
		return -1, s.quotes()
	case s.state == inLineComment:
		s.lineComment()
		return -1, nil
	case s.state == inComment:
		return -1, s.comment()
	case !s.started:
		return -1, s.lead()
	}
	return s.code()
}

// lineEnd is step by ByLine.
func (s *Scanner) lineEnd() (int, error) {
	if !s.started {
		if bytes.IndexByte([]byte(" \t\n\v\f\r"), s.buf[s.pos]) >= 0 {
			s.pos++
			return -1, nil
		}
		s.pass(s.pos)
		s.started = true
	}
	i := bytes.IndexByte(s.buf[s.pos:s.end], ';')
	if i < 0 {
		s.pos = s.end
		return -1, nil
	}
	s.pos += i
	next, err := s.ahead(2)
	if err != nil {
		return -1, err
	}
	if len(next) < 2 || next[1] == '\n' {
		return 1, nil
	}
	s.pos++
	return -1, nil
}

// cut returns the statement that ends at pos, before a delimiter of n bytes.
func (s *Scanner) cut(n int) (Statement, error) {
	st := Statement{Text: bytes.TrimRight(s.buf[s.start:s.pos], " \t\n\v\f\r"), Line: s.line, Offset: s.offset}
	if len(st.Text) > s.maxBytes {
		return Statement{}, s.tooLong()
	}
	s.pos += n
	s.pass(s.pos)
	st.End = s.offset
	return st, nil
}

func (s *Scanner) tooLong() error {
	return fmt.Errorf("script line %d: %w: more than %d bytes", s.line, ErrStatementTooLong, s.maxBytes)
}

// last returns what stands between the last delimiter and the end of the script.
func (s *Scanner) last() (Statement, error) {
	if !errors.Is(s.readErr, io.EOF) {
		return Statement{}, fmt.Errorf("script line %d: %w", s.lineAt(s.pos), s.readErr)
	}
	if s.state == inQuotes || s.state == inComment {
		return Statement{}, fmt.Errorf("script line %d: %w", s.line, ErrUnterminated)
	}
	if !s.started {
		return Statement{}, io.EOF
	}
	st, err := s.cut(0)
	st.Unterminated = true
	return st, err
}

// pass moves start to i.
func (s *Scanner) pass(i int) {
	s.line = s.lineAt(i)
	s.offset += int64(i - s.start)
	s.start = i
}

func (s *Scanner) lineAt(i int) int {
	return s.line + bytes.Count(s.buf[s.start:i], []byte{'\n'})
}

// fill reads more into the buffer and reports whether there was more.
func (s *Scanner) fill() (bool, error) {
	if s.readErr != nil {
		return false, nil
	}
	if !s.started {
		s.pass(s.pos) // what is passed over needs no room
	}
	if s.start > 0 && (s.end == len(s.buf) || s.start == s.end) {
		copy(s.buf, s.buf[s.start:s.end])
		s.end, s.pos, s.start = s.end-s.start, s.pos-s.start, 0
	}
	if s.end == len(s.buf) {
		if s.end > s.maxBytes {
			return false, s.tooLong()
		}
		s.grow()
	}
	for range maxEmptyReads {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.readErr = err
		}
		if n > 0 || err != nil {
			return n > 0, nil
		}
	}
	s.readErr = io.ErrNoProgress
	return false, nil
}

func (s *Scanner) grow() {
	size := 2 * len(s.buf)
	if len(s.buf) > largeBuffer {
		size = len(s.buf) + len(s.buf)/4 // both are in memory for a moment
		runtime.GC()                     // and the one before them else
	}
	size = max(size, min(firstBuffer, s.maxBytes+1))
	if size > s.maxBytes {
		size = s.maxBytes + max(64, len(s.delim)) // room for the delimiter and what is looked ahead at
	}
	buf := make([]byte, size)
	copy(buf, s.buf[:s.end])
	s.buf = buf
}

// ahead returns up to n bytes from pos on, fewer at the end of the script.
func (s *Scanner) ahead(n int) ([]byte, error) {
	for s.end-s.pos < n {
		more, err := s.fill()
		if err != nil {
			return nil, err
		}
		if !more {
			return s.buf[s.pos:s.end], nil
		}
	}
	return s.buf[s.pos : s.pos+n], nil
}

// prepare sets what depends on the delimiter and the client charset.
func (s *Scanner) prepare() {
	s.multi = multibyteOf(s.session.mode.Charset)
	clear(s.stop[:])
	for _, c := range []byte("'\"`#-/\n") {
		s.stop[c] = true
	}
	s.stop[s.delim[0]] = true
	if s.multi != nil {
		for c := 0x80; c < 0x100; c++ {
			s.stop[c] = true
		}
	}
}

// emptyVersioned reports whether a statement is nothing but empty versioned comments, which servers refuse with 1065.
func emptyVersioned(text []byte) bool {
	if versionedOpening(text) == 0 {
		return false
	}
	l := NewLexer(text, Mode{})
	for t, ok := l.Next(); ok; t, ok = l.Next() {
		if t.Significant() {
			return false
		}
	}
	return true
}
