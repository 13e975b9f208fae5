package transform

import (
	"bytes"
	"fmt"
)

// lead passes over what stands before a statement: white space, comments, delimiters and DELIMITER lines.
func (s *Scanner) lead() error {
	switch c := s.buf[s.pos]; c {
	case ' ', '\t', '\n', '\v', '\f', '\r':
		s.pos++
		return nil
	case '#':
		s.state = inLineComment
		return nil
	case '-', '/', 'd', 'D', 0xef, s.delim[0]:
		b, err := s.ahead(max(len(s.delim), 12))
		if err != nil {
			return err
		}
		if passed, err := s.leadLong(b); passed || err != nil {
			return err
		}
	}
	s.pass(s.pos)
	s.started = true
	return nil
}

// leadLong passes over what takes more than one byte to know. b is what stands at pos.
func (s *Scanner) leadLong(b []byte) (passed bool, err error) {
	switch {
	case bytes.HasPrefix(b, s.delim):
		s.pos += len(s.delim)
	case bytes.HasPrefix(b, []byte("--")):
		// The client takes it for a comment here whatever follows.
		s.state = inLineComment
		return true, s.showComment()
	case bytes.HasPrefix(b, []byte("/*!999999\\-")), bytes.HasPrefix(b, []byte("/*M!999999\\-")):
		// The first line of mariadb-dump's files is a command to the client, in a comment.
		s.pos += 2
		s.state = inComment
	case bytes.HasPrefix(b, []byte("/*")) && versionedOpening(b) == 0:
		s.pos += 2
		s.state = inComment
	case isDelimiterCommand(b):
		return true, s.delimiterLine()
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) && s.offset == 0 && s.pos == s.start:
		s.pos += 3 // byte order mark
	default:
		return false, nil
	}
	return true, nil
}

// isDelimiterCommand reports whether b starts with the word DELIMITER and a blank.
func isDelimiterCommand(b []byte) bool {
	const word = "delimiter"
	return len(b) > len(word) && bytes.EqualFold(b[:len(word)], []byte(word)) &&
		(b[len(word)] == ' ' || b[len(word)] == '\t' || b[len(word)] == '\n' || b[len(word)] == '\r')
}

// restOfLine returns what stands from pos to the end of the line.
func (s *Scanner) restOfLine() ([]byte, error) {
	for n := 128; ; n *= 2 {
		b, err := s.ahead(n)
		if err != nil {
			return nil, err
		}
		if before, _, ok := bytes.Cut(b, []byte{'\n'}); ok {
			return before, nil
		}
		if len(b) < n {
			return b, nil
		}
	}
}

// delimiterLine carries out the DELIMITER line at pos.
func (s *Scanner) delimiterLine() error {
	b, err := s.restOfLine()
	if err != nil {
		return err
	}
	delim := delimiterArgument(b)
	if len(delim) == 0 || bytes.IndexByte(delim, '\\') >= 0 {
		return fmt.Errorf("script line %d: DELIMITER needs a delimiter without a backslash", s.lineAt(s.pos))
	}
	s.delim = bytes.Clone(delim)
	s.pos += len(b)
	s.prepare()
	return nil
}

// delimiterArgument is the delimiter that a DELIMITER line asks for: its first word, or what stands in quotes.
func delimiterArgument(line []byte) []byte {
	arg := bytes.TrimLeft(line[len("delimiter"):], " \t\r")
	if len(arg) > 1 && class[arg[0]] == classQuote {
		if i := bytes.IndexByte(arg[1:], arg[0]); i > 0 {
			return arg[1 : 1+i]
		}
	}
	if i := bytes.IndexAny(arg, " \t\r\v\f"); i >= 0 {
		arg = arg[:i]
	}
	return arg
}

// code reads on within a statement. It returns the length of the delimiter when pos is at the end of the statement, else -1.
func (s *Scanner) code() (int, error) {
	b := s.buf[:s.end]
	i := s.pos
	for i < len(b) && !s.stop[b[i]] {
		i++
	}
	s.pos = i
	if i == len(b) {
		return -1, nil
	}
	c := b[i]
	if c == s.delim[0] {
		if d, err := s.ahead(len(s.delim)); err != nil || bytes.Equal(d, s.delim) {
			return len(s.delim), err
		}
		c = s.buf[s.pos]
	}
	switch {
	case c == '\'' || c == '"' || c == '`':
		s.pos++
		s.quote, s.state = c, inQuotes
	case c == '#':
		s.state = inLineComment
	case c == '\n':
		return s.newLine()
	case c == '-' || c == '/':
		return -1, s.dashOrSlash()
	case c >= 0x80 && s.multi != nil:
		a, err := s.ahead(4)
		if err != nil {
			return -1, err
		}
		s.pos += s.multi.length(a)
	default:
		s.pos++
	}
	return -1, nil
}

