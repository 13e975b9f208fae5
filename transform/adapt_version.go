package transform

import (
	"bytes"
	"cmp"
	"math"
	"strings"
)

// resolveVersions makes every versioned comment mean on the target what it meant where it comes from.
// One that both servers run stays. One that only the source runs loses its marks, and the rules for tables and routines
// see what was in it. One that only the target would run becomes a comment. One that neither runs is a comment already.
func (a *adapter) resolveVersions() {
	var open []int
	for i := range a.tokens {
		if kind := a.tokens[i].Kind; kind == VersionedOpen {
			open = append(open, i)
		} else if kind == VersionedClose && len(open) > 0 {
			start := open[len(open)-1]
			open = open[:len(open)-1]
			a.resolveVersion(start, i)
		}
	}
}

func (a *adapter) resolveVersion(start, end int) {
	mark := string(a.tokens[start].Text)
	source := runsVersion(mark, a.from.isMariaDB(), cmp.Or(a.from.Number, math.MaxInt))
	target := runsVersion(mark, a.to.isMariaDB(), a.to.Number)
	if a.misreads(mark) {
		target = !source
	}
	switch {
	case source && target:
	case source:
		a.unwrap(start, end)
	case target:
		a.disarm(start, end)
	default:
		for i := start; i <= end; i++ {
			a.tokens[i].Kind = Comment
		}
	}
}

// runsVersion reports whether a server runs what stands in a versioned comment. MariaDB passes over the versions that only
// MySQL ever had, 50700 to 99999 [measured on 10.11.19], and MySQL passes over every /*M!.
func runsVersion(mark string, mariadb bool, number int) bool {
	only := strings.HasPrefix(mark, "/*M")
	if only && !mariadb {
		return false
	}
	version := 0
	for _, c := range mark[strings.IndexByte(mark, '!')+1:] {
		version = version*10 + int(c-'0')
	}
	if mariadb && !only && version >= 50700 && version <= 99999 {
		return false
	}
	return version <= number
}

// misreads reports whether the target reads only five of six digits, the sixth becoming part of the SQL [5.6.24: /*!100000].
func (a *adapter) misreads(mark string) bool {
	return !a.to.isMariaDB() && a.to.Number < 80100 && len(mark) == len("/*!100000") && mark[2] == '!'
}

// unwrap takes the marks off, with the white space that they had inside where there is enough without it.
func (a *adapter) unwrap(start, end int) {
	opening, closing := a.gap(start-1, start+1), a.gap(end-1, end+1)
	if a.tokens[start+1].Kind == Space && a.endsWord(start-1) {
		a.tokens[start+1] = Token{Kind: Space}
	}
	if a.tokens[end-1].Kind == Space && a.endsWord(end+1) {
		a.tokens[end-1] = Token{Kind: Space}
	}
	a.tokens[start], a.tokens[end] = opening, closing
	a.changed = true
}

// endsWord reports whether a token needs no white space between it and a word.
func (a *adapter) endsWord(i int) bool {
	if i < 0 || i >= len(a.tokens) {
		return true
	}
	t := a.tokens[i]
	return t.Kind == Space && t.Text != nil || t.Is(",") || t.Is("(") || t.Is(")")
}

// gap is what stands in the place of a mark between two tokens.
func (a *adapter) gap(before, after int) Token {
	t := Token{Kind: Space}
	if before >= 0 && after < len(a.tokens) && a.tokens[before].Kind != Space && a.tokens[after].Kind != Space {
		t.Text = []byte(" ")
	}
	return t
}

// disarm makes a comment of a versioned comment; what would end that comment too early is left out with it.
func (a *adapter) disarm(start, end int) {
	safe := true
	for i := start + 1; i < end; i++ {
		if bytes.Contains(a.tokens[i].Text, []byte("*/")) || bytes.Contains(a.tokens[i].Text, []byte("/*")) {
			safe = false
		}
	}
	if !safe {
		a.drop(start, end)
		a.blank(start)
		a.blank(end)
		return
	}
	a.replace(start, "/* "+string(a.tokens[start].Text[2:]))
	for i := start; i <= end; i++ {
		a.tokens[i].Kind = Comment
	}
}
