package transform

// TokenKind is the kind of a token.
type TokenKind int

// The kinds of tokens. The texts of all tokens, joined, are the input.
const (
	Space          TokenKind = iota // white space
	Comment                         // -- # /* */
	Word                            // unquoted identifier or keyword, also the _utf8mb4 before a string
	QuotedName                      // `..`, or ".." under ANSI_QUOTES
	String                          // '..' or "..", also N'..' and $$..$$
	Number                          // 1, 1.5e3, 0x1f, x'1f', b'01'
	Variable                        // @a, @@a, @@global.a, @`a`; also the host of an account: @`localhost`
	Punct                           // one operator or separator character
	VersionedOpen                   // /*!50003 or /*M!100100: its content is lexed as tokens
	VersionedClose                  // the */ of it
)

// Token is a piece of a statement.
type Token struct {
	Kind TokenKind
	Text []byte // aliases the input
}

// Lex cuts one statement into tokens. It never fails: an unterminated token runs to the end.
func Lex(stmt []byte, m Mode) []Token {
	l := NewLexer(stmt, m)
	tokens := make([]Token, 0, min(16+len(stmt)/2, 4096))
	for {
		t, ok := l.Next()
		if !ok {
			return tokens
		}
		tokens = append(tokens, t)
	}
}

// Join puts tokens back together.
func Join(tokens []Token) []byte {
	n := 0
	for _, t := range tokens {
		n += len(t.Text)
	}
	out := make([]byte, 0, n)
	for _, t := range tokens {
		out = append(out, t.Text...)
	}
	return out
}

// Lexer cuts a statement into tokens one by one, without allocating.
// Its rules are those of the servers' own lexer (sql/sql_lex.cc), where valid SQL can tell.
type Lexer struct {
	src       []byte
	pos       int
	mode      Mode
	multi     multibyte
	versioned int  // depth of open versioned comments
	afterWord bool // the last token is a Word: a dot that follows at once is no decimal point
	afterDot  bool // the last token is the dot of a qualified name: digits that follow are a name
	afterAs   bool // the last token but spaces is AS: $$ starts a quoted body
}

// NewLexer returns a lexer of one statement.
func NewLexer(stmt []byte, m Mode) *Lexer {
	return &Lexer{src: stmt, mode: m, multi: multibyteOf(m.Charset)}
}

// Next returns the next token, false at the end.
func (l *Lexer) Next() (Token, bool) {
	if l.pos >= len(l.src) {
		return Token{}, false
	}
	start := l.pos
	kind := l.scan()
	t := Token{Kind: kind, Text: l.src[start:l.pos]}
	l.afterDot = kind == Punct && t.Text[0] == '.' && l.afterWord
	l.afterWord = kind == Word
	if kind != Space && kind != Comment {
		l.afterAs = kind == Word && t.Is("AS")
	}
	return t, true
}

// peek is the byte n places on, 0 past the end.
func (l *Lexer) peek(n int) byte {
	if l.pos+n < len(l.src) {
		return l.src[l.pos+n]
	}
	return 0
}

// scan moves pos past one token and returns its kind.
func (l *Lexer) scan() TokenKind {
	c := l.src[l.pos]
	switch class[c] {
	case classSpace:
		for l.pos < len(l.src) && class[l.src[l.pos]] == classSpace {
			l.pos++
		}
		return Space
	case classDigit:
		if l.afterDot {
			return l.word()
		}
		return l.number()
	case classWord:
		return l.wordOrPrefix(c)
	case classQuote:
		return l.quoted(c)
	}
	switch {
	case c == '@':
		return l.variable()
	case c == '#':
		return l.lineComment()
	case c == '-' && l.peek(1) == '-' && (l.pos+2 >= len(l.src) || isSpaceOrControl(l.peek(2))):
		return l.lineComment()
	case c == '/' && l.peek(1) == '*':
		return l.comment()
	case c == '*' && l.peek(1) == '/' && l.versioned > 0:
		l.versioned--
		l.pos += 2
		return VersionedClose
	case c == '.' && class[l.peek(1)] == classDigit && !l.afterWord:
		return l.number()
	}
	l.pos++
	return Punct
}

// quoted moves past a quoted string or name that starts at pos.
func (l *Lexer) quoted(quote byte) TokenKind {
	kind := String
	if quote == '`' || quote == '"' && l.mode.ANSIQuotes {
		kind = QuotedName
	}
	l.pos = skipQuoted(l.src, l.pos, kind == String && !l.mode.NoBackslashEscapes, l.multi)
	return kind
}

// skipQuoted returns the place after the quoted text that starts at i.
func skipQuoted(src []byte, i int, escapes bool, multi multibyte) int {
	quote := src[i]
	for i++; i < len(src); i++ {
		switch c := src[i]; {
		case c == quote:
			if i+1 >= len(src) || src[i+1] != quote {
				return i + 1
			}
			i++
		case c == '\\' && escapes:
			i++ // one byte, also of a longer character: so do server and client
		case c >= 0x80 && multi != nil:
			i += multi.length(src[i:]) - 1
		}
	}
	return len(src)
}