// dashOrSlash reads a - or a / and enters the comment that may start there.
func (s *Scanner) dashOrSlash() error {
	b, err := s.ahead(4)
	if err != nil {
		return err
	}
	switch {
	case bytes.HasPrefix(b, []byte("--")) && (len(b) == 2 || isSpaceOrControl(b[2])):
		s.state = inLineComment
	case bytes.HasPrefix(b, []byte("/*")):
		s.pos += 2
		if n := versionedOpening(b); n > 0 {
			s.pos += n - 2 // its content is read as code, delimiters too: so does the client
		} else {
			s.state = inComment
		}
	default:
		s.pos++
	}
	return nil
}

// newLine reads a line end within a statement. A DELIMITER line ends the statement, as in the client; here only when its
// argument cannot be the type of a column that is called delimiter.
func (s *Scanner) newLine() (int, error) {
	s.pos++
	b, err := s.ahead(1)
	if err != nil || len(b) == 0 || b[0]|0x20 != 'd' {
		return -1, err
	}
	if b, err = s.ahead(11); err != nil || !isDelimiterCommand(b) {
		return -1, err
	}
	if b, err = s.restOfLine(); err != nil {
		return -1, err
	}
	arg := delimiterArgument(b)
	for _, c := range arg {
		if class[c] <= classDigit && c != '$' {
			return -1, nil
		}
	}
	if len(arg) == 0 {
		return -1, nil
	}
	return 0, nil
}

// quotes reads on within quotes.
func (s *Scanner) quotes() error {
	escapes := !s.session.mode.NoBackslashEscapes
	if s.quote == '`' || s.quote == '"' && s.session.mode.ANSIQuotes {
		escapes = false
	}
	if s.multi != nil {
		return s.quotesMultibyte(escapes)
	}
	b := s.buf[:s.end]
	i := s.pos
	for i < len(b) {
		stop := len(b)
		if q := bytes.IndexByte(b[i:], s.quote); q >= 0 {
			stop = i + q
		}
		if i = passEscapes(b, i, stop, escapes); i != stop {
			continue // the quote was escaped
		}
		if stop < len(b) {
			s.pos, s.state = stop+1, inCode
			return nil
		}
	}
	s.pos, s.escaped = min(i, len(b)), i > len(b)
	return nil
}

// passEscapes returns stop, or more when what stands there is escaped.
func passEscapes(b []byte, i, stop int, escapes bool) int {
	for escapes && i < stop {
		e := bytes.IndexByte(b[i:stop], '\\')
		if e < 0 {
			break
		}
		i += e + 2
	}
	return max(i, stop)
}

// quotesMultibyte reads on within quotes under a client charset with ASCII trail bytes.
func (s *Scanner) quotesMultibyte(escapes bool) error {
	for s.pos < s.end {
		c := s.buf[s.pos]
		switch {
		case c >= 0x80:
			b, err := s.ahead(4)
			if err != nil {
				return err
			}
			s.pos += s.multi.length(b)
		case c == s.quote:
			s.pos++
			s.state = inCode
			return nil
		case c == '\\' && escapes:
			b, err := s.ahead(2)
			if err != nil {
				return err
			}
			s.pos += len(b)
		default:
			s.pos++
		}
	}
	return nil
}

// lineComment reads on to the line end, which stays.
func (s *Scanner) lineComment() {
	i := bytes.IndexByte(s.buf[s.pos:s.end], '\n')
	if i < 0 {
		s.pos = s.end
		return
	}
	s.pos += i
	s.state = inCode
}

// comment reads on to the end of a comment.
func (s *Scanner) comment() error {
	i := bytes.IndexByte(s.buf[s.pos:s.end], '*')
	if i < 0 {
		s.pos = s.end
		return nil
	}
	s.pos += i
	b, err := s.ahead(2)
	if err != nil {
		return err
	}
	if len(b) == 2 && b[1] == '/' {
		s.pos++
		s.state = inCode
	}
	s.pos++
	return nil
}
