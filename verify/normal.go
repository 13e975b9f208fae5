package verify

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gomove/gomove/transform"
)

// words are the tokens of a definition as every server would print them: keywords in lower case, names without quotes,
// strings in one form of quotes. In a table the charset before a literal is left out: MySQL 8 prints it everywhere.
func words(stmt []byte, m transform.Mode, kind string) []string {
	var out []string
	introduced := false // the last word names a charset
	for _, t := range transform.Lex(stmt, m) {
		if !t.Significant() {
			continue
		}
		if n := len(out); introduced && kind == "TABLE" && (t.Kind == transform.String || t.Kind == transform.Number) {
			out = out[:n-1]
		}
		introduced = false
		switch t.Kind {
		case transform.String:
			out = append(out, "'"+t.Unquote(m)+"'")
		case transform.QuotedName:
			out = append(out, t.Unquote(m))
		case transform.Word:
			introduced = isIntroducer(string(t.Text))
			out = append(out, strings.ToLower(string(t.Text)))
		case transform.Number:
			out = append(out, hexText(strings.ToLower(string(t.Text))))
		default:
			out = append(out, string(t.Text))
		}
	}
	return plainTypes(out)
}

// plainTypes drops the display widths of numbers, which newer servers do not print, and one of two spellings.
func plainTypes(w []string) []string {
	out := w[:0]
	for i := 0; i < len(w); i++ {
		switch w[i] {
		case "geomcollection":
			out = append(out, "geometrycollection")
		case "persistent":
			out = append(out, "stored")
		case "tinyint", "smallint", "mediumint", "int", "bigint", "year":
			out = append(out, w[i])
			if i+3 < len(w) && w[i+1] == "(" && isDigits(w[i+2]) && w[i+3] == ")" && !slices.Contains(w[i+4:min(i+6, len(w))], "zerofill") {
				i += 3
			}
		case "current_timestamp", "now", "localtimestamp":
			out = append(out, "current_timestamp")
			if i+2 < len(w) && w[i+1] == "(" && w[i+2] == ")" {
				i += 2
			}
		default:
			out = append(out, w[i])
		}
	}
	return out
}

