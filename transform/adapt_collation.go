package transform

import (
	"fmt"
	"slices"
	"strings"
)

// collation is what a collation's name says of it.
type collation struct {
	charset         string // utf8 is utf8mb3
	language        string // "" is the root order
	family          int    // how new its weights are
	accents, cases  bool   // whether it tells accents and cases apart
	binary, padding bool   // compares code points; 'a' = 'a '
}

// The families of weights, oldest first: neighbours differ least.
const (
	weightsGeneral = iota // one weight for each character of the BMP
	weights400            // Unicode 4.0.0
	weights520            // 5.2.0
	weights900            // 9.0.0, MySQL 8
	weights1400           // 14.0.0, MariaDB 10.10
)

// languagesOf900 gives the names that other families use for the languages of MySQL's 0900 collations.
// Norwegian sorts as Danish, Bosnian and Serbian in Latin letters as Croatian, Galician as Spanish, Galician's n tilde included.
var languagesOf900 = map[string]string{
	"bg": "", "bs": "croatian", "cs": "czech", "da": "danish", "de_pb": "german2", "eo": "esperanto", "es": "spanish",
	"es_trad": "spanish2", "et": "estonian", "gl": "spanish", "hr": "croatian", "hu": "hungarian", "is": "icelandic",
	"la": "roman", "lt": "lithuanian", "lv": "latvian", "mn_cyrl": "cyrillic", "nb": "danish", "nn": "danish", "pl": "polish",
	"ro": "romanian", "ru": "cyrillic", "sk": "slovak", "sl": "slovenian", "sr_latn": "croatian", "sv": "swedish",
	"tr": "turkish", "vi": "vietnamese", "ja": "japanese", "zh": "chinese",
}

// parseCollation reads a collation's name.
func parseCollation(name string) collation {
	charset, rest, _ := strings.Cut(name, "_")
	if charset == "uca1400" {
		charset, rest = "utf8mb4", name
	}
	if charset == "utf8" {
		charset = "utf8mb3"
	}
	c := collation{charset: charset, padding: true}
	language, attributes, is900 := strings.Cut("_"+rest, "_0900_")
	if is900 {
		c.family, c.padding = weights900, false
		c.language = languagesOf900[strings.TrimPrefix(language, "_")]
		rest = attributes
	}
	var words []string
	for w := range strings.SplitSeq(rest, "_") {
		switch w {
		case "nopad":
			c.padding = false
		case "bin":
			c.binary, c.accents, c.cases = true, true, true
		case "uca1400":
			c.family = weights1400
		case "520":
			c.family = weights520
		case "as", "w2", "tolower":
			c.accents = true
		case "cs":
			c.cases = true
		case "ai", "ci", "ks", "general", "unicode":
		default:
			words = append(words, w)
		}
	}
	if is900 {
		return c
	}
	c.language = strings.Join(words, "_")
	switch {
	case strings.HasPrefix(rest, "unicode") && c.family == 0, c.family == 0 && c.language != "" && !c.binary:
		c.family = weights400
	}
	switch c.language {
	case "croatian_mysql561":
		c.language = "croatian"
	case "general1400", "mysql500":
		c.family, c.language = weightsGeneral, ""
	}
	return c
}

// distance tells how far b is from standing for c: first what is equal to what (case, accents), then the language, then
// trailing spaces, then the age of the weights.
func (c collation) distance(b collation) int {
	d := 0
	if c.binary != b.binary {
		d += 30
	}
	if c.binary && !b.binary {
		d += 500
	}
	if c.cases != b.cases {
		d += 100
	}
	if c.accents != b.accents {
		d += 60
	}
	switch {
	case c.language == b.language:
	case b.language == "":
		d += 40
	default:
		d += 1000
	}
	if c.padding != b.padding {
		d += 20
	}
	f := c.family - b.family
	if f < 0 {
		f = -f
	}
	return d + f
}

// AdaptCollation returns the collation that stands for one that the target may lack: itself when it is there. The nearest is
// the one that tells the same cases and accents apart, then sorts by the same language, then treats trailing spaces alike.
// A collation of a character set that the target lacks becomes one of utf8mb4. A name without a character set
// (MariaDB's uca1400_ai_ci) is taken for utf8mb4's.
func AdaptCollation(collation string, to Target) (out string, changed bool, err error) {
	out, err = nearestCollation(collation, "", to)
	return out, out != collation, err
}

