package transform

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// Definer says what becomes of DEFINER clauses.
type Definer struct {
	Action  DefinerAction
	Account string // of ReplaceDefiner: user@host, each part bare or in quotes
}

// DefinerAction is one of --definer's.
type DefinerAction int

// What --definer can ask for.
const (
	StripDefiner DefinerAction = iota
	KeepDefiner
	ReplaceDefiner
)

// ErrDefiner is wrapped by ParseDefiner's errors.
var ErrDefiner = errors.New("want strip, keep or USER@HOST")

// ParseDefiner reads --definer's value: strip, keep or USER@HOST. Parts that hold an @ or a quote go in quotes: 'a@b'@'%'.
func ParseDefiner(s string) (Definer, error) {
	switch strings.ToLower(s) {
	case "strip":
		return Definer{Action: StripDefiner}, nil
	case "keep":
		return Definer{Action: KeepDefiner}, nil
	}
	user, host, ok := splitAccount(s)
	if !ok {
		return Definer{}, fmt.Errorf("definer %q: %w", s, ErrDefiner)
	}
	return Definer{Action: ReplaceDefiner, Account: accountText(user, host)}, nil
}

// Apply rewrites the DEFINER clause in the header of CREATE and ALTER VIEW, TRIGGER, PROCEDURE, FUNCTION, EVENT, PACKAGE (BODY), also
// within versioned comments; SQL SECURITY stays. A statement without the clause gets none. It returns the clause's old account in the
// form that ParseDefiner reads (CURRENT_USER or a role is its bare name), empty when there was no clause. out is stmt where nothing changed.
func (d Definer) Apply(stmt []byte, m Mode) (out []byte, old string) {
	h := readHeader(stmt, m, 0)
	if !h.hasDefiner() {
		return stmt, ""
	}
	old = h.oldAccount()
	from, to := h.account, h.end
	var account string
	switch d.Action {
	case KeepDefiner:
		return stmt, old
	case StripDefiner:
		from, to = h.stripRange()
	case ReplaceDefiner:
		account = d.account()
	}
	a, b := h.offset(from), h.offset(to)
	if account == "" && a > 0 && b < len(stmt) && class[stmt[a-1]] <= classDigit && class[stmt[b]] <= classDigit {
		account = " " // two words must not become one
	}
	out = make([]byte, 0, len(stmt)-(b-a)+len(account))
	out = append(out, stmt[:a]...)
	out = append(out, account...)
	return append(out, stmt[b:]...), old
}

// Clause is DEFINER=`user`@`host` of ReplaceDefiner.
func (d Definer) Clause() string { return "DEFINER=" + d.account() }

func (d Definer) account() string {
	user, host, ok := splitAccount(d.Account)
	if !ok {
		user, host = d.Account, "%"
	}
	return mysql.QuoteName(user) + "@" + mysql.QuoteName(host)
}

// stripRange is the range of tokens to leave out: the clause, with it a versioned comment that holds nothing else,
// and the white space after it where there is some before it.
func (h *header) stripRange() (from, to int) {
	from, to = h.definer, h.end
	before, after := h.skipSpaceBack(from-1), h.skipSpace(to)
	if before >= 0 && after < len(h.tokens) && h.tokens[before].Kind == VersionedOpen && h.tokens[after].Kind == VersionedClose {
		from, to = before, after+1
	}
	if from > 0 && h.tokens[from-1].Kind == Space {
		to = h.skipSpace(to)
	}
	return from, to
}

func (h *header) skipSpace(i int) int {
	for i < len(h.tokens) && h.tokens[i].Kind == Space {
		i++
	}
	return i
}

func (h *header) skipSpaceBack(i int) int {
	for i >= 0 && h.tokens[i].Kind == Space {
		i--
	}
	return i
}

// splitAccount cuts USER@HOST. An unquoted user reaches to the last @.
func splitAccount(s string) (user, host string, ok bool) {
	if s == "" {
		return "", "", false
	}
	rest := ""
	if class[s[0]] == classQuote {
		end := skipQuoted([]byte(s), 0, false, nil)
		if end < 2 || s[end-1] != s[0] || end >= len(s) || s[end] != '@' {
			return "", "", false
		}
		user, rest = unquote([]byte(s[:end]), false, nil), s[end+1:]
	} else {
		i := strings.LastIndexByte(s, '@')
		if q := strings.IndexAny(s, "'\"`"); q > 0 && s[q-1] == '@' {
			i = q - 1 // a quoted host may hold an @
		}
		if i <= 0 {
			return "", "", false
		}
		user, rest = s[:i], s[i+1:]
	}
	if rest == "" {
		return "", "", false
	}
	if class[rest[0]] != classQuote {
		return user, rest, !strings.ContainsAny(user+rest, "\x00\n") && !strings.ContainsAny(rest, "@'\"` ")
	}
	if len(rest) < 3 || rest[len(rest)-1] != rest[0] || skipQuoted([]byte(rest), 0, false, nil) != len(rest) {
		return "", "", false
	}
	return user, unquote([]byte(rest), false, nil), true
}

// accountText is user@host, with quotes where a part needs them.
func accountText(user, host string) string {
	return accountPart(user) + "@" + accountPart(host)
}

func accountPart(s string) string {
	plain := s != ""
	for _, c := range []byte(s) {
		if class[c] > classDigit && c != '%' && c != '.' && c != '-' && c != ':' && c != '/' {
			plain = false
		}
	}
	if plain {
		return s
	}
	return mysql.QuoteName(s)
}