func isDigits(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

// cut drops every occurrence of words; "*" stands for any one.
func cut(w []string, drop ...string) []string {
	out := w[:0]
	for i := 0; i < len(w); i++ {
		if matches(w[i:], drop) {
			i += len(drop) - 1
			continue
		}
		out = append(out, w[i])
	}
	return out
}

func matches(w, want []string) bool {
	if len(w) < len(want) {
		return false
	}
	for i, x := range want {
		if x != "*" && w[i] != x {
			return false
		}
	}
	return true
}

// loose drops what servers of different kinds print differently without a difference in meaning: parentheses and charsets.
func loose(w []string) []string {
	w = slices.DeleteFunc(w, func(s string) bool { return s == "(" || s == ")" })
	w = cut(w, "character", "set", "*")
	w = cut(w, "charset", "*")
	return cut(w, "collate", "*")
}

// columnWords is a column's definition without its checks, which stand beside it.
func columnWords(w []string) (column []string, checks []string) {
	w = functions(w)
	for i := 0; i < len(w); i++ {
		if w[i] != "check" || i+1 >= len(w) || w[i+1] != "(" {
			column = append(column, w[i])
			continue
		}
		end := closing(w, i+1)
		checks = append(checks, strings.Join(operators(loose(slices.Clone(w[i : end+1])))[1:], " "))
		i = end
	}
	return plainAttributes(operators(plainDefaults(loose(column)))), checks
}

// closing is where the parenthesis that opens at i closes.
func closing(w []string, i int) int {
	depth := 0
	for ; i < len(w); i++ {
		switch w[i] {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(w) - 1
}

// tableText is a CREATE TABLE taken apart: its parts by what they are called, such as "column `a`".
type tableText struct {
	parts  map[string]string
	order  []string // of the columns
	checks []string
}

// readTable takes a CREATE TABLE apart. Its own name, AUTO_INCREMENT and charsets are left out: they are compared apart.
func readTable(stmt []byte, m transform.Mode) tableText {
	w := words(stmt, m, "TABLE")
	t := tableText{parts: map[string]string{}}
	open := slices.Index(w, "(")
	if open < 0 {
		return t
	}
	end := closing(w, open)
	start := open + 1
	depth := 0
	for i := start; i <= end; i++ {
		switch {
		case w[i] == "(":
			depth++
		case w[i] == ")" && i < end:
			depth--
		case i == end || w[i] == "," && depth == 0:
			if i > start {
				t.addItem(slices.Clone(w[start:i]))
			}
			start = i + 1
		}
	}
	t.addOptions(w[end+1:])
	slices.Sort(t.checks)
	return t
}

func (t *tableText) addItem(w []string) {
	name := ""
	if w[0] == "constraint" && len(w) > 2 {
		if w[1] == "check" || w[1] == "foreign" {
			w = w[1:]
		} else {
			name, w = w[1], w[2:]
		}
	}
	switch w[0] {
	case "check":
		_, checks := columnWords(w)
		t.checks = append(t.checks, checks...)
	case "foreign":
		w = loose(w)
		for _, action := range []string{"delete", "update"} {
			w = cut(w, "on", action, "no", "action")
			w = cut(w, "on", action, "restrict")
		}
		t.parts["foreign key `"+name+"`"] = strings.Join(w, " ")
	case "primary", "unique", "key", "fulltext", "spatial", "vector", "index":
		w = cut(w, "using", "btree")
		what := "primary key"
		if i := slices.Index(w, "("); w[0] != "primary" && i > 0 {
			what = "index `" + w[i-1] + "`"
		}
		t.parts[what] = strings.Join(w, " ")
	case "period":
		t.parts["period"] = strings.Join(w, " ")
	default:
		column, checks := columnWords(w)
		t.parts["column `"+column[0]+"`"] = strings.Join(column[1:], " ")
		t.order = append(t.order, column[0])
		t.checks = append(t.checks, checks...)
	}
}

// addOptions reads what follows the columns: options, then partitions.
func (t *tableText) addOptions(w []string) {
	for i := 0; i < len(w); i++ {
		if matches(w[i:], []string{"partition", "by"}) {
			p := cut(loose(slices.Clone(w[i:])), "engine", "=", "*")
			t.parts["partitions"] = strings.Join(cut(p, "algorithm", "=", "*"), " ")
			return
		}
		if i+2 < len(w) && w[i+1] == "=" {
			switch w[i] {
			case "auto_increment", "charset", "collate", "set":
			default:
				t.parts["option "+w[i]] = strings.ToLower(w[i+2])
			}
			i += 2
		}
	}
}

// differences lists what is not the same in two tables.
func (t *tableText) differences(o *tableText) []Object {
	t.jsonLike(o)
	o.jsonLike(t)
	var out []Object
	for _, name := range sortedKeys(t.parts, o.parts) {
		a, inA := t.parts[name]
		b, inB := o.parts[name]
		switch {
		case inA && !inB:
			out = append(out, Object{What: name + " is missing on the target", Source: a})
		case !inA:
			out = append(out, Object{What: name + " is on the target only", Target: b})
		case a != b:
			out = append(out, Object{What: name, Source: a, Target: b})
		}
	}
	for _, ch := range t.checks {
		if !slices.Contains(o.checks, ch) {
			out = append(out, Object{What: "check is missing on the target", Source: ch})
		}
	}
	for _, ch := range o.checks {
		if !slices.Contains(t.checks, ch) {
			out = append(out, Object{What: "check is on the target only", Target: ch})
		}
	}
	if len(out) == 0 && !slices.Equal(t.order, o.order) {
		out = append(out, Object{What: "order of the columns", Source: strings.Join(t.order, ","), Target: strings.Join(o.order, ",")})
	}
	return out
}

// jsonLike takes MariaDB's JSON, a longtext with a check, for the type that the other side has.
func (t *tableText) jsonLike(o *tableText) {
	for _, c := range t.order {
		part, other := "column `"+c+"`", o.parts["column `"+c+"`"]
		i := slices.Index(t.checks, "json_valid "+c)
		if i < 0 || !strings.HasPrefix(t.parts[part], "longtext") || other != "json" && !strings.HasPrefix(other, "json ") {
			continue
		}
		t.parts[part] = "json" + strings.TrimPrefix(t.parts[part], "longtext")
		t.checks = slices.Delete(t.checks, i, i+1)
	}
}

func sortedKeys(a, b map[string]string) []string {
	var out []string
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// inSchema takes a table's own schema out of its foreign keys: a server prints it or not.
func (t *tableText) inSchema(schema string) {
	for name, text := range t.parts {
		if strings.HasPrefix(name, "foreign key ") {
			t.parts[name] = strings.Replace(text, " references "+schema+" . ", " references ", 1)
		}
	}
}