// nearestCollation is AdaptCollation for a name that may lack its character set.
func nearestCollation(name, charset string, to Target) (string, error) {
	lower := strings.ToLower(name)
	if len(to.Collations) == 0 {
		return name, nil
	}
	if to.Collations[lower] {
		return name, nil
	}
	if strings.HasPrefix(lower, "uca1400_") && charset != "" {
		lower = charsetName(charset) + "_" + lower
	}
	if s := spelled(lower, to.Collations); s != "" {
		return s, nil
	}
	want := parseCollation(lower)
	if !to.HasCharset(want.charset) {
		want.charset = "utf8mb4"
		if !to.HasCharset(want.charset) {
			want.charset = "utf8mb3"
		}
	}
	best, bestDistance := "", 0
	for candidate := range to.Collations {
		if strings.HasPrefix(candidate, "uca1400_") {
			continue
		}
		c := parseCollation(candidate)
		if c.charset != want.charset {
			continue
		}
		d := want.distance(c)
		if best == "" || d < bestDistance || d == bestDistance && candidate < best {
			best, bestDistance = candidate, d
		}
	}
	if best == "" {
		return "", fmt.Errorf("collation %s: the target has no collation of character set %s", name, want.charset)
	}
	return best, nil
}

// charsetName is the name that parseCollation uses.
func charsetName(charset string) string {
	charset = strings.ToLower(charset)
	if charset == "utf8" {
		return "utf8mb3"
	}
	return charset
}

// spelled is how a set spells a charset or collation: utf8 and utf8mb3 are two names of one. "" when it is not there.
func spelled(name string, set map[string]bool) string {
	if set[name] {
		return name
	}
	head, rest, found := strings.Cut(name, "_")
	switch head {
	case "utf8":
		head = "utf8mb3"
	case "utf8mb3":
		head = "utf8"
	default:
		return ""
	}
	if found {
		head += "_" + rest
	}
	if set[head] {
		return head
	}
	return ""
}

// SameCharset reports two names of one charset, or of one collation.
func SameCharset(a, b string) bool { return a == b || utf8mb3(a) == utf8mb3(b) }

// utf8mb3 spells utf8 and its collations as newer servers do.
func utf8mb3(name string) string {
	if name == "utf8" || strings.HasPrefix(name, "utf8_") {
		return "utf8mb3" + name[len("utf8"):]
	}
	return name
}

// collationChange says what differs between a collation and the one that stands for it.
func collationChange(from, to string) string {
	a, b := parseCollation(strings.ToLower(from)), parseCollation(strings.ToLower(to))
	var says []string
	if a.cases && !b.cases {
		says = append(says, "no longer tells upper and lower case apart: a unique key may refuse rows")
	}
	if !a.cases && b.cases {
		says = append(says, "now tells upper and lower case apart")
	}
	if a.accents && !b.accents {
		says = append(says, "no longer tells accents apart: a unique key may refuse rows")
	}
	if !a.accents && b.accents {
		says = append(says, "now tells accents apart")
	}
	if a.language != b.language && !b.binary {
		says = append(says, "sorts without the rules of its language")
	}
	if a.padding != b.padding {
		if b.padding {
			says = append(says, "is PAD SPACE: trailing spaces no longer count when values are compared")
		} else {
			says = append(says, "is NO PAD: trailing spaces count when values are compared")
		}
	}
	if a.family != b.family && !(a.binary && b.binary) {
		says = append(says, "some characters have other weights")
	}
	return strings.Join(slices.Compact(says), ", ")
}

// defaultCollation is the collation of a character set named without one, "" for those that every server agrees on.
func defaultCollation(mariadb bool, number int, charset string) string {
	charset = charsetName(charset)
	switch charset {
	case "utf8mb4", "utf8mb3", "ucs2", "utf16", "utf32":
	default:
		return ""
	}
	switch {
	case mariadb && number >= 110500:
		return charset + "_uca1400_ai_ci"
	case !mariadb && number >= 80001 && charset == "utf8mb4":
		return "utf8mb4_0900_ai_ci"
	}
	return charset + "_general_ci"
}
