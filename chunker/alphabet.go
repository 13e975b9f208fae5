package chunker

import (
	"bytes"
	"math/big"
	"slices"
)

// alphabet is the characters that a text part was seen to use, in the order of its collation: text is halved as a
// number whose digits are the characters' ranks. It grows as more keys are seen. A binary part has all bytes.
type alphabet struct {
	charset string
	rank    map[string]int // of each known character, from 1; characters that compare equal share a rank
	char    []string       // by rank; 0 is the end of a text
	weights map[string]string
	unknown map[string]bool // seen, not ranked yet
	maxLen  int             // characters of the longest text seen
}

// maxAlphabet bounds the memory and the queries for scripts with many characters.
const maxAlphabet = 4096

func newAlphabet(p *Part) *alphabet {
	a := &alphabet{charset: p.Charset, rank: map[string]int{}, weights: map[string]string{}, unknown: map[string]bool{}}
	if p.Kind == Binary {
		a.charset = "binary"
		for c := range 256 {
			a.weights[string([]byte{byte(c)})] = string([]byte{byte(c)})
		}
		a.sort()
	}
	return a
}

// see notes the characters of a text.
func (a *alphabet) see(text []byte) {
	chars := a.split(text)
	a.maxLen = max(a.maxLen, len(chars))
	for _, c := range chars {
		if _, ok := a.weights[c]; !ok && len(a.weights)+len(a.unknown) < maxAlphabet {
			a.unknown[c] = true
		}
	}
}

// split takes text apart into characters; it ends where the text is invalid.
func (a *alphabet) split(text []byte) (chars []string) {
	for len(text) > 0 {
		n := charLen(a.charset, text)
		if n == 0 {
			break
		}
		chars = append(chars, string(text[:n]))
		text = text[n:]
	}
	return chars
}

// learn adds characters with their weights, bytes that compare as the characters do.
func (a *alphabet) learn(chars, weights []string) {
	for i, c := range chars {
		a.weights[c] = weights[i]
		delete(a.unknown, c)
	}
	a.sort()
}

func (a *alphabet) sort() {
	all := make([]string, 0, len(a.weights))
	for c := range a.weights {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y string) int {
		if c := bytes.Compare([]byte(a.weights[x]), []byte(a.weights[y])); c != 0 {
			return c
		}
		return bytes.Compare([]byte(x), []byte(y))
	})
	a.char = append(a.char[:0], "")
	for i, c := range all {
		if i == 0 || a.weights[c] != a.weights[all[i-1]] {
			a.char = append(a.char, c)
		}
		a.rank[c] = len(a.char) - 1
	}
}

// ranks returns the text as digits; a character that is not known takes the middle rank.
func (a *alphabet) ranks(text []byte) (ranks []int, chars []string) {
	chars = a.split(text)
	for _, c := range chars {
		r, ok := a.rank[c]
		if !ok {
			r = len(a.char) / 2
		}
		ranks = append(ranks, r)
	}
	return ranks, chars
}

// between returns a text about halfway between lo and hi, made of known characters; nil when they do not differ in
// rank, or stand the other way round.
func (a *alphabet) between(lo, hi []byte) []byte {
	if len(a.char) < 2 {
		return nil
	}
	x, chars := a.ranks(lo)
	y, _ := a.ranks(hi)
	common := 0
	for common < len(x) && common < len(y) && x[common] == y[common] {
		common++
	}
	base := big.NewInt(int64(len(a.char)))
	width := 0 // digits that make about 64 bits
	for n := 0; n < 64; n += max(1, base.BitLen()-1) {
		width++
	}
	width = min(width, max(len(x), len(y), a.maxLen)-common)
	u, v := number(x, common, width, base), number(y, common, width, base)
	if u.Cmp(v) >= 0 {
		return nil
	}
	out := []byte{}
	for _, c := range chars[:common] {
		out = append(out, c...)
	}
	mid := digitsOf(halfway(u, v), width, base)
	for i, d := range mid {
		if d == 0 {
			if slices.ContainsFunc(mid[i:], func(d int) bool { return d != 0 }) {
				out = append(out, a.char[1]...) // no text has an end inside: the next one that exists
			}
			break
		}
		out = append(out, a.char[d]...)
	}
	return out
}

func number(ranks []int, from, width int, base *big.Int) *big.Int {
	n := new(big.Int)
	for i := range width {
		n.Mul(n, base)
		if from+i < len(ranks) {
			n.Add(n, big.NewInt(int64(ranks[from+i])))
		}
	}
	return n
}

func digitsOf(n *big.Int, width int, base *big.Int) []int {
	out := make([]int, width)
	m, r := new(big.Int).Set(n), new(big.Int)
	for i := width - 1; i >= 0; i-- {
		m.QuoRem(m, base, r)
		out[i] = int(r.Int64())
	}
	return out
}
