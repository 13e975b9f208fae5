package transform

import "strings"

// Mode is what decides how bytes are read: the session's client charset and sql_mode.
type Mode struct {
	Charset            string // character_set_client; gbk, sjis, cp932, big5, gb18030 have 0x5c as a trail byte
	ANSIQuotes         bool   // ANSI_QUOTES: ".." is a name
	NoBackslashEscapes bool   // NO_BACKSLASH_ESCAPES
}

// ModeOf is the mode of a session with this character_set_client and sql_mode.
func ModeOf(charset, sqlMode string) Mode {
	return Mode{Charset: charset}.WithSQLMode(sqlMode)
}

// WithSQLMode is m under another sql_mode, also one of the combinations (ANSI, ORACLE, ...) or a number.
func (m Mode) WithSQLMode(sqlMode string) Mode {
	m.ANSIQuotes, m.NoBackslashEscapes = false, false
	for name := range strings.SplitSeq(sqlMode, ",") {
		switch strings.ToUpper(strings.TrimSpace(name)) {
		case "ANSI_QUOTES", "ANSI", "ORACLE", "DB2", "MAXDB", "MSSQL", "POSTGRESQL":
			m.ANSIQuotes = true
		case "NO_BACKSLASH_ESCAPES":
			m.NoBackslashEscapes = true
		}
	}
	if bits, ok := parseUint(strings.TrimSpace(sqlMode)); ok {
		m.ANSIQuotes, m.NoBackslashEscapes = bits&4 != 0, bits&(1<<20) != 0
	}
	return m
}

func parseUint(s string) (n uint64, ok bool) {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || n > 1<<60/10 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, s != ""
}

// The classes of bytes. Those up to classDigit are identifier characters.
const (
	classWord = iota + 1
	classDigit
	classSpace
	classQuote
	classPunct
)

// class is the class of each byte.
var class = func() (t [256]uint8) {
	for i := range t {
		c := byte(i)
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80:
			t[i] = classWord
		case c >= '0' && c <= '9':
			t[i] = classDigit
		case c == ' ' || c >= '\t' && c <= '\r':
			t[i] = classSpace
		case c == '\'' || c == '"' || c == '`':
			t[i] = classQuote
		default:
			t[i] = classPunct
		}
	}
	return t
}()

func isSpaceOrControl(c byte) bool { return c <= ' ' || c == 0x7f }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// multibyte returns how many bytes the character at the start of s has; 1 where the lead byte has no valid trail byte.
// nil stands for charsets whose trail bytes are all above 0x7f: there single bytes do.
type multibyte func(s []byte) int

func (f multibyte) length(s []byte) int {
	if f == nil {
		return 1
	}
	return f(s)
}

// multibyteOf is the reader of characters of a client charset that has ASCII bytes as trail bytes (strings/ctype-*.c, ismbchar).
func multibyteOf(charset string) multibyte {
	switch strings.ToLower(charset) {
	case "sjis", "cp932":
		return sjisLength
	case "gbk":
		return gbkLength
	case "gb18030":
		return gb18030Length
	case "big5":
		return big5Length
	}
	return nil
}

func sjisLength(s []byte) int {
	lead := s[0] >= 0x81 && s[0] <= 0x9f || s[0] >= 0xe0 && s[0] <= 0xfc
	if lead && len(s) > 1 && (s[1] >= 0x40 && s[1] <= 0x7e || s[1] >= 0x80 && s[1] <= 0xfc) {
		return 2
	}
	return 1
}

func gbkLength(s []byte) int {
	if s[0] >= 0x81 && s[0] <= 0xfe && len(s) > 1 && (s[1] >= 0x40 && s[1] <= 0x7e || s[1] >= 0x80 && s[1] <= 0xfe) {
		return 2
	}
	return 1
}

func big5Length(s []byte) int {
	if s[0] >= 0xa1 && s[0] <= 0xf9 && len(s) > 1 && (s[1] >= 0x40 && s[1] <= 0x7e || s[1] >= 0xa1 && s[1] <= 0xfe) {
		return 2
	}
	return 1
}

func gb18030Length(s []byte) int {
	if s[0] < 0x81 || s[0] > 0xfe || len(s) < 2 {
		return 1
	}
	switch {
	case s[1] >= 0x40 && s[1] <= 0x7e || s[1] >= 0x80 && s[1] <= 0xfe:
		return 2
	case s[1] >= '0' && s[1] <= '9' && len(s) > 3 && s[2] >= 0x81 && s[2] <= 0xfe && s[3] >= '0' && s[3] <= '9':
		return 4
	}
	return 1
}
