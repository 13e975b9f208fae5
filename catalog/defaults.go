package catalog

import (
	"bytes"
	"encoding/hex"
	"strings"

	"github.com/gomove/gomove/transform"
)

// byteMode reads text whose strings may hold any bytes.
var byteMode = transform.Mode{Charset: "binary"}

// rewriteDefaults calls f with each column's string default and puts what it returns in its place.
func rewriteDefaults(create []byte, f func(column, text string) (literal string, ok bool)) []byte {
	if !bytes.Contains(create, []byte("DEFAULT '")) {
		return create
	}
	tokens := transform.Lex(create, byteMode)
	open := 0
	for open < len(tokens) && !tokens[open].Is("(") {
		open++
	}
	end := transform.Closing(tokens, open)
	depth, column, fresh, changed := 0, "", true, false
	for i := open + 1; i < end; i++ {
		t := tokens[i]
		switch {
		case !t.Significant():
			continue
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth > 0:
		case t.Is(","):
			fresh = true
			continue
		case fresh:
			column = ""
			if t.Kind == transform.QuotedName {
				column = t.Unquote(byteMode)
			}
		case column != "" && t.Is("DEFAULT"):
			j := transform.Skip(tokens, i+1)
			if j < end && tokens[j].Kind == transform.String {
				if literal, ok := f(column, tokens[j].Unquote(byteMode)); ok {
					tokens[j].Text = []byte(literal)
					changed = true
				}
				i = j
			}
		}
		fresh = false
	}
	if !changed {
		return create
	}
	return transform.Join(tokens)
}

// hexDefaults writes the defaults of binary columns that are not plain text in hex: the servers print some of them as raw bytes,
// which no charset of a file can carry.
func hexDefaults(create []byte, columns []Column) []byte {
	binary := map[string]bool{}
	for _, c := range columns {
		if c.DataType == "binary" || c.DataType == "varbinary" {
			binary[c.Name] = true
		}
	}
	if len(binary) == 0 {
		return create
	}
	return rewriteDefaults(create, func(column, text string) (string, bool) {
		if !binary[column] || isPlainText(text) {
			return "", false
		}
		return "x'" + strings.ToUpper(hex.EncodeToString([]byte(text))) + "'", true
	})
}

// isPlainText reports text that reads the same in every charset and sql_mode.
func isPlainText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '\\' || s[i] == '\'' {
			return false
		}
	}
	return true
}

// beyondDictionary reports a charset with characters that utf8mb3, in which servers keep definitions, lacks.
func beyondDictionary(charset string) bool {
	switch charset {
	case "utf8mb4", "utf16", "utf16le", "utf32", "gb18030":
		return true
	}
	return false
}

// lostDefaults are the columns whose default may hold characters that MySQL 5 and MariaDB print as ?: their dictionaries are utf8mb3.
func lostDefaults(create []byte, columns []Column) []string {
	wide := map[string]bool{}
	for _, c := range columns {
		if beyondDictionary(c.Charset) {
			wide[c.Name] = true
		}
	}
	var out []string
	if len(wide) == 0 || !bytes.Contains(create, []byte("?")) {
		return nil
	}
	rewriteDefaults(create, func(column, text string) (string, bool) {
		if wide[column] && strings.Contains(text, "?") {
			out = append(out, column)
		}
		return "", false
	})
	return out
}