// wordOrPrefix moves past a word, or past a literal that starts with a letter.
func (l *Lexer) wordOrPrefix(c byte) TokenKind {
	if l.afterDot {
		return l.word()
	}
	if l.peek(1) == '\'' {
		switch c {
		case 'n', 'N':
			l.pos++
			return l.quoted('\'')
		case 'x', 'X', 'b', 'B':
			l.pos++
			l.pos = skipQuoted(l.src, l.pos, false, nil)
			return Number
		}
	}
	if c == '$' && l.afterAs {
		if end := dollarQuoted(l.src[l.pos:]); end > 0 {
			l.pos += end
			return String
		}
	}
	return l.word()
}

// word moves past a run of identifier characters.
func (l *Lexer) word() TokenKind {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		if class[c] > classDigit {
			break
		}
		if c >= 0x80 {
			l.pos += l.multi.length(l.src[l.pos:])
		} else {
			l.pos++
		}
	}
	return Word
}

// number moves past a number, or past a name that starts with a digit.
func (l *Lexer) number() TokenKind {
	start := l.pos
	if l.src[start] == '0' && (l.peek(1) == 'x' || l.peek(1) == 'b') {
		return l.radix(l.peek(1) == 'x')
	}
	l.digits()
	real := false
	if l.peek(0) == '.' {
		real = true
		l.pos++
		l.digits()
	}
	if l.peek(0)|0x20 == 'e' {
		n := 1
		if s := l.peek(1); s == '+' || s == '-' {
			n = 2
		}
		if class[l.peek(n)] == classDigit {
			l.pos += n
			l.digits()
			return Number
		}
	}
	if !real && class[l.peek(0)] <= classDigit && l.pos < len(l.src) {
		return l.word()
	}
	return Number
}

// radix moves past 0x1f or 0b01, or past a name that starts like one.
func (l *Lexer) radix(hex bool) TokenKind {
	i := l.pos + 2
	for i < len(l.src) && (hex && isHex(l.src[i]) || l.src[i] == '0' || l.src[i] == '1') {
		i++
	}
	if i == l.pos+2 || i < len(l.src) && class[l.src[i]] <= classDigit {
		return l.word()
	}
	l.pos = i
	return Number
}

func (l *Lexer) digits() {
	for l.pos < len(l.src) && class[l.src[l.pos]] == classDigit {
		l.pos++
	}
}

// variable moves past @a, @`a`, @'a', @@a, @@global.a; a lone @ is a Punct.
func (l *Lexer) variable() TokenKind {
	l.pos++
	system := l.peek(0) == '@'
	if system {
		l.pos++
	}
	start := l.pos
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case class[c] == classQuote && l.pos == start || c == '`' && l.src[l.pos-1] == '.' && system:
			l.quoted(c)
			if !system || l.peek(0) != '.' {
				return Variable
			}
		case c == '.':
			l.pos++
		case class[c] <= classDigit:
			l.word()
		default:
			return l.endVariable(start)
		}
	}
	return l.endVariable(start)
}

func (l *Lexer) endVariable(start int) TokenKind {
	if l.pos > start {
		return Variable
	}
	l.pos = start
	if l.src[start-1] == '@' && start >= 2 && l.src[start-2] == '@' {
		return Variable
	}
	return Punct
}

// lineComment moves to the end of the line; the line end itself is white space.
func (l *Lexer) lineComment() TokenKind {
	for l.pos < len(l.src) && l.src[l.pos] != '\n' {
		l.pos++
	}
	return Comment
}

// comment moves past /* */, or past the opening of a versioned comment.
func (l *Lexer) comment() TokenKind {
	if n := versionedOpening(l.src[l.pos:]); n > 0 {
		l.pos += n
		l.versioned++
		return VersionedOpen
	}
	l.pos = skipComment(l.src, l.pos)
	return Comment
}

// skipComment returns the place after the /* comment that starts at i.
func skipComment(src []byte, i int) int {
	for i += 2; i+1 < len(src); i++ {
		if src[i] == '*' && src[i+1] == '/' {
			return i + 2
		}
	}
	return len(src)
}

// versionedOpening is the length of /*!, /*!50003, /*!100100, /*M! or /*M!100100 at the start of src, 0 for anything else.
// Fewer than five digits are no version but content (sql/sql_lex.cc, MY_LEX_LONG_COMMENT).
func versionedOpening(src []byte) int {
	n := 2
	if n < len(src) && src[n] == 'M' {
		n++
	}
	if n >= len(src) || src[n] != '!' {
		return 0
	}
	n++
	digits := 0
	for digits < 6 && n+digits < len(src) && class[src[n+digits]] == classDigit {
		digits++
	}
	if digits >= 5 {
		n += digits
	}
	return n
}

// dollarQuoted is the length of $tag$ .. $tag$ at the start of src (MySQL 9, routines in other languages), 0 when there is none.
func dollarQuoted(src []byte) int {
	n := 1
	for n < len(src) && src[n] != '$' && class[src[n]] <= classDigit {
		n++
	}
	if n >= len(src) || src[n] != '$' {
		return 0
	}
	tag := src[:n+1]
	for i := n + 1; i+len(tag) <= len(src); i++ {
		if src[i] == '$' && string(src[i:i+len(tag)]) == string(tag) {
			return i + len(tag)
		}
	}
	return 0
}
